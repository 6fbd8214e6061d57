/* SPDX-License-Identifier: ISC */
/*
 * lan: which addresses are the local network's (STATES.md 0.5).
 *
 * Pure. The network that the uplink's own address is in counts, if it lies
 * wholly within the ranges that are for private use (RFC 1918, RFC 4193) or
 * link-local (RFC 3927, RFC 4291); and multicast that routers do not pass on.
 * What else a network says is on the link does not: a public network, half of
 * the internet, a route of its own (TunnelCrack LocalNet, TunnelVision).
 */
#ifndef CONTROL_LAN_H
#define CONTROL_LAN_H

#include "src/base/addr.h"

struct net_view;

/* As many as there can be. */
#define LAN_MAX 8

/* How many there are, in ret. 0 without an uplink. */
unsigned lan_networks(const struct net_view *view, struct prefix ret[LAN_MAX]);

#endif /* CONTROL_LAN_H */
