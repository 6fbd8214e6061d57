/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "control/ways.h"
#include "src/os/netmon.h"
#include "tests/unit/packet.h"

/* Two addresses of one peer. */
static struct server
server(enum tunnel_transport t)
{
	struct server s = { .protocol = SERVER_TUNNEL,
		.n_endpoints = 2,
		.one_peer = true };

	s.endpoints[0].addr = packet_addr("2001:db8::5");
	s.endpoints[1].addr = packet_addr("203.0.113.5");
	s.endpoints[0].port = s.endpoints[1].port = 51820;
	server_use_transport(&s, t);
	return s;
}

static struct net_view
view(const char *gateway, bool v4, bool v6)
{
	struct net_view v = { 0 };

	v.v4.gateway = packet_addr(gateway);
	v.v4.prefix = 24;
	v.v6.prefix = 64;
	if (v4)
		v.v4.addr = packet_addr("192.0.2.7");
	if (v6)
		v.v6.addr = packet_addr("2001:db8:1::7");
	return v;
}

static void
a_client_of_others_has_one_way(void **state)
{
	struct server s = server(TUNNEL_UDP), taken;

	(void)state;
	s.protocol = SERVER_WIREGUARD;
	assert_int_equal(ways_count(&s), 1);
	ways_take(&s, 0, &taken);
	assert_memory_equal(&s, &taken, sizeof(s));
}

static void
one_is_left_of_them(void **state)
{
	static const struct {
		uint8_t transport, protocol, shape, sealed, family;
	} ways[] = {
		{ TUNNEL_UDP, PROTO_UDP, SHAPE_WIREGUARD, 1, ADDR_V6 },
		{ TUNNEL_UDP, PROTO_UDP, SHAPE_WIREGUARD, 1, ADDR_V4 },
		{ TUNNEL_TCP, PROTO_TCP, SHAPE_WIREGUARD_TCP, 0, ADDR_V6 },
		{ TUNNEL_TCP, PROTO_TCP, SHAPE_WIREGUARD_TCP, 0, ADDR_V4 },
		{ TUNNEL_TLS, PROTO_TCP, SHAPE_TLS, 0, ADDR_V6 },
		{ TUNNEL_TLS, PROTO_TCP, SHAPE_TLS, 0, ADDR_V4 },
	};
	const struct server s = server(TUNNEL_AUTO);
	struct server taken;

	(void)state;
	assert_int_equal(ways_count(&s), 6);
	for (unsigned i = 0; i < 6; i++) {
		ways_take(&s, i, &taken);
		assert_int_equal(taken.n_endpoints, 1);
		assert_int_equal(taken.transport, ways[i].transport);
		assert_int_equal(taken.endpoints[0].protocol, ways[i].protocol);
		assert_int_equal(taken.endpoints[0].shape, ways[i].shape);
		assert_int_equal(taken.endpoints[0].sealed, ways[i].sealed);
		assert_int_equal(taken.endpoints[0].addr.family,
		    ways[i].family);
		assert_int_equal(taken.endpoints[0].port, 51820);
	}
	/* As its file says it, nothing passes to it. */
	for (unsigned i = 0; i < s.n_endpoints; i++)
		assert_int_equal(s.endpoints[i].shape, SHAPE_NONE);
}

static void
several_peers_keep_their_addresses(void **state)
{
	struct server s = server(TUNNEL_UDP), taken;

	(void)state;
	s.one_peer = false;
	assert_int_equal(ways_count(&s), 1);
	ways_take(&s, 0, &taken);
	assert_int_equal(taken.n_endpoints, 2);
	assert_int_equal(taken.endpoints[1].shape, SHAPE_WIREGUARD);
}

static void
what_has_no_uplink_is_left_out(void **state)
{
	const struct server s = server(TUNNEL_AUTO);
	const struct net_view only4 = view("192.0.2.1", true, false),
			      both = view("192.0.2.1", true, true),
			      none = view("192.0.2.1", false, false);
	struct ways w = { 0 };

	(void)state;
	assert_int_equal(ways_first(&w, &s, &both), 0);
	assert_int_equal(ways_next(&s, &both, 0), 1);
	assert_int_equal(ways_next(&s, &both, 5), 0);
	assert_int_equal(ways_first(&w, &s, &only4), 1);
	assert_int_equal(ways_next(&s, &only4, 1), 3);
	assert_int_equal(ways_next(&s, &only4, 5), 1);
	assert_int_equal(ways_first(&w, &s, &none), 0);
	assert_int_equal(ways_next(&s, &none, 3), 3);
	assert_false(ways_is_open(&s, &none, 3));
	assert_false(ways_is_open(&s, &only4, 2));
	assert_true(ways_is_open(&s, &only4, 3));
}

static void
what_worked_here_comes_first(void **state)
{
	const struct server s = server(TUNNEL_AUTO), udp = server(TUNNEL_UDP);
	const struct net_view here = view("192.0.2.1", true, true),
			      there = view("192.0.2.254", true, true);
	struct server taken;
	struct ways w = { 0 };

	(void)state;
	ways_take(&s, 5, &taken);
	ways_remember(&w, &taken, &here);
	assert_int_equal(ways_first(&w, &s, &here), 4);
	assert_int_equal(ways_first(&w, &s, &there), 0);
	assert_true(ways_knows(&w, &here));
	assert_false(ways_knows(&w, &there));
	/* A server that has no such way. */
	assert_int_equal(ways_first(&w, &udp, &here), 0);
	ways_take(&s, 0, &taken);
	ways_remember(&w, &taken, &here);
	assert_int_equal(w.n, 1);
	assert_int_equal(ways_first(&w, &s, &here), 0);
}

static void
the_latest_networks_are_remembered(void **state)
{
	const struct server s = server(TUNNEL_AUTO);
	struct net_view v = view("192.0.2.1", true, true);
	struct server taken;
	struct ways w = { 0 };

	(void)state;
	ways_take(&s, 2, &taken);
	for (uint8_t i = 0; i < WAYS_NETWORKS_MAX + 4; i++) {
		v.v4.gateway.bytes[3] = i;
		ways_remember(&w, &taken, &v);
	}
	assert_int_equal(w.n, WAYS_NETWORKS_MAX);
	for (uint8_t i = 0; i < WAYS_NETWORKS_MAX + 4; i++) {
		v.v4.gateway.bytes[3] = i;
		assert_int_equal(ways_first(&w, &s, &v), i < 4 ? 0 : 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_of_others_has_one_way),
		cmocka_unit_test(one_is_left_of_them),
		cmocka_unit_test(several_peers_keep_their_addresses),
		cmocka_unit_test(what_has_no_uplink_is_left_out),
		cmocka_unit_test(what_worked_here_comes_first),
		cmocka_unit_test(the_latest_networks_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
