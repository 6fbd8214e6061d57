# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 66
# Another program flushes all of nftables, again and again, or deletes table
# after table, as firewalld and ufw do.
flush() {
	local table
	lab_on laptop nft flush ruleset || :
	sleep 0.03
	# Named, for nft 1.0.6 cannot list a chain of every device.
	for table in "inet tungate" "netdev tungate" "ip tungate-return" "arp tungate-return"; do
		# shellcheck disable=SC2086 # two words
		lab_on laptop nft delete table $table 2>/dev/null || :
	done
	sleep 0.02
}

leak_attempt() {
	everything flush
	everything flush
}
