/* SPDX-License-Identifier: ISC */
#include "control/moved.h"

#include <stdbool.h>

#include "control/msg.h"
#include "control/server.h"
#include "control/view.h"
#include "datapath/policy.h"

static bool
is_possible(const struct net_view *view, const struct wg_endpoint *at)
{
	return (at->addr.family == ADDR_V4 || at->addr.family == ADDR_V6) &&
	    at->port != 0 && addr_is_usable_server(&at->addr) &&
	    view_can_be_server(view, &at->addr);
}

static bool
has(const struct server *s, const struct wg_endpoint *at)
{
	for (unsigned i = 0; i < s->n_endpoints; i++)
		if (s->endpoints[i].port == at->port &&
		    addr_equal(&s->endpoints[i].addr, &at->addr))
			return true;
	return false;
}

void
moved_take(const struct msg_moved *m, const struct net_view *view,
    unsigned given, struct server *s)
{
	s->n_endpoints = given;
	for (unsigned i = 0; i < m->n && i < POLICY_ENDPOINTS_MAX &&
	     s->n_endpoints < POLICY_ENDPOINTS_MAX;
	     i++)
		if (is_possible(view, &m->at[i]) && !has(s, &m->at[i]))
			s->endpoints[s->n_endpoints++] =
			    (struct endpoint){ .addr = m->at[i].addr,
				    .port = m->at[i].port,
				    .protocol = PROTO_UDP,
				    .shape = SHAPE_WIREGUARD,
				    .sealed = 1 };
}
