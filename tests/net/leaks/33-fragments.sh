# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 33 34 36
# Fragments: a filter finds "ports" in the payload of a later one, and none of
# the rest in a first or a tiny one. Here all are sent to the server's port, in
# the tunnel's shape where there is room.
leak_attempt() {
	local how kind
	tries 20
	for how in raw raw-device packet; do
		for kind in fragment-first fragment-later fragment-tiny fragment-overlap; do
			as_nobody_with_raw try "$how" "$kind" "$LAB_SERVER4" port=51820
			as_nobody_with_raw try "$how" "$kind" "$LAB_SITE4"
		done
	done
}
