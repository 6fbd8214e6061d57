/* SPDX-License-Identifier: ISC */
/*
 * ways: how a server of our own tunnel can be spoken to: each transport that
 * its file allows, at each address that it has. One is tried at a time, in that
 * order; and first what worked in this network before.
 *
 * Pure.
 */
#ifndef CONTROL_WAYS_H
#define CONTROL_WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/server.h"

struct net_view;

/* As many networks are remembered: the latest. */
#define WAYS_NETWORKS_MAX 16

/* A network, as far as we can tell it from others: our places in it. */
struct ways_network {
	struct addr gateway4, gateway6, net4, net6;
};

/* What worked where. Zeroed, it is empty. In memory only: it would tell who
 * finds it where the machine has been. */
struct ways {
	struct {
		struct ways_network network;
		uint8_t transport; /* enum tunnel_transport */
	} known[WAYS_NETWORKS_MAX];
	unsigned n, next;
};

/* How many ways to that server; 1 for another's client, too. */
unsigned ways_count(const struct server *s);

/*
 * Only that way is left in *ret: one transport and, if one peer is all there
 * is, one address. (Several peers have an address each.)
 */
void ways_take(const struct server *s, unsigned way, struct server *ret);

/*
 * The first way to try here, or the next after one, of those for whose family
 * there is an uplink; if there is none, way is not changed (first: 0).
 */
unsigned ways_first(const struct ways *w, const struct server *s,
    const struct net_view *view);
unsigned
ways_next(const struct server *s, const struct net_view *view, unsigned way);

/* Is there an uplink of the family of that way? */
bool
ways_is_open(const struct server *s, const struct net_view *view, unsigned way);

/* Is it known what works here? */
bool ways_knows(const struct ways *w, const struct net_view *view);

/* It worked here: the transport of what ways_take() left. */
void ways_remember(struct ways *w, const struct server *taken,
    const struct net_view *view);

/* Of a view; and are they the same? */
void ways_network_of(const struct net_view *view, struct ways_network *ret);
bool ways_is_same_network(const struct ways_network *a,
    const struct ways_network *b);

#endif /* CONTROL_WAYS_H */
