#!/bin/bash
# SPDX-License-Identifier: ISC
#
# layers: which of the three layers stops what, alone. The daemon is one from
# which layers can be left out (layers.c). Prints a table: leaked frames of the
# attempts, by what is tried, with the layers that are there, while the gate
# connects and after it was killed. A cell that is promised must be 0; one that
# is not must leak, or the table would tell nothing of the layer.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

N=40
LAYERS=("none" "routing" "firewall" "classifier" "routing,firewall,classifier")
TRICKS=(
	"an ordinary socket"
	"the server's address, another port"
	"bound to the uplink"
	"multicast"
	"a packet socket"
	"bound to the gate's device"
	"plain text to the server's port"
)

# Where a leak is to be seen: of each trick, with each of LAYERS, while the
# gate connects and after it was killed (L), or none (-).
EXPECTED=(
	"LL L- -- LL --" # what routing holds, when nobody reads the device
	"LL L- -- LL --"
	"LL LL -- LL --" # what the firewall alone sees
	"LL LL -- LL --"
	"LL LL -- LL --"
	"L- L- -- -- --" # what comes to the gate
	"L- L- -- -- --"
)

attempt() {
	local how
	case $1 in
	0) how="plain udp to=$LAB_SITE4" ;;
	1) how="plain udp to=$LAB_SERVER4 port=53" ;;
	2) how="bind-device udp to=$LAB_SITE4" ;;
	3) how="multicast-if udp to=224.0.0.251 port=5353" ;;
	4) how="packet text to=$LAB_SITE4 from=$LAB_UPLINK4 router=$ROUTER_MAC" ;;
	5) how="bind-device udp to=$LAB_SITE4 device=tungate0" ;;
	6) how="bind-device udp to=$LAB_SERVER4 port=51820 device=tungate0" ;;
	esac
	# shellcheck disable=SC2086 # several words
	lab_on laptop "$LAB_BIN/tricks" $how n=$N canary="$LAB_CANARY_HEX" >/dev/null || :
	sleep 0.05
}

# attempts_in STATE LAYERS
attempts_in() {
	local i
	for i in "${!TRICKS[@]}"; do
		lab_judge epoch "$1-$2-$i" "$(lab_legal blocked)"
		attempt "$i"
	done
}

hop_is_known() {
	ip -n laptop neigh show "$LAB_GATEWAY4" | grep -q lladdr
}

try_with() {
	TUNGATE_LAYERS=$1 gate_start
	gate_ctl --timeout 30 connect dumb >/dev/null 2>&1 &
	lab_wait_for 5 gate_state_is connecting
	lab_wait_for 5 hop_is_known
	sleep 0.1
	attempts_in connecting "$1"
	gate_end KILL || :
	attempts_in killed "$1"
	lab_judge epoch between "$(lab_legal blocked)"
	gate_release >/dev/null
}

table() {
	local i layers
	printf '\n%-36s' "leaked frames of $N attempts"
	printf '%14s' none routing firewall classifier all
	printf '\n'
	for i in "${!TRICKS[@]}"; do
		printf '%-36s' "${TRICKS[i]}"
		for layers in "${LAYERS[@]}"; do
			printf '%14s' "$(lab_verdict "connecting-$layers-$i" leaked) / $(lab_verdict "killed-$layers-$i" leaked)"
		done
		printf '\n'
	done
	printf '(while the gate connects / after it was killed)\n\n'
}

# as_expected L|- NUMBER
as_expected() {
	[ "$1" = L ] && [ "$2" -gt 0 ] && return
	[ "$1" = - ] && [ "$2" = 0 ]
}

lab_up
ROUTER_MAC=$(lab_on router cat /sys/class/net/lan0/address)
gate_configure 4
cat >"$LAB/servers/dumb.conf" <<-END
	[Server]
	Protocol = wireguard
	Endpoint = $LAB_SERVER4:51820
	Interface = wg0
END
GATE_PROGRAM=$LAB_BIN/tungated-layers
lab_judge_start "$LAB/capture.pcap"
for layers in "${LAYERS[@]}"; do
	try_with "$layers"
done
lab_judge epoch end "$(lab_legal blocked)"
lab_judge_stop || :
table
for i in "${!TRICKS[@]}"; do
	read -ra cells <<<"${EXPECTED[i]}"
	for k in "${!LAYERS[@]}"; do
		check "${TRICKS[i]}, with ${LAYERS[k]}, connecting" as_expected "${cells[k]:0:1}" \
			"$(lab_verdict "connecting-${LAYERS[k]}-$i" leaked)"
		check "${TRICKS[i]}, with ${LAYERS[k]}, killed" as_expected "${cells[k]:1:1}" \
			"$(lab_verdict "killed-${LAYERS[k]}-$i" leaked)"
	done
done
check_end
