# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 75
# Names, asked of whom the local network or the user names: by UDP, TCP, TLS and
# HTTPS.
ask() {
	lab_on laptop getent ahosts "$LAB_SITE_NAME" >/dev/null || :
}

leak_attempt() {
	local resolver
	for resolver in "$LAB_GATEWAY4" "$LAB_GATEWAY6" "$LAB_DNS4" "$LAB_DNS6" "$LAB_NEAR4"; do
		as_nobody try plain udp "$resolver" port=53
		as_nobody try plain tcp "$resolver" port=53
		as_nobody try plain tcp "$resolver" port=853
		as_nobody try plain udp "$resolver" port=853
		as_nobody try plain udp "$resolver" port=443
	done
	case $STATE in
	control | connected) tried 1 ask ;;
	esac
	everything
}
