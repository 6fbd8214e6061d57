# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 58
# The uplink is taken into another network namespace and comes back, as new.
away_and_back() {
	ip -n laptop link set eth0 netns internet name away0
	sleep 0.1
	ip -n internet link set away0 netns laptop name eth0
	uplink_up
	sleep 0.2
}

leak_attempt() {
	everything away_and_back
}

leak_check() { :; }
