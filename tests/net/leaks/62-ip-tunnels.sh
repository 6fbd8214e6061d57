# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 62
# Other tunnels: IP in IP, 6in4, GRE, ESP, L2TP, SCTP; to the server, too.
leak_attempt() {
	local how protocol
	tries 10
	for how in raw raw-device; do
		for protocol in 4 41 47 50 115 132; do
			as_nobody_with_raw try "$how" protocol "$LAB_SITE4" protocol="$protocol"
			as_nobody_with_raw try "$how" protocol "$LAB_SITE6" protocol="$protocol"
			as_nobody_with_raw try "$how" protocol "$LAB_SERVER4" protocol="$protocol"
		done
	done
}
