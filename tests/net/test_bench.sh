#!/bin/bash
# SPDX-License-Identifier: ISC
#
# bench: each rung of tungate-bench ends well and prints the figures that it
# has: as text and as JSON. How large they are is not asked. As root.
set -euo pipefail
here=$(dirname "$0")
. "$here/check.sh"
: "${LAB_BIN:=$here/../../build/bin}"

# What may stand before it, as `valgrind ...`.
BENCH_UNDER=${BENCH_UNDER:-}
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT

# bench FILE ARGUMENT...
bench() {
	# shellcheck disable=SC2086 # several words
	$BENCH_UNDER "$LAB_BIN/tungate-bench" "${@:2}" >"$out/$1" 2>"$out/errors" && return
	local status=$?
	cat "$out/errors"
	return "$status"
}

# What is in the JSON is in the text, too.
same_figures() {
	/usr/bin/python3 - "$out/json" "$out/text" "$@" <<-'END'
		import json, sys
		report, text, wanted = json.load(open(sys.argv[1])), open(sys.argv[2]).read(), sys.argv[3:]
		for figure in report["figures"]:
		    v = figure["value"]
		    order = [v[k] for k in ("min", "q1", "median", "q3", "max")]
		    assert order == sorted(order) and order[0] >= 0, figure
		    assert figure["group"] in text and figure["name"] in text, figure
		assert report["facts"]["note"] == "of today" and "of today" in text
		for goal in report["goals"]:
		    assert goal["what"] in text, goal
		assert report["goals"]
		# Under valgrind a thread may have no turn: what it did may be nothing.
		seen = {f["name"] for f in report["figures"] if f["value"]["min"] > 0}
		missing = set(wanted) - seen
		assert not missing, missing
	END
}

# rung FIGURES... -- RUNG OPTION...: some of the figures by their names.
rung() {
	local figures=()
	while [ "$1" != -- ]; do
		figures+=("$1")
		shift
	done
	shift
	check "$1: text" bench text --note "of today" "$@"
	check "$1: JSON" bench json --json --note "of today" "$@"
	check "$1: both have its figures" same_figures "${figures[@]}"
}

rung "touch one byte" "libpcap's bpf_filter()" "classify_batch(), 32 at a time" \
	"classify, a writer at full speed" \
	-- classify --rounds 1 --cold 20000
rung 'from fork and exec to "blocked"' connect disconnect status "resident (VmRSS)" \
	-- control --rounds 10
rung "seal, 1,420 bytes" "a whole one, both sides" "initiation with a wrong mac1" \
	-- wireguard --rounds 1
status=0
bench text nowhere >/dev/null || status=$?
check "a rung that is not there is a mistake of usage" test "$status" = 2
[ "$CHECK_FAILURES" = 0 ]
