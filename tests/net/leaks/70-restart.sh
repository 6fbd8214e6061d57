# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 70
# A new version takes over from the old one while the tunnel carries traffic:
# stopped or killed, started, connected again.
leak_states() { echo restarts; }

enter_restarts() {
	enter_connected
}

restart() {
	is_control && sleep 0.1 && return
	gate_end "$1" || :
	gate_start || die "it does not start again"
	gate_ctl connect wireguard >/dev/null || die "it does not connect again"
	RESTARTS=$((RESTARTS + 1))
}

leak_attempt() {
	RESTARTS=0
	for _ in 1 2 3; do
		everything restart TERM
		everything restart KILL
	done
}

leak_check() {
	check "it was restarted ten times and more ($RESTARTS)" test "$RESTARTS" -ge 10
	check "a page comes through the tunnel" lab_wait_for 10 page_comes_through_tunnel
}
