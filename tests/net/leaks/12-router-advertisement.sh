# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 12 13
# A rogue IPv6 router advertises itself as the preferred default, a prefix, a
# narrower route (RFC 4191) and a resolver: RFC 7359's leaks of dual-stack
# machines. IPv6 must go into the tunnel or nowhere.
ROGUE=fe80::66

advertise() {
	on router run_tricks packet advertisement device=lan0 router="$LAPTOP_MAC" \
		from="$ROGUE" to=ff02::1 via=2001:db8:ffff:: n=2
	sleep 0.1
}

has_route() {
	ip -n laptop -6 route show proto ra | grep -q '^2001:db8:ffff::/48'
}

leak_prepare() {
	lab_address router lan0 "$ROGUE/64"
	lab_sysctl laptop net.ipv6.conf.eth0.accept_ra=2 \
		net.ipv6.conf.eth0.accept_ra_rt_info_max_plen=128
	advertise
	! is_control || lab_wait_for 2 has_route || die "the laptop does not heed the advertisement"
}

leak_attempt() {
	everything advertise
}

leak_restore() {
	ip -n router address delete "$ROGUE/64" dev lan0
	lab_sysctl laptop net.ipv6.conf.eth0.accept_ra=0
	ip -n laptop -6 route flush proto ra
	ip -n laptop -6 address flush dev eth0 mngtmpaddr 2>/dev/null || :
	ip -n laptop -6 address flush dev eth0 dynamic
}
