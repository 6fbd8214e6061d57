# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 3 4
# TunnelCrack LocalNet (CVE-2023-36672, -35838): a rogue network says that the
# internet's addresses, or half of all, are on the link. The packets must go
# into the tunnel, and not even an ARP request may name the destination.
leak_prepare() {
	lab_address laptop eth0 198.51.100.10/24 2001:db8:ffff::10/48
	ip -n laptop route add 0.0.0.0/1 dev eth0
	ip -n laptop route add 128.0.0.0/1 dev eth0
}

leak_attempt() {
	everything
}

leak_restore() {
	ip -n laptop route delete 0.0.0.0/1
	ip -n laptop route delete 128.0.0.0/1
	ip -n laptop address delete 198.51.100.10/24 dev eth0
	ip -n laptop address delete 2001:db8:ffff::10/48 dev eth0
}
