# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 43
# Servers' addresses that cannot be servers': each must be refused, and the
# state stay BLOCKED. On the plain machine a program sends to them.
BAD=(0.0.0.0:51820 127.0.0.1:51820 255.255.255.255:51820 224.0.0.1:51820
	192.0.2.255:51820 '[::]:51820' '[::1]:51820' '[ff02::1]:51820'
	'[fe80::1]:51820' '[::ffff:203.0.113.5]:51820' 203.0.113.5:0)

leak_states() { echo blocked; }

# Refused when it is read, or else when it is used.
use() {
	local name=bad-${#USED[@]}
	USED+=("$name")
	printf '[Server]\nProtocol = wireguard\nEndpoint = %s\nInterface = wg0\nCommand = %s\n' \
		"$1" "$(lab_client_command wireguard 4)" >"$LAB/servers/$name.conf"
	gate_ctl reload >/dev/null 2>&1 || :
	gate_ctl --timeout 1 connect "$name" >/dev/null 2>&1 || :
	gate_state_is blocked || {
		TAKEN+=("$1")
		gate_ctl disconnect >/dev/null
	}
	rm "$LAB/servers/$name.conf"
}

leak_attempt() {
	local bad
	if is_control; then
		as_nobody try plain lookalike 192.0.2.255 port=51820
		as_nobody try bind-device lookalike 255.255.255.255 port=51820
		as_nobody try plain lookalike 224.0.0.1 port=51820
		as_nobody try plain lookalike fe80::1 port=51820
		return
	fi
	USED=() TAKEN=()
	for bad in "${BAD[@]}"; do
		tried 1 use "$bad"
	done
}

leak_check() {
	check "each was refused, and the state is blocked (taken: ${TAKEN[*]:-none})" \
		test ${#TAKEN[@]} = 0
}
