/* SPDX-License-Identifier: ISC */
/*
 * model_table: what gate.pml takes from the code, as Promela.
 *
 * The edges of control/gate.c; and, of control/plan.c, in which states the
 * policy and the firewall let the server's tunnel pass. Printed anew for each
 * run of the model, so that the two cannot differ. What the model says
 * differently (a state may let pass all of a server's tunnel, or nothing; the
 * classifier tells the kinds of packets apart) is asked of the code here; if
 * it does not hold, nothing is printed.
 */
#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/gate.h"
#include "control/plan.h"
#include "control/server.h"
#include "datapath/classify.h"
#include "datapath/policy.h"
#include "datapath/stream.h"
#include "src/os/firewall.h"
#include "src/os/netmon.h"
#include "src/os/routes.h"
#include "tests/unit/packet.h"

static const char *const actions[] = {
	[ACT_CLOSE] = "CLOSE",
	[ACT_NONE] = "NONE",
	[ACT_REFUSE] = "REFUSE",
	[ACT_REPLAN] = "REPLAN",
	[ACT_DIAL] = "DIAL",
	[ACT_GIVE_BACK] = "GIVE_BACK",
};

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };
enum { GATE = 7, UPLINK = 3, TUNNEL = 9, PORT = 51820 };

static_assert(GATE_BLOCKED == 0 && ACT_CLOSE == 0, "zero closes");

/* The model's servers; it has one packet to each, and two that are plain. */
enum { A, B, SERVERS };
static const char *const addresses[SERVERS] = { "203.0.113.5", "203.0.113.6" };

static const char uplink_address[] = "192.0.2.10";

static void
require(bool holds, const char *what, enum gate_state s)
{
	if (holds)
		return;
	(void)fprintf(stderr,
	    "model_table: in state %s: %s: gate.pml is of other code\n",
	    gate_state_name(s), what);
	exit(1);
}

/*
 * The edges.
 */

/* "tunnel-lost" as "TUNNEL_LOST". */
static void
say(const char *prefix, const char *name)
{
	(void)fputs(prefix, stdout);
	for (; *name != '\0'; name++)
		(void)putchar(
		    *name == '-' ? '_' : toupper((unsigned char)*name));
}

static void
say_number(const char *prefix, const char *name, int n)
{
	(void)fputs("#define ", stdout);
	say(prefix, name);
	(void)printf(" %d\n", n);
}

static void
say_edge(enum gate_state s, enum gate_event ev)
{
	struct gate_edge e = gate_edge(s, ev);

	require((unsigned)e.act < ACTIONS, "an action without a name", s);
	require(e.act != ACT_REFUSE || e.to == s,
	    "a refusal that changes the state", s);
	say("\t:: from == GATE_", gate_state_name(s));
	say(" && ev == EV_", gate_event_name(ev));
	say(" -> to = GATE_", gate_state_name(e.to));
	say("; act = ACT_", actions[e.act]);
	(void)putchar('\n');
}

static void
say_edges(void)
{
	for (int s = 0; s < GATE_STATES; s++)
		say_number("GATE_", gate_state_name((enum gate_state)s), s);
	for (int ev = 0; ev < GATE_EVENTS; ev++)
		say_number("EV_", gate_event_name((enum gate_event)ev), ev);
	for (int a = 0; a < ACTIONS; a++)
		say_number("ACT_", actions[a], a);

	(void)puts("\ninline gate_edge(from, ev, to, act)\n{\n\tif");
	for (int s = 0; s < GATE_STATES; s++)
		for (int ev = 0; ev < GATE_EVENTS; ev++)
			say_edge((enum gate_state)s, (enum gate_event)ev);
	(void)puts("\tfi\n}");

	/* A new worker's word is not at any time: it has its cause. */
	(void)puts("\ninline some_event(ev)\n{\n\tif");
	for (int ev = 0; ev < GATE_EVENTS; ev++)
		if (ev != EV_WORKER_STARTED) {
			say("\t:: ev = EV_",
			    gate_event_name((enum gate_event)ev));
			(void)putchar('\n');
		}
	(void)puts("\tfi\n}");
}

/*
 * The plans.
 */

static bool
passes(const struct policy *pol, const char *to, uint16_t port, uint8_t type)
{
	struct flow f = { uplink_address, to, 40000, port };
	struct packet p = packet_wireguard(f, type, 128);
	struct streams none = { 0 };
	unsigned endpoint;

	return classify(p.data, p.len, 0, pol, &none, &endpoint) == PASSED;
}

/* Does it let the tunnel to that server pass? And never anything else. */
static bool
policy_passes(const struct plan_input *in, const char *to, const char *other)
{
	const struct policy *pol = plan_policy(in);
	bool its;

	require(pol != NULL, "no memory", in->state);
	its = passes(pol, to, PORT, 4);
	require(!passes(pol, other, PORT, 4), "another server's tunnel passes",
	    in->state);
	require(!passes(pol, "198.51.100.80", 443, 4), "a site is reached",
	    in->state);
	require(!passes(pol, to, PORT + 1, 4),
	    "another port of the server is reached", in->state);
	require(!passes(pol, to, PORT, 77),
	    "what is not the tunnel reaches the server", in->state);
	policy_free(pol);
	return its;
}

static bool
firewall_passes(const struct plan_input *in)
{
	const struct endpoint *e = in->server->endpoints;
	struct firewall_plan plan;

	plan_firewall(in, &plan);
	require(plan.gate_ifindex == GATE && plan.n_lan == 0,
	    "the firewall lets through more than a server", in->state);
	if (plan.n_flows == 0) {
		require(plan.tunnel_ifindex == 0, "a tunnel without a server",
		    in->state);
		return false;
	}
	require(plan.n_flows == 1 && addr_equal(&plan.flows[0].to, &e->addr) &&
		plan.flows[0].port == e->port &&
		plan.flows[0].protocol == e->protocol &&
		plan.flows[0].n_heads > 0,
	    "the firewall's flow is not the server's", in->state);
	return true;
}

/* In every state that has routes all is led into the device. */
static void
look_at_routes(const struct plan_input *in, bool engaged)
{
	struct routes_plan plan;

	plan_routes(in, &plan);
	require(plan.gate_ifindex == GATE && plan.n_lan == 0,
	    "not all is routed into the gate", in->state);
	require(engaged || (plan.n_servers == 0 && plan.tunnel_ifindex == 0),
	    "routes of a tunnel without a server", in->state);
}

static void
say_states(const char *name, const bool has[GATE_STATES])
{
	(void)printf("#define %s(s, server) ((false", name);
	for (int s = 0; s < GATE_STATES; s++)
		if (has[s])
			say(" || (s) == GATE_",
			    gate_state_name((enum gate_state)s));
	(void)puts(" -> (server) : 0))");
}

static void
say_plans(void)
{
	static struct hop hops[POLICY_ENDPOINTS_MAX];
	struct net_view view = { .v4 = { .link = { .ifindex = UPLINK },
				     .prefix = 24 },
		.tunnel = { .ifindex = TUNNEL, .running = true } };
	bool policies[GATE_STATES] = { false };
	bool firewalls[GATE_STATES] = { false };

	view.v4.addr = packet_addr(uplink_address);
	view.tunnel4 = packet_addr("10.8.0.2");
	for (int i = 0; i < GATE_STATES * SERVERS; i++) {
		enum gate_state s = (enum gate_state)(i / SERVERS);
		struct server server = { .n_endpoints = 1 };
		struct plan_input in = { .state = s,
			.server = &server,
			.view = &view,
			.hops = hops,
			.gate_ifindex = GATE,
			.generation = 1 };
		bool policy, firewall;

		server.endpoints[0] =
		    (struct endpoint){ .addr =
					   packet_addr(addresses[i % SERVERS]),
			    .port = PORT,
			    .protocol = PROTO_UDP,
			    .shape = SHAPE_WIREGUARD };
		policy = policy_passes(&in, addresses[i % SERVERS],
		    addresses[(i + 1) % SERVERS]);
		firewall = firewall_passes(&in);
		look_at_routes(&in, firewall);
		require(i % SERVERS == A ||
			(policies[s] == policy && firewalls[s] == firewall),
		    "two servers are treated differently", s);
		policies[s] = policy;
		firewalls[s] = firewall;

		in.server = NULL;
		require(plan_policy(&in) == &policy_block_all,
		    "a policy without a server", s);
	}
	(void)putchar('\n');
	say_states("plan_policy", policies);
	say_states("plan_firewall", firewalls);
}

int
main(void)
{
	(void)puts("/* Printed by model_table from control/gate.c, plan.c. */");
	say_edges();
	say_plans();
	return fflush(stdout) == 0 ? 0 : 1;
}
