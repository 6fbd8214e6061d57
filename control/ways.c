/* SPDX-License-Identifier: ISC */
#include "control/ways.h"

#include <string.h>

#include "src/os/netmon.h"

/* What blocks the least first: the others cost more, and are slower. */
static const enum tunnel_transport order[] = { TUNNEL_UDP, TUNNEL_TCP,
	TUNNEL_TLS };

enum { ORDERED = sizeof(order) / sizeof(order[0]) };

static unsigned
transports_of(const struct server *s)
{
	return s->transport == TUNNEL_AUTO ? ORDERED : 1;
}

static unsigned
addresses_of(const struct server *s)
{
	return s->one_peer && s->n_endpoints > 0 ? s->n_endpoints : 1;
}

unsigned
ways_count(const struct server *s)
{
	return s->protocol == SERVER_TUNNEL ? transports_of(s) * addresses_of(s)
					    : 1;
}

static enum tunnel_transport
transport_of(const struct server *s, unsigned way)
{
	return s->transport == TUNNEL_AUTO
	    ? order[way / addresses_of(s) % ORDERED]
	    : (enum tunnel_transport)s->transport;
}

void
ways_take(const struct server *s, unsigned way, struct server *ret)
{
	*ret = *s;
	if (s->protocol != SERVER_TUNNEL)
		return;
	if (s->one_peer && s->n_endpoints > 0) {
		ret->endpoints[0] = s->endpoints[way % s->n_endpoints];
		ret->n_endpoints = 1;
	}
	server_use_transport(ret, transport_of(s, way));
}

/*
 * Where.
 */

bool
ways_is_open(const struct server *s, const struct net_view *view, unsigned way)
{
	struct server taken;

	ways_take(s, way, &taken);
	for (unsigned i = 0; i < taken.n_endpoints; i++) {
		const struct net_uplink *up =
		    taken.endpoints[i].addr.family == ADDR_V4 ? &view->v4
							      : &view->v6;

		if (up->addr.family != ADDR_NONE)
			return true;
	}
	return false;
}

unsigned
ways_next(const struct server *s, const struct net_view *view, unsigned way)
{
	unsigned n = ways_count(s);

	for (unsigned i = 1; i < n; i++)
		if (ways_is_open(s, view, (way + i) % n))
			return (way + i) % n;
	return way;
}

static struct addr
net_of(const struct net_uplink *up)
{
	struct addr net = up->addr;

	for (unsigned i = 0; i < sizeof(net.bytes); i++) {
		unsigned kept = up->prefix > 8 * i ? up->prefix - 8 * i : 0;

		if (kept < 8)
			net.bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
	return net;
}

void
ways_network_of(const struct net_view *view, struct ways_network *ret)
{
	*ret = (struct ways_network){ .gateway4 = view->v4.gateway,
		.gateway6 = view->v6.gateway,
		.net4 = net_of(&view->v4),
		.net6 = net_of(&view->v6) };
}

bool
ways_is_same_network(const struct ways_network *a, const struct ways_network *b)
{
	return addr_equal(&a->gateway4, &b->gateway4) &&
	    addr_equal(&a->gateway6, &b->gateway6) &&
	    addr_equal(&a->net4, &b->net4) && addr_equal(&a->net6, &b->net6);
}

/* Its place, or WAYS_NETWORKS_MAX. */
static unsigned
find(const struct ways *w, const struct net_view *view)
{
	struct ways_network here;

	ways_network_of(view, &here);
	for (unsigned i = 0; i < w->n; i++)
		if (ways_is_same_network(&w->known[i].network, &here))
			return i;
	return WAYS_NETWORKS_MAX;
}

bool
ways_knows(const struct ways *w, const struct net_view *view)
{
	return find(w, view) < WAYS_NETWORKS_MAX;
}

unsigned
ways_first(const struct ways *w, const struct server *s,
    const struct net_view *view)
{
	unsigned at = find(w, view), first = 0;

	for (unsigned i = 0; at < WAYS_NETWORKS_MAX && i < ways_count(s); i++)
		if ((uint8_t)transport_of(s, i) == w->known[at].transport) {
			first = i;
			break;
		}
	return ways_is_open(s, view, first) ? first : ways_next(s, view, first);
}

void
ways_remember(struct ways *w, const struct server *taken,
    const struct net_view *view)
{
	unsigned at = find(w, view);

	if (at == WAYS_NETWORKS_MAX) {
		at = w->next;
		w->next = (w->next + 1) % WAYS_NETWORKS_MAX;
		if (w->n < WAYS_NETWORKS_MAX)
			w->n++;
		ways_network_of(view, &w->known[at].network);
	}
	w->known[at].transport = taken->transport;
}
