#!/bin/bash
# SPDX-License-Identifier: ISC
#
# namespace: `uplink = namespace`: the machine has no device but loopback, the
# gate's and the client's, whatever dies; clients work through it, nothing
# leaks, and --release brings the interface home as it was.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/card.sh"
. "$here/check.sh"
lab_enter "$@"

N=40
BYTES=8000000

# CAP_SYS_ADMIN is number 21.
cannot_go() {
	local all
	all=$(sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$1/status")
	[ $((0x$all >> 21 & 1)) = 0 ]
}

tricks() {
	lab_on laptop "$LAB_BIN/tricks" "$@" n=$N canary="$LAB_CANARY_HEX" >/dev/null 2>&1 || :
}

# Traffic control sends what other0 gets out of every device that there is
# (threats.md 24; see leaks/24-tc-redirect.sh).
redirect() {
	local device
	lab_link laptop other0 laptop other1
	lab_on laptop tc qdisc add dev other0 clsact
	lab_on laptop tc qdisc add dev other1 clsact
	for device in eth0 tungate0 "${CLIENT_DEVICE:-none}"; do
		ip -n laptop link show dev "$device" >/dev/null 2>&1 || continue
		lab_on laptop tc filter replace dev other0 egress prio 1 handle 800::800 \
			u32 match u32 0 0 action mirred egress redirect dev "$device"
		lab_on laptop tc filter replace dev other1 ingress prio 1 handle 800::800 \
			u32 match u32 0 0 action mirred egress redirect dev "$device"
		tricks packet text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC" device=other0
		tricks packet text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC" device=other1
	done
	ip -n laptop link delete other0
}

# What no firewall can close, and all that it can.
try_all() {
	local device
	lab_judge epoch "$1" "$2"
	tricks plain udp to="$LAB_SITE4"
	tricks bind-device udp to="$LAB_SITE4"
	tricks packet text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC"
	for device in eth0 tungate0; do
		tricks xdp text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC" device=$device
	done
	redirect
	tricks multicast-if udp to=224.0.0.251 port=5353
	tricks plain udp to="$LAB_SERVER4" port=51820
	lab_attempts_begin "$1"
	lab_attempts_end "$1" >/dev/null
	sleep 0.1
}

leaked() {
	lab_verdict "$1" leaked
}

lab_up
ROUTER_MAC=$(lab_on router cat /sys/class/net/lan0/address)
card_configure 4 "tungate wireguard openvpn-tcp"
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"
try_all open "$(card_legal blocked)"
lab_judge epoch open-xdp "$(card_legal blocked)"
tricks xdp text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC"
lab_judge epoch open-redirect "$(card_legal blocked)"
redirect

# Closed before, so that what leaves while the card moves is seen.
check "lockdown" quiet lab_on laptop "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --lockdown
lab_judge epoch moving "$(card_legal blocked)"
lab_attempts_begin moving
check "it starts" gate_start
lab_attempts_end moving >/dev/null
check "the machine has the gate's device only" devices_are tungate0
try_all blocked "$(card_legal blocked)"

lab_judge epoch connecting "$(card_legal wireguard 4)"
check "it connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
check "the machine has the client's device, too" devices_are tungate0 wg0
check "a page comes through the tunnel" lab_wait_for 5 page_comes_through_tunnel
check "the client cannot go into the namespace" cannot_go "$(cat "$LAB/client/wg0.pid")"
CLIENT_DEVICE=wg0 try_all connected "$(card_legal wireguard 4)"
check "still" page_comes_through_tunnel

lab_judge epoch to-tcp "$(card_legal wireguard 4) or $(card_legal openvpn-tcp 4)"
check "and by OpenVPN over TCP" says '^connected$' gate_ctl --timeout 30 connect openvpn-tcp
check "a page comes through that tunnel" lab_wait_for 5 page_comes_through_tunnel
CLIENT_DEVICE=ovpnt0 try_all tcp "$(card_legal openvpn-tcp 4)"

lab_judge epoch to-own "$(card_legal openvpn-tcp 4) or $(card_legal tungate 4)"
check "and by its own tunnel" says '^connected$' gate_ctl --timeout 20 connect tungate
check "its device is the only other one" devices_are tungate-wg tungate0
check "a page comes through that tunnel" lab_wait_for 5 page_comes_through_tunnel
CLIENT_DEVICE=tungate-wg try_all own "$(card_legal tungate 4)"
lab_judge epoch from-own "$(card_legal openvpn-tcp 4) or $(card_legal tungate 4)"
check "and back" says '^connected$' gate_ctl --timeout 30 connect openvpn-tcp

lab_judge epoch dying "$(card_legal openvpn-tcp 4)"
gate_end KILL || :
try_all killed "$(card_legal blocked)"
check "after kill -9 the machine has no other device" devices_are tungate0

lab_judge epoch starting "$(card_legal blocked)"
check "started again, it finds the interface" gate_start
lab_judge epoch connecting "$(card_legal wireguard 4)"
check "and connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
check "and a page comes" lab_wait_for 5 page_comes_through_tunnel
gate_end KILL || :

lab_judge epoch released "$(card_legal blocked)"
check "release says that the uplink is at home" says "^uplink: at home" gate_release
check "again, it has nothing to do" quiet gate_release
check "the interface is home" devices_are eth0
check "with its addresses: a page comes" page_comes "$LAB_SITE4"
check "of IPv6, too" page_comes "[$LAB_SITE6]"

lab_judge epoch starting "$(card_legal blocked)"
check "and once more" gate_start
check "open: the interface comes home" says '"state":"open"' gate_ctl --json release
lab_judge epoch released "$(card_legal blocked)"
check "and a page comes" page_comes "$LAB_SITE4"
lab_judge epoch starting "$(card_legal blocked) or (ip and src host $LAB_UPLINK4)"
check "block: it goes away again" says '"state":"blocked"' gate_ctl --json block
try_all blocked-again "$(card_legal blocked)"
gate_end TERM || :
lab_judge epoch released "$(card_legal blocked)"
quiet gate_release

#
# The address by DHCP.
#

lab_spawn router dhcp dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root \
	--pid-file= --port=0 --interface=lan0 --bind-interfaces --dhcp-authoritative --no-ping \
	--dhcp-leasefile="$LAB/leases" --dhcp-range="$LAB_UPLINK4,$LAB_UPLINK4,2m"
cat >"$LAB/dhcp-script" <<-'END'
	#!/bin/sh
	[ "$1" = bound ] || [ "$1" = renew ] || exit 0
	ip address replace "$ip/24" dev "$interface"
	ip route replace default via "$router" dev "$interface"
END
chmod +x "$LAB/dhcp-script"
card_configure 4 wireguard "uplink_dhcp = udhcpc -i eth0 -f -s $LAB/dhcp-script"
DHCP="(udp src port 68 and dst port 67 and src host 0.0.0.0 and dst host 255.255.255.255)"
lab_judge epoch starting "$(card_legal blocked)"
check "with a DHCP client it starts" gate_start
has_address() {
	gate_ctl status | grep -q "$LAB_UPLINK4 on eth0"
}
lab_judge epoch dhcp "$(card_legal wireguard 4) or $DHCP"
check "the uplink has its lease" lab_wait_for 10 has_address
check "it connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
check "a page comes" lab_wait_for 5 page_comes_through_tunnel
try_all dhcp "$(card_legal wireguard 4) or $DHCP"
gate_end TERM || :
lab_judge epoch released "$(card_legal blocked)"
check "release" quiet gate_release
check "home again: a page comes" page_comes "$LAB_SITE4"

#
# A card that puts segments together, and leaves checksums to others.
#

lab_spawn internet source socat TCP-LISTEN:8080,reuseaddr,fork SYSTEM:"head -c $BYTES /dev/urandom | tee $LAB/sent"
offloads() {
	lab_on router ethtool -K lan0 "$@"
	lab_on router ethtool -K wan0 "$@"
	lab_on vpn ethtool -K eth0 "$@"
}
download() {
	lab_on laptop timeout 30 socat -u "TCP:$LAB_SITE4:8080" - >"$LAB/came"
	cmp "$LAB/came" "$LAB/sent"
}
card_configure 4 "wireguard openvpn-tcp"
lab_judge epoch starting "$(card_legal blocked)"
check "it starts" gate_start
lab_judge epoch offloads "$(card_legal openvpn-tcp 4) or $(card_legal wireguard 4)"
quiet offloads tso on gso on gro on tx on
quiet nsenter "--net=$CARD_NETNS" ethtool -K eth0 tso on gso on gro on tx on
lab_spawn router segments tcpdump -i lan0 -c 1 "greater 3000 and src host $LAB_SERVER4"
for protocol in openvpn-tcp wireguard; do
	quiet gate_ctl --timeout 30 connect $protocol
	check "by $protocol what comes is whole" lab_wait_for 1 download
done
check "and came in large segments" lab_log_says segments "1 packet captured"
quiet offloads tso off gso off gro off tx off
gate_end TERM || :
lab_judge epoch released "$(card_legal blocked)"
check "release" quiet gate_release
lab_on laptop ethtool -K eth0 tso off gso off gro off tx off >/dev/null

#
# Over IPv6, with addresses from the configuration.
#

card_configure 6 "tungate wireguard openvpn-tcp" "uplink_address = $LAB_UPLINK6/64
uplink_gateway = $LAB_GATEWAY_LINK"
lab_judge epoch starting "$(card_legal blocked)"
check "with addresses of its own it starts" gate_start
lab_judge epoch v6 "$(card_legal wireguard 6) or $(card_legal openvpn-tcp 6)"
for protocol in tungate wireguard openvpn-tcp; do
	check "$protocol connects over IPv6" says '^connected$' gate_ctl --timeout 30 connect $protocol
	check "a page comes" lab_wait_for 5 page_comes_through_tunnel
done
CLIENT_DEVICE=ovpnt0 try_all v6 "$(card_legal openvpn-tcp 6)"
gate_end TERM || :
lab_judge epoch released "$(card_legal blocked)"
check "release" quiet gate_release
check "home again: a page comes" page_comes "$LAB_SITE4"

lab_judge_stop || :
grep '^leak' "$LAB/log/judge" | awk '$2 !~ /^open/ && $2 != "released" && shown[$2]++ < 4'
check "the judge sees what leaks: while it was open" test "$(leaked open)" -gt $((4 * N))
check "by AF_XDP" test "$(leaked open-xdp)" -ge "$N"
check "by traffic control" test "$(leaked open-redirect)" -ge "$N"
for state in moving blocked connected tcp own killed blocked-again dhcp v6; do
	check "$state: nothing leaked" test "$(leaked $state)" = 0
done
check_end
