# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 55
# The server itself sends, through the tunnel, packets that ask the laptop to
# answer to its local network.
leak_states() { echo connected; }

inject() {
	on vpn tried "$TRY_N" run_tricks raw-device "$@" device=wgs0 n="$TRY_N"
}

leak_attempt() {
	if is_control; then
		everything
		return
	fi
	inject echo to=10.64.0.2 from="$LAB_NEAR4"
	inject echo to=10.64.0.2 from="$LAB_GATEWAY4"
	inject echo to=10.64.0.2 from=255.255.255.255
	inject echo to="$LAB_UPLINK4" from="$LAB_NEAR4"
	inject tcp-syn to=10.64.0.2 from="$LAB_NEAR4" port=81
	inject text to=10.64.0.2 from="$LAB_NEAR4" port=81
	inject echo to=fd00:64::2 from="$LAB_NEAR6"
	inject echo to=fd00:64::2 from="$LAB_GATEWAY_LINK"
	inject redirect to=10.64.0.2 from=10.64.0.1 via="$LAB_NEAR4" about="$LAB_SITE4"
	inject advertisement to=ff02::1 from=fe80::66 via=2001:db8:ffff::
	everything
}
