#!/bin/bash
# SPDX-License-Identifier: ISC
#
# model: searches all that gate.pml can do; MODEL.md says what that shows.
#
#	model.sh MODEL_TABLE		needs spin, gcc
set -euo pipefail
table=$(realpath "$1")
cd "$(dirname "$0")"

readonly MEGABYTES=1400 DEPTH=200000 LIMIT=600
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
status=0

complain() {
	printf 'model: %s\n' "$*" >&2
	status=1
}

# The calls of FUNCTION in FILE, in their order, that the model is made after.
# If they are others now: make gate.pml so, and then this list.
calls() {
	local file=../../$1 function=$2 expected=$3 found
	found=$(sed -n "/^$function(/,/^}/p" "$file" | sed 1d | grep -Eo '\<(gate_edge|plan_policy|publish|carry_out|tell|apply_firewall|apply_routes|replan|take|give_back|let_go|fail|open_tun|hang_up|warden_publish|warden_give_tun|warden_start|routes_apply|routes_release|tun_remove|tun_close|firewall_apply|firewall_release|send_policy|send_tun|await|end|reap|kill|on_ready|change|look|command|ways_take|take_way|check_addresses|destroy|close_firewall|close_routes|release_routes|release_firewall|take_uplink|outside_[a-z_]+)\(|e->state = |e->server = |w->policy = |w->tun = ' |
		tr -d '(=' | xargs) || true
	[ "$found" = "$expected" ] ||
		complain "$1, $function() does \"$found\", the model \"$expected\""
}

same_order() {
	calls control/engine.c apply_firewall "firewall_apply outside_firewall"
	calls control/engine.c replan "apply_firewall apply_routes"
	calls control/engine.c take "look apply_firewall routes_apply take_uplink open_tun warden_give_tun"
	calls control/engine.c let_go "warden_give_tun tun_close"
	calls control/engine.c give_back "let_go tun_remove routes_release outside_give_back firewall_release"
	calls control/engine.c carry_out "hang_up take fail replan replan replan hang_up give_back"
	calls control/engine.c publish "apply_firewall warden_publish"
	calls control/engine.c change "gate_edge plan_policy publish e->state carry_out tell"
	calls control/engine.c look "outside_view apply_firewall"
	calls control/engine.c engine_connect "gate_edge check_addresses take_way command"
	calls control/engine.c take_way "ways_take look"
	calls control/engine.c try_way "take_way change"
	calls control/warden.c warden_publish "w->policy send_policy await"
	calls control/warden.c warden_give_tun "w->tun send_tun await"
	calls control/warden.c await "end end"
	calls control/warden.c end "kill reap"
	calls control/warden.c spawn "end send_policy send_tun"
	calls control/engine.c engine_new "take replan destroy"
	calls control/engine.c engine_serve "tell warden_start"
	calls control/engine.c engine_free "change change give_back let_go destroy"
	calls control/engine.c destroy "outside_close"
	calls src/oneshot.c oneshot_lockdown "close_firewall close_routes"
	calls src/oneshot.c close_firewall "firewall_apply"
	calls src/oneshot.c close_routes "routes_apply"
	calls src/oneshot.c oneshot_release "tun_remove release_routes outside_rescue release_firewall"
	calls src/oneshot.c release_routes "routes_release"
	calls src/oneshot.c release_firewall "firewall_release"
}

# search NAME [-DWHAT=...]... [-- PAN_OPTION...]: leaves $out/NAME/said. gcc's
# options are in CC_OPTIONS: without optimising it is done sooner, and pan later.
search() {
	local dir=$out/$1 defines=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		defines+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	mkdir -p "$dir"
	cp gate.pml "$out/gate_table.pml" "$dir"
	(
		cd "$dir"
		spin -a "${defines[@]}" gate.pml >spun 2>&1 || {
			cat spun >&2
			exit 1
		}
		# Each state is kept as it is, not a hash of it.
		# shellcheck disable=SC2086 # several
		gcc $CC_OPTIONS -w -DNOBOUNDCHECK -DCOLLAPSE "-DMEMLIM=$MEGABYTES" -o pan pan.c
		timeout "$LIMIT" ./pan "-m$DEPTH" "$@" >said 2>&1 || echo "pan ended with $?" >>said
		rm -f pan pan.?
	)
}

# Has it looked at everything, and found nothing?
is_proven() {
	grep -q 'errors: 0$' "$1" &&
		! grep -qi 'not completed\|too small\|memory\( limit\|$\)\|pan ended\|aborting' "$1"
}

# numbers FILE: states, megabytes, seconds
numbers() {
	sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p
		s/^ *\([0-9]*\)\.[0-9]*\ttotal actual memory usage$/\1 MB/p
		s/^pan: elapsed time \([0-9.e+]*\) seconds$/\1 s/p' "$1" | paste -sd , | sed 's/,/, /g'
}

# prove NAME WHAT, then as search
prove() {
	local name=$1 what=$2
	search "$name" "${@:3}"
	if is_proven "$out/$name/said"; then
		printf 'holds     %-44s %s\n' "$what" "$(numbers "$out/$name/said")"
	else
		complain "$what:"
		cat "$out/$name/said" >&2
	fi
}

# What none of the searches has reached: a promise about it would be empty. Not
# of the parent, which is made of inlines: most copies have branches that are
# for other places. The two that say that a promise is broken are left out.
never_reached() {
	local name
	for name in "$@"; do
		awk '/^unreached in/ { process = $4; next }
			process != "Parent" && /gate.pml:[0-9]+, state/ && !/-end-|assert\(0\)|\(0\)/ {
				print process, $1, $3 }' "$out/$name/said" | sort -u
	done | sort | uniq -c | awk -v n=$# '$1 == n { print $2, $3, $4 }'
}

# witness N WHAT, then as search: must be possible
witness() {
	search "witness$1" "-DWITNESS=$1" "${@:3}" -- -n
	if grep -q 'assertion violated' "$out/witness$1/said"; then
		printf 'possible  %s\n' "$2"
	else
		complain "never happens: $2"
	fi
}

# bug N OUT WHAT, then as search: must be found
bug() {
	local said=$out/bug$1/said
	search "bug$1" "-DBUG=$1" "-DOUT=$2" "${@:4}" -- -n
	if grep -q 'assertion violated' "$said"; then
		printf 'found     %2d %-8s %s\n' "$1" "$2" "$3"
	else
		complain "NOT FOUND: $1 $2 $3 ($(numbers "$said"))"
	fi
}

"$table" >"$out/gate_table.pml"
same_order

CC_OPTIONS="-O2 -DSAFETY"
prove nothing "all layers stand" -DOUT=NOTHING
prove rules "the routing rules may be flushed" -DOUT=RULES
prove worker "the worker may be anybody's" -DOUT=WORKER
prove refused "firewall transactions may fail" -DOUT=REFUSED
prove flushed "the firewall may be flushed" -DOUT=FLUSHED
prove lacking "there is no firewall" -DOUT=LACKING
never=$(never_reached nothing rules worker refused flushed lacking)
[ -z "$never" ] || complain "never reached: $never"

CC_OPTIONS="-O1 -DSAFETY -DNOCLAIM"
prove stuck "after faults: it is never stuck" -DLIVE -- -n
CC_OPTIONS="-O1 -DNFAIR=3"
prove endless "after faults: it never goes round in circles" -DLIVE -- -a -f -n

CC_OPTIONS="-O0 -DSAFETY"
witness 1 "CONNECTED to B, and its tunnel passes"
witness 2 "A's tunnel passes while a connect to B is under way"
witness 3 "the tunnel passes in RECONNECTING"
witness 4 "the worker's last frame passes after the parent's death"
witness 5 "everything passes after release, with a daemon there"
witness 6 "a socket bound to the uplink is stopped by the firewall"

CC_OPTIONS="-O0 -DSAFETY -DNOCLAIM -DREVERSE"
bug 1 NOTHING "the firewall's old table is deleted first, then the new one added"
bug 2 LACKING "announced before the worker has the policy in force"
bug 3 NOTHING "release: the firewall falls before the routes"
bug 4 LACKING "the successor of a worker that died over a policy gets the one before"
bug 5 NOTHING "start clears what was left of the firewall, then closes it"
bug 6 LACKING "nobody waits for IN_FORCE"
bug 7 WORKER "the worker first, then the word, then the firewall"
bug 8 LACKING "a worker that does not answer is left alone"
bug 9 LACKING "it is killed, and nobody waits for its end"
bug 10 LACKING "IN_FORCE is said when the policy is received"
bug 11 WORKER "connect to another: the old server's rule goes after the word"
bug 12 REFUSED "the routes are taken, though the firewall did not close"
bug 13 REFUSED "when the firewall fails the worker is not closed either"
bug 14 LACKING "block, out of OPEN: announced before the routes are taken"
bug 15 LACKING "routes are set anew from nothing"
bug 16 NOTHING "the firewall goes with its owner"
bug 17 LACKING "the device goes with the parent, and nothing is behind it"
bug 18 LACKING "start does not wait until the dead daemon's worker is gone"
bug 19 NOTHING "a worker's death is not noticed: it has no successor" -DLIVE
bug 20 WORKER "start keeps the firewall that was left"
bug 21 LACKING "a worker reads what was sent to the one before it"
bug 22 NOTHING "the table: a changed tunnel leads to CONNECTED"
bug 23 REFUSED "a block that failed is announced "
bug 24 NOTHING "the table: CONNECTED stays when a worker is started anew"
bug 25 NOTHING "the routes are taken before the firewall is closed"
bug 26 NOTHING "nobody is told that the worker is another one"
exit $status
