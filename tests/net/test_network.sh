#!/bin/bash
# SPDX-License-Identifier: ISC
#
# network: the network changes under the gate, and someone changes the gate's
# routes: the tunnel comes back, the judge sees no leak, the state tells.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

page_comes() {
	[ "$(lab_on laptop curl -s -m 5 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

detail_says() {
	gate_ctl --json status | grep -q "\"detail\":\"[^\"]*$1"
}

# As often as that, so far. The daemon looks a moment after a change.
uplink_has_changed() {
	[ "$(grep -c "reconnecting on uplink-changed" "$GATE_LOG")" -ge "$1" ]
}

# Attempts to leak, while something changes.
begin() {
	lab_judge epoch "$1" "$(lab_legal wireguard 4)"
	lab_attempts_begin "$1"
}

end() {
	lab_attempts_end "$1" >/dev/null
	lab_judge_counts
	check "$1: no leak" test "$LAB_LEAKED" = 0
}

lab_up
gate_configure 4 wireguard
gate_start
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start pace=400 tunnel="$LAB_SERVER4"

begin link-down
gate_ctl connect wireguard >/dev/null
check "connected" page_comes
ip -n laptop link set eth0 down
check "link down: reconnecting" lab_wait_for 5 gate_state_is reconnecting
check "and it says what is missing" lab_wait_for 5 detail_says "there is no network"
ip -n laptop link set eth0 up
ip -n laptop route add default via "$LAB_GATEWAY4" dev eth0
check "link up: connected again" lab_wait_for 30 gate_state_is connected
check "and a page comes" lab_wait_for 10 page_comes
end link-down

begin neighbour
lab_on router ip link set lan0 address 02:00:00:00:00:99
lab_on router ip -6 route replace 2001:db8:1::/64 dev lan0
check "the router has another link address: a page comes" lab_wait_for 45 page_comes
end neighbour

legal=$(lab_legal wireguard 4)
lab_judge epoch address "$legal or ${legal//$LAB_UPLINK4/192.0.2.11}"
lab_attempts_begin address
lab_sysctl laptop net.ipv4.conf.eth0.promote_secondaries=1
ip -n laptop address add 192.0.2.11/24 dev eth0
ip -n laptop address del 192.0.2.10/24 dev eth0
lab_wait_for 5 ip -n laptop -4 address show dev eth0 to 192.0.2.11 || :
ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
# wireguard-go goes on sending from the address that is gone for half a minute:
# the gate starts it again.
check "another address: reconnecting" lab_wait_for 5 uplink_has_changed 1
check "another address: connected again" lab_wait_for 15 gate_state_is connected
check "and a page comes" lab_wait_for 10 page_comes
ip -n laptop address add 192.0.2.10/24 dev eth0
ip -n laptop address del 192.0.2.11/24 dev eth0
ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
check "the old address: reconnecting" lab_wait_for 5 uplink_has_changed 2
check "the old address: connected again" lab_wait_for 15 gate_state_is connected
check "and a page comes" lab_wait_for 10 page_comes

end address

begin tampering
for what in "rule del priority 79" "-6 rule del priority 79" "route flush table 7467" \
	"route flush table 7468" "rule del priority 70" "-6 route flush table 7467" \
	"link set tungate0 down"; do
	# shellcheck disable=SC2086 # several words
	ip -n laptop $what
	sleep 0.3
done
check "rules and routes taken away: repaired" page_comes
check "and said" grep -q "routes: were changed by someone else, repaired" "$GATE_LOG"

# How soon all of that is undone: test_reactions.sh. Here, under traffic, it may
# take three times what is promised.
WITHIN_MS=300

# milliseconds_until COMMAND...: how long it took until it succeeded; 5000: never.
milliseconds_until() {
	local start=${EPOCHREALTIME/./}
	lab_wait_for 5 "$@" || { echo 5000; return; }
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}

comes_first() {
	[ "$(ip -n laptop "$@" rule | sed -n 2p | grep -c 'lookup 74')" = 1 ]
}

# The first rule after the kernel's own is ours again, in no time.
for family in -4 -6; do
	ip -n laptop $family rule add priority 40 lookup main
	took=$(milliseconds_until comes_first $family)
	check "$family: a rule of others before ours: ours is before it ($took ms)" test "$took" -le "$WITHIN_MS"
	ip -n laptop $family rule delete priority 40
done
ip -n laptop route add default dev eth0 metric 0 table 7468
not_in_table() {
	! ip -n laptop route show table 7468 | grep -q eth0
}
took=$(milliseconds_until not_in_table)
check "a route of others in our table: gone ($took ms)" test "$took" -le "$WITHIN_MS"
ip -n laptop rule add priority 1 lookup main
check "a rule that cannot be preceded is reported" lab_wait_for 5 grep -q "comes before ours" "$GATE_LOG"
ip -n laptop rule delete priority 1
sleep 0.2
check "and a page comes" page_comes
lab_attempts_end tampering >/dev/null

begin steady
check "all is as it was" page_comes
end steady

ip -n laptop link delete tungate0
check "the device taken away: the daemon ends" lab_wait_for 5 lab_gone "$GATE"
lab_judge epoch device-gone "$(lab_legal blocked)"
lab_attempts_begin device-gone
end device-gone
check "and no page comes" not page_comes
lab_judge_stop >/dev/null || :
check "the capture lost nothing" grep -q "lost 0 unseen 0" "$LAB/log/judge"
check_end
