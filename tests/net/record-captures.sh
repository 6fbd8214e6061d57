#!/bin/bash
# SPDX-License-Identifier: ISC
#
# record-captures: what the real clients send, for the tests of the shapes.
#
#	sudo tests/net/record-captures.sh	writes tests/captures/*.pcap
#
# wireguard-go and OpenVPN (UDP, TCP) in the lab, without a gate: the first
# packets of a connection, a few small and large ones, and a reconnect. The name
# of a file is its shape and the server's port.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
lab_enter "$@"

PACKETS=48

# Traffic of several sizes through the tunnel.
talk() {
	lab_on laptop ping -q -c 2 -i 0.2 "$LAB_SITE4" >/dev/null || :
	lab_on laptop ping -q -c 2 -i 0.2 -s 1300 "$LAB_SITE4" >/dev/null || :
	lab_on laptop curl -s -m 5 -o /dev/null "http://$LAB_SITE4/bulk?bytes=40000" || :
	lab_on laptop curl -s -m 5 -o /dev/null --data-binary @/bin/true "http://$LAB_SITE4/" || :
}

# record SHAPE PROTOCOL
record() {
	local shape=$1 protocol=$2 port=${LAB_PORT[$2]} interface=${LAB_INTERFACE[$2]}
	local file=$here/../captures/$shape-$port.pcap client
	timeout 60 ip netns exec laptop tcpdump -q -p -i eth0 -U -w "$LAB/$shape.pcap" \
		host "$LAB_SERVER4" and port "$port" 2>/dev/null &
	LAB_PIDS+=($!)
	sleep 0.5
	# shellcheck disable=SC2046 # several words
	lab_spawn laptop "client-$protocol" $(lab_client_command "$protocol" 4)
	client=$LAB_PID
	lab_need 10 "the client's interface does not come" \
		ip -n laptop route get "$LAB_SITE4" oif "$interface"
	sleep 1
	ip -n laptop route add "$LAB_SITE4" dev "$interface"
	talk
	kill -TERM "$client" || :
	lab_wait_for 5 lab_gone "$client" || :
	sleep 0.3
	tcpdump -q -r "$LAB/$shape.pcap" -c "$PACKETS" -w "$file" 2>/dev/null
	printf '%s: %s bytes\n' "$(basename "$file")" "$(wc -c <"$file")"
}

mkdir -p "$here/../captures"
lab_up
record wireguard wireguard
record openvpn openvpn-udp
record openvpn-tcp openvpn-tcp
