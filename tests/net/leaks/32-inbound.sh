# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 32
# The far end begins: what answers it belongs to an "established" flow.

leak_prepare() {
	# Not by socat: its children signal whoever is their parent, also when
	# that is not socat any more.
	lab_spawn laptop "udp-$STATE" python3 -c "
import socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(('', 9999))
while True:
	s.sendto(b'$LAB_CANARY', s.recvfrom(2048)[1])"
	UDP_SERVER=$LAB_PID
	lab_spawn laptop "tcp-$STATE" socat TCP6-LISTEN:9999,fork,reuseaddr SYSTEM:"printf $LAB_CANARY"
	TCP_SERVER=$LAB_PID
	sleep 0.1
}

leak_attempt() {
	probe echo "$LAB_UPLINK4" from="$LAB_SITE4"
	probe echo "$LAB_UPLINK4"
	probe echo "$LAB_UPLINK6" from="$LAB_SITE6"
	probe text "$LAB_UPLINK4" from="$LAB_SITE4" port=9999
	probe tcp-syn "$LAB_UPLINK4" from="$LAB_SITE4" port=9999
	probe tcp-syn "$LAB_UPLINK6" from="$LAB_SITE6" port=9999
	probe echo "$LAB_UPLINK4" from="$LAB_SERVER4"
	probe text "$LAB_UPLINK4" from="$LAB_SERVER4" sport=51820 port=9999
}

leak_restore() {
	kill "$UDP_SERVER" "$TCP_SERVER" 2>/dev/null || :
}
