/* SPDX-License-Identifier: ISC */
/*
 * view: what two looks at the network mean for the gate.
 *
 * Pure. The looks themselves are netmon's.
 */
#ifndef CONTROL_VIEW_H
#define CONTROL_VIEW_H

#include <stdbool.h>

#include "control/gate.h"
#include "src/base/addr.h"

struct hop;
struct net_view;
struct server;

/* One look: the network, and the way to each of the server's endpoints. */
struct view_look {
	const struct net_view *view;
	const struct hop *hops; /* POLICY_ENDPOINTS_MAX of them */
};

/* Is the client's interface up, with an address, and not a network card? */
bool view_has_tunnel(const struct net_view *v);

/* Does the server have an address of that family? Without a server: yes. */
bool view_uses(const struct server *s, enum addr_family family);

/*
 * Is there a way out of a family that the server has an address of? NULL: no
 * server, any family will do.
 */
bool view_has_way_out(const struct net_view *v, const struct server *s);

/*
 * Can a server have this address, in this network? Not one of ours, nor the
 * uplink's network's own or broadcast address (RFC 919): that would be
 * answered by everybody.
 */
bool view_can_be_server(const struct net_view *v, const struct addr *a);

bool view_is_same_uplink(const struct net_view *a, const struct net_view *b);
bool view_is_same_tunnel(const struct net_view *a, const struct net_view *b);

/* What happened between two looks? False: nothing that makes an event. */
bool view_event(const struct view_look *old, const struct view_look *new,
    const struct server *s, enum gate_event *ret);

#endif /* CONTROL_VIEW_H */
