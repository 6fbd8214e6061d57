/* SPDX-License-Identifier: ISC */
/*
 * Where peers spoke from becomes endpoints, whatever the worker says.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "control/moved.h"
#include "control/msg.h"
#include "control/server.h"
#include "tests/unit/packet.h"

static struct server server;
static struct msg_moved moved;
static struct net_view view;

static int
setup(void **state)
{
	(void)state;
	memset(&server, 0, sizeof(server));
	memset(&moved, 0, sizeof(moved));
	memset(&view, 0, sizeof(view));
	view.v4.addr = packet_addr("192.0.2.10");
	view.v4.prefix = 24;
	view.tunnel4 = packet_addr("10.64.0.1");
	server.listen = 51820;
	server.n_endpoints = 1;
	server.endpoints[0] =
	    (struct endpoint){ .addr = packet_addr("203.0.113.5"),
		    .port = 51820,
		    .protocol = PROTO_UDP,
		    .shape = SHAPE_WIREGUARD,
		    .sealed = 1 };
	return 0;
}

static void
add(const char *addr, uint16_t port)
{
	moved.at[moved.n++] = (struct wg_endpoint){ packet_addr(addr), port };
}

static void
places_stand_behind_the_files_and_replace_each_other(void **state)
{
	(void)state;
	add("203.0.113.6", 1000);
	add("2001:db8::6", 1001);
	moved_take(&moved, &view, 1, &server);
	assert_int_equal(server.n_endpoints, 3);
	assert_int_equal(server.endpoints[0].port, 51820);
	for (int i = 1; i < 3; i++) {
		const struct endpoint *e = &server.endpoints[i];

		assert_true(addr_equal(&e->addr, &moved.at[i - 1].addr));
		assert_int_equal(e->port, 999 + i);
		assert_int_equal(e->protocol, PROTO_UDP);
		assert_int_equal(e->shape, SHAPE_WIREGUARD);
		assert_int_equal(e->sealed, 1);
	}
	moved.n = 0;
	moved_take(&moved, &view, 1, &server);
	assert_int_equal(server.n_endpoints, 1);
}

static void
what_nobody_can_have_is_no_place(void **state)
{
	static const char *const never[] = { "0.0.0.0", "127.0.0.1",
		"224.0.0.1", "255.255.255.255", "192.0.2.10", "192.0.2.255",
		"10.64.0.1", "::1", "ff02::1", "fe80::1" };

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		add(never[i], 1000);
	add("203.0.113.6", 0);
	moved.n += 2;
	moved.at[moved.n - 1].port = 1000;
	moved.at[moved.n - 2] = moved.at[0];
	moved.at[moved.n - 2].addr.family = 77;
	moved_take(&moved, &view, 1, &server);
	assert_int_equal(server.n_endpoints, 1);
}

static void
each_place_is_there_once(void **state)
{
	(void)state;
	add("203.0.113.5", 51820);
	add("203.0.113.6", 1000);
	add("203.0.113.6", 1000);
	add("203.0.113.6", 1001);
	moved_take(&moved, &view, 1, &server);
	assert_int_equal(server.n_endpoints, 3);
}

static void
there_are_no_more_than_fit(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < POLICY_ENDPOINTS_MAX; i++)
		add("203.0.113.6", (uint16_t)(1000 + i));
	moved_take(&moved, &view, 1, &server);
	assert_int_equal(server.n_endpoints, POLICY_ENDPOINTS_MAX);
	assert_int_equal(server.endpoints[1].port, 1000);
	/* More than there can be. */
	moved.n = UINT64_MAX;
	moved_take(&moved, &view, 0, &server);
	assert_int_equal(server.n_endpoints, POLICY_ENDPOINTS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    places_stand_behind_the_files_and_replace_each_other,
		    setup),
		cmocka_unit_test_setup(what_nobody_can_have_is_no_place, setup),
		cmocka_unit_test_setup(each_place_is_there_once, setup),
		cmocka_unit_test_setup(there_are_no_more_than_fit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
