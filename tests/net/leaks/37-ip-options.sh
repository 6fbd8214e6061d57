# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 37
# IPv4 options: a source route takes a packet to the server, and then on to
# anywhere.
leak_attempt() {
	local how kind
	for how in raw raw-device packet; do
		for kind in option-source-route option-record-route option-nop; do
			as_nobody_with_raw try "$how" "$kind" "$LAB_SERVER4" port=51820 via="$LAB_SITE4"
		done
	done
}
