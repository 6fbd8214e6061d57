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
. "$here/check.sh"
lab_enter "$@"

N=40

# `ip netns exec` runs a program among mounts of its own, and the namespace's
# would go with it: back to the lab's.
# shellcheck disable=SC2034 # for gate.sh
GATE_UNDER="nsenter --mount=/proc/$$/ns/mnt"

gate_release() {
	lab_on laptop nsenter "--mount=/proc/$$/ns/mnt" "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release
}

page_comes_through_tunnel() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

page_comes() {
	lab_on laptop curl -s -m 2 -o /dev/null "http://$1/"
}

# Prints the machine's devices, but for lo.
devices() {
	ip -n laptop -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | grep -vx lo | sort | tr '\n' ' '
}

devices_are() {
	[ "$(devices)" = "${*:+$* }" ]
}

tricks() {
	lab_on laptop "$LAB_BIN/tricks" "$@" n=$N canary="$LAB_CANARY_HEX" >/dev/null 2>&1 || :
}

# What no firewall can close, and all that it can.
try_all() {
	lab_judge epoch "$1" "$2"
	tricks plain udp to="$LAB_SITE4"
	tricks bind-device udp to="$LAB_SITE4"
	tricks packet text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC"
	tricks xdp text to="$LAB_SITE4" from="$LAB_UPLINK4" router="$ROUTER_MAC"
	tricks multicast-if udp to=224.0.0.251 port=5353
	tricks plain udp to="$LAB_SERVER4" port=51820
	lab_attempts_begin "$1"
	lab_attempts_end "$1" >/dev/null
	sleep 0.1
}

# A namespace's kernel asks whether its link-local address is another's
# (STATES.md 0.4; RFC 4862 section 5.4.2).
legal() {
	printf '%s or (ip6 and src host :: and ip6[6] = 58 and ip6[7] = 255 and ip6[40] = 135 and ip6[4:2] <= 32)' \
		"$(lab_legal "$@")"
}

leaked() {
	lab_verdict "$1" leaked
}

configure() {
	gate_configure 4 wireguard openvpn-tcp
	cat >>"$LAB/tungate.conf" <<-END
		uplink = namespace
		uplink_interface = eth0
		$*
	END
}

lab_up
ROUTER_MAC=$(lab_on router cat /sys/class/net/lan0/address)
configure
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"
try_all open "$(legal blocked)"

lab_judge epoch starting "$(legal blocked)"
check "it starts" gate_start
check "the machine has the gate's device only" devices_are tungate0
try_all blocked "$(legal blocked)"

lab_judge epoch connecting "$(legal wireguard 4)"
check "it connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
check "the machine has the client's device, too" devices_are tungate0 wg0
check "a page comes through the tunnel" lab_wait_for 5 page_comes_through_tunnel
try_all connected "$(legal wireguard 4)"
check "still" page_comes_through_tunnel

lab_judge epoch to-tcp "$(legal wireguard 4) or $(legal openvpn-tcp 4)"
check "and by OpenVPN over TCP" says '^connected$' gate_ctl --timeout 30 connect openvpn-tcp
check "a page comes through that tunnel" lab_wait_for 5 page_comes_through_tunnel
try_all tcp "$(legal openvpn-tcp 4)"

lab_judge epoch dying "$(legal openvpn-tcp 4)"
gate_end KILL || :
try_all killed "$(legal blocked)"
check "after kill -9 the machine has no other device" devices_are tungate0

lab_judge epoch starting "$(legal blocked)"
check "started again, it finds the interface" gate_start
lab_judge epoch connecting "$(legal wireguard 4)"
check "and connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
check "and a page comes" lab_wait_for 5 page_comes_through_tunnel
gate_end KILL || :

lab_judge epoch released "$(legal blocked)"
check "release says that the uplink is at home" says "^uplink: at home" gate_release
check "again, it has nothing to do" gate_release >/dev/null
check "the interface is home" devices_are eth0
check "with its addresses: a page comes" page_comes "$LAB_SITE4"
check "of IPv6, too" page_comes "[$LAB_SITE6]"

lab_judge epoch starting "$(legal blocked)"
check "and once more" gate_start
check "open: the interface comes home" says '"state":"open"' gate_ctl --json release
lab_judge epoch released "$(legal blocked)"
check "and a page comes" page_comes "$LAB_SITE4"
lab_judge epoch starting "$(legal blocked) or (ip and src host $LAB_UPLINK4)"
check "block: it goes away again" says '"state":"blocked"' gate_ctl --json block
try_all blocked-again "$(legal blocked)"
gate_end TERM || :
lab_judge epoch released "$(legal blocked)"
gate_release >/dev/null

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
configure "uplink_dhcp = udhcpc -i eth0 -f -s $LAB/dhcp-script"
DHCP="(udp src port 68 and dst port 67 and src host 0.0.0.0 and dst host 255.255.255.255)"
lab_judge epoch dhcp "$(legal wireguard 4) or $DHCP"
check "with a DHCP client it starts" gate_start
has_address() {
	gate_ctl status | grep -q "$LAB_UPLINK4 on eth0"
}
check "the uplink has its lease" lab_wait_for 10 has_address
check "it connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
check "a page comes" lab_wait_for 5 page_comes_through_tunnel
try_all dhcp "$(legal wireguard 4) or $DHCP"
gate_end TERM || :
lab_judge epoch released "$(legal blocked)"
check "release" gate_release >/dev/null
check "home again: a page comes" page_comes "$LAB_SITE4"

lab_judge_stop || :
grep '^leak' "$LAB/log/judge" | awk '$2 != "open" && $2 != "released" && shown[$2]++ < 4'
check "the judge sees what leaks: while it was open" test "$(leaked open)" -gt $((4 * N))
for state in blocked connected tcp killed blocked-again dhcp; do
	check "$state: nothing leaked" test "$(leaked $state)" = 0
done
check_end
