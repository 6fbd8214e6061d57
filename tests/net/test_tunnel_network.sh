#!/bin/bash
# SPDX-License-Identifier: ISC
#
# tunnel-network: tungate's own tunnel while the network does what networks do:
# IPv6 within IPv4 and IPv4 within IPv6, a preshared key, a server that starts
# anew, an uplink that is away and returns with another address. How long a
# page took to come again is measured from outside, and printed.
#
#	test_tunnel_network.sh [SECONDS]	the uplink is away so long; 3
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

away=${1:-3}
NEW4=192.0.2.99 NEW6=2001:db8:1::99

page() {
	lab_on laptop curl -s -m 1 -o "$LAB/page" "http://$LAB_SITE4/" &&
		lab_on laptop curl -s -m 1 -o "$LAB/page" "http://[$LAB_SITE6]/"
}

upload_works() {
	[ "$(head -c 4000000 /dev/zero | lab_on laptop curl -s -m 20 --data-binary @- "http://$LAB_SITE4/")" = 4000000 ]
}

# The link behind the router.
narrow() {
	ip -n router link set wan0 mtu "$1"
	ip -n vpn link set eth0 mtu "$1"
}

# page_within MS: pages come again so soon after now.
page_within() {
	local since=${EPOCHREALTIME/./} took
	lab_wait_for 60 page || return 1
	took=$(((${EPOCHREALTIME/./} - since) / 1000))
	printf '        pages after %s ms\n' "$took"
	[ "$took" -le "$1" ]
}

# As lab_wireguard_up does.
server_start() {
	lab_spawn vpn wireguard-server env WG_PROCESS_FOREGROUND=1 wireguard-go wgs0
	SERVER=$LAB_PID
	lab_need 5 "wireguard-go does not start" lab_wireguard_listens vpn wgs0
	lab_on vpn wg setconf wgs0 "$LAB/wgs0.conf"
	lab_address vpn wgs0 10.64.0.1/24 fd00:64::1/64
	ip -n vpn link set wgs0 mtu 1420 up
}

server_stop() {
	kill -KILL "$SERVER"
	wait "$SERVER" 2>/dev/null || :
	lab_wait_for 5 not ip -n vpn link show wgs0
}

uplink_up() { # ADDRESS4 ADDRESS6
	ip -n laptop link set eth0 up
	ip -n laptop address flush dev eth0 scope global
	lab_address laptop eth0 "$1/24" "$2/64"
	ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
	ip -n laptop -6 route replace default via "$LAB_GATEWAY_LINK" dev eth0
}

# To the server: what a datagram was cut into.
fragments() {
	if [ "$1" = 4 ]; then
		printf '(udp and src host %s and dst host %s and ip[6:2] & 0x3fff != 0)' "$LAB_UPLINK4" "$LAB_SERVER4"
	else
		printf '(ip6 and src host %s and dst host %s and ip6[6] = 44 and ip6[40] = 17)' "$LAB_UPLINK6" "$LAB_SERVER6"
	fi
}

lab_up
lab_judge_start "$LAB/capture.pcap"
SERVER=$(pgrep -f '^wireguard-go wgs0$')

psk=$(wg genpsk)
sed -i "/^AllowedIPs/a PresharedKey = $psk" "$LAB/wgs0.conf" "$LAB"/client/wg0-[46].conf
server_stop
server_start

for family in 4 6; do
	gate_configure "$family" tungate
	legal=$(lab_legal tungate "$family")
	lab_judge epoch "start-$family" "$(lab_legal blocked)"
	check "IPv$family: it starts" gate_start
	lab_judge epoch "tunnel-$family" "$legal"
	check "connect" gate_ctl connect tungate >/dev/null
	check "a page of either family, with a preshared key" page_within 2000

	lab_judge epoch "narrow-$family" "$legal or $(fragments "$family")"
	narrow 1300
	check "megabytes go where the way is narrow behind the router" upload_works
	narrow 1500

	lab_judge epoch "tunnel-$family" "$legal"
	server_stop
	server_start
	check "the server was started anew" page_within 25000

	ip -n laptop link set eth0 down
	sleep "$away"
	check "without an uplink no page comes" not page
	uplink_up "$LAB_UPLINK4" "$LAB_UPLINK6"
	check "the uplink is back after $away s" page_within 2000

	# At the moment of the change a frame from before may still be on its way.
	moved=$(sed "s/$LAB_UPLINK4/$NEW4/g; s/$LAB_UPLINK6/$NEW6/g" <<<"$legal")
	lab_judge epoch "moved-$family" "$legal or $moved"
	uplink_up "$NEW4" "$NEW6"
	check "with other addresses" page_within 2000
	check "the server sees the new one" says "${NEW4}\|${NEW6}" lab_on vpn wg show wgs0 endpoints
	uplink_up "$LAB_UPLINK4" "$LAB_UPLINK6"
	check "and with the old ones again" page_within 2000
	lab_judge epoch "end-$family" "$(lab_legal blocked)"
	gate_end TERM || :
	check "release" gate_release >/dev/null
done
lab_judge_stop >/dev/null || :
for epoch in start narrow tunnel moved; do
	for family in 4 6; do
		check "nothing leaked: $epoch-$family" [ "$(lab_verdict "$epoch-$family" leaked)" = 0 ]
	done
done
check_end
