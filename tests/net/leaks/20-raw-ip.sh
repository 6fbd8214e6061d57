# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 20
# Whole IP packets from a raw socket: any source, any protocol; routed, and
# bound to the uplink.
leak_attempt() {
	local how site
	for how in raw raw-device; do
		for site in "$LAB_SITE4" "$LAB_SITE6"; do
			as_nobody_with_raw try "$how" text "$site"
			as_nobody_with_raw try "$how" tcp-syn "$site"
			as_nobody_with_raw try "$how" echo "$site"
			as_nobody_with_raw try "$how" protocol "$site" protocol=253
		done
		as_nobody_with_raw try "$how" text "$LAB_SITE4" from=198.51.100.200
		as_nobody_with_raw try "$how" text "$LAB_SITE6" from=2001:db8:ffff::200
	done
}
