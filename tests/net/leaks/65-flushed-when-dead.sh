# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 65
# The daemon is killed, and then someone flushes all of nftables: the tables are
# its holder's now, and stay.
leak_attempt() {
	is_control || gate_end KILL || :
	lab_on laptop nft flush ruleset
	everything
}

leak_check() {
	check "$STATE: the firewall is still there" gate_firewall_stands
}

leak_restore() {
	[ "$STATE" != connected ] || enter_connected
}
