# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 59
# A second uplink is plugged in, as a telephone on USB, takes the default
# route, and is renamed. The judge sees what it sends, too.
plug() {
	lab_link laptop usb0 router lan1
	lab_on router tc qdisc add dev lan1 clsact
	lab_on router tc filter add dev lan1 ingress protocol all u32 match u32 0 0 \
		action mirred ingress redirect dev lan0
	lab_address laptop usb0 192.0.3.10/24
	lab_address router lan1 192.0.3.1/24
	ip -n laptop route prepend default via 192.0.3.1 dev usb0
}

rename() {
	ip -n laptop link set usb0 down
	ip -n laptop link set usb0 name wlan9
	ip -n laptop link set wlan9 up
	ip -n laptop route prepend default via 192.0.3.1 dev wlan9
}

use() {
	as_nobody try bind-device udp "$LAB_SITE4" device="$1"
	as_nobody try bind-device udp 192.0.3.1 device="$1"
	as_nobody_with_raw try packet text "$LAB_SITE4" device="$1"
	as_nobody try multicast-if udp ff02::fb device="$1" port=5353
}

# The new uplink's packets to the server, and its own gateway.
leak_also() {
	local legal
	legal=$(leak_legal "$STATE")
	legal=${legal//$LAB_GATEWAY4/192.0.3.1}
	printf '%s' "${legal//$LAB_UPLINK4/192.0.3.10}"
}

leak_attempt() {
	plug
	everything
	use usb0
	rename
	everything
	use wlan9
}

# Which uplink the client uses, it finds out by its own timers.
leak_check() { :; }

leak_restore() {
	ip -n laptop link delete wlan9
}
