# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 49
# What the kernel says by itself: TCP resets, ICMP errors, answers to echo and
# timestamp requests, reports of multicast groups.
# What belongs to a group answers who asks for its members.
leak_prepare() {
	lab_spawn laptop "member-$STATE" socat -u UDP4-RECV:9998,ip-add-membership=239.1.2.3:eth0 -
	MEMBER=$LAB_PID
	sleep 0.1
}

leak_attempt() {
	probe tcp-syn "$LAB_UPLINK4" port=81
	probe tcp-syn "$LAB_UPLINK6" port=81
	probe tcp-ack "$LAB_UPLINK4" port=81
	probe text "$LAB_UPLINK4" port=81
	probe text "$LAB_UPLINK6" port=81
	probe timestamp "$LAB_UPLINK4"
	probe echo ff02::1 from="$LAB_GATEWAY_LINK"
	as_nobody try plain join 239.1.2.4
	as_nobody try plain join ff05::1234
	probe multicast-query 224.0.0.1
	probe multicast-query ff02::1 from="$LAB_GATEWAY_LINK"
}

leak_restore() {
	kill "$MEMBER"
}
