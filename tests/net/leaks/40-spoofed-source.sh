# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 40
# The tunnel's own address, or a stranger's, as the source of a packet to the
# server: it tells the tunnel's address to whoever looks.
leak_attempt() {
	local how from
	for how in raw raw-device packet; do
		for from in 10.64.0.2 198.51.100.200; do
			as_nobody_with_raw try "$how" lookalike "$LAB_SERVER4" port=51820 from="$from"
			as_nobody_with_raw try "$how" text "$LAB_SITE4" from="$from"
		done
	done
}
