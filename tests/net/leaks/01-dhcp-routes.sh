# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 1 7 8
# TunnelVision (CVE-2024-3661): a DHCP server pushes routes that are narrower
# than a VPN's (option 121). The kernel's state is what counts, so the routes
# are put in as a DHCP client would: among them a host's, a network's, and
# halves and quarters of everything, which beat a VPN's 0/1 and 128/1.
ROUTES=(0.0.0.0/2 64.0.0.0/2 128.0.0.0/2 192.0.0.0/2 198.51.100.0/24 "$LAB_SITE4/32" "$LAB_SERVER4/32")

leak_prepare() {
	local route
	for route in "${ROUTES[@]}"; do
		ip -n laptop route add "$route" via "$LAB_GATEWAY4" dev eth0 proto dhcp
	done
}

leak_attempt() {
	everything
}

leak_restore() {
	ip -n laptop route flush proto dhcp
}
