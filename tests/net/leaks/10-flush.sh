# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 10
# Rules and routes are flushed, as systemd-networkd and NetworkManager do with
# what is not theirs. Until the gate has repaired it, nothing may pass.
add_main_rules() {
	local family
	for family in -4 -6; do
		ip -n laptop "$family" rule add priority 0 lookup local
		ip -n laptop "$family" rule add priority 32766 lookup main
	done 2>/dev/null
}

# The local table first: without it a flushed machine has no addresses.
flush() {
	local family table
	for family in -4 -6; do
		ip -n laptop "$family" rule flush
		for table in 7467 7468 7469; do
			ip -n laptop "$family" route flush table "$table" 2>/dev/null || :
		done
	done
	add_main_rules || :
	sleep 0.1
}

leak_attempt() {
	everything flush
}
