# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 38
# IPv6 extension headers before a datagram to the server's port, in the
# tunnel's shape. The server is one on IPv6.
leak_family() { echo 6; }

leak_attempt() {
	local how kind
	tries 20
	for how in raw raw-device packet; do
		for kind in hop-by-hop dest-options many-headers routing authentication \
			fragment6-first fragment6-later fragment6-atomic; do
			as_nobody_with_raw try "$how" "$kind" "$LAB_SERVER6" port=51820 via="$LAB_SITE6"
		done
	done
}
