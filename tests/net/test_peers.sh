#!/bin/bash
# SPDX-License-Identifier: ISC
#
# peers: tungate's own tunnel with 1,000 peers and 20,000 networks, eight of them
# real servers: each packet comes to the one that an obvious oracle names, or to
# none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

REAL=8
FIRST=51901
SEED=${SEED-$RANDOM}

peers() {
	/usr/bin/python3 "$here/peers.py" "$@"
}

# Each a network of its own, so that nothing is forwarded from one to another.
peer_up() { # NUMBER OUR-PUBLIC-KEY
	local name=wgs$1 key
	key=$(wg genkey)
	lab_spawn vpn "$name" env WG_PROCESS_FOREGROUND=1 wireguard-go "$name"
	lab_need 5 "wireguard-go does not start" lab_wireguard_listens vpn "$name"
	lab_on vpn wg setconf "$name" /dev/stdin <<-END
		[Interface]
		PrivateKey = $key
		ListenPort = $((FIRST + $1))
		[Peer]
		PublicKey = $2
		AllowedIPs = 10.64.0.2/32, fd00:64::2/128
	END
	ip -n vpn link set "$name" up
	PUBLIC+=("$(wg pubkey <<<"$key")")
}

all_have_shaken_hands() {
	[ "$(lab_on vpn wg show all latest-handshakes | awk '$1 ~ /^wgs[0-9]/ && $3 > 0' | wc -l)" = "$REAL" ]
}

nothing_leaked() {
	grep "^leak $1 " "$LAB/log/judge" | head -n 5
	[ "$(lab_verdict "$1" leaked)" = 0 ]
}

lab_up
ip -n vpn link delete wgs0
PRIVATE=$(wg genkey) PUBLIC=()
for ((i = 0; i < REAL; i++)); do
	peer_up "$i" "$(wg pubkey <<<"$PRIVATE")"
done
gate_configure 4
peers make "$LAB" "$SEED" "$PRIVATE" "$LAB_SERVER4:$FIRST" "${PUBLIC[@]}"
cp "$LAB/many.conf" "$LAB/servers/many.conf"
chmod 600 "$LAB/servers/many.conf"
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=5 pace=1000 tunnel="$LAB_SERVER4"
ip netns exec vpn tcpdump -i any -nl udp dst port 7000 >"$LAB/seen" 2>"$LAB/log/tcpdump" &
tcpdump=$!
check "it starts" gate_start
lab_judge epoch many "$(lab_legal blocked) or (udp and src host $LAB_UPLINK4 and dst host $LAB_SERVER4 and dst portrange $FIRST-$((FIRST + REAL - 1)))"
check "it connects" says '^connected$' gate_ctl connect many
check "all $REAL servers saw a handshake" lab_wait_for 10 all_have_shaken_hands
lab_on laptop /usr/bin/python3 "$here/peers.py" send "$LAB" "$SEED" 800
sleep 1
kill -INT "$tcpdump"
wait "$tcpdump" || :
check "each packet came to whom it was for (seed $SEED)" peers check "$LAB"
lab_attempts_begin many
lab_attempts_end many >/dev/null
check "it disconnects" says blocked gate_ctl --json disconnect
gate_end TERM || :
gate_release >/dev/null
lab_judge_stop >/dev/null || :
check "nothing leaked" nothing_leaked many
check_end
