# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 72
# A router forgets who is on its link, and asks. Without an answer there is no
# network at all (STATES.md, 0.4): in no state may the gate keep it back.
leak_prepare() {
	ip -n router neigh delete "$LAB_UPLINK4" dev lan0
	ip -n router neigh delete "$LAB_UPLINK6" dev lan0
}

leak_attempt() {
	everything
}

answers() {
	leak_prepare 2>/dev/null || :
	lab_on router ping -q -n -c 1 -W 1 -I "$2" "$1" >/dev/null || :
	ip -n router neigh show "$1" dev lan0 | grep -q lladdr
}

leak_check() {
	check "$STATE: the router's ARP is answered" \
		lab_wait_for 3 answers "$LAB_UPLINK4" "$LAB_GATEWAY4"
	check "$STATE: the router's neighbour discovery is answered" \
		lab_wait_for 3 answers "$LAB_UPLINK6" "$LAB_GATEWAY6"
}

leak_restore() {
	know_the_laptop permanent
}
