# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 18
# Multicast and broadcast with a choice of interface: mDNS, LLMNR, SSDP, WS
# discovery and NetBIOS tell the local network who and what this machine is.
leak_attempt() {
	as_nobody try multicast-if udp 224.0.0.251 port=5353
	as_nobody try multicast-if udp 224.0.0.252 port=5355
	as_nobody try multicast-if udp 239.255.255.250 port=1900
	as_nobody try multicast-if udp 239.255.255.250 port=3702
	as_nobody try plain udp 192.0.2.255 port=137
	as_nobody try plain udp 192.0.2.255 port=138
	as_nobody try bind-device udp 255.255.255.255 port=9
	as_nobody try multicast-if udp ff02::fb port=5353
	as_nobody try multicast-if udp ff02::1:3 port=5355
	as_nobody try multicast-if udp ff05::c port=1900
	as_nobody try plain udp ff02::fb port=5353
	as_nobody try plain join 239.1.2.3
	as_nobody try plain join ff05::1234
}
