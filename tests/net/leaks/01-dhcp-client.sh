# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 1
# The same with a real DHCP client and a rogue server: the client must still
# get its lease (STATES.md, 0.4), and its routes must do no harm.
leak_prepare() {
	lab_spawn router "dhcp-$STATE" dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--user=root --pid-file= --port=0 --interface=lan0 --bind-interfaces \
		--dhcp-authoritative --no-ping --dhcp-leasefile="$LAB/leases-$STATE" \
		--dhcp-range="$LAB_UPLINK4,$LAB_UPLINK4,2m" \
		--dhcp-option-force="121,198.51.100.0/24,$LAB_GATEWAY4,128.0.0.0/2,$LAB_GATEWAY4"
	DHCP_SERVER=$LAB_PID
	cat >"$LAB/dhcp-script" <<-'END'
		#!/bin/sh
		[ "$1" = bound ] || [ "$1" = renew ] || exit 0
		ip address replace "$ip/24" dev "$interface"
		set -- $staticroutes
		while [ $# -ge 2 ]; do
			ip route replace "$1" via "$2" dev "$interface" proto dhcp
			shift 2
		done
	END
	chmod +x "$LAB/dhcp-script"
	LEASE=no
	! lab_on laptop timeout 10 udhcpc -i eth0 -f -n -q -t 5 -T 1 -O staticroutes \
		-s "$LAB/dhcp-script" >"$LAB/log/udhcpc-$STATE" 2>&1 || LEASE=yes
	! is_control || [ $LEASE = yes ] || die "no lease: $(cat "$LAB/log/udhcpc-$STATE")"
}

leak_also() {
	printf '%s' "(ip[0] = 0x45 and ip[6:2] & 0x3fff = 0 and udp src port 68 and dst port 67" \
		" and src host 0.0.0.0 and dst host 255.255.255.255)"
}

leak_attempt() {
	everything
}

leak_check() {
	check "$STATE: the machine got a lease" test "$LEASE" = yes
	check_tunnel
}

leak_restore() {
	kill "$DHCP_SERVER"
	ip -n laptop route flush proto dhcp
}
