#!/bin/bash
# SPDX-License-Identifier: ISC
#
# listen: tungate's own tunnel as the one that is spoken to (Listen): real
# peers, behind the router and on the link, begin, roam and come back; a
# stranger gets nothing. What leaves is judged at the router.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

PORT=51999

# peer HOST NAME NUMBER FAMILY SOURCE-PORT [KEY]: wireguard-go there, with the
# addresses of that number in the tunnel; it does not speak of itself.
peer_up() {
	local host=$1 name=$2 number=$3 at=$LAB_UPLINK4
	[ "$4" = 4 ] || at="[$LAB_UPLINK6]"
	lab_spawn "$host" "$name" env WG_PROCESS_FOREGROUND=1 wireguard-go "$name"
	lab_need 5 "wireguard-go does not start" lab_wireguard_listens "$host" "$name"
	lab_on "$host" wg setconf "$name" /dev/stdin <<-END
		[Interface]
		PrivateKey = ${6-$(cat "$LAB/key-$number")}
		ListenPort = $5
		[Peer]
		PublicKey = $PUBLIC
		Endpoint = $at:$PORT
		AllowedIPs = 10.70.0.0/24, fd00:70::/64
	END
	ip -n "$host" address add "10.70.0.$number/24" dev "$name"
	ip -n "$host" address add "fd00:70::$number/64" dev "$name"
	ip -n "$host" link set "$name" mtu 1420 up
}

pings() { # HOST
	lab_on "$1" ping -q -n -c 3 -i 0.2 -W 6 10.70.0.1 >/dev/null
}

pings6() { # HOST
	lab_on "$1" ping -q -n -c 3 -i 0.2 -W 6 fd00:70::1 >/dev/null
}

# The laptop asks the peer of that number.
asks() {
	lab_on laptop ping -q -n -c 3 -i 0.2 -W 3 "10.70.0.$1" >/dev/null
}

at_port() { # HOST NAME PORT
	lab_on "$1" wg set "$2" listen-port "$3"
}

# peer_is NUMBER ENDPOINT: as status has it.
peer_is() {
	gate_ctl --json status | /usr/bin/python3 -c '
import json, sys
key, at = sys.argv[1:]
peer, = [p for p in json.load(sys.stdin)["peers"] if p["public_key"] == key]
print(peer["endpoint"])
sys.exit(peer["endpoint"] != (at or None))' "$(wg pubkey <"$LAB/key-$1")" "$2"
}

# Of that peer both sides count the same bytes.
counts_agree() { # NUMBER HOST NAME
	/usr/bin/python3 - "$(gate_ctl --json status)" "$(wg pubkey <"$LAB/key-$1")" \
		"$(lab_on "$2" wg show "$3" dump | tail -n 1)" <<-'EOF2'
		import json, sys
		peer, = [p for p in json.loads(sys.argv[1])["peers"] if p["public_key"] == sys.argv[2]]
		public, _, at, _, handshake, received, sent, _ = sys.argv[3].split("\t")
		print(f"{peer['sent']} and {received}, {peer['received']} and {sent}")
		sys.exit(peer["sent"] != int(received) or peer["received"] != int(sent))
	EOF2
}

# What WireGuard may say to HOST-ADDRESS, from the port that listens.
legal_to() {
	printf ' or (udp and src host %s and src port %s and dst host %s and dst port %s and %s)' \
		"$LAB_UPLINK4" "$PORT" "$1" "$2" "$(lab_shape_wireguard 'udp[4:2]' 'udp[8:4]')"
}

legal6_to() {
	printf ' or (ip6[6] = 17 and src host %s and ip6[40:2] = %s and dst host %s and ip6[42:2] = %s and %s)' \
		"$LAB_UPLINK6" "$PORT" "$1" "$2" "$(lab_shape_wireguard 'ip6[44:2]' 'ip6[48:4]')"
}

near_question="(arp and arp[6:2] = 1 and arp src host $LAB_UPLINK4 and arp dst host $LAB_NEAR4)"

nothing_leaked() {
	grep "^leak $1 " "$LAB/log/judge" | head -n 5
	[ "$(lab_verdict "$1" leaked)" = 0 ]
}

lab_up
for n in 1 2 3 4; do
	(umask 077 && wg genkey >"$LAB/key-$n")
done
PUBLIC=$(wg pubkey <"$LAB/key-1")
gate_configure 4
(
	umask 077
	cat >"$LAB/servers/office.conf" <<-END
		[Interface]
		PrivateKey = $(cat "$LAB/key-1")
		Address = 10.70.0.1/24, fd00:70::1/64
		Listen = $PORT
		MTU = 1420
		[Peer]
		PublicKey = $(wg pubkey <"$LAB/key-2")
		AllowedIPs = 10.70.0.2/32, fd00:70::2/128
		[Peer]
		PublicKey = $(wg pubkey <"$LAB/key-3")
		AllowedIPs = 10.70.0.3/32, fd00:70::3/128
	END
)
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=5 pace=1000 tunnel="$LAB_SERVER4"
lab_judge epoch silent "$(lab_legal blocked)"
check "it starts" gate_start
check "nobody is there: connect says so" not gate_ctl --timeout 1 connect office
check "who listens is connecting" gate_state_is connecting
check "status says where it listens" says "^ *listens at $PORT udp" gate_ctl status
check "and servers" says "^office .* listens at $PORT" gate_ctl servers
check "it waits, and says for what" says "waiting for a peer's handshake, at port $PORT" gate_ctl status
peer_up vpn stranger 4 4 5004
lab_on vpn timeout 3 ping -q -n -c 2 10.70.0.1 >/dev/null || :
# Whoever knows nothing, at the port and beside it.
for port in $PORT $((PORT + 1)); do
	lab_on vpn bash -c "echo nothing >/dev/udp/$LAB_UPLINK4/$port"
done
ip -n vpn link delete stranger
lab_attempts_begin silent
lab_attempts_end silent >/dev/null
check "a stranger brought nothing about" gate_state_is connecting

lab_judge epoch one "$(lab_legal blocked)$(legal_to "$LAB_SERVER4" 5002)"
peer_up vpn far 2 4 5002
check "a peer behind the router begins, and is answered" pings vpn
check "that proves it" lab_wait_for 3 gate_state_is connected
check "status says where it is" peer_is 2 "$LAB_SERVER4:5002"
check "it is spoken to" asks 2
check "IPv6 inside" pings6 vpn
check "both count the same" lab_wait_for 3 counts_agree 2 vpn far
lab_attempts_begin one
lab_attempts_end one >/dev/null

lab_judge epoch roams "$(lab_legal blocked)$(legal_to "$LAB_SERVER4" 5002)$(legal_to "$LAB_SERVER4" 5012)"
at_port vpn far 5012
check "it roams: the same session, from another port" pings vpn
check "status knows" peer_is 2 "$LAB_SERVER4:5012"
lab_judge epoch roamed "$(lab_legal blocked)$(legal_to "$LAB_SERVER4" 5012)"
check "only where it is now is spoken to" asks 2
lab_attempts_begin roamed
lab_attempts_end roamed >/dev/null

lab_judge epoch two "$(lab_legal blocked)$(legal_to "$LAB_SERVER4" 5012)$(legal_to "$LAB_NEAR4" 5003) or $near_question"
peer_up router near 3 4 5003
lab_on router ip route add "$LAB_UPLINK4/32" dev lan0 src "$LAB_NEAR4"
check "a peer on the link, too" pings router
check "status says where" peer_is 3 "$LAB_NEAR4:5003"
check "and the first is still there" asks 2
ip -n router link delete near

legal6="$(lab_legal blocked)$(legal_to "$LAB_SERVER4" 5012)$(legal6_to "$LAB_SERVER6" 5012) or $near_question"
lab_judge epoch six "$legal6"
lab_on vpn wg set far peer "$PUBLIC" endpoint "[$LAB_UPLINK6]:$PORT"
check "it roams to IPv6" pings vpn
check "status knows" peer_is 2 "[$LAB_SERVER6]:5012"
check "it is spoken to" asks 2

kill -KILL "$(gate_worker)"
check "its worker dies: it is not connected" lab_wait_for 5 gate_state_is reconnecting
# A peer with a session notices after 15 seconds; this one has to begin anew.
lab_on vpn wg set far peer "$PUBLIC" remove
lab_on vpn wg set far peer "$PUBLIC" endpoint "[$LAB_UPLINK6]:$PORT" allowed-ips 10.70.0.0/24,fd00:70::/64
check "the peer comes back" lab_wait_for 20 pings vpn
check "connected" lab_wait_for 3 gate_state_is connected
lab_attempts_begin six
lab_attempts_end six >/dev/null

lab_judge epoch over "$(lab_legal blocked)"
check "it disconnects" says blocked gate_ctl --json disconnect
check "nobody is answered any more" not pings vpn
lab_attempts_begin over
lab_attempts_end over >/dev/null
gate_end TERM || :
gate_release >/dev/null
lab_judge_stop >/dev/null || :
for epoch in silent one roams roamed two six over; do
	check "nothing leaked: $epoch" nothing_leaked "$epoch"
done
check_end
