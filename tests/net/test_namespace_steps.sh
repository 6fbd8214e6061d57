#!/bin/bash
# SPDX-License-Identifier: ISC
#
# namespace_steps: the parent is killed after system calls of what moves the
# card. What was closed stays closed; the next start has nothing but its own
# device; and --release brings the card home as it was, from wherever it is.
#
#	test_namespace_steps.sh all	after every call
#	test_namespace_steps.sh [POINTS [SEED [PHASES]]]
#				after so many of each phase, evenly spread, from a
#				random one on
#
#	first		the start on a machine that is open
#	start		the next one: the card is away already
#	let-go		tungatectl release
#	block		and back again
#	release		tungated --release
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/card.sh"
. "$here/check.sh"
lab_enter "$@"

POINTS=${1:-8}
SEED=${2:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
RANDOM=$SEED
PHASES=${3:-first start let-go block release}
STEPS=$LAB/steps

# follow N COMMAND...|-p PID: in the background, by test_steps.sh's killstep.
follow() {
	: >"$STEPS"
	# shellcheck disable=SC2086 # several words
	lab_on laptop $CARD_MOUNTS timeout -s TERM 5 "$LAB_BIN/killstep" "$@" \
		>"$STEPS" 2>"$STEPS.errors" </dev/null &
	STEP=$!
	lab_wait_for 5 grep -q '^killstep ready' "$STEPS" ||
		lab_die "killstep: $(cat "$STEPS" "$STEPS.errors")"
}

# Sets HOW (killed, ended or passed) and AFTER (so many calls).
followed() {
	wait "$STEP" 2>/dev/null || :
	read -r HOW AFTER _ < <(sed -n 's/^killstep \(killed\|ended\|passed\)/\1/p' "$STEPS")
}

let_go_of() {
	pkill -TERM -x killstep || :
	followed
}

# In here there is no other's.
kill_all() {
	local pid
	for pid in $(pgrep -x tungated || :); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait "$GATE" 2>/dev/null || :
	lab_wait_for 5 not pgrep -x 'tungated|tungated-worker' >/dev/null ||
		lab_die "processes are left: $(pgrep -a tungated)"
	# Who holds the firewall has the lock until it has closed what it was given.
	lab_wait_for 5 flock -n "$LAB/gate/lock" true
}

start_one() {
	follow "$1" "$LAB_BIN/tungated" -c "$LAB/tungate.conf"
	while kill -0 "$STEP" 2>/dev/null && ! gate_state_is blocked; do
		sleep 0.01
	done
	let_go_of
}

ask() {
	follow "$1" -p "$GATE"
	gate_ctl "$2" >/dev/null 2>&1 || :
	let_go_of
}

before() {
	kill_all
	case $1 in
	first) quiet gate_release ;;
	start | let-go | release) gate_start ;;
	block) gate_start && gate_ctl release >/dev/null ;;
	esac
	[ "$1" != start ] && [ "$1" != release ] || kill_all
}

do_it() {
	case $1 in
	first | start) start_one "$2" ;;
	let-go) ask "$2" release ;;
	block) ask "$2" block ;;
	release)
		follow "$2" "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release
		followed
		;;
	esac
}

# Whether what is tried now leaks.
is_closed() {
	lab_judge epoch "$1" "$(card_legal blocked)"
	lab_attempts_begin "$1"
	lab_attempts_end "$1" >/dev/null
	lab_judge_counts
	[ "$LAB_LEAKED" = 0 ] && return
	printf '        %s: %d frames leaked\n' "$1" "$LAB_LEAKED"
	return 1
}

# One point, and what can be done from there.
point() {
	local phase=$1 n=$2
	lab_judge control "$phase" "$(card_legal blocked)"
	before "$phase" || return 1
	do_it "$phase" "$n"
	kill_all
	[ "$HOW" = killed ] || return 0
	KILLS=$((KILLS + 1))
	[ "$phase" != start ] || is_closed "$phase-$n" || return 1
	# Every other time --release does without.
	if [ $((KILLS % 2)) = 0 ]; then
		gate_start || return 1
		is_closed "$phase-$n-repaired" && devices_are tungate0 || return 1
		kill_all
	fi
	lab_judge control "$phase" "$(card_legal blocked)"
	gate_release >"$LAB/released" && card_is_as_before && return
	printf '        --release: %s\n' "$(cat "$LAB/released")"
	return 1
}

sweep() {
	local phase=$1 step=1 n failed=0 calls
	KILLS=0
	before "$phase" && do_it "$phase" 0 || return 1
	calls=$AFTER
	[ "$POINTS" = all ] || step=$((calls > POINTS ? calls / POINTS : 1))
	for ((n = 1 + RANDOM % step; n <= calls; n += step)); do
		point "$phase" "$n" || {
			printf '        %s, killed after call %d of %d\n' "$phase" "$n" "$calls"
			failed=$((failed + 1))
		}
	done
	printf '        %-8s %5d calls, killed after %d of them, %d bad\n' "$phase" "$calls" "$KILLS" "$failed"
	[ "$failed" = 0 ] && [ "$KILLS" -gt 0 ]
}

printf '        test_namespace_steps.sh %s %s\n' "$POINTS" "$SEED"
lab_up
CARD_BEFORE=$(card)
card_configure 4 wireguard
lab_judge_start "$LAB/capture.pcap"
lab_judge control open "$(card_legal blocked)"
lab_attempts_start each=2 pace=20000 tunnel="$LAB_SERVER4"
lab_attempts_begin open
lab_attempts_end open >/dev/null
lab_judge_counts
check "the judge sees what leaks: while it is open" test "$LAB_LEAKED" -gt 0
for phase in $PHASES; do
	check "$phase: killed, it closes again, and the card comes home" sweep "$phase"
done
lab_judge control over "$(card_legal blocked)"
kill_all
check "the network is back" network_is_back
check_end
