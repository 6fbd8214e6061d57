#!/bin/bash
# SPDX-License-Identifier: ISC
#
# transport: tungate's own tunnel over TCP, to a relay before a real server that
# shares no code with us; the relay misbehaves in every way it knows.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

PORT=4443

# relay_start OPTIONS...
relay_start() {
	lab_spawn vpn relay /usr/bin/python3 "$here/relay.py" "$@" "0:$PORT" "127.0.0.1:51820"
	RELAY=$LAB_PID
	lab_need 5 "the relay does not start" lab_log_says relay '^listening'
}

relay_stop() {
	kill -KILL "$RELAY"
	wait "$RELAY" 2>/dev/null || :
}

page() {
	lab_on laptop curl -s -m 1 -o "$LAB/page" "http://$LAB_SITE4/" &&
		lab_on laptop curl -s -m 1 -o "$LAB/page" "http://[$LAB_SITE6]/"
}

# page_within MS: pages come again so soon after now.
page_within() {
	local since=${EPOCHREALTIME/./} took
	lab_wait_for 60 page || return 1
	took=$(((${EPOCHREALTIME/./} - since) / 1000))
	printf '        pages after %s ms\n' "$took"
	[ "$took" -le "$1" ]
}

megabytes_pass() {
	[ "$(lab_on laptop curl -s -m 20 "http://$LAB_SITE4/bulk?bytes=4000000" | wc -c)" = 4000000 ] &&
		[ "$(head -c 4000000 /dev/zero | lab_on laptop curl -s -m 20 --data-binary @- "http://$LAB_SITE4/")" = 4000000 ]
}

lab_up
gate_configure 4 tungate
sed -i "s/^Endpoint = .*/Endpoint = $LAB_SERVER4:$PORT/; /^\[Interface\]/a Transport = tcp" \
	"$LAB/servers/tungate.conf"
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"
legal="$(lab_legal blocked) or $(lab_legal_stream "$PORT" 4)"
check "it starts" gate_start
lab_judge epoch blocked "$(lab_legal blocked)"
relay_start
lab_judge epoch connected "$legal"
check "it connects" says '^connected$' gate_ctl --timeout 15 connect tungate
check "pages come" page_within 2000
check "megabytes pass both ways" megabytes_pass
lab_attempts_begin connected
lab_attempts_end connected >/dev/null

lab_judge epoch faults "$legal"
relay_stop
check "the relay is gone: it is noticed" lab_wait_for 5 gate_state_is reconnecting
check "no page comes" not page
relay_start
check "the relay is back" page_within 3000

# What the other end, or who sits between, may do to a connection; then it is
# let be. A dead one is given up within ten seconds.
for fault in "--refuse 2" "--reset-after 20000" "--close-after 20000" "--stall-after 20000" "--bytewise"; do
	relay_stop
	# shellcheck disable=SC2086 # several words
	relay_start $fault
	case $fault in
	--refuse* | --bytewise) check "$fault: pages come" page_within 5000 ;;
	*)
		check "$fault: pages come" page_within 5000
		check "$fault: it breaks" not megabytes_pass
		check "$fault: pages come again" page_within 15000
		;;
	esac
done
relay_stop
relay_start
check "the relay is as it was" page_within 5000

kill -KILL "$(gate_worker)"
check "a new worker has a connection of its own" page_within 5000

ip -n laptop link set eth0 down
check "without the uplink it is not connected" lab_wait_for 5 gate_state_is reconnecting
ip -n laptop link set eth0 up
ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
check "the uplink is back" page_within 3000

lab_judge epoch disconnected "$(lab_legal blocked)"
check "it disconnects" says blocked gate_ctl --json disconnect
lab_attempts_begin disconnected
lab_attempts_end disconnected >/dev/null
lab_judge epoch end "$(lab_legal blocked)"
gate_end TERM || :
gate_release >/dev/null
lab_judge_stop >/dev/null || :
for epoch in blocked connected faults disconnected; do
	check "nothing leaked: $epoch" [ "$(lab_verdict "$epoch" leaked)" = 0 ]
done
check_end
