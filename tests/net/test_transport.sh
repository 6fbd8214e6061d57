#!/bin/bash
# SPDX-License-Identifier: ISC
#
# transport: tungate's own tunnel over TCP or TLS, to a relay before a real server
# that shares no code with us; the relay misbehaves in every way it knows.
#
#	test_transport.sh tcp|tls
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

TRANSPORT=$1
PORT=4443
RELAY_OPTIONS=()

# relay_start OPTIONS...
relay_start() {
	lab_spawn vpn relay /usr/bin/python3 "$here/relay.py" "${RELAY_OPTIONS[@]}" "$@" \
		"0:$PORT" "127.0.0.1:51820"
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

# server_file LINE...: tungate.conf, of the lab's client, with these of ours.
server_file() {
	local lines
	printf -v lines '%s\\n' "$@"
	rm -f "$LAB/servers/tungate.conf"
	gate_configure 4 tungate
	sed -i "s/^Endpoint = .*/Endpoint = $LAB_SERVER4:$PORT/; s/^\[Interface\]/&\n${lines//\//\\/}/" \
		"$LAB/servers/tungate.conf"
}

log_says() {
	grep -q -- "$1" "$GATE_LOG"
}

accepted() {
	grep '^accepted' "$LAB/log/relay" | tail -n 1
}

nothing_leaked() {
	grep "^leak $1 " "$LAB/log/judge" | head -n 5
	[ "$(lab_verdict "$1" leaked)" = 0 ]
}

lab_up
server_file "Transport = $TRANSPORT"
faults=("--refuse 2" "--reset-after 20000" "--close-after 20000" "--stall-after 20000" --bytewise)
if [ "$TRANSPORT" = tls ]; then
	lab_certificate tunnel.example
	cat "$LAB/tunnel.example.key" "$LAB/tunnel.example.crt" >"$LAB/relay.pem"
	RELAY_OPTIONS=(--tls "$LAB/relay.pem")
	faults+=(--tls12only --tls13only)
fi
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"
legal="$(lab_legal blocked) or $(lab_legal_stream "$PORT" 4)"
check "it starts" gate_start
lab_judge epoch blocked "$(lab_legal blocked)"
relay_start
lab_judge epoch connected "$legal"
check "it connects" says '^connected$' gate_ctl --timeout 15 connect tungate
check "pages come" page_within 2000
if [ "$TRANSPORT" = tls ]; then
	check "a name was made up, and what browsers offer" \
		says '^accepted 1 TLSv1.3 [a-z]*\.[a-z]* h2$' accepted
	check "nobody verifies: the log says so, once" \
		[ "$(grep -c 'nobody verifies the server' "$GATE_LOG")" = 1 ]
fi
check "megabytes pass both ways" megabytes_pass
check "root's programs do not reach its port" \
	not lab_on laptop timeout 2 bash -c "exec 3<>/dev/tcp/$LAB_SERVER4/$PORT" 2>/dev/null
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
for fault in "${faults[@]}"; do
	relay_stop
	# shellcheck disable=SC2086 # several words
	relay_start $fault
	case $fault in
	--refuse* | --bytewise | --tls*) check "$fault: pages come" page_within 5000 ;;
	*)
		check "$fault: pages come" page_within 5000
		check "$fault: it breaks" not megabytes_pass
		check "$fault: pages come again" page_within 15000
		;;
	esac
done
if [ "$TRANSPORT" = tls ]; then
	relay_stop
	relay_start --deaf
	check "no answer to the hello is noticed" lab_wait_for 15 log_says 'TLS: no handshake within 10 s'
fi
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

check "it disconnects" says blocked gate_ctl --json disconnect
# What the old policy let out has left before that was answered.
lab_judge epoch disconnected "$(lab_legal blocked)"
lab_attempts_begin disconnected
lab_attempts_end disconnected >/dev/null
if [ "$TRANSPORT" = tcp ]; then
	PLAIN=plain
	lab_judge epoch plain "$legal"
	relay_stop
	relay_start --framing plain
	server_file "Transport = tcp" "Framing = plain"
	check "a file with plain frames is read" gate_ctl reload >/dev/null
	check "it connects by them" says '^connected$' gate_ctl --timeout 15 connect tungate
	check "pages come" page_within 2000
	check "megabytes pass both ways" megabytes_pass
	relay_stop
	relay_start --framing plain --bytewise
	check "byte by byte: pages come" page_within 5000
	check "it disconnects" says blocked gate_ctl --json disconnect
fi
# Whose key it is, where the file says. (A self-signed certificate is as good as
# one from a maker that nobody knows.)
if [ "$TRANSPORT" = tls ]; then
	VERIFIED=verified
	lab_judge epoch verified "$legal"
	pin=$(openssl x509 -in "$LAB/tunnel.example.crt" -noout -pubkey |
		openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
	server_file "Transport = tls" "TLSServerName = tunnel.example" "TLSVerify = $pin"
	check "a file with a pin is read" gate_ctl reload >/dev/null
	check "the pin is the server's" says '^connected$' gate_ctl --timeout 15 connect tungate
	check "it is asked for by the name" says '^accepted [0-9]* TLSv1.3 tunnel.example h2$' accepted
	server_file "Transport = tls" "TLSVerify = ${pin:1:1}${pin:0:1}${pin:2}"
	check "another pin is read" gate_ctl reload >/dev/null
	check "another pin does not connect" not gate_ctl --timeout 3 connect tungate >/dev/null 2>&1
	check "the log says why" log_says "TLS: the server's key is not the one configured"
	server_file "Transport = tls" "TLSServerName = tunnel.example" "TLSVerify = system"
	check "a file with the system's roots is read" gate_ctl reload >/dev/null
	check "no root of the system's vouches for it" not gate_ctl --timeout 3 connect tungate >/dev/null 2>&1
	check "the log says why" log_says 'TLS: self-signed certificate'
	# Another's TLS, before a relay without.
	relay_stop
	lab_spawn vpn relay /usr/bin/python3 "$here/relay.py" 127.0.0.1:4444 127.0.0.1:51820
	lab_need 5 "the relay does not start" lab_log_says relay '^listening'
	printf '%s\n' foreground=yes pid= "cert=$LAB/relay.pem" "[tunnel]" "accept=$PORT" \
		connect=127.0.0.1:4444 >"$LAB/stunnel.conf"
	lab_spawn vpn stunnel stunnel "$LAB/stunnel.conf"
	lab_need 5 "stunnel does not start" lab_log_says stunnel 'Configuration successful'
	server_file "Transport = tls" "TLSServerName = tunnel.example" "TLSVerify = $pin"
	check "a file with the pin is read" gate_ctl reload >/dev/null
	check "it connects by stunnel" says '^connected$' gate_ctl --timeout 15 connect tungate
	check "pages come" page_within 2000
	check "megabytes pass both ways" megabytes_pass
	check "it disconnects" says blocked gate_ctl --json disconnect
	check "no page comes" not page
fi
lab_judge epoch end "$(lab_legal blocked)"
gate_end TERM || :
gate_release >/dev/null
lab_judge_stop >/dev/null || :
for epoch in blocked connected faults disconnected ${VERIFIED-} ${PLAIN-}; do
	check "nothing leaked: $epoch" nothing_leaked "$epoch"
done
check_end
