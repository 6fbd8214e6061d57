# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 5 28
# TunnelCrack ServerIP (CVE-2023-36671): the exception for the server's
# address is everybody's. Here: its other ports and protocols (Mullvad's audit,
# MUL-02-004).
leak_attempt() {
	as_nobody try plain udp "$LAB_SERVER4" port=51821
	as_nobody try plain udp "$LAB_SERVER4" port=53
	as_nobody try plain lookalike "$LAB_SERVER4" port=51821
	as_nobody try plain tcp "$LAB_SERVER4" port=51820
	as_nobody try plain tcp "$LAB_SERVER4" port=80
	try plain ping "$LAB_SERVER4"
	as_nobody try plain udp "$LAB_SERVER6" port=51820
	as_nobody try plain tcp "$LAB_SERVER6" port=443
	try plain ping "$LAB_SERVER6"
}
