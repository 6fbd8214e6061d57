# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 65
# The daemon is killed, and then someone flushes all of nftables: what it left
# has no owner any more.
leak_attempt() {
	is_control || gate_end KILL || :
	lab_on laptop nft flush ruleset
	everything
}

leak_check() { :; }

leak_restore() {
	[ "$STATE" != connected ] || enter_connected
}
