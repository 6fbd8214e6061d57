/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "control/plan.h"
#include "control/server.h"
#include "datapath/classify.h"
#include "datapath/policy.h"
#include "datapath/shape.h"
#include "datapath/stream.h"
#include "src/os/firewall.h"
#include "src/os/netmon.h"
#include "src/os/routes.h"
#include "tests/unit/packet.h"

enum { GATE = 7, UPLINK = 3, TUNNEL = 9 };

/* A server with two ports of one address, and one of IPv6. */
static struct server server;
static struct net_view view;
static struct hop hops[POLICY_ENDPOINTS_MAX];

static int
make(void **state)
{
	static const char *const at[] = { "203.0.113.5", "203.0.113.5",
		"2001:db8::5" };

	(void)state;
	memset(&server, 0, sizeof(server));
	memset(&view, 0, sizeof(view));
	memset(hops, 0, sizeof(hops));
	server.protocol = SERVER_WIREGUARD;
	for (unsigned i = 0; i < 3; i++) {
		server.endpoints[server.n_endpoints++] =
		    (struct endpoint){ .addr = packet_addr(at[i]),
			    .port = (uint16_t)(51820 + i),
			    .protocol = PROTO_UDP,
			    .shape = SHAPE_WIREGUARD };
		hops[i] = (struct hop){ .ifindex = UPLINK, .mtu = 1500 + i };
	}
	view.v4.link.ifindex = UPLINK;
	view.v4.addr = packet_addr("192.0.2.10");
	view.v4.prefix = 24;
	view.v6.link.ifindex = UPLINK;
	view.v6.addr = packet_addr("2001:db8:1::10");
	view.v6.prefix = 64;
	view.tunnel.ifindex = TUNNEL;
	view.tunnel.running = true;
	view.tunnel4 = packet_addr("10.8.0.2");
	view.tunnel6 = packet_addr("fd00::2");
	return 0;
}

static struct plan_input
in(enum gate_state s)
{
	return (struct plan_input){ .state = s,
		.server = &server,
		.view = &view,
		.hops = hops,
		.gate_ifindex = GATE,
		.generation = 42 };
}

static const struct flow to4 = { "192.0.2.10", "203.0.113.5", 40000, 51820 };
static const struct flow to6 = { "2001:db8:1::10", "2001:db8::5", 40000,
	51822 };

/* The gate's verdict on a packet of the client's. */
static enum drop
judge(const struct policy *pol, const struct flow *f)
{
	struct packet p = packet_wireguard(*f, 4, 128);
	struct streams none = { 0 };
	unsigned endpoint;

	return classify(p.data, p.len, 0, pol, &none, &endpoint);
}

static const enum gate_state with_server[] = { GATE_CONNECTING, GATE_CONNECTED,
	GATE_RECONNECTING };

static void
a_policy_passes_exactly_the_servers_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(with_server); i++) {
		struct plan_input input = in(with_server[i]);
		const struct policy *p = plan_policy(&input);

		assert_non_null(p);
		assert_int_equal(p->generation, 42);
		assert_int_equal(p->state, with_server[i]);
		assert_int_equal(p->n_endpoints, 3);
		assert_memory_equal(p->endpoints, server.endpoints,
		    3 * sizeof(p->endpoints[0]));
		assert_memory_equal(p->hops, hops, 3 * sizeof(hops[0]));
		assert_true(addr_equal(&p->source4, &view.v4.addr));
		assert_true(addr_equal(&p->source6, &view.v6.addr));
		assert_int_equal(judge(p, &to4), PASSED);
		assert_int_equal(judge(p, &to6), PASSED);
		policy_free(p);
	}
}

/* STATES.md 0.2: closing needs no memory. */
static void
blocked_and_open_have_the_policy_that_needs_no_memory(void **state)
{
	static const enum gate_state without[] = { GATE_BLOCKED, GATE_OPEN,
		GATE_STATES };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		struct plan_input input = in(without[i]);

		assert_ptr_equal(plan_policy(&input), &policy_block_all);
	}
}

static void
without_a_server_nothing_passes_and_nothing_is_routed(void **state)
{
	(void)state;
	for (int s = 0; s < GATE_STATES; s++) {
		struct plan_input input = in((enum gate_state)s);
		struct routes_plan r;

		input.server = NULL;
		assert_ptr_equal(plan_policy(&input), &policy_block_all);
		plan_routes(&input, &r);
		assert_int_equal(r.n_servers, 0);
		assert_int_equal(r.tunnel_ifindex, 0);
		assert_int_equal(r.uplink4_ifindex, UPLINK);
		assert_int_equal(r.gate_ifindex, GATE);
	}
}

static void
blocked_routes_nothing_but_into_the_gate(void **state)
{
	struct plan_input input = in(GATE_BLOCKED);
	struct routes_plan r;

	(void)state;
	plan_routes(&input, &r);
	assert_int_equal(r.gate_ifindex, GATE);
	assert_int_equal(r.n_servers, 0);
	assert_int_equal(r.tunnel_ifindex, 0);
	/* The router may ask who we are (STATES.md 0.4). */
	assert_int_equal(r.uplink4_ifindex, UPLINK);
	assert_true(addr_equal(&r.gateway4, &view.v4.gateway));
}

static bool
is_routed(const struct routes_plan *r, const struct addr *a)
{
	for (unsigned i = 0; i < r->n_servers; i++)
		if (addr_equal(&r->servers[i], a))
			return true;
	return false;
}

/* What passes comes to the gate, with the source that passes; no more. */
static void
policy_and_routes_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(with_server); i++) {
		struct plan_input input = in(with_server[i]);
		const struct policy *p = plan_policy(&input);
		struct routes_plan r;

		assert_non_null(p);
		plan_routes(&input, &r);
		assert_true(addr_equal(&r.source4, &p->source4));
		assert_true(addr_equal(&r.source6, &p->source6));
		/* Each address once. */
		assert_int_equal(r.n_servers, 2);
		for (unsigned k = 0; k < p->n_endpoints; k++)
			assert_true(is_routed(&r, &p->endpoints[k].addr));
		assert_int_equal(r.gate_ifindex, GATE);
		assert_int_equal(r.tunnel_ifindex, TUNNEL);
		assert_int_equal(r.uplink4_ifindex, UPLINK);
		policy_free(p);
	}
}

static void
a_tunnel_that_does_not_run_gets_no_route(void **state)
{
	struct plan_input input = in(GATE_CONNECTED);
	struct routes_plan r;

	(void)state;
	view.tunnel.running = false;
	plan_routes(&input, &r);
	assert_int_equal(r.tunnel_ifindex, 0);
	assert_int_equal(r.tunnel4.family, ADDR_NONE);
	assert_int_equal(r.tunnel6.family, ADDR_NONE);
	assert_int_equal(r.n_servers, 2);
}

static void
without_an_uplink_nothing_can_pass(void **state)
{
	struct plan_input input = in(GATE_RECONNECTING);
	const struct policy *p;
	struct routes_plan r;

	(void)state;
	memset(&view.v4, 0, sizeof(view.v4));
	memset(&view.v6, 0, sizeof(view.v6));
	p = plan_policy(&input);
	assert_non_null(p);
	assert_int_equal(judge(p, &to4), DROP_NO_UPLINK);
	assert_int_equal(judge(p, &to6), DROP_NO_UPLINK);
	plan_routes(&input, &r);
	assert_int_equal(r.uplink4_ifindex, 0);
	assert_int_equal(r.source4.family, ADDR_NONE);
	policy_free(p);
}

static void
as_many_endpoints_as_there_can_be_fit(void **state)
{
	struct plan_input input = in(GATE_CONNECTING);
	const struct policy *p;
	struct routes_plan r;

	(void)state;
	for (unsigned i = 0; i < POLICY_ENDPOINTS_MAX; i++) {
		server.endpoints[i] = server.endpoints[0];
		server.endpoints[i].addr.bytes[3] = (uint8_t)(i + 1);
	}
	server.n_endpoints = POLICY_ENDPOINTS_MAX;
	p = plan_policy(&input);
	assert_non_null(p);
	assert_int_equal(p->n_endpoints, POLICY_ENDPOINTS_MAX);
	plan_routes(&input, &r);
	assert_int_equal(r.n_servers, POLICY_ENDPOINTS_MAX);
	policy_free(p);
}

/*
 * The firewall.
 */

static void
without_a_server_the_firewall_has_no_flow(void **state)
{
	static const enum gate_state without[] = { GATE_BLOCKED, GATE_OPEN,
		GATE_STATES };
	struct firewall_plan f;

	(void)state;
	view.v4.gateway = packet_addr("192.0.2.1");
	view.v6.gateway = packet_addr("fe80::1");
	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		struct plan_input input = in(without[i]);

		plan_firewall(&input, &f);
		assert_int_equal(f.n_flows, 0);
		assert_int_equal(f.tunnel_ifindex, 0);
		assert_int_equal(f.tunnel4.family, ADDR_NONE);
		assert_int_equal(f.gate_ifindex, GATE);
		/* The routers are asked for in every state. */
		assert_int_equal(f.n_neighbours, 2);
		assert_true(addr_equal(&f.neighbours[0], &view.v4.gateway));
	}
}

static void
policy_and_firewall_agree(void **state)
{
	struct firewall_plan f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(with_server); i++) {
		struct plan_input input = in(with_server[i]);
		const struct policy *p = plan_policy(&input);

		assert_non_null(p);
		plan_firewall(&input, &f);
		assert_true(addr_equal(&f.source4, &p->source4));
		assert_true(addr_equal(&f.source6, &p->source6));
		assert_int_equal(f.n_flows, p->n_endpoints);
		for (unsigned k = 0; k < f.n_flows; k++) {
			assert_true(
			    addr_equal(&f.flows[k].to, &p->endpoints[k].addr));
			assert_int_equal(f.flows[k].port, p->endpoints[k].port);
			assert_int_equal(f.flows[k].protocol,
			    p->endpoints[k].protocol);
			assert_int_equal(f.flows[k].n_heads, 4);
			assert_false(f.flows[k].in_two);
		}
		assert_int_equal(f.tunnel_ifindex, TUNNEL);
		assert_false(f.any_user);
		assert_int_equal(f.user, 0);
		policy_free(p);
	}
}

/* It sends by the uplink, large datagrams in fragments; no socket is to. */
static void
our_own_tunnels_server_is_no_sockets(void **state)
{
	struct plan_input input = in(GATE_CONNECTED);
	struct firewall_plan f;

	(void)state;
	server.protocol = SERVER_TUNNEL;
	server.any_user = true;
	server.endpoints[0].sealed = 1;
	plan_firewall(&input, &f);
	assert_false(f.any_user);
	assert_int_equal(f.user, FIREWALL_NOBODY);
	assert_true(f.flows[0].in_two);
	assert_false(f.flows[1].in_two);
}

/* Whoever knows our key may speak first, to one port. */
static void
who_listens_is_heard_of_before_there_is_an_endpoint(void **state)
{
	struct plan_input input = in(GATE_CONNECTING);
	const struct policy *p;
	struct firewall_plan f;
	struct routes_plan r;

	(void)state;
	server.protocol = SERVER_TUNNEL;
	server.listen = 51999;
	server.n_endpoints = 0;
	p = plan_policy(&input);
	assert_non_null(p);
	assert_true(p->listens);
	assert_int_equal(p->n_endpoints, 0);
	policy_free(p);
	plan_firewall(&input, &f);
	assert_int_equal(f.listen, 51999);
	assert_int_equal(f.n_flows, 0);
	plan_routes(&input, &r);
	assert_true(r.anyone);
	input.state = GATE_BLOCKED;
	assert_ptr_equal(plan_policy(&input), &policy_block_all);
	plan_firewall(&input, &f);
	assert_int_equal(f.listen, 0);
	plan_routes(&input, &r);
	assert_false(r.anyone);
}

/* In plain text by the uplink, that never, whatever the file says. */
static void
what_is_forwarded_goes_behind_and_never_by_the_uplink(void **state)
{
	struct plan_input input = in(GATE_CONNECTED);
	struct firewall_plan f;
	struct routes_plan r;

	(void)state;
	server.protocol = SERVER_TUNNEL;
	server.listen = 51999;
	memcpy(server.behind, "eth1", 5);
	plan_firewall(&input, &f);
	assert_string_equal(f.behind, "eth1");
	plan_routes(&input, &r);
	assert_string_equal(r.behind, "eth1");
	assert_string_equal(r.forwarded, server.interface);
	for (int i = 0; i < 2; i++) {
		struct net_uplink *up = i == 0 ? &view.v4 : &view.v6;

		memcpy(up->link.name, "eth1", 5);
		plan_firewall(&input, &f);
		assert_string_equal(f.behind, "");
		plan_routes(&input, &r);
		assert_string_equal(r.behind, "");
		memcpy(up->link.name, "eth9", 5);
	}
	input.state = GATE_BLOCKED;
	plan_firewall(&input, &f);
	assert_string_equal(f.behind, "");
	plan_routes(&input, &r);
	assert_string_equal(r.behind, "");
}

/* By TCP it has a connection: no account but the worker's may have another. */
static void
our_own_tunnels_connection_is_the_workers(void **state)
{
	struct plan_input input = in(GATE_CONNECTED);
	struct firewall_plan f;

	(void)state;
	server.protocol = SERVER_TUNNEL;
	server.any_user = true;
	input.worker = 990;
	plan_firewall(&input, &f);
	assert_false(f.any_user);
	assert_int_equal(f.user, 990);
}

static void
a_network_card_is_no_tunnel_to_the_firewall(void **state)
{
	struct plan_input input = in(GATE_CONNECTED);
	struct firewall_plan f;

	(void)state;
	view.tunnel.ethernet = true;
	plan_firewall(&input, &f);
	assert_int_equal(f.tunnel_ifindex, 0);
	view.tunnel.ethernet = false;
	view.tunnel.running = false;
	plan_firewall(&input, &f);
	assert_int_equal(f.tunnel_ifindex, 0);
	assert_int_equal(f.n_flows, 3);
}

static void
a_server_on_the_link_is_asked_for(void **state)
{
	struct plan_input input = in(GATE_BLOCKED);
	struct firewall_plan f;

	(void)state;
	view.v4.addr = packet_addr("203.0.113.10");
	view.v4.prefix = 24;
	view.v4.gateway = packet_addr("203.0.113.1");
	view.v6.addr = packet_addr("2001:db8:1::10");
	view.v6.prefix = 64;
	view.v6.gateway = packet_addr("fe80::1");
	plan_firewall(&input, &f);
	/* Two routers, and the server of two ports, once; not the other. */
	assert_int_equal(f.n_neighbours, 3);
	assert_true(addr_equal(&f.neighbours[2], &server.endpoints[0].addr));
	assert_int_equal(f.n_flows, 0);
}

/* Of a payload's first bytes. */
static bool
has_head(const struct firewall_flow *f, const uint8_t first[4])
{
	for (unsigned i = 0; i < f->n_heads; i++) {
		bool is = true;

		for (int b = 0; b < 4; b++)
			is &= (first[b] & f->heads[i].mask[b]) ==
			    f->heads[i].value[b];
		if (is)
			return true;
	}
	return f->n_heads == 0;
}

/* Of some length, with zeros behind. */
static bool
has_shape(enum shape shape, const uint8_t first[4])
{
	static const size_t lens[] = { 32, 64, 92, 148, 640 };
	uint8_t payload[640] = { 0 };

	memcpy(payload, first, 4);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++)
		if (shape_matches(shape, payload, lens[i]))
			return true;
	return false;
}

/* Whatever begins otherwise has not the shape, and the other way around. */
static void
the_firewalls_heads_are_the_shapes(void **state)
{
	static const enum shape shapes[] = { SHAPE_WIREGUARD, SHAPE_OPENVPN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct plan_input input = in(GATE_CONNECTED);
		struct firewall_plan f;

		server.endpoints[0].shape = (uint8_t)shapes[i];
		plan_firewall(&input, &f);
		for (unsigned bits = 0; bits < 256 * 4; bits++) {
			const uint8_t first[4] = { (uint8_t)bits, bits >> 8 & 1,
				bits >> 9 & 1 };

			/* A hello has the first key: key ids are not asked. */
			if (shapes[i] == SHAPE_OPENVPN && (first[0] & 7) != 0)
				continue;
			assert_int_equal(has_head(&f.flows[0], first),
			    has_shape(shapes[i], first));
		}
	}
}

static void
as_many_flows_as_endpoints_fit(void **state)
{
	struct plan_input input = in(GATE_CONNECTED);
	struct firewall_plan f;

	(void)state;
	view.v4.addr = packet_addr("203.0.113.200");
	view.v4.prefix = 24;
	view.v4.gateway = packet_addr("203.0.113.201");
	view.v6.gateway = packet_addr("fe80::1");
	for (unsigned i = 0; i < POLICY_ENDPOINTS_MAX; i++) {
		server.endpoints[i] = server.endpoints[0];
		server.endpoints[i].addr.bytes[3] = (uint8_t)(i + 1);
	}
	server.n_endpoints = POLICY_ENDPOINTS_MAX;
	plan_firewall(&input, &f);
	assert_int_equal(f.n_flows, POLICY_ENDPOINTS_MAX);
	assert_int_equal(f.n_neighbours, FIREWALL_NEIGHBOURS_MAX);
}

#define WITH_VIEW(test) cmocka_unit_test_setup(test, make)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_VIEW(a_policy_passes_exactly_the_servers_endpoints),
		WITH_VIEW(
		    blocked_and_open_have_the_policy_that_needs_no_memory),
		WITH_VIEW(
		    without_a_server_nothing_passes_and_nothing_is_routed),
		WITH_VIEW(blocked_routes_nothing_but_into_the_gate),
		WITH_VIEW(policy_and_routes_agree),
		WITH_VIEW(a_tunnel_that_does_not_run_gets_no_route),
		WITH_VIEW(without_an_uplink_nothing_can_pass),
		WITH_VIEW(as_many_endpoints_as_there_can_be_fit),
		WITH_VIEW(without_a_server_the_firewall_has_no_flow),
		WITH_VIEW(policy_and_firewall_agree),
		WITH_VIEW(our_own_tunnels_server_is_no_sockets),
		WITH_VIEW(our_own_tunnels_connection_is_the_workers),
		WITH_VIEW(a_network_card_is_no_tunnel_to_the_firewall),
		WITH_VIEW(a_server_on_the_link_is_asked_for),
		WITH_VIEW(the_firewalls_heads_are_the_shapes),
		WITH_VIEW(
		    what_is_forwarded_goes_behind_and_never_by_the_uplink),
		WITH_VIEW(who_listens_is_heard_of_before_there_is_an_endpoint),
		WITH_VIEW(as_many_flows_as_endpoints_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
