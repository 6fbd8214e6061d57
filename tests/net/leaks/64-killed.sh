# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 64
# The daemon dies by any signal, under traffic; a new start begins closed.
kill_gate() {
	is_control || kill "-$SIGNAL" "$GATE" 2>/dev/null || :
	sleep 0.1
}

leak_attempt() {
	for SIGNAL in KILL SEGV ABRT; do
		is_control || "enter_$STATE"
		everything kill_gate
	done
}

leak_check() { :; }

leak_restore() {
	[ "$STATE" != connected ] || enter_connected
}
