# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 14
# ICMP redirects, from the gateway's own address, lead the server and the
# internet to another neighbour. At worst may nothing work.
redirect() {
	local about
	for about in "$LAB_SITE4" "$LAB_SERVER4" "$LAB_DNS4"; do
		on router run_tricks packet redirect device=lan0 router="$LAPTOP_MAC" \
			from="$LAB_GATEWAY4" to="$LAB_UPLINK4" via="$LAB_NEAR4" about="$about" n=1
	done
	for about in "$LAB_SITE6" "$LAB_SERVER6"; do
		on router run_tricks packet redirect device=lan0 router="$LAPTOP_MAC" \
			from="$LAB_GATEWAY_LINK" to="$LAB_UPLINK6" via="$LAB_NEAR6" about="$about" n=1
	done
}

leak_prepare() {
	lab_sysctl laptop net.ipv4.conf.all.accept_redirects=1 \
		net.ipv4.conf.eth0.accept_redirects=1 net.ipv6.conf.eth0.accept_redirects=1 \
		net.ipv4.conf.eth0.accept_source_route=1
}

# The first makes the kernel ask for the neighbour, the next is believed.
is_redirected() {
	redirect
	ip -n laptop route get "$LAB_SITE4" | grep -q "via $LAB_NEAR4"
}

leak_attempt() {
	! is_control || lab_wait_for 2 is_redirected || die "the laptop does not heed a redirect"

	everything redirect
}

leak_restore() {
	ip -n laptop route flush cache
	ip -n laptop -6 route flush cache
}
