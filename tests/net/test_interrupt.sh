#!/bin/bash
# SPDX-License-Identifier: ISC
#
# interrupt: the demo, ended at any moment by any signal, leaves nothing
# behind: no namespace, link, route, rule, mount or process.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/check.sh"

# The machine as it is seen from outside the lab. The demo's processes all have
# its directory in their command line.
machine() {
	ip netns list
	ip -o link
	ip route show table all
	ip -6 route show table all
	ip rule
	ip -6 rule
	cut -d' ' -f2- /proc/mounts
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# Other tests may run beside this one, but their labs are not seen from here.
before=$(machine)
for signal in INT TERM HUP KILL; do
	for after in 0.1 0.7 2 5; do
		setsid "$root/tools/demo" --bin "$LAB_BIN" --protocol wireguard >/dev/null 2>&1 &
		demo=$!
		sleep "$after"
		kill "-$signal" "$demo" || :
		for _ in $(seq 100); do
			is_gone "$demo" && break
			sleep 0.05
		done
		wait "$demo" 2>/dev/null || :
		sleep 0.2
		check "SIG$signal after $after s: it ends" is_gone "$demo"
		check "SIG$signal after $after s: nothing is left" test "$before" = "$(machine)"
	done
done
[ "$CHECK_FAILURES" = 0 ]
