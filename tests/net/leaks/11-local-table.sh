# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 11
# Someone takes the destination for an address of this machine's, again and
# again: what is sent meanwhile must not leave either way.
come_and_go() {
	ip -n laptop address add "$LAB_SITE4/32" dev lo
	ip -n laptop route add local 198.51.100.128/25 dev lo
	sleep 0.05
	leak_restore
	sleep 0.05
}

leak_attempt() {
	everything come_and_go
}

leak_restore() {
	ip -n laptop address delete "$LAB_SITE4/32" dev lo 2>/dev/null || :
	ip -n laptop route delete local 198.51.100.128/25 dev lo 2>/dev/null || :
}
