# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 63
# The gate's device is deleted: the routes that led into it go, and the
# system's own default route is the next best.
delete_tun() {
	ip -n laptop link delete tungate0 2>/dev/null || :
	sleep 0.05
}

leak_attempt() {
	everything delete_tun
}

# The daemon ends with its device.
leak_check() { :; }

leak_restore() {
	is_control || lab_wait_for 5 lab_gone "$GATE" || :
	[ "$STATE" != connected ] || enter_connected
}
