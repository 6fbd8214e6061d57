#!/bin/bash
# SPDX-License-Identifier: ISC
#
# bench: each rung of tungate-bench runs, and prints figures and goals. Not how
# large they are: machines differ, and the one that runs the tests is busy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/check.sh"
: "${LAB_BIN:=$here/../../build/bin}"

# rung NAME OPTIONS...: as JSON, every figure with a value, and a goal.
rung() {
	timeout 120 "$LAB_BIN/tungate-bench" --json "$@" 2>/dev/null | /usr/bin/python3 -c '
import json, sys
o = json.load(sys.stdin)
values = [f["value"]["median"] for f in o["figures"]]
sys.exit(not (o["rung"] == sys.argv[1] and o["goals"] and values and min(values) > 0))' "$1"
}

check "classify" rung classify --rounds 1 --cold 20000
check "wireguard" rung wireguard --rounds 1
check "control" rung control --rounds 10
check "as text, with the goals" says '^goals$' "$LAB_BIN/tungate-bench" wireguard --rounds 1
check "an unknown rung is an error" not "$LAB_BIN/tungate-bench" moon 2>/dev/null
[ "$CHECK_FAILURES" = 0 ]
