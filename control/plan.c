/* SPDX-License-Identifier: ISC */
#include "control/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "control/server.h"
#include "datapath/policy.h"
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
	ret->gateway4 = v->v4.gateway;
	if (!has_server(in))
		return;
	for (unsigned i = 0; i < in->server->n_endpoints; i++)
		add_server(ret, &in->server->endpoints[i].addr);
	/* A network card of that name is no tunnel: it would send in plain. */
	if (!v->tunnel.running || v->tunnel.ethernet)
		return;
	ret->tunnel_ifindex = v->tunnel.ifindex;
	ret->tunnel4 = v->tunnel4;
	ret->tunnel6 = v->tunnel6;
}
