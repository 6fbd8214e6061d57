#!/bin/bash
# SPDX-License-Identifier: ISC
#
# steps: the parent is killed after each single system call of what it does:
# nothing leaks at that point, and the next start repairs what it finds.
#
#	test_steps.sh all		after every call
#	test_steps.sh [POINTS [SEED [PHASES]]]
#				after so many of each phase, evenly spread, from a
#				random one on
#
#	first		the start on a machine that is open: whatever leaks at one
#			call's end, leaked before it; once closed, it stays so
#	lockdown	tungated --lockdown, likewise
#	start		the next one, on a machine that was left closed
#	connect, change, disconnect, stop
#	release		tungated --release: closed until it opens, and it can be
#			run again
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
. "$here/dying.sh"
lab_enter "$@"

POINTS=${1:-24}
SEED=${2:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
RANDOM=$SEED
FOLLOW_S=3 # as long as a phase may take, followed

STEPS=$LAB/steps # what killstep says
STEP=            # its process
ROWS=()

#
# What happens at one point: prepare, then do it and be killed, then see.
#

# follow N COMMAND...|-p PID: in the background.
follow() {
	: >"$STEPS" # what is read below is not the last one's
	ip netns exec laptop timeout -s TERM "$FOLLOW_S" "$LAB_BIN/killstep" "$@" \
		>"$STEPS" 2>"$STEPS.errors" </dev/null &
	STEP=$!
	lab_wait_for 5 grep -q '^killstep ready' "$STEPS" ||
		lab_die "killstep: $(cat "$STEPS" "$STEPS.errors")"
}

# Sets HOW (killed, ended or passed), AFTER (so many calls) and CALL.
followed() {
	wait "$STEP" 2>/dev/null || :
	read -r HOW AFTER CALL < <(sed -n 's/^killstep \(killed\|ended\|passed\)/\1/p' "$STEPS")
}

daemon() {
	follow "$1" "$LAB_BIN/tungated" -c "$LAB/tungate.conf" "${@:2}"
}

# Ends a daemon that got farther than the point.
kill_the_rest() {
	local pid
	for pid in $(pgrep -x tungated || :); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait "$GATE" 2>/dev/null || :
	lab_wait_for 5 nobody_is_left || lab_die "processes are left: $(pgrep -a tungated)"
}

started() {
	gate_start && return
	printf '        the next start fails: %s\n' "$(tail -n 3 "$GATE_LOG")"
	return 1
}

connected() {
	started || return 1
	lab_judge epoch before "$(dying_legal wireguard)"
	gate_ctl --timeout 10 connect wireguard >/dev/null && return
	printf '        it does not connect: %s\n' "$(tail -n 3 "$GATE_LOG")"
	return 1
}

# Each: its state before; what is legal; how it is done, with N as its word.
before_first() { kill_the_rest && gate_release >/dev/null; }
legal_first() { echo none; }
do_first() { daemon "$1" && until_it_is_up; }

before_lockdown() { before_first; }
legal_lockdown() { echo none; }
do_lockdown() { daemon "$1" --lockdown && followed; }

before_start() { kill_the_rest; }
legal_start() { echo none; }
do_start() { daemon "$1" && until_it_is_up; }

before_connect() { started; }
legal_connect() { echo wireguard; }
do_connect() { follow "$1" -p "$GATE" && ask "$1" --timeout 3 connect wireguard; }

before_change() { connected; }
legal_change() { echo either; }
do_change() { follow "$1" -p "$GATE" && ask "$1" --timeout 3 connect other; }

before_disconnect() { connected; }
legal_disconnect() { echo wireguard; }
do_disconnect() { follow "$1" -p "$GATE" && ask "$1" disconnect; }

before_stop() { connected; }
legal_stop() { echo wireguard; }
do_stop() { follow "$1" -p "$GATE" && kill -TERM "$GATE" && followed; }

before_release() { kill_the_rest; }
legal_release() { echo none; }
do_release() { daemon "$1" --release && followed; }

# The phase is over when it is done, but for the last calls of the loop.
let_go_when_counting() {
	[ "$1" != 0 ] || kill -TERM "$STEP" 2>/dev/null || :
	followed
}

until_it_is_up() {
	local n
	n=$(sed -n 's/.*killstep.\([0-9]*\).*/\1/p' "/proc/$STEP/cmdline" 2>/dev/null) || :
	while kill -0 "$STEP" 2>/dev/null && ! gate_state_is blocked; do
		sleep 0.01
	done
	let_go_when_counting "${n:-1}"
}

ask() {
	local n=$1
	shift
	gate_ctl "$@" >/dev/null 2>&1 || :
	let_go_when_counting "$n"
}

#
# The sweep.
#

begins_open() {
	[ "$1" = first ] || [ "$1" = lockdown ]
}

# Whether leaks are no fault there: the user's word, or it was open before.
may_be_open() {
	begins_open "$1" || [ "$1" = release ]
}

# Counts the phase's calls; sets CALLS.
count() {
	local phase=$1
	"before_$phase" || return 1
	lab_judge control "$phase" "$(dying_legal none)"
	"do_$phase" 0
	CALLS=$AFTER
	kill_the_rest
	# That one got to its end.
	[ "$phase" != release ] || started || return 1
}

# One point. Sets LEAKED; fails if it leaked or was not repaired.
point() {
	local phase=$1 n=$2 kind=epoch
	! may_be_open "$phase" || kind=control
	lab_judge "$kind" "$phase" "$(dying_legal none)"
	"before_$phase" || return 1
	lab_judge "$kind" "$phase" "$(dying_legal "$("legal_$phase")")"
	lab_attempts_begin "$phase-$n"
	"do_$phase" "$n"
	MADE=$((MADE + $(lab_attempts_end "$phase-$n")))
	kill_the_rest
	tried_with none "$kind" "$phase"
	[ "$HOW" = killed ] || return 0
	KILLS=$((KILLS + 1))
	[ "$LEAKED" = 0 ] || may_be_open "$phase" || {
		printf '        %s, killed after call %d (number %d): %d frames leaked\n' \
			"$phase" "$n" "$CALL" "$LEAKED"
		return 1
	}
}

# What may be open at a point is closed again by the next start, or opened by
# the next release.
repaired() {
	local phase=$1 n=$2
	started || return 1
	tried_with none epoch "$phase-repaired"
	kill_the_rest
	[ "$LEAKED" = 0 ] || return 1
	begins_open "$phase" || return 0
	lab_judge control "$phase" "$(dying_legal none)"
	gate_release >"$LAB/released" && nothing_is_left && return
	printf '        %s, killed after call %d: --release: %s\n' "$phase" "$n" "$(cat "$LAB/released")"
	return 1
}

nothing_is_left() {
	local left
	left=$(
		ip -n laptop rule | grep 'proto 116'
		ip -n laptop -6 rule | grep 'proto 116'
		ip -n laptop route show table all | grep 'proto 116'
		ip -n laptop -6 route show table all | grep 'proto 116'
		ip -n laptop -o link | grep tungate0
		lab_on laptop nft list tables | grep tungate
	) || :
	[ -z "$left" ] && return
	printf '        left: %s\n' "$left"
	return 1
}

# From which call on it is open or closed, there is one such call only.
note_openness() {
	local phase=$1 n=$2 now=closed
	[ "$LEAKED" = 0 ] || now=open
	[ "$HOW" = killed ] || return 0
	if [ "$now" != "$OPENNESS" ]; then
		TURNS=$((TURNS + 1))
		TURNED="$now from call $n on (system call $CALL)"
		OPENNESS=$now
	fi
}

release_all() {
	gate_release >/dev/null && nothing_is_left
}

sweep() {
	local phase=$1 step=1 n failed=0 leaked=0
	KILLS=0 TURNS=0 TURNED='' OPENNESS=open
	begins_open "$phase" || OPENNESS=closed
	count "$phase" || return 1
	[ "$POINTS" = all ] || step=$((CALLS > POINTS ? CALLS / POINTS : 1))
	for ((n = 1 + RANDOM % step; n <= CALLS; n += step)); do
		point "$phase" "$n" || failed=$((failed + 1))
		if may_be_open "$phase"; then
			note_openness "$phase" "$n"
			repaired "$phase" "$n" || failed=$((failed + 1))
		else
			leaked=$((leaked + LEAKED))
		fi
	done
	ROWS+=("$(printf '%-12s %6d %6d %8d %s' "$phase" "$CALLS" "$KILLS" "$leaked" "$TURNED")")
	[ "$failed" = 0 ] && [ "$KILLS" -gt 0 ] && [ "$TURNS" -le 1 ]
}

milliseconds_since() {
	printf '%d' $(((${EPOCHREALTIME/./} - $1) / 1000))
}

PHASES=${3:-first lockdown start connect change disconnect stop release}
printf '        test_steps.sh %s %s\n' "$POINTS" "$SEED"
lab_up
dying_configure
dying_watch each=2 pace=20000
check_the_judge
for phase in $PHASES; do
	began=${EPOCHREALTIME/./}
	check "$phase: killed at a call's end, it is closed, and the next start repairs" sweep "$phase"
	ROWS[-1]+=" $(($(milliseconds_since "$began") / 1000)) s"
done
check "at the end it starts" started
lab_judge epoch end "$(dying_legal wireguard)"
check "and connects" says '^connected$' gate_ctl --timeout 10 connect wireguard
lab_judge control over "$(dying_legal none)"
kill_the_rest
check "released, nothing is left" release_all
printf '        %-12s %6s %6s %8s\n' phase calls kills leaked
printf '        %s\n' "${ROWS[@]}"
printf '        %d attempts\n' "$MADE"
dying_end
