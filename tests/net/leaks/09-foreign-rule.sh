# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 9
# Other software puts a policy rule before the gate's: NetworkManager, Docker
# and Tailscale do.
add_rules() {
	ip -n laptop rule add priority 50 to 198.51.100.0/24 lookup main 2>/dev/null || :
	ip -n laptop -6 rule add priority 50 to 2001:db8:ffff::/48 lookup main 2>/dev/null || :
	ip -n laptop rule add priority 0 lookup main 2>/dev/null || :
	sleep 0.05
}

leak_attempt() {
	everything add_rules
}

# While they are there, there may be no network.
leak_check() { :; }

leak_restore() {
	ip -n laptop rule delete priority 50 2>/dev/null || :
	ip -n laptop -6 rule delete priority 50 2>/dev/null || :
	ip -n laptop rule delete priority 0 lookup main 2>/dev/null || :
}
