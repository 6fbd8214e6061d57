# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 65
# The daemon is killed, then who holds its firewall, and then someone flushes
# all of nftables: the routes hold what asks them (STATES.md, "When a process
# dies"; of the rest nothing is promised any more).
kill_all() {
	local holder
	gate_end KILL || :
	! holder=$(gate_holder) || kill -KILL "$holder"
	lab_wait_for 2 not gate_holder || :
}

leak_attempt() {
	local site
	# Neither of the other two layers is there any more.
	[ -z "$LAYER" ] || [ "$LAYER" = routing ] || return 0
	is_control || kill_all
	lab_on laptop nft flush ruleset
	for site in "$LAB_SITE4" "$LAB_SITE6" "$LAB_SERVER4" "$LAB_NEAR4" "$LAB_NEAR6"; do
		as_nobody try plain udp "$site"
		as_nobody try plain tcp "$site"
		try plain ping "$site"
	done
	as_nobody try plain udp "$LAB_DNS4" port=53
	as_nobody_with_raw try raw text "$LAB_SITE4"
	as_nobody_with_raw try raw text "$LAB_SITE6"
}

leak_check() {
	check "$STATE: the firewall is gone, and the routes are alone" not gate_firewall_stands
}

leak_restore() {
	[ "$STATE" != connected ] || enter_connected
}
