# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 68 69
# The machine's start and end: the daemon comes and goes while programs talk.
# Between its stop and its start nothing may pass (on_stop = closed). Before the
# first start the machine is open: that is for the system's own order of start.
leak_states() { echo cycles; }

leak_legal() { lab_legal blocked; }

enter_cycles() {
	enter_blocked
}

stop_and_start() {
	is_control && sleep 0.1 && return
	gate_end TERM || :
	sleep 0.02
	gate_start || die "it does not start again"
	CYCLES=$((CYCLES + 1))
}

leak_attempt() {
	CYCLES=0
	for _ in 1 2 3; do
		everything stop_and_start
	done
}

leak_check() {
	check "it was stopped and started ten times and more ($CYCLES)" test "$CYCLES" -ge 10
}
