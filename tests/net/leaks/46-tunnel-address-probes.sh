# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 46 47
# CVE-2019-14899: a neighbour guesses the tunnel's address and sends packets to
# it; an answer tells him that he was right, also one that goes into the
# tunnel, by its size. So nothing may come out of either. ARP for the tunnel's
# address, too (neighbour discovery, the kernel never answers).
TUNNEL4=10.64.0.2 TUNNEL6=fd00:64::2
# A file may name several.
ALSO4=10.64.0.3 ALSO6=fd00:64::3

leak_states() { echo connected; }

# On a plain machine the client's addresses are there, and no gate.
leak_prepare() {
	is_control || return 0
	ip -n laptop link add wg0 type veth peer name wg0peer
	lab_address laptop wg0 "$TUNNEL4/32" "$TUNNEL6/128" "$ALSO4/32" "$ALSO6/128"
	ip -n laptop link set wg0 up
	# A weak host: it answers for any address of its own on any interface.
	lab_sysctl laptop net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
}

all_probes() {
	probe tcp-syn "$TUNNEL4" port=80
	probe tcp-syn-ack "$TUNNEL4" port=80
	probe tcp-ack "$TUNNEL4" from="$LAB_SITE4" port=80
	probe text "$TUNNEL4" port=81
	probe echo "$TUNNEL4"
	probe timestamp "$TUNNEL4"
	probe echo "$TUNNEL6"
	probe tcp-syn "$TUNNEL6" port=80
	probe text "$TUNNEL6" port=81
	probe arp-request "$TUNNEL4"
	probe tcp-syn "$ALSO4" port=80
	probe echo "$ALSO4"
	probe arp-request "$ALSO4"
	probe echo "$ALSO6"
	probe tcp-syn "$ALSO6" port=80
}

came_out_of_tunnel() {
	lab_on vpn cat /sys/class/net/wgs0/statistics/rx_packets
}

leak_attempt() {
	local before
	before=$(came_out_of_tunnel)
	all_probes
	sleep 0.2
	ANSWERED=$(($(came_out_of_tunnel) - before))
}

leak_check() {
	check "nothing came out of the tunnel ($ANSWERED packets)" test "$ANSWERED" = 0
	check_tunnel
}

leak_restore() {
	is_control || return 0
	ip -n laptop link delete wg0
	lab_sysctl laptop net.ipv4.conf.all.rp_filter=1
}
