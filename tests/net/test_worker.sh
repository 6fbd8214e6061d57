#!/bin/bash
# SPDX-License-Identifier: ISC
#
# worker: the worker process is killed and stopped under traffic, and so is its
# parent: nothing leaks, another takes over, the state comes back.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

KILLS=20
# Promised; each kill may take SLACK times that, under traffic as it is, and
# half of them not. A build with a sanitizer is several times slower.
WITHIN_MS=$((100 * ${SLOWER:-1})) SLACK=3

page_comes() {
	[ "$(lab_on laptop curl -s -m 5 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

# With a program that sends something, as there always is.
connected_under_traffic() {
	lab_on laptop ping -q -c 1 -W 1 "$LAB_SITE4" >/dev/null 2>&1 || :
	gate_state_is connected
}

another_worker_than() {
	local now
	now=$(gate_worker) && [ "$now" != "$1" ]
}

milliseconds_since() {
	printf '%d' $(((${EPOCHREALTIME/./} - $1) / 1000))
}

# Kills the worker; the time until there is another, and until it answers.
kill_worker() {
	local worker start
	worker=$(gate_worker)
	start=${EPOCHREALTIME/./}
	kill -KILL "$worker"
	until another_worker_than "$worker"; do
		[ "$(milliseconds_since "$start")" -lt 10000 ] || return 1
	done
	STARTED_AFTER=$(milliseconds_since "$start")
	until gate_ctl status >/dev/null 2>&1; do
		[ "$(milliseconds_since "$start")" -lt 10000 ] || return 1
	done
	ANSWERS_AFTER=$(milliseconds_since "$start")
	[ "$STARTED_AFTER" -le $((WITHIN_MS * SLACK)) ]
}

kill_worker_often() {
	local slowest=0 answered=0 soon=0
	for i in $(seq "$KILLS"); do
		kill_worker || { printf '        kill %d: no worker\n' "$i"; return 1; }
		[ "$STARTED_AFTER" -le "$slowest" ] || slowest=$STARTED_AFTER
		[ "$ANSWERS_AFTER" -le "$answered" ] || answered=$ANSWERS_AFTER
		[ "$STARTED_AFTER" -gt "$WITHIN_MS" ] || soon=$((soon + 1))
		sleep 0.1
	done
	printf '        %d kills: another worker after %d ms at most, which answers after %d ms\n' \
		"$KILLS" "$slowest" "$answered"
	[ "$soon" -ge $((KILLS / 2)) ]
}

counters_add_up() {
	gate_ctl --json stats | /usr/bin/python3 -c '
import json, sys
s = json.load(sys.stdin)
total = s["passed"] + sum(s["dropped"].values())
print("       ", s)
sys.exit(not total == s["total"] == s["kernel"]["packets"])'
}

# The judge's word on what is seen from now on.
begin() {
	lab_judge epoch "$1" "$2"
	lab_attempts_begin "$1"
}

end() {
	local n
	n=$(lab_attempts_end "$1")
	lab_judge_counts
	printf '        %s attempts; at the router: %s frames, %s of them leaked\n' \
		"$n" "$LAB_FRAMES" "$LAB_LEAKED"
	check "$1: no leak" test "$LAB_LEAKED" = 0
}

lab_up
gate_configure 4 wireguard openvpn-tcp
gate_start
tunnel=$(lab_legal wireguard 4)
lab_judge_start "$LAB/capture.pcap"
lab_judge epoch connect "$tunnel"
lab_attempts_start pace=400 tunnel="$LAB_SERVER4"

check "connect" says '^connected$' gate_ctl connect wireguard
gate_ctl watch >"$LAB/watched" 2>&1 &
watch=$!
lab_wait_for 5 test -s "$LAB/watched" || :
lab_on laptop curl -s -m 60 --limit-rate 2M -o /dev/null "http://$LAB_SITE4/bulk?bytes=40000000" &
transfer=$!
begin killed "$tunnel"
check "the worker is killed $KILLS times, and there is another within $WITHIN_MS ms" kill_worker_often
check "who watched is told what happened" lab_wait_for 5 \
	grep -q "tungatectl status says whether it is back" "$LAB/watched"
wait "$watch" 2>/dev/null && watched=0 || watched=$?
check "and has the exit status of a failure" test "$watched" = 1
check "the state comes back" lab_wait_for 30 connected_under_traffic
check "a page comes" page_comes
check "explain still knows the policy" says "verdict   drop: wrong-port" \
	gate_ctl explain udp 192.0.2.10:4000 203.0.113.5:53
end killed
kill "$transfer" 2>/dev/null || :
wait "$transfer" 2>/dev/null || :
# What was read is counted when its batch is done.
check "the counters add up, with what dead workers had read" lab_wait_for 2 counters_add_up

begin stopped "$tunnel"
worker=$(gate_worker)
kill -STOP "$worker"
sleep 3
check "stopped for 3 seconds, then a disconnect: done" says "^state     blocked" gate_ctl disconnect
check "the parent has killed the stopped one" grep -q "worker: $worker .*does not" "$GATE_LOG"
check "and it is gone" lab_gone "$worker"
check "the state is blocked" gate_state_is blocked
end stopped
begin blocked "$(lab_legal blocked)"
kill_worker || :
end blocked
check "blocked: a worker's death changes nothing" gate_state_is blocked

# Nothing is a leak then: what was tried before may get through now.
lab_judge control open "$(lab_legal blocked)"
check "release" says "^state     open" gate_ctl release
kill_worker || :
check "open: a worker's death changes nothing" gate_state_is open
check "block" says "^state     blocked" gate_ctl block

lab_judge epoch tcp "$(lab_legal openvpn-tcp 4)"
check "connect by TCP" says '^connected$' gate_ctl connect openvpn-tcp
check "a page comes" page_comes
client=$(cat "$LAB/client/${LAB_INTERFACE[openvpn-tcp]}.pid")
connections=$(grep -c "TCP connection established" "$GATE_LOG")
for _ in 1 2 3; do
	kill_worker || :
	check "the worker killed: a page comes by the same connection" lab_wait_for 5 page_comes
done
check "connected" lab_wait_for 15 connected_under_traffic
check "the client did not have to start again" kill -0 "$client"
check "nor to connect again" \
	test "$(grep -c "TCP connection established" "$GATE_LOG")" = "$connections"
lab_judge_counts
check "tcp: no leak" test "$LAB_LEAKED" = 0
gate_ctl disconnect >/dev/null

lab_judge epoch parent "$tunnel"
check "connect" says '^connected$' gate_ctl connect wireguard
lab_attempts_begin parent
sleep 0.3
worker=$(gate_worker)
start=${EPOCHREALTIME/./}
gate_end KILL || :
check "the parent is killed: its worker is gone within a second" lab_wait_for 1 lab_gone "$worker"
printf '        after %d ms\n' "$(milliseconds_since "$start")"
lab_judge epoch parent-gone "$(lab_legal blocked)"
lab_attempts_end parent >/dev/null
begin nobody "$(lab_legal blocked)"
check "no page comes" not page_comes
end nobody
check "the next start takes over" gate_start
check "and blocks" not page_comes
lab_judge epoch again "$tunnel"
check "and connects" says '^connected$' gate_ctl connect wireguard
check "and a page comes" page_comes
lab_judge_counts
check "again: no leak" test "$LAB_LEAKED" = 0

worker=$(gate_worker)
kill -STOP "$worker"
check "SIGTERM while the worker is stopped: it ends, with status 0" gate_end TERM
check "and so has the worker" lab_gone "$worker"
check "and it is closed" not page_comes
lab_judge_stop >/dev/null || :
check "the judge saw no leak in any of it" not grep '^leak ' <(grep -v '^leak open ' "$LAB/log/judge")
check "the capture lost nothing" grep -q "lost 0 unseen 0" "$LAB/log/judge"
check_end
