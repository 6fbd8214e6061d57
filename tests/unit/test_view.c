/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include "control/view.h"
#include "src/os/netmon.h"
#include "tests/unit/packet.h"

static bool
can_be(const char *own, unsigned prefix, const char *server)
{
	struct net_view v = { .tunnel4 = packet_addr("10.64.0.2"),
		.tunnel6 = packet_addr("fd00:64::2") };
	struct addr a = packet_addr(server), me = packet_addr(own);
	struct net_uplink *up = me.family == ADDR_V4 ? &v.v4 : &v.v6;

	up->addr = me;
	up->prefix = prefix;
	return view_can_be_server(&v, &a);
}

static void
other_hosts_can_be_servers(void **state)
{
	(void)state;
	assert_true(can_be("192.0.2.10", 24, "203.0.113.5"));
	assert_true(can_be("192.0.2.10", 24, "203.0.113.255"));
	assert_true(can_be("192.0.2.10", 24, "192.0.2.1"));
	assert_true(can_be("192.0.2.10", 23, "192.0.2.255"));
	/* RFC 3021: a network of two has no broadcast address. */
	assert_true(can_be("192.0.2.10", 31, "192.0.2.11"));
	assert_true(can_be("192.0.2.10", 32, "192.0.2.11"));
	assert_true(can_be("2001:db8::10", 64, "2001:db8::ffff"));
}

static void
own_addresses_cannot(void **state)
{
	(void)state;
	assert_false(can_be("192.0.2.10", 24, "192.0.2.10"));
	assert_false(can_be("2001:db8::10", 64, "2001:db8::10"));
	assert_false(can_be("192.0.2.10", 24, "10.64.0.2"));
	assert_false(can_be("192.0.2.10", 24, "fd00:64::2"));
}

static void
a_whole_network_cannot(void **state)
{
	(void)state;
	assert_false(can_be("192.0.2.10", 24, "192.0.2.255"));
	assert_false(can_be("192.0.2.10", 24, "192.0.2.0"));
	assert_false(can_be("192.0.2.10", 23, "192.0.3.255"));
	assert_false(can_be("192.0.2.10", 30, "192.0.2.11"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_hosts_can_be_servers),
		cmocka_unit_test(own_addresses_cannot),
		cmocka_unit_test(a_whole_network_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
