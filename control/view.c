/* SPDX-License-Identifier: ISC */
#include "control/view.h"

#include <string.h>

#include "control/server.h"
#include "datapath/policy.h"
#include "src/os/netmon.h"
#include "src/os/uplink.h"

bool
view_has_tunnel(const struct net_view *v)
{
	/* A network card of that name is no tunnel: it would send in plain. */
	return v->tunnel.running && !v->tunnel.ethernet &&
	    (v->tunnel4.family != ADDR_NONE || v->tunnel6.family != ADDR_NONE);
}

bool
view_uses(const struct server *s, enum addr_family family)
{
	if (s == NULL || s->listen != 0)
		return true;
	for (unsigned i = 0; i < s->n_endpoints; i++)
		if (s->endpoints[i].addr.family == family)
			return true;
	return false;
}

bool
view_has_way_out(const struct net_view *v, const struct server *s)
{
	return (v->v4.link.ifindex != 0 && view_uses(s, ADDR_V4)) ||
	    (v->v6.link.ifindex != 0 && view_uses(s, ADDR_V6));
}

static bool
is_same(const struct net_uplink *a, const struct net_uplink *b)
{
	return a->link.ifindex == b->link.ifindex &&
	    addr_equal(&a->addr, &b->addr) &&
	    addr_equal(&a->gateway, &b->gateway);
}

/* All of the host's bits ones, or all zeros; a network of two has neither. */
static bool
is_whole_network(const struct addr *a, const struct net_uplink *up)
{
	unsigned ones = 0, zeros = 0;

	if (a->family != ADDR_V4 || up->prefix >= 31 ||
	    !addr_in_prefix(a, &up->addr, up->prefix))
		return false;
	for (unsigned bit = up->prefix; bit < 32; bit++) {
		bool one = a->bytes[bit / 8] >> (7 - bit % 8) & 1;

		ones += one;
		zeros += !one;
	}
	return ones == 0 || zeros == 0;
}

bool
view_can_be_server(const struct net_view *v, const struct addr *a)
{
	for (unsigned i = 0; i < v->n_also; i++)
		if (addr_equal(a, &v->also[i]))
			return false;
	return !addr_equal(a, &v->v4.addr) && !addr_equal(a, &v->v6.addr) &&
	    !addr_equal(a, &v->tunnel4) && !addr_equal(a, &v->tunnel6) &&
	    !is_whole_network(a, &v->v4);
}

bool
view_is_same_uplink(const struct net_view *a, const struct net_view *b)
{
	return is_same(&a->v4, &b->v4) && is_same(&a->v6, &b->v6);
}

bool
view_is_same_tunnel(const struct net_view *a, const struct net_view *b)
{
	if (a->n_also != b->n_also)
		return false;
	for (unsigned i = 0; i < a->n_also; i++)
		if (!addr_equal(&a->also[i], &b->also[i]))
			return false;
	return a->tunnel.ifindex == b->tunnel.ifindex &&
	    a->tunnel.running == b->tunnel.running &&
	    addr_equal(&a->tunnel4, &b->tunnel4) &&
	    addr_equal(&a->tunnel6, &b->tunnel6);
}

bool
view_event(const struct view_look *old, const struct view_look *new,
    const struct server *s, enum gate_event *ret)
{
	const struct net_view *a = old->view, *b = new->view;

	if (view_has_way_out(a, s) && !view_has_way_out(b, s))
		*ret = EV_UPLINK_LOST;
	else if ((view_uses(s, ADDR_V4) && !is_same(&a->v4, &b->v4)) ||
	    (view_uses(s, ADDR_V6) && !is_same(&a->v6, &b->v6)))
		*ret = EV_UPLINK_CHANGED;
	else if (view_has_tunnel(a) && !view_has_tunnel(b))
		*ret = EV_TUNNEL_LOST;
	else if (!view_is_same_tunnel(a, b))
		*ret = EV_TUNNEL_CHANGED;
	else if (memcmp(old->hops, new->hops,
		     POLICY_ENDPOINTS_MAX * sizeof(*old->hops)) != 0)
		*ret = EV_NEIGHBOUR_CHANGED;
	else
		return false;
	return true;
}
