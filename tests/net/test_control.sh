#!/bin/bash
# SPDX-License-Identifier: ISC
#
# control: what the control socket is told, and what it does about nonsense;
# explain, watch, and the states as a user goes through them.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

explains() {
	local pattern=$1
	shift
	says "$pattern" gate_ctl explain "$@"
}

# metrics STATE [with-peers]
metrics() {
	# shellcheck disable=SC2086 # several words
	/usr/bin/python3 "$here/metrics.py" "$@" -- ip netns exec laptop $CTL_UNDER \
		"$LAB_BIN/tungatectl" -s "$LAB/gate/control.sock"
}

# A handshake initiation: 148 bytes of type 1.
initiation() {
	printf '01000000%0288d' 0
}

lab_up
gate_configure 4 wireguard openvpn-tcp
lab_server_file wireguard 6 >"$LAB/servers/wireguard-v6.conf"
# A tunnel of its own, whose key is the parent's to know.
install -m 600 "$here/../fuzz/corpus/wgquick/proton" "$LAB/servers/proton.conf"
gate_start

keys() {
	/usr/bin/python3 "$here/keys.py" "$@" "$LAB/servers/proton.conf"
}
check "the parent knows the key of a wg-quick file" says "^key$" keys "$GATE"
check "and not what the file says of it" not grep -qx text <(keys "$GATE")
check "the worker knows neither" says "^nothing$" keys "$(gate_worker)"
check "nor does the holder" says "^nothing$" keys "$(gate_holder)"
check "nor a dump of the parent" says "^nothing$" keys --dump "$GATE"
check "which holds no memory at all" grep -qx 00000000 "/proc/$GATE/coredump_filter"
echo 0x33 >"/proc/$GATE/coredump_filter"
check "as the system dumps by default, it would" says "^key$" keys --dump "$GATE"

/usr/bin/python3 "$here/abuse.py" "$LAB/gate/control.sock" "$(gate_worker)" && abuse=0 || abuse=$?
check "nonsense on the socket gets clear errors and costs nobody else anything" test "$abuse" = 0

check "explain, blocked" explains "verdict   drop: blocked" udp 192.0.2.10:4000 203.0.113.5:51820
check "metrics, blocked" metrics blocked
check "metrics that cannot be written are an error" \
	says "^tungatectl: the metrics cannot be written" sh -c "
	ip netns exec laptop $LAB_BIN/tungatectl -s $LAB/gate/control.sock metrics 2>&1 >/dev/full"
check "no wait: an unreachable name is an error" not gate_ctl connect "" 2>/dev/null

gate_ctl connect wireguard >"$LAB/connect"
check "connect shows what it waits for" grep -q "waiting for the client's interface wg0" "$LAB/connect"
check "and ends with connected" grep -q '^connected$' "$LAB/connect"
check "metrics, connected beneath a client" metrics connected
check "explain: the tunnel's shape passes" explains "verdict   pass" \
	udp 192.0.2.10:4000 203.0.113.5:51820 "$(initiation)"
check "explain: another shape" explains "verdict   drop: wrong-shape" \
	udp 192.0.2.10:4000 203.0.113.5:51820 48656c6c6f
check "explain: without a payload it depends" explains "verdict   depends: shape" \
	udp 192.0.2.10:4000 203.0.113.5:51820
check "explain: larger than the uplink takes" explains "verdict   drop: too-big" \
	udp 192.0.2.10:4000 203.0.113.5:51820 "04000000$(printf '%02992d' 0)"
check "explain: another port" explains "verdict   drop: wrong-port" \
	udp 192.0.2.10:4000 203.0.113.5:53
check "explain: another protocol" explains "verdict   drop: wrong-protocol" \
	tcp 192.0.2.10:4000 203.0.113.5:443
check "explain: another source" explains "verdict   drop: wrong-source" \
	udp 10.64.0.2:4000 203.0.113.5:51820 "$(initiation)"
check "explain: anything else, and what would let it pass" explains "to pass   send it through the tunnel" \
	udp "[2001:db8:1::10]:4000" "[2001:db8::1]:53"
check "explain: hex bytes" explains "drop: truncated" 4500
check "explain: nonsense is refused" not gate_ctl explain zz 2>/dev/null

timeout 20 ip netns exec laptop tcpdump -q -i tungate0 -c 3 -w "$LAB/some.pcap" 2>/dev/null &
capture=$!
sleep 0.5
lab_on laptop ping -q -c 2 -i 0.2 -I "$LAB_UPLINK4" "$LAB_SITE4" >/dev/null || :
lab_on laptop ping -q -c 2 -i 0.2 -I "$LAB_UPLINK4" "$LAB_SITE4" >/dev/null || :
wait "$capture" || :
check "explain: a capture file, packet by packet" test \
	"$(gate_ctl explain "$LAB/some.pcap" | grep -c 'drop: not-encapsulated')" -ge 2
tcpdump -r "$LAB/some.pcap" -w "$LAB/none.pcap" host 192.0.2.99 2>/dev/null
check "explain: a capture without a packet is an error" not gate_ctl explain "$LAB/none.pcap" 2>/dev/null

gate_ctl watch >"$LAB/watched" 2>&1 &
watch=$!
LAB_PIDS+=("$watch")
lab_wait_for 5 test -s "$LAB/watched"
lab_on laptop ping -q -c 1 -W 1 -I "$LAB_UPLINK4" "$LAB_SITE4" >/dev/null || :
check "watch shows a drop with its reason" lab_wait_for 5 grep -q \
	"drop  not-encapsulated icmp $LAB_UPLINK4 > $LAB_SITE4" "$LAB/watched"
lab_on laptop /usr/bin/python3 -c "
import socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(('$LAB_UPLINK4', 0))
for i in range(5000): s.sendto(b'x', ('$LAB_SITE4', 9))"
check "and how many it does not show" lab_wait_for 5 grep -q "more, not shown" "$LAB/watched"
gate_kill_client wireguard
check "watch shows the state" lab_wait_for 5 grep -q "state reconnecting" "$LAB/watched"
gate_let_client_start wireguard
# With a program that sends something, as there always is.
connected_under_traffic() {
	lab_on laptop ping -q -c 1 -W 1 "$LAB_SITE4" >/dev/null 2>&1 || :
	gate_state_is connected
}
check "it connects again by itself" lab_wait_for 60 connected_under_traffic

check "from one server to another" says '^connected$' gate_ctl connect openvpn-tcp
check "the first one's client is gone" not ip -n laptop link show wg0 2>/dev/null
# No nudge through a tunnel of IPv4 can go to the server's own address; and its
# keepalive comes after 10 s.
check "a server of IPv6 is proven as soon" says '^connected$' gate_ctl --timeout 8 connect wireguard-v6
check "disconnect" gate_ctl disconnect >/dev/null
check "release" says '"state":"open"' gate_ctl --json release
check "open: connect is refused, and says what to do" says "tungatectl block" gate_ctl connect wireguard
check "open: explain says so" explains "not-judged: open" udp 192.0.2.10:4000 203.0.113.5:51820
check "block" says '"state":"blocked"' gate_ctl --json block
export RES_OPTIONS="timeout:1 attempts:1"
check "import: the daemon reads it at once" says '"reloaded":true' \
	gate_ctl --json -c "$LAB/tungate.conf" --name own import "$here/../fuzz/corpus/wgquick/mullvad"
check "and knows it as a tunnel of its own" says '"name":"own","protocol":"tunnel"' gate_ctl --json servers
check "import: a name cannot be looked up when the gate is closed" says "cannot be looked up" \
	gate_ctl --json -c "$LAB/tungate.conf" import "$here/../fuzz/corpus/wgquick/ivpn"
check "connect again" gate_ctl connect wireguard >/dev/null
lab_spawn laptop wg9 env WG_PROCESS_FOREGROUND=1 wireguard-go wg9
lab_wait_for 5 ip -n laptop link show wg9 || :
check "a dead server: connect says why" says "^tungatectl: not connected after 2 s: waiting for the server.s first answer" sh -c "
	sed 's/203.0.113.5:51820/203.0.113.5:51999/; s/wg0/wg9/; s/^Command.*//' $LAB/servers/wireguard.conf >$LAB/servers/dead.conf
	ip -n laptop addr add 10.9.9.9/32 dev wg9; ip -n laptop link set wg9 up
	ip netns exec laptop $LAB_BIN/tungatectl -s $LAB/gate/control.sock reload >/dev/null
	ip netns exec laptop $LAB_BIN/tungatectl -s $LAB/gate/control.sock --timeout 2 connect dead"
check "status, as a program reads it" says '"detail":"waiting for the server' gate_ctl --json status
# A server that is none, but has its address and port, and sends what looks like
# WireGuard's data: to a port that nobody sent from (as to a client of before),
# then to who asks.
false_server() {
	lab_spawn vpn "false-server-$1" /usr/bin/python3 -c "
import socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(('$LAB_SERVER4', 51999))
s.settimeout(0.05)
print('ready', flush=True)
while True:
    try:
        to = s.recvfrom(2048)[1]
        print('asked', flush=True)
    except TimeoutError:
        to = ('$LAB_UPLINK4', 40000)
    if '$1' == 'elsewhere': to = ('$LAB_UPLINK4', 40000)
    s.sendto(b'\\4\\0\\0\\0' + bytes(124), to)"
	FALSE_SERVER=$LAB_PID
	lab_need 5 "the false server does not start" lab_log_says "false-server-$1" ready
}
false_server elsewhere
lab_on laptop wg set wg9 private-key <(wg genkey) listen-port 45999 \
	peer "$(wg genkey | wg pubkey)" endpoint "$LAB_SERVER4:51999" allowed-ips 0.0.0.0/0
check "what answers to another port proves nothing" says "^tungatectl: not connected after 4 s" \
	gate_ctl --timeout 4 connect dead
check "though the client had asked" lab_log_says false-server-elsewhere asked
kill "$FALSE_SERVER"
lab_wait_for 5 lab_gone "$FALSE_SERVER" || :
false_server back
check "what answers to the client's port is taken for the server" says '^connected$' \
	gate_ctl --timeout 10 connect dead
gate_end TERM || :
check_end
