#!/bin/bash
# SPDX-License-Identifier: ISC
#
# tunnel: tungate's own WireGuard tunnel, made from the file that a provider
# hands out, to a real server; what leaves is judged at the router.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

# The machine's resolvers are not ours to change: a copy of them is.
mkdir -p "$LAB/etc" "$LAB/lib"
cp -a /etc/. "$LAB/etc/"
mount --bind "$LAB/etc" /etc
mount --bind "$LAB/lib" /var/lib

# own FAMILY: servers/own.conf, of the lab's client.
own() {
	{
		sed -n '/^\[Interface\]/,/^PrivateKey/p' "$LAB/client/wg0-$1.conf"
		printf 'Address = 10.64.0.2/32, 10.64.0.3/32, fd00:64::2/128, fd00:64::3/128\nDNS = 10.64.0.1\n'
		sed -n '/^\[Peer\]/,$p' "$LAB/client/wg0-$1.conf"
	} >"$LAB/servers/own.conf"
	chmod 600 "$LAB/servers/own.conf"
}

resolver_is() {
	[ "$(grep ^nameserver /etc/resolv.conf)" = "nameserver $1" ]
}

# One query to ADDRESS comes out of the tunnel at its other end.
query_comes() {
	lab_on vpn timeout 2 tcpdump -i wgs0 -c 1 "udp dst port 53 and dst host $1" >/dev/null 2>&1 &
	local seen=$!
	sleep 0.7
	lab_on laptop bash -c "echo query >/dev/udp/$1/53"
	wait "$seen"
}

# keys PROCESS, keys --dump PROCESS: what it knows of own.conf's key.
keys() {
	/usr/bin/python3 "$here/keys.py" "$@" "$LAB/servers/own.conf"
}

page() { # ADDRESS
	lab_on laptop curl -s -m 5 -o "$LAB/page" "http://$1/"
}

page_from() { # OUR-ADDRESS
	local site=$LAB_SITE4
	[[ $1 != *:* ]] || site="[$LAB_SITE6]"
	lab_on laptop curl -s -m 5 --interface "$1" -o "$LAB/page" "http://$site/"
}

# Both sides count the same bytes, once nothing is under way any more. The
# server's count is of what arrived, so nothing may have been lost.
counts_agree() {
	/usr/bin/python3 - "$(gate_ctl --json status)" "$(lab_on vpn wg show wgs0 dump | tail -n 1)" <<-'EOF'
		import json, sys
		peer, = json.loads(sys.argv[1])["peers"]
		public, _, at, _, handshake, received, sent, _ = sys.argv[2].split("\t")
		print(f"{peer['sent']} and {received}, {peer['received']} and {sent}")
		sys.exit(peer["sent"] != int(received) or peer["received"] != int(sent))
	EOF
}

# 4 MB each way: a packet that is too large for the way would be missed.
bulk() { # ADDRESS
	local size
	size=$(lab_on laptop curl -s -m 20 "http://$1/bulk?bytes=4000000" | wc -c)
	[ "$size" = 4000000 ] &&
		[ "$(head -c 4000000 /dev/zero | lab_on laptop curl -s -m 20 --data-binary @- "http://$1/")" = 4000000 ]
}

both_ways() {
	bulk "$LAB_SITE4" && bulk "[$LAB_SITE6]"
}

server_heard() {
	[ "$(lab_on vpn wg show wgs0 latest-handshakes | cut -f2)" != 0 ]
}

lab_up
before=$(cat /etc/resolv.conf)
gate_configure 4 wireguard
own 4
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"
lab_judge epoch open "$(lab_legal blocked)"
check "the daemon starts" gate_start
lab_judge epoch connected "$(lab_legal wireguard 4)"
check "it connects" gate_ctl connect own >/dev/null
check "connected" gate_state_is connected
check "the server saw a handshake" server_heard
check "the worker knows the key" says "^key$" keys "$(gate_worker)"
check "a dump of it does not" says "^nothing$" keys --dump "$(gate_worker)"
check "a page comes, IPv4" page "$LAB_SITE4"
check "a page comes, IPv6" page "[$LAB_SITE6]"
for address in 10.64.0.3 fd00:64::3; do
	check "a page comes from its other address, $address" page_from "$address"
done
check "the resolver is the tunnel's" resolver_is 10.64.0.1
# Whoever manages the network may write the file, too: then that is given back.
before="nameserver $LAB_DNS4"
printf '%s\n' "$before" >/etc/resolv.conf
check "written by another: it is the tunnel's again, at once" lab_wait_for 1 resolver_is 10.64.0.1
check "a query to it passes" query_comes 10.64.0.1
check "a query to another does not" not query_comes "$LAB_SITE4"
check "metrics show the peer" /usr/bin/python3 "$here/metrics.py" connected with-peers -- \
	ip netns exec laptop "$LAB_BIN/tungatectl" -s "$LAB/gate/control.sock"
check "its count is the server's" lab_wait_for 3 counts_agree
lab_attempts_begin connected
lab_attempts_end connected >/dev/null

check "megabytes pass both ways" both_ways
# The link's MTU is the machine's to see; what the server sends the router cuts.
uplink_mtu() {
	ip -n laptop link set eth0 mtu "$1"
	ip -n router link set lan0 mtu "$1"
}
lab_judge epoch cut "$(lab_legal wireguard 4) or (udp and src host $LAB_UPLINK4 and dst host $LAB_SERVER4 and ip[6:2] & 0x3fff != 0)"
uplink_mtu 1280
check "they do where a packet has 1280 bytes" both_ways
lab_judge epoch narrow "$(lab_legal wireguard 4)"
lab_attempts_begin narrow
lab_attempts_end narrow >/dev/null
uplink_mtu 1500

# What others do to its device.
ip -n laptop link set tungate-wg down
check "its device taken down: it is not connected" lab_wait_for 5 gate_state_is reconnecting
check "it is raised: a page comes" lab_wait_for 40 page "$LAB_SITE4"
check "and of IPv6" lab_wait_for 10 page "[$LAB_SITE6]"
ip -n laptop link delete tungate-wg
check "its device taken away: it is not connected" lab_wait_for 5 gate_state_is reconnecting
check "it is made again: a page comes" lab_wait_for 40 page "$LAB_SITE4"
check "and of IPv6" lab_wait_for 10 page "[$LAB_SITE6]"

worker=$(gate_worker)
kill -KILL "$worker"
check "a new worker has a tunnel again" lab_wait_for 10 gate_state_is connected
check "a page comes" page "$LAB_SITE4"

ip -n laptop link set eth0 down
check "without the uplink it is not connected" lab_wait_for 5 gate_state_is reconnecting
ip -n laptop link set eth0 up
ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
check "the uplink is back: connected" lab_wait_for 10 gate_state_is connected
check "a page comes" page "$LAB_SITE4"

lab_judge epoch disconnected "$(lab_legal blocked)"
check "it disconnects" gate_ctl disconnect >/dev/null
check "the worker does not know the key any more" says "^nothing$" keys "$(gate_worker)"
check "the resolver is the one of before" [ "$(cat /etc/resolv.conf)" = "$before" ]
check "its device is gone" not ip -n laptop link show tungate-wg >/dev/null 2>&1
lab_attempts_begin disconnected
lab_attempts_end disconnected >/dev/null

lab_judge epoch again "$(lab_legal wireguard 4)"
check "it connects again" gate_ctl connect own >/dev/null
lab_judge epoch killed "$(lab_legal blocked)"
gate_end KILL || :
lab_attempts_begin killed
lab_attempts_end killed >/dev/null
check "killed: its device is gone" not ip -n laptop link show tungate-wg >/dev/null 2>&1
lab_judge epoch end "$(lab_legal blocked)"
sleep 0.2
lab_judge_stop || :
for state in connected cut narrow disconnected again killed; do
	check "nothing leaked: $state" [ "$(lab_verdict "$state" leaked)" = 0 ]
done
check "killed: the resolver is still the tunnel's" resolver_is 10.64.0.1
check "release opens" gate_release >/dev/null
check "and gives the resolver back" [ "$(cat /etc/resolv.conf)" = "$before" ]
check_end
