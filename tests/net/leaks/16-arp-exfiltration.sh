# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 16
# The kernel asks by ARP, or neighbour discovery, for who is on the link: the
# question names the destination in the clear, whatever becomes of the packet.
# So a program can send out what it likes, a byte a question.
leak_attempt() {
	as_nobody try plain udp 192.0.2.20 spread=40
	as_nobody try plain udp 2001:db8:1::20 spread=40
	as_nobody try bind-device udp 192.0.2.60 spread=40
	as_nobody try bind-device udp 2001:db8:1::60 spread=40
	as_nobody_with_raw try packet arp-request 203.0.113.77
	as_nobody_with_raw try packet arp-request "$LAB_GATEWAY4" from=10.64.0.2
	as_nobody_with_raw try packet solicitation ff02::1:ff00:77 via=2001:db8:ffff::77
	as_nobody_with_raw try packet solicitation-from-afar ff02::1:ff00:1 via="$LAB_GATEWAY6"
}
