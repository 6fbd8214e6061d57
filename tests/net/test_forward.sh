#!/bin/bash
# SPDX-License-Identifier: ISC
#
# forward: a real peer reaches the network behind a tungate that listens
# (Forward = nat), and nothing else; neither the machine itself nor that network
# gets anywhere by it. Judged at the router, and in the network behind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

PORT=51999
BEHIND=10.80.0.9 OURS=10.80.0.1 PEER=10.70.0.2

# The server's file, with that Forward line.
office() {
	(
		umask 077
		cat >"$LAB/servers/office.conf" <<-END
			[Interface]
			PrivateKey = $PRIVATE
			Address = 10.70.0.1/24, fd00:70::1/64
			Listen = $PORT
			Forward = $1
			[Peer]
			PublicKey = $(wg pubkey <<<"$KEY")
			AllowedIPs = $PEER/32, fd00:70::2/128
		END
	)
	gate_ctl reload >/dev/null
}

pings() { # HOST ADDRESS [OPTION...]
	lab_on "$1" ping -q -n -c 2 -i 0.2 -W 2 "${@:3}" "$2" >/dev/null 2>&1
}

# The peer has a session that we do not know any more, and would use it for 15
# seconds.
begin_anew() {
	lab_on vpn wg set far peer "$PUBLIC" remove
	lab_on vpn wg set far peer "$PUBLIC" endpoint "$LAB_UPLINK4:$PORT" allowed-ips 10.70.0.0/24,10.80.0.0/24
}

translates() {
	lab_on laptop /usr/bin/python3 "$here/marks.py" chains | grep -q "^ip tungate translate"
}

nothing_stands() {
	lab_on laptop /usr/bin/python3 "$here/marks.py" chains | grep tungate && return 1
	! lab_on laptop ip rule | grep "proto 116"
}

# A frame beneath the IP stack, as only root can send it: it is refused.
frame_leaves() {
	lab_on laptop /usr/bin/python3 - 2>/dev/null <<-'END'
		import socket
		s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x0008)
		s.sendto(bytes.fromhex("4500001c000000004011000000000000") + bytes([10, 80, 0, 9]) + bytes(8),
			("behind0", 0x0800, 0, 0, b"\xff" * 6))
	END
}

megabyte() {
	[ "$(lab_on vpn curl -s -m 20 "http://$BEHIND:8000/megabyte" | wc -c)" = 1000000 ]
}

# Whatever comes to the network behind, until watch_end.
watch_begin() {
	ip netns exec office tcpdump -i eth0 -nlU -Q in ${1-} >"$LAB/seen" 2>"$LAB/log/tcpdump" &
	WATCH=$!
	lab_need 5 "tcpdump does not start" lab_log_says tcpdump "listening on"
}

watch_end() {
	sleep 0.3
	kill -INT "$WATCH"
	wait "$WATCH" || :
	sed -i '/^$/d' "$LAB/seen"
}

seen() { # PATTERN
	grep -q -- "$1" "$LAB/seen"
}

only_seen() { # PATTERN
	grep -v -- "$1" "$LAB/seen" && return 1
	seen "$1"
}

nothing_seen() {
	cat "$LAB/seen"
	[ ! -s "$LAB/seen" ]
}

nothing_leaked() {
	grep "^leak $1 " "$LAB/log/judge" | head -n 5
	[ "$(lab_verdict "$1" leaked)" = 0 ]
}

LAB_HOSTS+=(office)
lab_up
lab_link laptop behind0 office eth0
lab_address laptop behind0 "$OURS/24" fd00:80::1/64
lab_address office eth0 "$BEHIND/24" fd00:80::9/64
ip -n office route add default via "$OURS"
mkdir "$LAB/web"
head -c 1000000 /dev/zero >"$LAB/web/megabyte"
lab_spawn office web /usr/bin/python3 -m http.server -d "$LAB/web" 8000
KEY=$(wg genkey) PRIVATE=$(wg genkey)
PUBLIC=$(wg pubkey <<<"$PRIVATE")
gate_configure 4
lab_spawn vpn far env WG_PROCESS_FOREGROUND=1 wireguard-go far
lab_need 5 "wireguard-go does not start" lab_wireguard_listens vpn far
lab_on vpn wg setconf far /dev/stdin <<-END
	[Interface]
	PrivateKey = $KEY
	ListenPort = 5002
	[Peer]
	PublicKey = $PUBLIC
	Endpoint = $LAB_UPLINK4:$PORT
	AllowedIPs = 10.70.0.0/24, 10.80.0.0/24, $LAB_SITE4/32, fd00::/16
END
ip -n vpn address add "$PEER/24" dev far
ip -n vpn address add fd00:70::2/64 dev far
ip -n vpn link set far mtu 1420 up
ip -n vpn route add 10.80.0.0/24 dev far
ip -n vpn route add "$LAB_SITE4/32" dev far
ip -n vpn route add fd00:80::/64 dev far

lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=5 pace=1000 tunnel="$LAB_SERVER4"
wireguard="$(lab_legal blocked) or (udp and src host $LAB_UPLINK4 and src port $PORT and dst host $LAB_SERVER4 and dst port 5002 and $(lab_shape_wireguard 'udp[4:2]' 'udp[8:4]'))"
lab_judge epoch forwards "$wireguard"
check "it starts" gate_start
office "nat eth0"
check "never by the uplink" says "eth0 is the uplink" gate_ctl connect office
office "nat nothing0"
check "an interface that is not there is named" says "no interface nothing0" gate_ctl connect office
office "nat behind0"
check "whether the machine forwards is its administrator's word" says "net.ipv4.conf.behind0.forwarding=1" gate_ctl connect office
lab_sysctl laptop net.ipv4.conf.behind0.forwarding=1
check "what it would drop, too" says "net.ipv4.conf.behind0.rp_filter=2" gate_ctl connect office
lab_sysctl laptop net.ipv4.conf.behind0.rp_filter=2
gate_ctl --timeout 1 connect office >/dev/null 2>&1 || :
check "then it listens" gate_state_is connecting

watch_begin ip
check "the peer reaches the network behind" pings vpn "$BEHIND"
check "it is connected" lab_wait_for 3 gate_state_is connected
check "a megabyte comes" megabyte
watch_end
check "all of it under the machine's address" only_seen " IP $OURS[.> ]"

watch_begin
check "the peer reaches nothing by the uplink" not pings vpn "$LAB_SITE4"
check "nor by IPv6" not pings vpn fd00:80::9
check "that is translated" translates
check "the machine itself does not reach it" not pings laptop "$BEHIND"
check "nor by the interface" not pings laptop "$BEHIND" -I behind0
check "nor beneath the IP stack" not frame_leaves
check "nor does it by IPv6" not pings laptop fd00:80::9
watch_end
# Link addresses apart: the peer's packets ask for these.
sed -i '/ARP/d; /ICMP6, neighbor advertisement/d; /ICMP6, neighbor solicitation/d' "$LAB/seen"
check "nothing of all that arrives" nothing_seen
check "who is behind cannot begin, with the peer" not pings office "$PEER"
check "nor with the machine" not pings office "$OURS"
lab_attempts_begin forwards
lab_attempts_end forwards >/dev/null
check "the peer still reaches it" pings vpn "$BEHIND"

kill -KILL "$(gate_worker)"
begin_anew
check "and after a worker's death" lab_wait_for 20 pings vpn "$BEHIND"

lab_judge epoch over "$wireguard"
check "it disconnects" says blocked gate_ctl --json disconnect
watch_begin ip
check "nothing is forwarded any more" not pings vpn "$BEHIND"
watch_end
check "nothing arrives" nothing_seen
check "nothing translates" not translates

# A crash of everything while it forwards.
gate_ctl --timeout 1 connect office >/dev/null 2>&1 || :
begin_anew
check "connected again" lab_wait_for 20 pings vpn "$BEHIND"
holder=$(gate_holder)
kill -KILL "$GATE" "$holder"
wait "$GATE" 2>/dev/null || :
watch_begin ip
check "all of it killed: nothing is forwarded" not pings vpn "$BEHIND"
check "and the machine does not get there" not pings laptop "$BEHIND" -I behind0
watch_end
check "nothing arrives" nothing_seen
check "--release" gate_release
check "leaves no table" nothing_stands
lab_judge_stop >/dev/null || :
for epoch in forwards over; do
	check "nothing leaked: $epoch" nothing_leaked "$epoch"
done
check_end
