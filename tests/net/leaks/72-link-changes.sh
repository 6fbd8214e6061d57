# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 72
# The link goes and comes, the address changes, a new gateway turns up, and
# the daemon is asleep meanwhile, as after the lid was closed.
OTHER4=192.0.2.11

flap() {
	ip -n laptop link set eth0 down
	sleep 0.05
	uplink_up
	sleep 0.1
}

change_address() {
	lab_sysctl laptop net.ipv4.conf.eth0.promote_secondaries=1
	ip -n laptop address add "$OTHER4/24" dev eth0
	ip -n laptop address delete "$LAB_UPLINK4/24" dev eth0
	ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
	sleep 0.2
	ip -n laptop address add "$LAB_UPLINK4/24" dev eth0
	ip -n laptop address delete "$OTHER4/24" dev eth0
	ip -n laptop route replace default via "$LAB_NEAR4" dev eth0
	sleep 0.1
	uplink_up
}

asleep() {
	[ -z "$GATE" ] || kill -STOP "$GATE"
	flap
	change_address
	[ -z "$GATE" ] || kill -CONT "$GATE"
	sleep 0.1
}

# With either address (.10 and .11), and by either gateway.
leak_legal() {
	local legal pair=$LAB_UPLINK4/31
	legal=$(lab_legal "$(is_closed_state "$1" && echo blocked || echo wireguard)" "$FAMILY")
	printf '%s' "${legal//src host $LAB_UPLINK4/src net $pair}" \
		" or (arp[6:2] = 1 and arp src net $pair and arp dst host $LAB_NEAR4)"
}

leak_attempt() {
	everything flap
	everything change_address
	everything asleep
}

leak_check() { :; }
