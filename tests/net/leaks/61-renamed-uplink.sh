# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 61
# The uplink gets another name: what was hooked to the old one is hooked to
# nothing, and nobody says so.
rename() {
	ip -n laptop link set eth0 down
	ip -n laptop link set eth0 name wan9
	uplink_up wan9
}

leak_attempt() {
	everything
	rename
	everything
	as_nobody try bind-device udp "$LAB_SITE4" device=wan9
	as_nobody_with_raw try packet text "$LAB_SITE4" device=wan9
}

leak_check() { :; }

leak_restore() {
	ip -n laptop link set wan9 down
	ip -n laptop link set wan9 name eth0
	uplink_up
}
