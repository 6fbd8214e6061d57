# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 76
# Any user asks the daemon to open the gate.
ask_to_open() {
	is_control && return
	lab_on laptop setpriv --reuid 65534 --regid 65534 --clear-groups \
		timeout 2 "$LAB_BIN/tungatectl" -s "$LAB/gate/control.sock" "$1" >/dev/null 2>&1 || :
	lab_on laptop setpriv --reuid 65534 --regid 65534 --clear-groups \
		timeout 2 "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release >/dev/null 2>&1 || :
}

leak_attempt() {
	everything ask_to_open release
	everything ask_to_open disconnect
}

leak_check() {
	check "$STATE: the state is as it was" gate_state_is "$STATE"
	check_tunnel
}
