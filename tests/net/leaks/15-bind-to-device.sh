# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 15
# A socket bound to the uplink does not ask the routing table; when the lookup
# fails, the kernel takes the destination to be on the link. Any user may do
# it. So, too, with the interface as a socket's option, or beside a datagram,
# and with the further paths of Multipath TCP.
leak_attempt() {
	local site
	for site in "$LAB_SITE4" "$LAB_SITE6"; do
		as_nobody try bind-device udp "$site"
		as_nobody try bind-device tcp "$site"
		as_nobody try bind-device mptcp "$site"
		as_nobody try unicast-if udp "$site"
		as_nobody try pktinfo udp "$site"
	done
	as_nobody try bind-device udp "$LAB_DNS4" port=53
}
