# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 19
# Link-local IPv6 names its interface in the address (fe80::1%eth0).
leak_attempt() {
	as_nobody try plain udp "$LAB_GATEWAY_LINK"
	as_nobody try plain tcp "$LAB_GATEWAY_LINK"
	as_nobody try plain udp "$LAB_GATEWAY_LINK" port=53
	try plain ping "$LAB_GATEWAY_LINK"
	as_nobody try plain udp fe80::77 spread=20
	try plain ping ff02::1
}
