# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 22
# Packet sockets that go round the queueing discipline, and so round every
# filter of traffic control's.
leak_attempt() {
	as_nobody_with_raw try packet-bypass text "$LAB_SITE4"
	as_nobody_with_raw try packet-bypass text "$LAB_SITE6"
	as_nobody_with_raw try packet-bypass vlan "$LAB_SITE4"
	as_nobody_with_raw try packet-bypass other-ethertype "$LAB_SITE4"
}
