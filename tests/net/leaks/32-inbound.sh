# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 32
# The far end begins: what answers it belongs to an "established" flow.

leak_prepare() {
	lab_spawn laptop "udp-$STATE" socat UDP4-RECVFROM:9999,fork,reuseaddr SYSTEM:"printf $LAB_CANARY"
	UDP_SERVER=$LAB_PID
	lab_spawn laptop "tcp-$STATE" socat TCP6-LISTEN:9999,fork,reuseaddr SYSTEM:"printf $LAB_CANARY"
	TCP_SERVER=$LAB_PID
	sleep 0.1
}

leak_attempt() {
	probe echo "$LAB_UPLINK4" from="$LAB_SITE4"
	probe echo "$LAB_UPLINK4"
	probe echo "$LAB_UPLINK6" from="$LAB_SITE6"
	probe text "$LAB_UPLINK4" from="$LAB_SITE4" port=9999
	probe tcp-syn "$LAB_UPLINK4" from="$LAB_SITE4" port=9999
	probe tcp-syn "$LAB_UPLINK6" from="$LAB_SITE6" port=9999
	probe echo "$LAB_UPLINK4" from="$LAB_SERVER4"
	probe text "$LAB_UPLINK4" from="$LAB_SERVER4" sport=51820 port=9999
}

leak_restore() {
	kill "$UDP_SERVER" "$TCP_SERVER" 2>/dev/null || :
}
