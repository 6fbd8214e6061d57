#!/bin/bash
# SPDX-License-Identifier: ISC
#
# isolation: what the kernel says that the worker is, and has; and the parent.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

# worker_is FIELD VALUE: in each of its threads, tabs as spaces.
worker_is() {
	local task text
	for task in "/proc/$WORKER/task"/*; do
		text=$(sed -n "s/^$1:[[:space:]]*//p" "$task/status" | tr '\t' ' ' | sed 's/ *$//')
		[ "$text" = "$2" ] || { printf '        %s: %s\n' "$1" "$text"; return 1; }
	done
}

# What its descriptors are, one kind a line with its number.
descriptors() {
	local fd
	for fd in "/proc/$WORKER/fd"/*; do
		readlink "$fd" | sed "s/:\[.*//; s|^$LAB/log/.*|log|"
	done | LC_ALL=C sort | uniq -c | sed 's/^ *//'
}

descriptors_are() {
	local found
	# Connections of those who asked a moment ago may still be closing.
	sleep 0.2
	found=$(descriptors)
	[ "$found" = "$1" ] && return
	printf '        it has:\n%s\n' "$found"
	return 1
}

# has_capability SET NUMBER, of the parent.
has_capability() {
	local set
	set=$(sed -n "s/^$1:[[:space:]]*//p" "/proc/$GATE/status")
	[ $((16#$set >> $2 & 1)) = 1 ]
}

# does_not_swap PROCESS: as much of it is locked as it uses.
does_not_swap() {
	awk '$1 == "VmLck:" { locked = $2 } $1 == "VmRSS:" { used = $2 }
		END { exit !(used > 0 && locked >= used) }' "/proc/$1/status" &&
		! grep -q '^Swap: *[1-9]' "/proc/$1/smaps"
}

# Without privilege it locks no more than its limit, so nothing, and says so.
limit_can_be_lifted() {
	[ "$(ulimit -Hl)" = unlimited ] || [ $((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1)) = 1 ]
}

# Not by one who has no privilege but root's account.
cannot_look_into() {
	! setpriv --bounding-set -all --inh-caps -all cat "/proc/$1/maps" >/dev/null 2>&1
}

root_is_empty() {
	[ -d "/proc/$WORKER/root/" ] && [ -z "$(ls -A "/proc/$WORKER/root/")" ] &&
		! touch "/proc/$WORKER/root/file" 2>/dev/null
}

expected() {
	printf '%s\n' "$@" '2 /dev/null' '1 anon_inode' '1 log' '6 pipe' '3 socket'
}

lab_up
gate_configure 4 wireguard
gate_start
WORKER=$(gate_worker)

check "an account that nobody has" worker_is Uid "59116 59116 59116 59116"
check "a group likewise" worker_is Gid "59116 59116 59116 59116"
check "and it is said" grep -q "there is no account tungate" "$GATE_LOG"
check "no other groups" worker_is Groups ""
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	check "no capabilities: $set" worker_is "$set" 0000000000000000
done
check "no new privileges" worker_is NoNewPrivs 1
check "a filter of system calls, of every thread" worker_is Seccomp 2
check "two threads" worker_is Threads 2
check "an empty root, in which nothing can be made" root_is_empty
check "no folder is left behind" test -z "$(ls -d "$LAB"/gate/empty-* 2>/dev/null)"
check "another user sees nothing of it" not setpriv --reuid 59116 --regid 59116 \
	--clear-groups ls "/proc/$WORKER/fd" 2>/dev/null
# Nobody is connected: pipes to and from its other thread, and one of libevent's
# for signals; channel, listener
# and uplink.
check "descriptors: those it needs" descriptors_are "$(expected '1 /dev/net/tun')"
for process in "$WORKER" "$GATE"; do
	check "no core dump" grep -qE '^Max core file size +0 +0 ' "/proc/$process/limits"
	check "nor anything in one" grep -qx 00000000 "/proc/$process/coredump_filter"
	check "root without privilege cannot look into it" cannot_look_into "$process"
done
check "the parent is out of swap" does_not_swap "$GATE"
if limit_can_be_lifted; then
	check "and the worker" does_not_swap "$WORKER"
else
	check "that the worker is not is said" grep -q "worker: .*no means for: memory out of swap" "$GATE_LOG"
fi
check "its name" grep -qx tungated-worker "/proc/$WORKER/comm"
check "its title" grep -qz '^tungated: worker' "/proc/$WORKER/cmdline"

gate_ctl release >/dev/null
check "open: it does not have the device" descriptors_are "$(expected)"
gate_ctl block >/dev/null
check "blocked again: it has" descriptors_are "$(expected '1 /dev/net/tun')"
gate_ctl connect wireguard >/dev/null
check "connected: no ear is left" descriptors_are "$(expected '1 /dev/net/tun')"

# CAP_NET_ADMIN is 12, CAP_NET_RAW 13, CAP_KILL 5.
for capability in 12 13 5; do
	check "the parent has capability $capability" has_capability CapEff "$capability"
done
# CAP_SYS_MODULE 16, CAP_SYS_RAWIO 17, CAP_SYS_PTRACE 19, CAP_SYS_ADMIN 21,
# CAP_SYS_BOOT 22, CAP_MKNOD 27, CAP_BPF 39.
for capability in 16 17 19 21 22 27 39; do
	check "and not $capability" not has_capability CapEff "$capability"
	check "nor can it have it" not has_capability CapBnd "$capability"
done
gate_end TERM || :

# An account of that name is used.
cp /etc/passwd "$LAB/passwd"
echo 'tungate:x:47011:47012::/:/usr/sbin/nologin' >>"$LAB/passwd"
mount --bind "$LAB/passwd" /etc/passwd
gate_start
WORKER=$(gate_worker)
check "the account tungate" worker_is Uid "47011 47011 47011 47011"
check "and its group" worker_is Gid "47012 47012 47012 47012"
check "of which nothing needs to be said" not grep -q "there is no account" "$GATE_LOG"
sed -i '/^on_stop/a user = daemon' "$LAB/tungate.conf"
check "reload: the user changes with the next start only" gate_ctl reload >/dev/null
check "it is said" grep -q "change with the next start only" "$GATE_LOG"
gate_end TERM || :
gate_start
WORKER=$(gate_worker)
check "user = daemon" worker_is Uid "1 1 1 1"
gate_end TERM || :
check_end
