#!/bin/bash
# SPDX-License-Identifier: ISC
#
# faults: what the daemon needs runs out or goes wrong, under traffic: it is
# closed or it works, never open, and it works again when there is enough.
#
#	test_faults.sh all	all of it, and processes are stopped for a minute
#	test_faults.sh [few [SEED [CASES]]]
#
# Each case is a line of the table: what went wrong, how often, what became of
# it, and whether it was as before in the end.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
. "$here/dying.sh"
lab_enter "$@"

HOW_MUCH=${1:-few}
SEED=${2:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
CASES=${3:-memory descriptor disk socket open clock stop}
case $HOW_MUCH in
few) STOPPED_S=4 POINTS=2 EVERY=(5) ROOM=(0 3) ;; # a stopped worker is killed after 3 s
all) STOPPED_S=60 POINTS=60 EVERY=(31 7 5 3 2 1) ROOM=(0 1 2 3 4 6 8) ;;
*) lab_die "usage: test_faults.sh [few|all [SEED [CASES]]]" ;;
esac
RANDOM=$SEED

YEAR=31536000
EAGAIN=11 ENOBUFS=105

#
# What fails: the numbers of faults.c, in its order.
#

export FAULTS_FILE=$LAB/faults
declare -A FAULT=([malloc_in]=0 [malloc_all]=1 [send_errno]=2 [send_every]=3
	[recv_errno]=4 [recv_every]=5 [clock_offset]=6 [mallocs]=7 [mallocs_failed]=8
	[sends_failed]=10 [recvs_failed]=12)

# fault NAME=NUMBER...
fault() {
	local setting n i
	for setting in "$@"; do
		n=${setting#*=}
		for i in 0 8 16 24 32 40 48 56; do
			# shellcheck disable=SC2059 # a byte, as octal digits
			printf "\\$(printf %03o $((n >> i & 255)))"
		done | dd of="$FAULTS_FILE" bs=8 seek="${FAULT[${setting%%=*}]}" conv=notrunc status=none
	done
}

fault_count() {
	od -An -tu8 -j $((FAULT[$1] * 8)) -N 8 "$FAULTS_FILE" | tr -d ' '
}

# Nothing fails any more, and there is enough of everything. (The worker's own
# limits are another account's: its successor has its parent's.)
no_faults() {
	head -c 104 /dev/zero | dd of="$FAULTS_FILE" conv=notrunc status=none
	! alive || prlimit --pid "$GATE" --as=unlimited: --nofile=1024:
}

#
# The daemon.
#

# With what stands before it: env NAME=VALUE, prlimit, setpriv.
LOADED=(env LD_PRELOAD="$LAB_BIN/faults.so")
UNDER=("${LOADED[@]}")

spawn_gate() {
	GATE_STARTS=$((GATE_STARTS + 1))
	lab_spawn laptop "tungated-$GATE_STARTS" "${UNDER[@]}" "$LAB_BIN/tungated" -c "$LAB/tungate.conf"
	GATE=$LAB_PID GATE_LOG=$LAB/log/tungated-$GATE_STARTS
}

alive() {
	kill -0 "$GATE" 2>/dev/null
}

# Nothing that is asked may take for ever.
ask() {
	timeout "${PATIENCE:-3}" ip netns exec laptop "$LAB_BIN/tungatectl" -s "$LAB/gate/control.sock" \
		--timeout 1 "$@" 2>&1
}

state() {
	alive || { echo ended; return; }
	PATIENCE=1 ask --json status | sed -n 's/.*"state": *"\([a-z]*\)".*/\1/p'
}

is_connected() {
	[ "$(state)" = connected ]
}

is_up_or_has_ended() {
	! alive || [ "$(state)" = blocked ]
}

kill_gate() {
	kill -KILL "$GATE" 2>/dev/null || :
	wait "$GATE" 2>/dev/null || :
	lab_wait_for 5 nobody_is_left || lab_die "processes are left: $(pgrep -a tungated)"
}

# Started anew, without faults, and connected.
connected_gate() {
	no_faults
	if ! alive || ! [[ $(state) =~ ^(blocked|connecting|connected|reconnecting)$ ]]; then
		kill_gate
		spawn_gate
		lab_wait_for 10 is_up_or_has_ended
	fi
	lab_judge epoch between "$(dying_legal either)"
	lab_wait_for 15 connects wireguard || return 1
}

connects() {
	ask connect "$1" | grep -q '^connected$'
}

#
# A case.
#

# What may be seen now, by what the daemon is, and not by what it was to be.
legal_now() {
	case $(state) in
	ended | blocked) echo none ;;
	*) echo either ;;
	esac
}

BEGUN=0

# Attempts for as long as some transitions take, or a short burst of them.
long_traffic() { lab_tell attempts each=40; lab_tell attempts pace=2000; }
short_traffic() { lab_tell attempts each=4; lab_tell attempts pace=20000; }

# begin NAME LEGAL [control]: sets CASE.
begin() {
	CASE=$1 OUTCOME='' SEEN=0 BEGUN=$((BEGUN + 1))
	lab_judge "${3:-epoch}" "$CASE" "$(dying_legal "$2")"
	lab_attempts_begin "while-$BEGUN"
}

# The traffic goes on, and what was seen is counted.
end() {
	local legal
	MADE=$((MADE + $(lab_attempts_end "while-$BEGUN")))
	lab_judge_counts
	SEEN=$((SEEN + LAB_LEAKED))
	short_traffic
	legal=$(legal_now)
	tried_with "$legal" epoch "$CASE"
	SEEN=$((SEEN + LEAKED))
}

# row WHAT OUTCOME AFTERWARDS. Fails if anything leaked or it did not recover.
row() {
	local now=${EPOCHREALTIME/./}
	printf '        %-46s %6d  %-36s %-6s %5d ms\n' "$1" "$SEEN" "$2" "$3" $(((now - SINCE) / 1000))
	SINCE=$now
	[ "$SEEN" = 0 ] && [ "$3" = works ]
}

# Sets AFTER: what it is when nothing fails any more.
recover() {
	if connected_gate && page_comes; then AFTER=works; else AFTER="does not work: $(state)"; fi
}

page_comes() {
	lab_wait_for 10 page_came
}

page_came() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

yes_or_no() {
	if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi
}

# All transitions, whatever becomes of them. Sets OUTCOME.
all_moves() {
	local change leave join
	change=$(yes_or_no connects other)
	leave=$(yes_or_no ask disconnect)
	join=$(yes_or_no connects wireguard)
	OUTCOME="change $change, leave $leave, join $join"
	alive || OUTCOME="ended"
}

# running WHAT COMMAND...: it is connected, then the command makes it fail.
running() {
	local what=$1
	shift
	connected_gate || { SEEN=0; row "$what" "not tried" "did not connect"; return 1; }
	long_traffic
	begin "${what// /-}" either
	"$@"
	all_moves
	end
	recover
	[ "$AFTER" = works ] || tail -n 20 "$GATE_LOG"
	row "$what" "$OUTCOME" "$AFTER"
}

# What a start finds.
FROM=closed

# starting_FROM WHAT: with UNDER as it is.
starting_closed() {
	local what=$1
	begin "${what// /-}" none
	spawn_gate
	lab_wait_for 1 is_up_or_has_ended || :
	OUTCOME=$(state)
	end
}

# Until it says that it is closed, and if it never does, the machine may be open.
starting_open() {
	begin "open-${1// /-}" none control
	gate_release >/dev/null || lab_die "it cannot be opened: $(tail -n 5 "$GATE_LOG")"
	spawn_gate
	lab_wait_for 1 is_up_or_has_ended || :
	OUTCOME=$(state)
	MADE=$((MADE + $(lab_attempts_end "while-$BEGUN")))
	short_traffic
	[ "$OUTCOME" = blocked ] || grep -q "gate: blocked" "$GATE_LOG" || return 0
	CLOSED=$((CLOSED + 1))
	tried_with none epoch "$CASE"
	SEEN=$LEAKED
	gate_firewall_stands || { UNFOUNDED=$((UNFOUNDED + 1)); tail -n 5 "$GATE_LOG"; }
}

# Several starts are one line: some run, some end, some run and do not answer.
starts() {
	local what=$1 ended=0 up=0 mute=0 seen=0 kind closed=''
	shift
	CLOSED=0 UNFOUNDED=0
	kill_gate
	for kind in "$@"; do
		"prepare_${what%% *}" "$kind"
		"starting_$FROM" "$what"
		seen=$((seen + SEEN))
		case $OUTCOME in
		blocked) up=$((up + 1)) ;;
		ended) ended=$((ended + 1)) ;;
		*) mute=$((mute + 1)) ;;
		esac
		[ "$SEEN" = 0 ] || printf '        %s, %s: %d frames leaked\n' "$what" "$kind" "$SEEN"
		kill_gate
		no_faults
	done
	UNDER=("${LOADED[@]}")
	recover
	SEEN=$seen
	[ "$FROM" = closed ] || closed=", $CLOSED closed"
	row "start${closed:+, open}: $what" "$up started, $ended ended, $mute mute$closed" "$AFTER" || return 1
	[ "$UNFOUNDED" = 0 ] && return
	printf '        %s: %d said to be closed without the firewall\n' "$what" "$UNFOUNDED"
	return 1
}

#
# Memory.
#

prepare_allocations() {
	local all=0
	[[ $1 != *+ ]] || all=1
	fault malloc_in="${1%+}" malloc_all=$all
}
prepare_memory() { UNDER=(prlimit --as="$1:" "${LOADED[@]}"); }

# So many numbers up to $1, evenly spread; each once alone and once with all
# that follow.
spread() {
	local step=$(($1 > POINTS ? $1 / POINTS : 1)) n
	for ((n = 1 + RANDOM % step; n <= $1; n += step)); do
		printf '%d %d+ ' "$n" "$n"
	done
}

allocations_at_start() {
	local calls numbers
	kill_gate
	no_faults
	lab_judge control between "$(dying_legal none)"
	[ "$FROM" = closed ] || gate_release >/dev/null
	spawn_gate
	lab_wait_for 10 is_up_or_has_ended
	calls=$(fault_count mallocs)
	read -ra numbers <<<"$(spread "$calls")"
	starts "allocations (of $calls)" "${numbers[@]}"
}

allocations_while_running() {
	local calls=$1 numbers n change=0 leave=0 join=0 ended=0 seen=0
	read -ra numbers <<<"$(spread "$calls")"
	for n in "${numbers[@]}"; do
		connected_gate || return 1
		long_traffic
		begin "allocations-$n" either
		prepare_allocations "$n"
		all_moves
		end
		seen=$((seen + SEEN))
		[ "$SEEN" = 0 ] || printf '        allocation %s: %d frames leaked\n' "$n" "$SEEN"
		[[ $OUTCOME != *"change yes"* ]] || change=$((change + 1))
		[[ $OUTCOME != *"leave yes"* ]] || leave=$((leave + 1))
		[[ $OUTCOME != *"join yes"* ]] || join=$((join + 1))
		[ "$OUTCOME" != ended ] || ended=$((ended + 1))
	done
	recover
	SEEN=$seen
	row "allocations (of $calls), ${#numbers[@]} times" \
		"yes: $change, $leave, $join; ended: $ended" "$AFTER"
}

allocations_of_the_moves() {
	connected_gate || return 1
	fault mallocs=0
	all_moves
	allocations_while_running "$(fault_count mallocs)"
}

memory_of() {
	awk '/^VmSize/ { print $2 * 1024 }' "/proc/$1/status"
}

parent_memory() { prlimit --pid "$GATE" --as="$(memory_of "$GATE"):"; }

# limited_worker LIMIT: the next one, which is forked while the parent has that.
limited_worker() {
	local worker
	prlimit --pid "$GATE" "$1"
	worker=$(gate_worker) && kill -KILL "$worker"
	lab_wait_for 2 another_worker_than "$worker" || :
	prlimit --pid "$GATE" --as=unlimited: --nofile=1024:
}

another_worker_than() {
	local now
	now=$(gate_worker) && [ "$now" != "$1" ]
}

# As much as it begins with.
worker_memory() { limited_worker --as="$(memory_of "$(gate_worker)"):"; }

#
# Descriptors.
#

# Without the privilege to have more.
prepare_descriptors() {
	UNDER=(prlimit --nofile="$1:$1" setpriv --bounding-set -sys_resource
		--inh-caps -sys_resource "${LOADED[@]}")
}

descriptors_of() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

parent_descriptors() {
	prlimit --pid "$GATE" --nofile=$(($(descriptors_of "$GATE") + $1)):
}

worker_descriptors() {
	limited_worker --nofile=$(($(descriptors_of "$(gate_worker)") + $1)):
}

#
# The disk.
#

# A folder with room for so many files, itself among them; none for bytes.
small_disk() {
	umount -l "$LAB/gate" 2>/dev/null || :
	mount -t tmpfs -o "size=4k,mode=755,nr_inodes=$1" small "$LAB/gate"
	head -c 4096 /dev/zero 2>/dev/null >"$LAB/gate/full" || rm -f "$LAB/gate/full"
}

prepare_disk() { small_disk "$1"; }

fill_disk() {
	local i
	for ((i = 0; i < 64; i++)); do
		[ -e "$LAB/gate/$i" ] || : 2>/dev/null >"$LAB/gate/$i" || break
	done
}

# No new worker can be made without a folder of its own, for a moment. (The last
# one's is there, without a name, as long as itself.)
worker_dies_on_a_full_disk() {
	local worker
	worker=$(gate_worker)
	kill -STOP "$GATE"
	kill -KILL "$worker"
	sleep 0.1
	fill_disk
	kill -CONT "$GATE"
	sleep 1
	tried_with none epoch "full-disk-dead"
	SEEN=$((SEEN + LEAKED))
	check "no worker can be made on a full disk" not worker_answers
	rm -f "$LAB/gate/full" "$LAB"/gate/[0-9]*
	lab_judge epoch "$CASE" "$(dying_legal either)"
	lab_wait_for 10 worker_answers
}

worker_answers() {
	ask status >/dev/null
}

no_disk() {
	umount -l "$LAB/gate" 2>/dev/null || :
}

# Its log: nothing can be written to it.
log_is_full() {
	local out
	kill_gate
	lab_judge epoch log "$(dying_legal none)"
	ip netns exec laptop "$LAB_BIN/tungated" -c "$LAB/tungate.conf" </dev/null >/dev/full 2>&1 &
	GATE=$!
	lab_wait_for 5 is_up_or_has_ended || :
	out=$(state)
	long_traffic
	begin log either
	all_moves
	end
	AFTER=$(state)
	[ "$AFTER" != connected ] || ! page_comes || AFTER=works
	row "the log's disk is full" "started: $out; $OUTCOME" "$AFTER"
	kill_gate
}

#
# Sockets.
#

sockets() {
	fault "$1_errno=$2" "$1_every=$3"
}

prepare_sockets() {
	local way error every
	IFS=/ read -r way error every <<<"$1"
	sockets "$way" "$error" "$every"
}

#
# The clock.
#

clock_jumps() {
	fault clock_offset="$1"
	sleep 0.3
}

# A client that does not want to end is killed after two seconds, not a year.
stubborn_client_ends() {
	local took
	connected_gate || return 1
	lab_judge epoch stubborn "$(dying_legal either)"
	ask disconnect >/dev/null
	ask --json status >/dev/null
	ask connect stubborn >/dev/null || :
	lab_wait_for 3 test -s "$LAB/stubborn.pid" || return 1
	fault clock_offset=$YEAR
	ask disconnect >/dev/null
	sleep 0.5
	fault clock_offset=0
	took=${EPOCHREALTIME/./}
	lab_wait_for 6 lab_gone "$(cat "$LAB/stubborn.pid")" || return 1
	printf '        its client is killed %d ms after the jump\n' $(((${EPOCHREALTIME/./} - took) / 1000))
}

#
# Stopped processes.
#

stop_for() {
	local pid=("$@")
	kill -STOP "${pid[@]}"
	sleep "$STOPPED_S"
	kill -CONT "${pid[@]}" 2>/dev/null || :
}

stopped_parent() { stop_for "$GATE"; }
stopped_worker() { stop_for "$(gate_worker)"; }
stopped_both() { stop_for "$GATE" "$(gate_worker)"; }

# Asked while nobody can answer: it is done, or it is refused, but not open.
asked_while_stopped() {
	kill -STOP "$GATE"
	ask disconnect >/dev/null || :
	kill -CONT "$GATE"
}

#
# The whole.
#

memory_cases() {
	local failed=0 sizes=()
	allocations_at_start || failed=1
	allocations_of_the_moves || failed=1
	read -ra sizes <<<"$(seq -s ' ' 6000000 8000000 30000000)"
	starts "memory (RLIMIT_AS, 6 to 30 MB)" "${sizes[@]}" || failed=1
	running "parent: no more memory than it has" parent_memory || failed=1
	running "worker: no more memory than it has" worker_memory || failed=1
	return "$failed"
}

descriptor_cases() {
	local failed=0 n
	starts "descriptors (3 to 40)" 3 6 9 12 15 18 20 24 40 || failed=1
	for n in "${ROOM[@]}"; do
		running "parent: $n descriptors more" parent_descriptors "$n" || failed=1
	done
	for n in "${ROOM[@]}"; do
		running "worker: $n descriptors more" worker_descriptors "$n" || failed=1
	done
	return "$failed"
}

disk_cases() {
	local failed=0
	mkdir -p "$LAB/gate"
	starts_on_small_disks || failed=1
	small_disk 64
	running "full disk, and the worker dies" worker_dies_on_a_full_disk || failed=1
	kill_gate
	no_disk
	log_is_full || failed=1
	return "$failed"
}

starts_on_small_disks() {
	local n up='' seen=0
	kill_gate
	for n in 1 2 4 6; do
		small_disk "$n"
		starting_closed "disk-$n"
		seen=$((seen + SEEN))
		[ "$OUTCOME" != blocked ] || up+=" $n"
		kill_gate
	done
	no_disk
	recover
	SEEN=$seen
	row "start: disk with room for 1, 2, 4, 6 files" "started with${up:- none}" "$AFTER"
}

socket_cases() {
	local failed=0 way every error
	starts "sockets (each 3rd, each call)" "send/$ENOBUFS/3" "send/$ENOBUFS/1" "send/$EAGAIN/3" \
		"send/$EAGAIN/1" "recv/$ENOBUFS/3" "recv/$ENOBUFS/1" "recv/$EAGAIN/3" "recv/$EAGAIN/1" || failed=1
	for way in send recv; do
		for every in "${EVERY[@]}"; do
			running "$way: ENOBUFS, each call of $every" sockets "$way" "$ENOBUFS" "$every" || failed=1
			running "$way: EAGAIN, each call of $every" sockets "$way" "$EAGAIN" "$every" || failed=1
		done
	done
	return "$failed"
}

# From an open machine: nothing that was there before helps.
open_cases() {
	local failed=0
	FROM=open
	allocations_at_start || failed=1
	starts "memory (RLIMIT_AS, 6 to 30 MB)" 6000000 14000000 22000000 30000000 || failed=1
	starts "descriptors (3 to 40)" 9 15 20 24 40 || failed=1
	starts "sockets (each 3rd to 99th call)" "send/$ENOBUFS/3" "send/$EAGAIN/25" \
		"send/$ENOBUFS/99" "recv/$ENOBUFS/3" "recv/$EAGAIN/25" "recv/$ENOBUFS/99" || failed=1
	FROM=closed
	return "$failed"
}

clock_cases() {
	local failed=0
	running "the clock jumps on by a year" clock_jumps "$YEAR" || failed=1
	running "the clock jumps back by a year" clock_jumps "-$YEAR" || failed=1
	return "$failed"
}

stop_cases() {
	local failed=0
	running "parent stopped for $STOPPED_S s" stopped_parent || failed=1
	running "worker stopped for $STOPPED_S s" stopped_worker || failed=1
	[ "$HOW_MUCH" = few ] || running "both stopped for $STOPPED_S s" stopped_both || failed=1
	running "parent stopped, and asked meanwhile" asked_while_stopped || failed=1
	return "$failed"
}

printf '        test_faults.sh %s %s\n' "$HOW_MUCH" "$SEED"
lab_up
dying_configure
cat >"$LAB/servers/stubborn.conf" <<-END
	[Server]
	Protocol = wireguard
	Endpoint = $LAB_SERVER4:51820
	Interface = wg9
	Command = trap "" TERM; echo \$\$ >$LAB/stubborn.pid; while :; do sleep 1; done
	END
head -c 104 /dev/zero >"$FAULTS_FILE"
dying_watch each=4 pace=20000
check_the_judge
lab_judge control starting "$(dying_legal none)"
spawn_gate
check "it starts" lab_wait_for 10 connected_gate
printf '        %-46s %6s  %-36s %s\n' "what fails" leaked "what becomes of it" afterwards
for what in $CASES; do
	began=${EPOCHREALTIME/./} SINCE=${EPOCHREALTIME/./}
	check "$what: closed or working, never open" "${what}_cases"
	printf '        %d s\n' $(((${EPOCHREALTIME/./} - began) / 1000000))
done
check "the clock jumps back by a year: a client that does not end is killed" stubborn_client_ends
printf '        %d attempts\n' "$MADE"
lab_judge epoch last "$(dying_legal either)"
dying_end
