# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 66
# Another program flushes all of nftables, again and again, or deletes table
# after table, as firewalld and ufw do.
flush() {
	local table
	lab_on laptop nft flush ruleset || :
	sleep 0.03
	while read -r table; do
		lab_on laptop nft delete "$table" 2>/dev/null || :
	done < <(lab_on laptop nft list tables)
	sleep 0.02
}

leak_attempt() {
	everything flush
	everything flush
}
