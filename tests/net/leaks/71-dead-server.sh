# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 71
# The server never answers, or the network says that it cannot be reached: a
# kill switch that waits for the tunnel to go down never closes.
leak_states() { echo connecting; }

leak_prepare() {
	lab_on router nft 'table inet refuse {
		chain forward {
			type filter hook forward priority 0;
			udp dport 51820 reject with icmpx type admin-prohibited
		}
	}'
	# Not before: it would answer in between.
	[ "$STATE" = control ] || lab_server_answers
}

leak_attempt() {
	for _ in 1 2 3 4 5; do
		everything
	done
}

leak_check() {
	check "it is still connecting" gate_state_is connecting
}

leak_restore() {
	lab_on router nft delete table inet refuse
}
