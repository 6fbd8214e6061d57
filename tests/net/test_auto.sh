#!/bin/bash
# SPDX-License-Identifier: ISC
#
# auto: tungate's own tunnel finds the way that the network lets through: UDP, TCP
# or TLS, and which of the server's addresses; remembers it; and never sends by
# two at once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

PORT=${LAB_PORT[wireguard]}
# An address of the server's name where nobody is.
NOBODY=203.0.113.77

relay_start() { # OPTIONS...
	lab_spawn vpn relay /usr/bin/python3 "$here/relay.py" "$@" "0:$PORT" "127.0.0.1:$PORT"
	RELAY=$LAB_PID
	lab_need 5 "the relay does not start" lab_log_says relay '^listening'
}

relay_stop() {
	kill -KILL "$RELAY"
	wait "$RELAY" 2>/dev/null || :
}

page() {
	lab_on laptop curl -s -m 1 -o "$LAB/page" "http://$LAB_SITE4/"
}

# connects_within SECONDS TRANSPORT ADDRESS
connects_within() {
	local since=${EPOCHREALTIME/./} took
	gate_ctl --timeout 40 connect tungate >/dev/null || return 1
	took=$(((${EPOCHREALTIME/./} - since) / 1000))
	printf '        after %s ms\n' "$took"
	[ "$took" -le "$1"000 ] && is_by "$2" "$3" && lab_wait_for 5 page
}

is_by() { # TRANSPORT ADDRESS
	gate_ctl --json status | /usr/bin/python3 -c '
import json, sys
s = json.load(sys.stdin)["server"]
print(s["transport"], s["endpoints"])
sys.exit(s["transport"] != sys.argv[1] or len(s["endpoints"]) != 1
    or not s["endpoints"][0]["address"].startswith(sys.argv[2]))' "$@" >"$LAB/by"
}

nothing_leaked() {
	grep "^leak $1 " "$LAB/log/judge" | head -n 5
	[ "$(lab_verdict "$1" leaked)" = 0 ]
}

disconnect() {
	gate_ctl disconnect >/dev/null
}

# may EPOCH WAY...: what may leave from now on.
may() {
	local epoch=$1 legal way
	shift
	legal=$(lab_legal blocked)
	for way in "$@"; do
		case $way in
		udp) legal+=" or $(lab_legal_datagrams wireguard "$PORT" 4)" ;;
		stream) legal+=" or $(lab_legal_stream "$PORT" 4)" ;;
		nobody) legal+=" or (udp and src host $LAB_UPLINK4 and dst host $NOBODY and dst port $PORT)" ;;
		esac
	done
	lab_judge epoch "$epoch" "$legal"
	EPOCHS+=("$epoch")
}

EPOCHS=()
lab_up
lab_certificate tunnel.example
cat "$LAB/tunnel.example.key" "$LAB/tunnel.example.crt" >"$LAB/relay.pem"
gate_configure 4 tungate
sed -i "s/^\[Interface\]/&\nTransport = auto\nTLSVerify = none/" "$LAB/servers/tungate.conf"
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=5 pace=1000 tunnel="$LAB_SERVER4"
check "it starts" gate_start
may open udp
check "nothing is in the way: it is UDP" connects_within 3 udp "$LAB_SERVER4"
disconnect

lab_server_is_dumb
relay_start
may no-udp udp stream
check "no UDP: it is TCP" connects_within 14 tcp "$LAB_SERVER4"
disconnect
# The old policy's have left; what worked here comes first, and alone.
may again stream
check "that is remembered" connects_within 3 tcp "$LAB_SERVER4"
lab_attempts_begin again
lab_attempts_end again >/dev/null

relay_stop
relay_start --tls "$LAB/relay.pem"
may tls-only stream udp
check "no plain TCP either: the tunnel that is lost comes back" lab_wait_for 60 page
check "by TLS" is_by tls "$LAB_SERVER4"
disconnect

lab_server_answers
relay_stop
may back stream udp
check "all but UDP is gone: it is UDP" connects_within 25 udp "$LAB_SERVER4"
disconnect

# A name of several addresses, of which the first is of no family of the uplink's,
# and the second nobody's.
sed -i -e "s/^Endpoint = .*/Endpoint = vpn.example:$PORT/" -e "s/^Transport = .*/Transport = udp/" \
	-e '/^TLSVerify/d' \
	-e "1i # tungate: vpn.example = 2001:db8:5::77 $NOBODY $LAB_SERVER4" "$LAB/servers/tungate.conf"
check "a file with a name is read" gate_ctl reload >/dev/null
ip -n laptop -6 address flush dev eth0 scope global
ip -n laptop -6 route flush default 2>/dev/null || :
may name udp nobody
check "the address that answers is found" connects_within 14 udp "$LAB_SERVER4"
disconnect
may end
lab_attempts_begin end
lab_attempts_end end >/dev/null
gate_end TERM || :
gate_release >/dev/null
lab_judge_stop >/dev/null || :
for epoch in "${EPOCHS[@]}"; do
	check "nothing leaked: $epoch" nothing_leaked "$epoch"
done
check_end
