#!/bin/bash
# SPDX-License-Identifier: ISC
#
# kills: worker, parent or both are killed at random moments, under traffic of
# every kind and with transitions going on: nothing leaks, and it comes back.
#
#	test_kills.sh [CYCLES [SEED]]
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
. "$here/dying.sh"
lab_enter "$@"

CYCLES=${1:-100}
SEED=${2:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
RANDOM=$SEED

VICTIMS=(worker parent both)
MOVES=(connect change disconnect block reload nothing)
declare -A KILLED WENT # by victim; by transition: how many were done before
SLOWEST=0 CONNECTED=0 AGAIN=0

milliseconds_since() {
	printf '%d' $(((${EPOCHREALTIME/./} - $1) / 1000))
}

# Programs that use the tunnel as fast as they can, whether it is there or not.
load() {
	while :; do
		curl -s -m 2 -o /dev/null "http://$LAB_SITE4/bulk?bytes=20000000" || sleep 0.05
	done &
	while :; do
		curl -s -m 2 -o /dev/null "http://[$LAB_SITE6]/bulk?bytes=20000000" || sleep 0.05
	done &
	ping -q -f -i 0.002 "$LAB_SITE4" >/dev/null &
	ping -q -f -i 0.002 "$LAB_SITE6" >/dev/null &
	wait
}

# One transition, which may well be cut short.
move() {
	case $1 in
	connect) gate_ctl --timeout 2 connect wireguard ;;
	change) gate_ctl --timeout 2 connect other ;;
	disconnect) gate_ctl disconnect ;;
	block) gate_ctl block ;;
	reload) gate_ctl reload ;;
	nothing) gate_ctl status ;;
	esac >"$LAB/moved" 2>&1
}

pause_at_random() {
	sleep "0.$(printf '%03d' $((RANDOM % $1)))"
}

another_worker() {
	local now
	now=$(gate_worker) && [ "$now" != "$WORKER" ]
}

worker_answers() {
	gate_ctl status >/dev/null 2>&1
}

# The worker alone: the parent starts another, and the state is kept.
after_worker() {
	local took
	lab_wait_for 10 another_worker || return 1
	took=$(milliseconds_since "$KILLED_AT")
	[ "$took" -le "$SLOWEST" ] || SLOWEST=$took
	[ "$took" -lt 1000 ] || printf '        cycle %d: another worker only after %d ms\n' "$1" "$took"
	lab_wait_for 10 worker_answers || return 1
	[ "$took" -lt 1000 ]
}

# The parent: all of it ends, nothing passes any more, and it is started again;
# one time of four it is killed once more, while it starts.
after_parent() {
	wait "$GATE" 2>/dev/null || :
	lab_wait_for 1 lab_gone "$WORKER" || return 1
	lab_judge epoch dead "$(dying_legal none)"
	sleep 0.05
	if [ $((RANDOM % 4)) = 0 ]; then
		start_and_kill
		AGAIN=$((AGAIN + 1))
	fi
	gate_start
}

start_and_kill() {
	lab_spawn laptop "tungated-again" "$LAB_BIN/tungated" -c "$LAB/tungate.conf"
	pause_at_random 60
	kill -KILL "$LAB_PID" 2>/dev/null || :
	wait "$LAB_PID" 2>/dev/null || :
}

kill_both() {
	case $1 in
	worker) kill -KILL "$WORKER" ;;
	parent) kill -KILL "$GATE" ;;
	both) kill -KILL "$WORKER" "$GATE" ;;
	esac
}

cycle() {
	local victim=${VICTIMS[RANDOM % 3]} what=${MOVES[RANDOM % 6]} moving done=no
	lab_judge epoch alive "$(dying_legal either)"
	lab_wait_for 5 gate_worker || return 1
	WORKER=$(gate_worker)
	move "$what" &
	moving=$!
	pause_at_random 120
	kill -0 "$moving" 2>/dev/null || done=yes
	KILLED_AT=${EPOCHREALTIME/./}
	# It may be gone by itself: a worker that the parent was ending.
	kill_both "$victim" 2>/dev/null || :
	KILLED[$victim]=$((${KILLED[$victim]:-0} + 1))
	[ $done = no ] || WENT[$what]=$((${WENT[$what]:-0} + 1))
	if [ "$victim" = worker ]; then after_worker "$1"; else after_parent; fi || {
		printf '        cycle %d: the %s was killed amid %s: it does not come back\n' \
			"$1" "$victim" "$what"
		return 1
	}
	wait "$moving" || :
	if [ "$what" = connect ] || [ "$what" = change ]; then
		! grep -q '^connected$' "$LAB/moved" || CONNECTED=$((CONNECTED + 1))
	fi
	# What the state says, goes.
	if gate_state_is blocked; then
		lab_judge epoch blocked "$(dying_legal none)"
		sleep 0.02
	fi
	# One time of three it goes on from CONNECTED.
	[ $((RANDOM % 3)) != 0 ] || engage
}

engage() {
	lab_judge epoch alive "$(dying_legal either)"
	! gate_ctl --timeout 3 connect wireguard >/dev/null 2>&1 || CONNECTED=$((CONNECTED + 1))
}

cycles() {
	local i
	for i in $(seq "$CYCLES"); do
		# All kinds, some hundred times each, in the time that a cycle takes.
		lab_attempts_begin "cycle-$i"
		cycle "$i" || return 1
		MADE=$((MADE + $(lab_attempts_end "cycle-$i")))
	done
}

page_comes() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

table() {
	local name
	printf '        %-34s %s\n' "seed" "$SEED" "cycles" "$CYCLES"
	for name in "${VICTIMS[@]}"; do
		printf '        %-34s %s\n' "killed: $name" "${KILLED[$name]:-0}"
	done
	printf '        %-34s %s\n' "killed again amid the start" "$AGAIN"
	for name in "${MOVES[@]}"; do
		printf '        %-34s %s\n' "$name, done before the kill" "${WENT[$name]:-0}"
	done
	printf '        %-34s %s\n' "times it was connected" "$CONNECTED" \
		"slowest next worker" "$SLOWEST ms" "attempts" "$MADE"
	for name in alive dead blocked; do
		printf '        %-34s %s frames, %s leaked\n' "seen at the router, $name" \
			"$(lab_verdict "$name" frames)" "$(lab_verdict "$name" leaked)"
	done
}

printf '        test_kills.sh %d %d\n' "$CYCLES" "$SEED"
lab_up
dying_configure
dying_watch each=200 pace=20000
check_the_judge
lab_judge control starting "$(dying_legal none)"
gate_start
export LAB_SITE4 LAB_SITE6
export -f load
lab_spawn laptop load setpriv --pdeathsig KILL bash -c load
began=${EPOCHREALTIME/./}
check "$CYCLES kills: each time it comes back" cycles
printf '        %d s\n' $(($(milliseconds_since "$began") / 1000))
lab_judge epoch alive "$(dying_legal either)"
check "at the end it connects" says '^connected$' gate_ctl --timeout 10 connect wireguard
check "and a page comes" lab_wait_for 10 page_comes
check "it was connected often enough" test "$CONNECTED" -ge $((CYCLES / 10))
lab_judge epoch end "$(dying_legal either)"
table
dying_end
