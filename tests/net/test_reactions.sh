#!/bin/bash
# SPDX-License-Identifier: ISC
#
# reactions: how soon what others do to the gate is undone, a dead worker is
# replaced, and a change of the uplink closes the gate: the promised times.
#
#	test_reactions.sh [N [FILE]]	N times each; FILE: a table, reactions.md
#
# The promise must be kept by half of them, and by each within SLACK times that:
# another program may have the processor. A build with a sanitizer does what it
# does several times slower, so it has more. ip(8), too, takes its time, of which
# all is counted.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

N=${1:-5} FILE=${2-}
SLACK=${SLACK:-2} SLOWER=${SLOWER:-1}
REPAIRS=(rule-deleted rule-deleted-v6 rules-flushed routes-flushed routes-flushed-v6
	rule-before-ours rule-before-ours-v6 route-among-ours)
: >"$LAB/rows"

measure() {
	lab_on laptop /usr/bin/python3 "$here/reaction.py" "$LAB/gate/control.sock" \
		"$GATE_LOG" "$GATE" "${TIMES:-$N}" "$@"
}

is_soon() { # BOUND MEDIAN MAX
	awk -v bound="$1" -v median="$2" -v max="$3" -v slack="$SLACK" -v slower="$SLOWER" \
		'BEGIN { exit !(median <= bound * slower && max <= bound * slower * slack) }'
}

# reactions WHAT...
reactions() {
	local name bound median max n seen=0
	while read -r name bound median max n; do
		seen=$((seen + 1))
		printf '| %s | %s | %s | %s | %s |\n' "$name" "$bound" "$median" "$max" "$n" >>"$LAB/rows"
		check "$name: $median ms, at most $max, of $n; promised: $bound" is_soon "$bound" "$median" "$max"
	done < <(measure "$@")
	check "all were measured" test "$seen" = $#
}

table() {
	cat <<-END
		# How soon tungate reacts

		Written by \`tests/net/test_reactions.sh $N FILE\` on $(date -u +%Y-%m-%d), Linux $(uname -r | cut -d- -f1), $(nproc) processors.

		From before the command that does it until it is seen to be undone (\`uplink-*\`: until the gate is closed), in ms.

		| what | promised | median | at most | times |
		|---|---|---|---|---|
	END
	cat "$LAB/rows"
}

lab_up
gate_configure 4 wireguard
gate_start
reactions "${REPAIRS[@]}"
# More deaths in a row, and the next comes later: STATES.md.
for what in worker-started worker-answers; do
	TIMES=$((N < 20 ? N : 20)) reactions "$what"
	gate_end TERM || :
	gate_start
done
check "it connects" gate_ctl connect wireguard >/dev/null
# A program that goes on, so that the tunnel proves itself again.
lab_spawn laptop ping ping -q -i 0.05 "$LAB_SITE4"
reactions uplink-down uplink-gateway uplink-address
gate_end TERM || :
gate_release >/dev/null

# Nobody but its owner can flush it, where the kernel knows owners.
GATE_PROGRAM=$LAB_BIN/tungated-layers
TUNGATE_LACKS=owner gate_start
reactions firewall-flushed
gate_end TERM || :
[ -z "$FILE" ] || table >"$FILE"
check_end
