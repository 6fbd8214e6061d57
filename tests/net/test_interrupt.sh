#!/bin/bash
# SPDX-License-Identifier: ISC
#
# interrupt: the demo and the tests, ended at any moment by any signal, leave
# nothing behind: no namespace, link, route, rule, mount or process.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/check.sh"
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT

# The machine as it is seen from outside the lab.
machine() {
	ip netns list
	ip -o link
	ip route show table all
	ip -6 route show table all
	ip rule
	ip -6 rule
	cut -d' ' -f2- /proc/mounts
}

# The processes that come of a run: all of them have its mark. A namespace that
# is not mounted anywhere is there as long as one of them is.
marked() {
	grep -lsz "^INTERRUPT_MARK=$1\$" /proc/[0-9]*/environ | cut -d/ -f3
}

has_ended() {
	[ -z "$(marked "$1")" ]
}

# interrupted SIGNAL AFTER COMMAND...: other tests may run beside this one, but
# their labs are not seen from here.
interrupted() {
	local signal=$1 after=$2 what run mark=$$-$RANDOM
	shift 2
	what="$(basename "$1"): SIG$signal after $after s"
	# As from a terminal: a shell's background process would ignore SIGINT.
	INTERRUPT_MARK=$mark setsid env --default-signal=INT "$@" >/dev/null 2>&1 &
	run=$!
	sleep "$after"
	check "$what: there was something to end" not has_ended "$mark"
	kill "-$signal" "$run" || :
	for _ in $(seq 100); do
		! has_ended "$mark" || break
		sleep 0.05
	done
	check "$what: all has ended" has_ended "$mark"
	marked "$mark" | xargs -r kill -KILL 2>/dev/null || :
	wait "$run" 2>/dev/null || :
	check "$what: nothing is left" test "$before" = "$(machine)"
}

before=$(machine)
for signal in INT TERM HUP KILL; do
	for after in 0.2 1 4; do
		interrupted "$signal" "$after" "$root/tools/demo" --bin "$LAB_BIN" --protocol wireguard
	done
done
# Nobody can clean up behind a ctest that was killed: its tests go on to their end.
for signal in INT TERM; do
	interrupted "$signal" 3 "$root/tools/test" --built "$dir/$signal" -R 'net/(daemon|worker)$'
done
[ "$CHECK_FAILURES" = 0 ]
