#!/bin/bash
# SPDX-License-Identifier: ISC
#
# interrupt: tools/demo and tools/test, ended at any moment by any signal, leave
# nothing behind: no process, namespace, link, route, rule, table or mount.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/check.sh"
. "$here/inside.sh"

# In a process namespace of its own: what is in it beside this shell was left
# behind, whoever its parent is, whatever it calls itself, and whatever network
# namespace it keeps alive. The network is the machine's.
[ $$ = 1 ] || inside -- bash "$0" "$@"

# What tools/test writes into the build goes into memory: whoever runs this test
# may be running that build's tests.
scratch=$(mktemp -d)
trap 'umount "$root/build" "$scratch"; rmdir "$scratch"' EXIT
mount -t tmpfs interrupt "$scratch"
mkdir "$scratch/upper" "$scratch/work"
mount -t overlay overlay "$root/build" \
	-o "lowerdir=$root/build,upperdir=$scratch/upper,workdir=$scratch/work"

# The preset that the programs are of.
preset=$(basename "$(dirname "$LAB_BIN")")
[ "$preset" != build ] || preset=release

# The names of all processes but this shell and the one that asks.
processes() {
	local dir name
	for dir in /proc/[0-9]*; do
		[[ $dir != "/proc/$$" && $dir != "/proc/$BASHPID" ]] || continue
		# It may be gone by now.
		{ read -r name <"$dir/comm"; } 2>/dev/null || continue
		printf '%s\n' "$name"
	done
}

process_is_seen() {
	processes | grep -qx -E -- "$1"
}

# The machine as it is seen from outside the lab. Other tests may run beside
# this one, but their labs are not seen from here.
machine() {
	ip netns list
	ip -o link
	ip route show table all
	ip -6 route show table all
	ip rule
	ip -6 rule
	timeout 10 nft list tables || printf 'no list of tables\n'
	cut -d' ' -f2- /proc/mounts
	cksum /etc/resolv.conf
}

wait_for() {
	local end=$((EPOCHSECONDS + $1))
	until "${@:2}"; do
		[ "$EPOCHSECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

nobody_is_left() {
	[ -z "$(processes)" ]
}

nothing_is_left() {
	local left now
	left=$(processes)
	[ -z "$left" ] || { printf '        still there: %s\n' "${left//$'\n'/ }"; return 1; }
	now=$(machine)
	[ "$now" = "$before" ] || { diff <(printf '%s\n' "$before") <(printf '%s\n' "$now"); return 1; }
}

# interrupt SIGNAL PROCESS COMMAND...: ends it when such a process is there.
interrupt() {
	local signal=$1 sign=$2 what="${3##*/}, SIG$1 while there is $2" tool
	shift 2
	# A shell hands SIGINT on as ignored to what it starts in the background.
	env --default-signal=INT,QUIT setsid "$@" >/dev/null 2>&1 &
	tool=$!
	disown "$tool"
	check "$what: it gets there" wait_for 60 process_is_seen "$sign"
	# Ctrl-C goes to all that the terminal knows of.
	[ "$signal" != INT ] || tool=-$tool
	kill "-$signal" -- "$tool"
	# Who is impatient does it again.
	kill "-$signal" -- "$tool" 2>/dev/null || :
	sleep 0.02
	kill "-$signal" -- "$tool" 2>/dev/null || :
	tool=${tool#-}
	check "$what: it ends" wait_for 5 is_gone "$tool"
	# Whoever dies by kill -9 can wait for nobody; all others must.
	[ "$signal" != KILL ] || wait_for 2 nothing_is_left >/dev/null || :
	check "$what: nothing is left" nothing_is_left
	# The next one must not be held responsible.
	kill -KILL -1 2>/dev/null || :
	wait_for 5 nobody_is_left
}

before=$(machine)
for signal in INT TERM HUP KILL; do
	for sign in unshare openvpn attempts tungated curl; do
		interrupt "$signal" "$sign" "$root/tools/demo" --bin "$LAB_BIN" --protocol wireguard
	done
	for sign in cmake ctest tungated; do
		interrupt "$signal" "$sign" "$root/tools/test" --preset "$preset" -R 'net/(control|daemon)'
	done
done
[ "$CHECK_FAILURES" = 0 ]
