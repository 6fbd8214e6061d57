#!/bin/bash
# SPDX-License-Identifier: ISC
#
# kernels: the firewall on kernels that can do less: the daemon is told what
# the kernel refuses (layers.c), takes the next best, and says in one line what
# is weaker. Nothing leaks but what that line says.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

N=20
LACKS=("nothing" "all" "all,owner" "all,owner,egress" "owner" "all,owner,hook")
SAID=(
	"^$"
	"a device that appears is closed some milliseconds later"
	"a device that appears is closed some milliseconds later"
	"packet sockets, bridges) is not stopped"
	"whoever flushes nftables flushes this table"
	"packet sockets, bridges) is not stopped"
)
# Whether a packet socket gets through.
PACKETS=(no no no yes no yes)

tricks() {
	lab_on laptop "$LAB_BIN/tricks" "$@" n=$N canary="$LAB_CANARY_HEX" >/dev/null || :
}

# try_all NAME: in epochs of their own; packet sockets apart.
try_all() {
	lab_judge epoch "$1-sockets" "$(lab_legal wireguard 4)"
	tricks plain udp to="$LAB_SITE4"
	tricks bind-device udp to="$LAB_SITE4"
	tricks bind-device udp to="$LAB_SITE6"
	tricks multicast-if udp to=224.0.0.251 port=5353
	tricks plain udp to="$LAB_SERVER4" port=53
	sleep 0.1
	lab_judge epoch "$1-packets" "$(lab_legal wireguard 4)"
	tricks packet text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC"
	sleep 0.1
}

leaked() {
	lab_verdict "$1" leaked
}

page_comes_through_tunnel() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

has_been_repaired() {
	grep -q "firewall: was changed by someone else, repaired" "$GATE_LOG"
}

run_kernel() {
	local name=$1
	TUNGATE_LACKS=$name gate_start
	check "$name: it connects" gate_ctl connect wireguard >/dev/null
	check "$name: a page comes through the tunnel" lab_wait_for 5 page_comes_through_tunnel
	try_all "$name"
	lab_judge epoch "$name-renamed" "$(lab_legal wireguard 4)"
	ip -n laptop link set eth0 down
	ip -n laptop link set eth0 name lan7 up
	sleep 0.3
	lab_judge epoch "$name-again" "$(lab_legal wireguard 4)"
	tricks bind-device udp to="$LAB_SITE4" device=lan7
	[ "$2" = yes ] || tricks packet text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC" device=lan7
	sleep 0.1
	lab_judge epoch between "$(lab_legal wireguard 4)"
	ip -n laptop link set lan7 down
	ip -n laptop link set lan7 name eth0 up
	ip -n laptop address replace "$LAB_UPLINK4/24" dev eth0
	ip -n laptop address replace "$LAB_UPLINK6/64" dev eth0
	ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
	ip -n laptop -6 route replace default via "$LAB_GATEWAY_LINK" dev eth0 metric 1024
	lab_on laptop nft flush ruleset 2>/dev/null || :
	case $name in
	*owner*) check "$name: flushed by others, it is repaired, and said" lab_wait_for 5 has_been_repaired ;;
	*) check "$name: others cannot flush it" not has_been_repaired ;;
	esac
	sleep 0.2
	try_all "$name-flushed"
	lab_judge epoch between "$(lab_legal wireguard 4)"
	gate_end KILL || :
	try_all "$name-killed"
	lab_judge epoch released "$(lab_legal wireguard 4)"
	check "$name: release" gate_release >/dev/null
	check "$name: a page comes as without a gate" lab_on laptop curl -s -m 5 -o /dev/null "http://$LAB_SITE4/"
}

lab_up
ROUTER_MAC=$(lab_on router cat /sys/class/net/lan0/address)
gate_configure 4 wireguard
# shellcheck disable=SC2034 # for gate.sh
GATE_PROGRAM=$LAB_BIN/tungated-layers
lab_judge_start "$LAB/capture.pcap"
try_all open
for i in "${!LACKS[@]}"; do
	lab_judge epoch starting "$(lab_legal wireguard 4)"
	run_kernel "${LACKS[i]}" "${PACKETS[i]}"
	said=$(sed -n 's/.*this kernel can do less than it should: //p' "$LAB/log/tungated-$((i + 1))" | head -n 1)
	check "${LACKS[i]}: the log says what is weaker (${said:-nothing is})" grep -q "${SAID[i]}" <<<"$said"
done

# A device that is not there any more is no reason for less.
lab_judge epoch vanishing "$(lab_legal blocked)"
status=0
TUNGATE_LACKS=all,vanish timeout 10 ip netns exec laptop "$GATE_PROGRAM" \
	-c "$LAB/tungate.conf" >"$LAB/log/vanishing" 2>&1 || status=$?
check "a device went: it does not start with less" test "$status" = 1
check "but says that it will pass" grep -q "firewall: cannot be set (Resource temporarily" "$LAB/log/vanishing"
check "and of no kernel" not grep -q "this kernel can do less" "$LAB/log/vanishing"
gate_release >/dev/null
lab_judge_stop || :

check "the judge sees what leaks: while it was open" test "$(leaked open-sockets)" -ge $((4 * N))
check "and packet sockets, too" test "$(leaked open-packets)" = $N
for i in "${!LACKS[@]}"; do
	name=${LACKS[i]}
	for when in "" -flushed -killed; do
		check "$name$when: no socket leaks" test "$(leaked "$name$when-sockets")" = 0
		if [ "${PACKETS[i]}" = yes ]; then
			check "$name$when: packet sockets do, as was said" test "$(leaked "$name$when-packets")" -gt 0
		else
			check "$name$when: no packet socket leaks" test "$(leaked "$name$when-packets")" = 0
		fi
	done
	check "$name: an interface that was renamed is closed" test "$(leaked "$name-again")" = 0
done
grep '^leak' "$LAB/log/judge" | grep -v "released\|open-" | awk 'shown[$2]++ < 2' | head -n 12
check_end
