/* SPDX-License-Identifier: ISC */
/*
 * Messages as the kernel makes them, built with libnl; then cut at every
 * length, once with the header's length left as it was, once with it agreeing.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/os/netmsg_linux.h"
#include "tests/unit/packet.h"

static const uint8_t mac[6] = { 2, 0, 0x5e, 0x10, 0, 1 };

/* All five, whatever the message is. */
struct read {
	int link_r, addr_r, route_r, rule_r, neigh_r;
	struct netmsg_link link;
	struct netmsg_addr addr;
	struct netmsg_route route;
	struct netmsg_rule rule;
	struct netmsg_neigh neigh;
};

static bool
is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len > 0 && b[len - 1] == 0)
		len--;
	return len == 0;
}

static struct read
read_all(const void *message, size_t len)
{
	struct nlmsghdr *h = (void *)packet_exact(message, len);
	struct read r;

	memset(&r, 0x5a, sizeof(r));
	r.link_r = netmsg_read_link(h, len, &r.link);
	r.addr_r = netmsg_read_addr(h, len, &r.addr);
	r.route_r = netmsg_read_route(h, len, &r.route);
	r.rule_r = netmsg_read_rule(h, len, &r.rule);
	r.neigh_r = netmsg_read_neigh(h, len, &r.neigh);
	free(h);
	assert_true(r.link_r == 0 || is_zero(&r.link, sizeof(r.link)));
	assert_true(r.addr_r == 0 || is_zero(&r.addr, sizeof(r.addr)));
	assert_true(r.route_r == 0 || is_zero(&r.route, sizeof(r.route)));
	assert_true(r.rule_r == 0 || is_zero(&r.rule, sizeof(r.rule)));
	assert_true(r.neigh_r == 0 || is_zero(&r.neigh, sizeof(r.neigh)));
	return r;
}

/* Of what is whole: exactly one of the five reads it. Consumes m. */
static struct read
check(struct nl_msg *m)
{
	const struct nlmsghdr *h = nlmsg_hdr(m);
	struct nlmsghdr *cut = malloc(h->nlmsg_len);
	struct read r = read_all(h, h->nlmsg_len);

	assert_int_equal((r.link_r == 0) + (r.addr_r == 0) + (r.route_r == 0) +
		(r.rule_r == 0) + (r.neigh_r == 0),
	    1);
	assert_non_null(cut);
	memcpy(cut, h, h->nlmsg_len);
	for (uint32_t len = 0; len < h->nlmsg_len; len++) {
		struct read none;

		cut->nlmsg_len = h->nlmsg_len;
		none = read_all(cut, len);
		assert_int_equal(none.link_r + none.addr_r + none.route_r +
			none.rule_r + none.neigh_r,
		    5 * -EINVAL);
		cut->nlmsg_len = len;
		(void)read_all(cut, len);
	}
	free(cut);
	nlmsg_free(m);
	return r;
}

static struct nl_msg *
begin(int type, const void *fixed, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, 0);

	assert_non_null(m);
	assert_int_equal(
	    nlmsg_append(m, (void *)(uintptr_t)fixed, len, NLMSG_ALIGNTO), 0);
	return m;
}

static void
put_addr(struct nl_msg *m, int attribute, const char *text)
{
	struct addr a = packet_addr(text);

	assert_int_equal(netmsg_put_addr(m, attribute, &a), 0);
}

static void
check_addr(const struct addr *a, const char *text)
{
	char found[ADDR_TEXT_MAX];

	assert_string_equal(addr_print(a, found), text);
}

static void
a_link_is_read(void **state)
{
	struct ifinfomsg i = { .ifi_index = 3,
		.ifi_type = 1,
		.ifi_flags = IFF_UP };
	struct rtnl_link_stats64 stats = { .tx_packets = 77, .tx_dropped = 5 };
	struct nl_msg *m = begin(RTM_NEWLINK, &i, sizeof(i));
	struct read r;

	(void)state;
	nla_put_string(m, IFLA_IFNAME, "eth0");
	nla_put_u32(m, IFLA_MTU, 1500);
	nla_put(m, IFLA_ADDRESS, 6, mac);
	nla_put(m, IFLA_STATS64, sizeof(stats), &stats);
	r = check(m);
	assert_int_equal(r.link_r, 0);
	assert_int_equal(r.link.ifindex, 3);
	assert_string_equal(r.link.name, "eth0");
	assert_int_equal(r.link.mtu, 1500);
	assert_int_equal(r.link.type, 1);
	assert_int_equal(r.link.flags, IFF_UP);
	assert_true(r.link.has_mac);
	assert_memory_equal(r.link.mac, mac, 6);
	assert_int_equal(r.link.tx_packets, 77);
	assert_int_equal(r.link.tx_dropped, 5);
}

static void
a_link_without_a_sound_name_is_refused(void **state)
{
	static const char *const names[] = { "", "0123456789abcdef" };
	struct ifinfomsg i = { .ifi_index = 3 };

	(void)state;
	for (size_t k = 0; k <= ARRAY_LEN(names); k++) {
		struct nl_msg *m = begin(RTM_NEWLINK, &i, sizeof(i));
		struct read r;

		if (k < ARRAY_LEN(names))
			nla_put_string(m, IFLA_IFNAME, names[k]);
		r = read_all(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
		assert_int_equal(r.link_r, -EINVAL);
		nlmsg_free(m);
	}
}

static void
a_name_without_its_end_is_read_within_its_length(void **state)
{
	struct ifinfomsg i = { .ifi_index = 3 };
	struct nl_msg *m = begin(RTM_DELLINK, &i, sizeof(i));
	struct read r;

	(void)state;
	nla_put(m, IFLA_IFNAME, 4, "wg00");
	r = check(m);
	assert_string_equal(r.link.name, "wg00");
	assert_false(r.link.has_mac);
}

static void
an_address_is_the_local_one(void **state)
{
	struct ifaddrmsg i = { .ifa_family = AF_INET,
		.ifa_prefixlen = 32,
		.ifa_index = 9,
		.ifa_flags = 1 };
	struct nl_msg *m = begin(RTM_NEWADDR, &i, sizeof(i));
	struct read r;

	(void)state;
	put_addr(m, IFA_ADDRESS, "10.8.0.1");
	put_addr(m, IFA_LOCAL, "10.8.0.2");
	nla_put_u32(m, IFA_FLAGS, 0x80);
	r = check(m);
	check_addr(&r.addr.addr, "10.8.0.2");
	assert_int_equal(r.addr.ifindex, 9);
	assert_int_equal(r.addr.prefix, 32);
	assert_int_equal(r.addr.flags, 0x81);

	i.ifa_family = AF_INET6;
	i.ifa_prefixlen = 64;
	i.ifa_scope = RT_SCOPE_LINK;
	m = begin(RTM_DELADDR, &i, sizeof(i));
	put_addr(m, IFA_ADDRESS, "fe80::1");
	r = check(m);
	check_addr(&r.addr.addr, "fe80::1");
	assert_int_equal(r.addr.scope, RT_SCOPE_LINK);
}

static void
an_address_longer_than_its_family_is_refused(void **state)
{
	struct ifaddrmsg i = { .ifa_family = AF_INET, .ifa_prefixlen = 33 };
	struct nl_msg *m = begin(RTM_NEWADDR, &i, sizeof(i));
	struct read r;

	(void)state;
	put_addr(m, IFA_LOCAL, "10.8.0.2");
	r = read_all(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
	assert_int_equal(r.addr_r, -EINVAL);
	nlmsg_free(m);
}

static void
a_default_route_is_read(void **state)
{
	struct rtmsg i = { .rtm_family = AF_INET,
		.rtm_table = RT_TABLE_COMPAT,
		.rtm_protocol = RTPROT_DHCP,
		.rtm_type = RTN_UNICAST };
	struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
	struct read r;

	(void)state;
	nla_put_u32(m, RTA_TABLE, 51830);
	put_addr(m, RTA_GATEWAY, "192.0.2.1");
	put_addr(m, RTA_PREFSRC, "192.0.2.10");
	nla_put_u32(m, RTA_OIF, 3);
	nla_put_u32(m, RTA_PRIORITY, 100);
	r = check(m);
	assert_int_equal(r.route.family, ADDR_V4);
	assert_int_equal(r.route.table, 51830);
	assert_int_equal(r.route.protocol, RTPROT_DHCP);
	assert_int_equal(r.route.dst.family, ADDR_NONE);
	assert_int_equal(r.route.dst_len, 0);
	check_addr(&r.route.gateway, "192.0.2.1");
	check_addr(&r.route.source, "192.0.2.10");
	assert_int_equal(r.route.oif, 3);
	assert_int_equal(r.route.metric, 100);
}

static void
a_route_to_a_network_is_read(void **state)
{
	struct rtmsg i = { .rtm_family = AF_INET6,
		.rtm_dst_len = 32,
		.rtm_table = RT_TABLE_MAIN };
	struct nl_msg *m = begin(RTM_DELROUTE, &i, sizeof(i));
	struct read r;

	(void)state;
	put_addr(m, RTA_DST, "2001:db8::");
	r = check(m);
	check_addr(&r.route.dst, "2001:db8::");
	assert_int_equal(r.route.dst_len, 32);
	assert_int_equal(r.route.table, RT_TABLE_MAIN);
}

/* Else a route to a network would look like the default route. */
static void
a_route_whose_network_does_not_fit_its_length_is_refused(void **state)
{
	static const struct {
		unsigned char len;
		size_t bytes;
	} cases[] = { { 33, 4 }, { 129, 4 }, { 8, 0 }, { 8, 2 } };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct rtmsg i = { .rtm_family = AF_INET,
			.rtm_dst_len = cases[k].len };
		struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
		struct read r;

		if (cases[k].bytes > 0)
			nla_put(m, RTA_DST, (int)cases[k].bytes, "\x0a\0\0\0");
		r = read_all(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
		assert_int_equal(r.route_r, -EINVAL);
		nlmsg_free(m);
	}
}

static void
of_several_next_hops_the_first_is_read(void **state)
{
	struct rtmsg i = { .rtm_family = AF_INET };
	/* Two hops of 8 bytes with a gateway of 8 each. */
	struct {
		struct rtnexthop nh;
		struct nlattr a;
		uint8_t gateway[4];
	} hops[2] = { { .nh = { .rtnh_len = 16, .rtnh_ifindex = 3 },
			  .a = { .nla_len = 8, .nla_type = RTA_GATEWAY },
			  .gateway = { 192, 0, 2, 1 } },
		{ .nh = { .rtnh_len = 16, .rtnh_ifindex = 4 },
		    .a = { .nla_len = 8, .nla_type = RTA_GATEWAY },
		    .gateway = { 192, 0, 2, 2 } } };
	struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
	struct read r;

	(void)state;
	nla_put(m, RTA_MULTIPATH, sizeof(hops), hops);
	r = check(m);
	assert_int_equal(r.route.oif, 3);
	check_addr(&r.route.gateway, "192.0.2.1");
}

static void
next_hops_that_lie_about_their_length_give_none(void **state)
{
	static const unsigned short lens[] = { 0, 1, 7, 9, 17, 64, 65535 };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lens); k++) {
		struct rtmsg i = { .rtm_family = AF_INET };
		struct rtnexthop nh[2] = { { .rtnh_len = lens[k],
		    .rtnh_ifindex = 3 } };
		struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
		struct read r;

		nla_put(m, RTA_MULTIPATH, sizeof(nh), nh);
		r = read_all(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
		assert_int_equal(r.route.gateway.family, ADDR_NONE);
		nlmsg_free(m);
	}
}

static void
a_gateway_of_the_other_family_is_read(void **state)
{
	struct rtmsg i = { .rtm_family = AF_INET };
	struct {
		unsigned short family;
		uint8_t bytes[16];
	} via = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
	struct read r;

	(void)state;
	nla_put(m, RTA_VIA, sizeof(via), &via);
	r = check(m);
	check_addr(&r.route.gateway, "fe80::1");
}

static void
a_rule_is_read(void **state)
{
	struct fib_rule_hdr i = { .family = AF_INET,
		.dst_len = 32,
		.table = RT_TABLE_COMPAT,
		.action = FR_ACT_TO_TBL };
	struct nl_msg *m = begin(RTM_NEWRULE, &i, sizeof(i));
	struct read r;

	(void)state;
	nla_put_u32(m, FRA_PRIORITY, 100);
	nla_put_u32(m, FRA_TABLE, 51830);
	nla_put_u32(m, FRA_FWMARK, 0x7463);
	nla_put_u8(m, FRA_PROTOCOL, 200);
	put_addr(m, FRA_DST, "203.0.113.5");
	r = check(m);
	assert_int_equal(r.rule.family, ADDR_V4);
	assert_int_equal(r.rule.priority, 100);
	assert_int_equal(r.rule.table, 51830);
	assert_int_equal(r.rule.mark, 0x7463);
	assert_int_equal(r.rule.protocol, 200);
	assert_int_equal(r.rule.action, FR_ACT_TO_TBL);
	check_addr(&r.rule.dst, "203.0.113.5");
	assert_int_equal(r.rule.dst_len, 32);
	assert_int_equal(r.rule.src.family, ADDR_NONE);
}

static void
a_neighbour_is_read(void **state)
{
	struct ndmsg i = { .ndm_family = AF_INET6,
		.ndm_ifindex = 3,
		.ndm_state = NUD_REACHABLE };
	struct nl_msg *m = begin(RTM_NEWNEIGH, &i, sizeof(i));
	struct read r;

	(void)state;
	put_addr(m, NDA_DST, "fe80::1");
	nla_put(m, NDA_LLADDR, 6, mac);
	r = check(m);
	assert_int_equal(r.neigh.ifindex, 3);
	assert_int_equal(r.neigh.state, NUD_REACHABLE);
	check_addr(&r.neigh.addr, "fe80::1");
	assert_true(r.neigh.has_mac);
	assert_memory_equal(r.neigh.mac, mac, 6);
}

static void
a_link_address_of_another_length_is_none(void **state)
{
	static const uint8_t eight[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ndmsg i = { .ndm_family = AF_INET, .ndm_ifindex = 3 };

	(void)state;
	for (int len = 0; len <= 8; len++) {
		struct nl_msg *m = begin(RTM_NEWNEIGH, &i, sizeof(i));
		struct read r;

		put_addr(m, NDA_DST, "192.0.2.1");
		nla_put(m, NDA_LLADDR, len, eight);
		r = check(m);
		assert_int_equal(r.neigh.has_mac, len == 6);
	}
}

static void
an_attribute_of_a_wrong_length_counts_as_none(void **state)
{
	struct rtmsg i = { .rtm_family = AF_INET };

	(void)state;
	for (int len = 0; len < 4; len++) {
		struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
		struct read r;

		nla_put(m, RTA_OIF, len, "\3\0\0\0");
		nla_put(m, RTA_GATEWAY, len, "\xc0\0\2\1");
		nla_put(m, RTA_VIA, len, "\2\0\0\0");
		r = check(m);
		assert_int_equal(r.route.oif, 0);
		assert_int_equal(r.route.gateway.family, ADDR_NONE);
	}
}

static void
another_family_or_kind_is_refused(void **state)
{
	struct rtmsg i = { .rtm_family = AF_UNSPEC };
	struct nl_msg *m = begin(RTM_NEWROUTE, &i, sizeof(i));
	struct read r = read_all(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);

	(void)state;
	assert_int_equal(r.route_r, -EINVAL);
	nlmsg_free(m);
	m = begin(NLMSG_DONE, &i, sizeof(i));
	r = read_all(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
	assert_int_equal(r.route_r, -EINVAL);
	nlmsg_free(m);
	assert_int_equal(netmsg_af(ADDR_V4), AF_INET);
	assert_int_equal(netmsg_af(ADDR_V6), AF_INET6);
	assert_int_equal(netmsg_af(ADDR_NONE), AF_UNSPEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_read),
		cmocka_unit_test(a_link_without_a_sound_name_is_refused),
		cmocka_unit_test(
		    a_name_without_its_end_is_read_within_its_length),
		cmocka_unit_test(an_address_is_the_local_one),
		cmocka_unit_test(an_address_longer_than_its_family_is_refused),
		cmocka_unit_test(a_default_route_is_read),
		cmocka_unit_test(a_route_to_a_network_is_read),
		cmocka_unit_test(
		    a_route_whose_network_does_not_fit_its_length_is_refused),
		cmocka_unit_test(of_several_next_hops_the_first_is_read),
		cmocka_unit_test(
		    next_hops_that_lie_about_their_length_give_none),
		cmocka_unit_test(a_gateway_of_the_other_family_is_read),
		cmocka_unit_test(a_rule_is_read),
		cmocka_unit_test(a_neighbour_is_read),
		cmocka_unit_test(a_link_address_of_another_length_is_none),
		cmocka_unit_test(an_attribute_of_a_wrong_length_counts_as_none),
		cmocka_unit_test(another_family_or_kind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
