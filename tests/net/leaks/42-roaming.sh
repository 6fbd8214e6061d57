# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 42
# WireGuard takes the sender of the last sound packet for its peer's address:
# whoever stands in the path relays the server's from his own, and the client
# sends to him from then on. On the plain machine the real client does so.
leak_states() { echo connected; }

leak_prepare() {
	lab_on router nft 'table ip relay {
		chain forward {
			type filter hook forward priority 0;
			ip saddr 203.0.113.5 udp sport 51820 ip saddr set 198.51.100.66
		}
	}'
	is_control || return 0
	# shellcheck disable=SC2046 # several words
	lab_spawn laptop client $(lab_client_command wireguard 4)
	CLIENT=$LAB_PID
	lab_need 5 "the client does not start" ip -n laptop route replace 10.64.0.1 dev wg0
}

use_the_tunnel() {
	lab_on laptop ping -q -n -c 20 -i 0.05 -W 1 10.64.0.1 >/dev/null 2>&1 || :
}

leak_attempt() {
	tried 20 use_the_tunnel
}

# The path is the attacker's: nothing need work, until he has gone.
leak_check() { :; }

leak_restore() {
	lab_on router nft delete table ip relay
	is_control || return 0
	kill "$CLIENT"
	lab_wait_for 5 lab_gone "$CLIENT" || :
	lab_wait_for 5 not client_is_up || :
}
