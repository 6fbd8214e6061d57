# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 21
# Packet sockets are beneath all that inet hooks see: only the uplink's own
# egress hook stops them.
leak_attempt() {
	local how site
	for how in packet packet-dgram; do
		for site in "$LAB_SITE4" "$LAB_SITE6"; do
			as_nobody_with_raw try "$how" text "$site"
			as_nobody_with_raw try "$how" tcp-syn "$site"
			as_nobody_with_raw try "$how" echo "$site"
		done
		as_nobody_with_raw try "$how" vlan "$LAB_SITE4"
		as_nobody_with_raw try "$how" other-ethertype "$LAB_SITE4"
		as_nobody_with_raw try "$how" lldp "$LAB_SITE4"
		as_nobody_with_raw try "$how" eapol "$LAB_SITE4"
	done
}
