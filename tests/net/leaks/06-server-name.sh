# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 6
# ServerIP by DNS (CVE-2023-36673): a server's name that is looked up in the
# clear is answered by whoever likes to. A server file with a name in it must
# not make the gate ask.
leak_prepare() {
	mkdir -p "$LAB/servers"
	printf '[Server]\nProtocol = wireguard\nEndpoint = %s:51820\nInterface = wg7\n' \
		"$LAB_SITE_NAME" >"$LAB/servers/name.conf"
}

ask_for_the_name() {
	if is_control; then
		lab_on laptop getent ahosts "$LAB_SITE_NAME" >/dev/null || :
		return
	fi
	gate_ctl reload >/dev/null 2>&1 || :
	gate_ctl --timeout 1 connect name >/dev/null 2>&1 || :
}

leak_states() { echo blocked; }

leak_attempt() {
	for _ in 1 2 3 4 5; do
		tried 1 ask_for_the_name
	done
}

is_refused() {
	! gate_ctl connect name >/dev/null 2>&1
}

leak_check() {
	check "a server that has a name for an address is refused" is_refused
}

leak_restore() {
	rm "$LAB/servers/name.conf"
}
