#!/bin/bash
# SPDX-License-Identifier: ISC
#
# lan: `lan = allow` opens the local network, which is a private one here, and
# nothing else: not its DNS, not what else a network says is on the link. What
# is tried bears the canary, so the judge counts what gets out: for the local
# network all that is tried, for the rest nothing.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
LAB_UPLINK4=192.168.7.10 LAB_GATEWAY4=192.168.7.1 LAB_NEAR4=192.168.7.77
lab_enter "$@"

N=20

# try HOW TO NAME=VALUE...
try() {
	local how=$1 to=$2
	shift 2
	lab_on laptop "$LAB_BIN/tricks" "$how" udp to="$to" "$@" n=$N canary="$LAB_CANARY_HEX" >/dev/null 2>&1 ||
		lab_die "not to be tried: $how $to $*"
}

local_network() {
	try plain "$LAB_GATEWAY4" port=9
	try bind-device "$LAB_GATEWAY4" port=9
	try multicast-if 224.0.0.251 port=5353
	try multicast-if 239.255.255.250 port=1900
	try bind-device 255.255.255.255 port=9
	try bind-device "$LAB_GATEWAY_LINK" port=9
	try multicast-if ff02::fb port=5353
}
LOCAL_TRIES=$((7 * N))

# What the network says is local, and is not; and what it would like to know.
everything_else() {
	ip -n laptop route add 192.168.8.0/24 via "$LAB_GATEWAY4"
	ip -n laptop address add 198.51.100.10/24 dev eth0
	local how port
	for how in plain bind-device; do
		for port in 53 853; do
			try $how "$LAB_GATEWAY4" port=$port
		done
		try $how 192.168.8.1 port=9
		try $how "$LAB_SITE4" port=9
		try $how "$LAB_SITE6" port=9
		try $how "$LAB_SERVER4" port=9
	done
	for port in 53 853; do
		try bind-device "$LAB_GATEWAY_LINK" port=$port
		try multicast-if 224.0.0.251 port=$port
	done
	try multicast-if 224.0.1.1 port=123
	try multicast-if ff05::c port=1900
	ip -n laptop route delete 192.168.8.0/24
	ip -n laptop address delete 198.51.100.10/24 dev eth0
	sleep 0.1
}

set_lan() {
	sed -i '/^lan = /d' "$LAB/tungate.conf"
	printf 'lan = %s\n' "$1" >>"$LAB/tungate.conf"
	gate_ctl reload >/dev/null
	check "status says lan $1" says "^lan  *$1\$" gate_ctl status
	sleep 0.1
}

# Tries both, in epochs of their own: judge NAME LEGAL
judge() {
	lab_judge epoch "$1-local" "$2"
	local_network
	sleep 0.1
	lab_judge epoch "$1-else" "$2"
	everything_else
	lab_judge epoch between "$2"
}

leaked() {
	lab_verdict "$1" leaked
}

# The neighbours' answers and reports that the kernel sends by itself, too.
LAN_LEGAL="(ip and src host $LAB_UPLINK4 and (dst net 192.168.7.0/24 or dst net 224.0.0.0/4)) \
or (arp and src host $LAB_UPLINK4) or (ip6 and src net fe80::/10 and (dst net fe80::/10 or dst net ff02::/16))"

pings() {
	lab_on laptop ping -q -c 1 -W 1 "$1" >/dev/null 2>&1
}

page_comes_through_tunnel() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

lab_up
gate_configure 4 wireguard
lab_judge_start "$LAB/capture.pcap"
lab_judge epoch open "$(lab_legal blocked)"
local_network
everything_else

lab_judge epoch starting "$(lab_legal blocked)"
gate_start
set_lan block
judge block "$(lab_legal blocked)"
check "block: the router does not answer" not pings "$LAB_GATEWAY4"

lab_judge epoch between "$(lab_legal blocked) or $LAN_LEGAL"
set_lan allow
judge allow "$(lab_legal blocked) or $LAN_LEGAL"
check "allow: the router answers" pings "$LAB_GATEWAY4"
check "and by its link-local address" pings "$LAB_GATEWAY_LINK%eth0"

lab_judge epoch between "$(lab_legal wireguard 4) or $LAN_LEGAL"
check "it connects" gate_ctl connect wireguard >/dev/null
judge connected "$(lab_legal wireguard 4) or $LAN_LEGAL"
check "connected: the router answers" pings "$LAB_GATEWAY4"
check "and a page comes through the tunnel" lab_wait_for 5 page_comes_through_tunnel

lab_judge epoch between "$(lab_legal wireguard 4) or $LAN_LEGAL"
set_lan block
judge again "$(lab_legal wireguard 4)"
check "block again: the router does not answer" not pings "$LAB_GATEWAY4"

lab_judge_stop || :
grep '^leak' "$LAB/log/judge" | awk '$2 ~ /else|block|again|between|starting/' | head -n 12
check "the judge sees what leaks: the local network, while it was open" test "$(leaked open)" -gt $((LOCAL_TRIES + 10 * N))
check "block: nothing of the local network" test "$(leaked block-local)" = 0
check "allow: all of it" test "$(leaked allow-local)" = $LOCAL_TRIES
check "connected: all of it" test "$(leaked connected-local)" = $LOCAL_TRIES
check "block again: nothing of it" test "$(leaked again-local)" = 0
for state in block allow connected again; do
	check "$state: nothing else" test "$(leaked "$state-else")" = 0
done
check "nor in between" test "$(leaked between)" = 0
check_end
