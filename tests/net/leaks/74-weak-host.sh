# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 74
# The tunnel's address is still there, its route is not: what is bound to the
# address leaves by the uplink, in the clear.
TUNNEL4=10.64.0.2 TUNNEL6=fd00:64::2

leak_prepare() {
	lab_address laptop lo "$TUNNEL4/32" "$TUNNEL6/128"
}

leak_attempt() {
	as_nobody try plain udp "$LAB_SITE4" from="$TUNNEL4"
	as_nobody try plain tcp "$LAB_SITE4" from="$TUNNEL4"
	as_nobody try plain udp "$LAB_SITE6" from="$TUNNEL6"
	as_nobody try plain tcp "$LAB_SITE6" from="$TUNNEL6"
	as_nobody try plain udp "$LAB_SERVER4" from="$TUNNEL4" port=51820
	as_nobody try plain udp "$LAB_NEAR4" from="$TUNNEL4"
}

leak_restore() {
	ip -n laptop address delete "$TUNNEL4/32" dev lo
	ip -n laptop address delete "$TUNNEL6/128" dev lo
}
