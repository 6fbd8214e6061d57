/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "control/lan.h"
#include "src/os/netmon.h"
#include "tests/unit/packet.h"

static struct net_view
view_of(const char *address, unsigned bits)
{
	struct net_view v = { 0 };
	struct addr a = packet_addr(address);
	struct net_uplink *up = a.family == ADDR_V4 ? &v.v4 : &v.v6;

	up->link.ifindex = 3;
	up->addr = a;
	up->prefix = bits;
	return v;
}

static bool
is_lan(const struct net_view *v, const char *address)
{
	struct prefix nets[LAN_MAX];
	struct addr a = packet_addr(address);
	unsigned n = lan_networks(v, nets);

	assert_true(n <= LAN_MAX);
	for (unsigned i = 0; i < n; i++)
		if (addr_in_prefix(&a, &nets[i].net, nets[i].bits))
			return true;
	return false;
}

static void
without_an_uplink_there_is_none(void **state)
{
	struct net_view v = { 0 };
	struct prefix nets[LAN_MAX];

	(void)state;
	assert_int_equal(lan_networks(&v, nets), 0);
}

static void
the_own_private_network_is(void **state)
{
	static const struct {
		const char *own;
		unsigned bits;
		const char *in, *out;
	} cases[] = {
		{ "192.168.1.10", 24, "192.168.1.1", "192.168.2.1" },
		{ "192.168.1.10", 23, "192.168.0.255", "192.168.2.0" },
		{ "10.1.2.3", 8, "10.255.255.255", "11.0.0.0" },
		{ "172.31.0.5", 12, "172.16.0.1", "172.32.0.1" },
		{ "169.254.7.7", 16, "169.254.0.1", "169.253.0.1" },
		{ "192.168.1.10", 32, "192.168.1.10", "192.168.1.11" },
		{ "fd12:3456::10", 64, "fd12:3456::1", "fd12:3456:0:1::1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_view v = view_of(cases[i].own, cases[i].bits);

		assert_true(is_lan(&v, cases[i].in));
		assert_false(is_lan(&v, cases[i].out));
	}
}

/* Whatever the network says is on the link (TunnelCrack LocalNet). */
static void
a_public_network_is_not(void **state)
{
	static const struct {
		const char *own;
		unsigned bits;
		const char *out;
	} cases[] = {
		{ "198.51.100.10", 24, "198.51.100.9" },
		{ "10.0.0.1", 7, "10.0.0.2" },
		{ "192.168.1.10", 0, "8.8.8.8" },
		{ "192.168.1.10", 1, "192.168.1.1" },
		{ "172.16.0.1", 11, "172.16.0.2" },
		{ "100.64.0.10", 10, "100.64.0.1" },
		{ "2001:db8:1::10", 64, "2001:db8:1::1" },
		{ "fd00::1", 6, "fd00::2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_view v = view_of(cases[i].own, cases[i].bits);

		assert_false(is_lan(&v, cases[i].out));
	}
}

static void
multicast_of_the_link_and_the_site_is(void **state)
{
	struct net_view v4 = view_of("198.51.100.10", 24),
			v6 = view_of("2001:db8:1::10", 64);

	(void)state;
	assert_true(is_lan(&v4, "224.0.0.251"));
	assert_true(is_lan(&v4, "239.255.255.250"));
	assert_true(is_lan(&v4, "255.255.255.255"));
	assert_false(is_lan(&v4, "224.0.1.1"));
	assert_false(is_lan(&v4, "232.1.1.1"));
	assert_false(is_lan(&v4, "ff02::fb"));
	assert_true(is_lan(&v6, "ff02::fb"));
	assert_true(is_lan(&v6, "fe80::1"));
	assert_false(is_lan(&v6, "ff05::1"));
	assert_false(is_lan(&v6, "ff0e::1"));
}

/* A network that claims the tunnel's addresses gets none of its packets. */
static void
the_tunnels_network_is_not(void **state)
{
	struct net_view v = view_of("10.64.0.77", 24);

	(void)state;
	v.tunnel4 = packet_addr("10.64.0.2");
	assert_false(is_lan(&v, "10.64.0.1"));
	v.tunnel4 = packet_addr("10.65.0.2");
	assert_true(is_lan(&v, "10.64.0.1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_uplink_there_is_none),
		cmocka_unit_test(the_own_private_network_is),
		cmocka_unit_test(a_public_network_is_not),
		cmocka_unit_test(multicast_of_the_link_and_the_site_is),
		cmocka_unit_test(the_tunnels_network_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
