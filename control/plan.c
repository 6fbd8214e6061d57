/* SPDX-License-Identifier: ISC */
#include "control/plan.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "control/lan.h"
#include "control/server.h"
#include "datapath/policy.h"
#include "src/os/firewall.h"
#include "src/os/netmon.h"
#include "src/os/routes.h"

/* STATES.md 3 to 5: there is a server, and only its tunnel passes. */
static bool
has_server(const struct plan_input *in)
{
	return in->server != NULL &&
	    (in->state == GATE_CONNECTING || in->state == GATE_CONNECTED ||
		in->state == GATE_RECONNECTING);
}

/* A network card of that name is no tunnel: it would send in plain. */
static bool
has_tunnel(const struct plan_input *in)
{
	return has_server(in) && in->view->tunnel.running &&
	    !in->view->tunnel.ethernet;
}

/* Where a network behind is, that is forwarded to; "": nowhere. */
static const char *
behind(const struct plan_input *in)
{
	const char *name = in->server->behind;

	/* In plain text by the uplink, that never. */
	return strcmp(name, in->view->v4.link.name) != 0 &&
		strcmp(name, in->view->v6.link.name) != 0
	    ? name
	    : "";
}

/* STATES.md 0.5; OPEN is not a state with exceptions. */
static bool
has_lan(const struct plan_input *in)
{
	return in->allow_lan && in->state != GATE_OPEN;
}

static_assert(LAN_MAX <= ROUTES_LAN_MAX, "more local networks than routes");
static_assert(LAN_MAX <= FIREWALL_LAN_MAX, "more local networks than rules");

const struct policy *
plan_policy(const struct plan_input *in)
{
	const struct server *s = in->server;
	struct policy *p;

	if (!has_server(in))
		return &policy_block_all;
	if ((p = policy_new()) == NULL)
		return NULL;
	p->generation = in->generation;
	p->state = in->state;
	p->source4 = in->view->v4.addr;
	p->source6 = in->view->v6.addr;
	p->listens = s->listen != 0;
	p->n_endpoints = s->n_endpoints;
	memcpy(p->endpoints, s->endpoints,
	    s->n_endpoints * sizeof(*s->endpoints));
	memcpy(p->hops, in->hops, s->n_endpoints * sizeof(*in->hops));
	policy_finish(p);
	return p;
}

static void
add_server(struct routes_plan *plan, const struct addr *a)
{
	for (unsigned i = 0; i < plan->n_servers; i++)
		if (addr_equal(&plan->servers[i], a))
			return;
	if (plan->n_servers < ROUTES_SERVERS_MAX)
		plan->servers[plan->n_servers++] = *a;
}

void
plan_routes(const struct plan_input *in, struct routes_plan *ret)
{
	const struct net_view *v = in->view;

	memset(ret, 0, sizeof(*ret));
	ret->gate_ifindex = in->gate_ifindex;
	ret->source4 = v->v4.addr;
	ret->source6 = v->v6.addr;
	ret->uplink4_ifindex = v->v4.link.ifindex;
	ret->uplink6_ifindex = v->v6.link.ifindex;
	ret->gateway4 = v->v4.gateway;
	if (has_lan(in))
		ret->n_lan = lan_networks(v, ret->lan);
	if (!has_server(in))
		return;
	ret->anyone = in->server->listen != 0;
	memcpy(ret->forwarded, in->server->interface, sizeof(ret->forwarded));
	(void)snprintf(ret->behind, sizeof(ret->behind), "%s", behind(in));
	for (unsigned i = 0; i < in->server->n_endpoints; i++)
		add_server(ret, &in->server->endpoints[i].addr);
	if (!has_tunnel(in))
		return;
	ret->tunnel_ifindex = v->tunnel.ifindex;
	ret->tunnel4 = v->tunnel4;
	ret->tunnel6 = v->tunnel6;
	ret->n_also = v->n_also;
	memcpy(ret->also, v->also, v->n_also * sizeof(v->also[0]));
}

/*
 * The firewall.
 */

/*
 * How the packets of a shape begin, as far as four bytes say (shape.c names
 * the sources); the most frequent first. A shape without heads begins in any
 * way.
 */
static const struct heads {
	unsigned n;
	struct firewall_head head[FIREWALL_HEADS_MAX];
} heads[SHAPES] = {
	[SHAPE_WIREGUARD] = { 4,
	    { { { 255, 255, 255, 255 }, { 4, 0, 0, 0 } },
		{ { 255, 255, 255, 255 }, { 1, 0, 0, 0 } },
		{ { 255, 255, 255, 255 }, { 2, 0, 0, 0 } },
		{ { 255, 255, 255, 255 }, { 3, 0, 0, 0 } } } },
	[SHAPE_OPENVPN] = { 8,
	    { { { 0xf8, 0, 0, 0 }, { 9 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 4 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 5 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 7 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 10 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 3 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 6 << 3, 0, 0, 0 } },
		{ { 0xf8, 0, 0, 0 }, { 11 << 3, 0, 0, 0 } } } },
};

static_assert(FIREWALL_FLOWS_MAX >= POLICY_ENDPOINTS_MAX,
    "a server may have more endpoints than the firewall flows");

static void
add_flow(struct firewall_plan *plan, const struct endpoint *e)
{
	struct firewall_flow *f = &plan->flows[plan->n_flows++];

	f->to = e->addr;
	f->port = e->port;
	f->protocol = e->protocol;
	f->in_two = e->sealed != 0;
	f->n_heads = heads[e->shape].n;
	memcpy(f->heads, heads[e->shape].head, sizeof(f->heads));
}

static void
add_neighbour(struct firewall_plan *plan, const struct addr *a)
{
	for (unsigned i = 0; i < plan->n_neighbours; i++)
		if (addr_equal(&plan->neighbours[i], a))
			return;
	plan->neighbours[plan->n_neighbours++] = *a;
}

static void
add_gateway(struct firewall_plan *plan, const struct net_uplink *up)
{
	if (up->gateway.family != ADDR_NONE)
		add_neighbour(plan, &up->gateway);
}

/* If it is on the link: then it is its own next hop, as for netmon_hop(). */
static void
add_server_neighbour(struct firewall_plan *plan, const struct net_view *v,
    const struct addr *a)
{
	const struct net_uplink *up = a->family == ADDR_V4 ? &v->v4 : &v->v6;

	if (up->link.ifindex != 0 &&
	    (up->gateway.family == ADDR_NONE ||
		addr_in_prefix(a, &up->addr, up->prefix)))
		add_neighbour(plan, a);
}

void
plan_firewall(const struct plan_input *in, struct firewall_plan *ret)
{
	const struct net_view *v = in->view;

	memset(ret, 0, sizeof(*ret));
	ret->gate_ifindex = in->gate_ifindex;
	ret->source4 = v->v4.addr;
	ret->source6 = v->v6.addr;
	ret->prefix6 = v->v6.prefix;
	ret->uplink4_ifindex = v->v4.link.ifindex;
	ret->uplink6_ifindex = v->v6.link.ifindex;
	if (has_lan(in))
		ret->n_lan = lan_networks(v, ret->lan);
	add_gateway(ret, &v->v4);
	add_gateway(ret, &v->v6);
	for (unsigned i = 0; in->server != NULL && i < in->server->n_endpoints;
	     i++)
		add_server_neighbour(ret, v, &in->server->endpoints[i].addr);
	if (!has_server(in))
		return;
	ret->any_user = in->server->any_user;
	ret->user = in->server->user;
	/* Our own tunnel sends by the uplink, or its worker has a connection.
	 */
	if (in->server->protocol == SERVER_TUNNEL) {
		ret->any_user = false;
		ret->user = in->server->endpoints[0].sealed ? FIREWALL_NOBODY
							    : in->worker;
	}
	ret->listen = in->server->listen;
	(void)snprintf(ret->behind, sizeof(ret->behind), "%s", behind(in));
	for (unsigned i = 0; i < in->server->n_endpoints; i++)
		add_flow(ret, &in->server->endpoints[i]);
	if (!has_tunnel(in))
		return;
	ret->tunnel_ifindex = v->tunnel.ifindex;
	ret->tunnel4 = v->tunnel4;
	ret->tunnel6 = v->tunnel6;
	ret->n_also = v->n_also;
	memcpy(ret->also, v->also, v->n_also * sizeof(v->also[0]));
}
