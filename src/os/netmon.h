/* SPDX-License-Identifier: ISC */
/*
 * netmon: what the network looks like now, and word when it changes.
 *
 * It follows the system's own messages (netlink, the routing socket). Events
 * are only a hint to look again: netmon_view() always asks anew, so a lost
 * message costs nothing but time.
 */
#ifndef OS_NETMON_H
#define OS_NETMON_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/addr.h"

struct hop;
struct netmon;

#define NET_NAME_MAX 16 /* IFNAMSIZ, on both systems */
#define NET_ALSO_MAX 7	/* 8 addresses of one family */

struct net_link {
	unsigned ifindex; /* 0: there is none */
	char name[NET_NAME_MAX];
	uint32_t mtu;
	bool ethernet;	/* else: a link without a header of its own */
	uint8_t mac[6]; /* ours, on Ethernet */
	bool running;	/* up, and with a carrier */
};

/* The way out of one address family: the best default route of the system. */
struct net_uplink {
	struct net_link link;
	struct addr addr;    /* ours there; ADDR_NONE: no uplink */
	unsigned prefix;     /* of that address */
	struct addr gateway; /* ADDR_NONE: everything is on the link */
};

struct net_view {
	struct net_uplink v4, v6;
	/* The VPN client's own interface; link.ifindex 0 while there is none.
	 */
	struct net_link tunnel;
	struct addr tunnel4, tunnel6; /* its addresses, and further ones */
	struct addr also[NET_ALSO_MAX];
	unsigned n_also;
};

/* One more of the tunnel's addresses; what does not fit is left out. */
static inline void
net_view_add_tunnel(struct net_view *v, const struct addr *a)
{
	struct addr *first = a->family == ADDR_V4 ? &v->tunnel4 : &v->tunnel6;

	if (first->family == ADDR_NONE)
		*first = *a;
	else if (v->n_also < NET_ALSO_MAX)
		v->also[v->n_also++] = *a;
}

/* 0, or a negative errno with *ret untouched. */
int netmon_open(struct netmon **ret);

/* netmon_close(NULL) does nothing. */
void netmon_close(struct netmon *n);

/* For the event loop: readable means that netmon_drain() has something. */
int netmon_fd(const struct netmon *n);

/*
 * Read what waits. 1: something may have changed, look again (also after
 * messages were lost); 0: nothing that concerns us; or a negative errno.
 */
int netmon_drain(struct netmon *n);

/*
 * Look: the uplinks, leaving out the interfaces `gate` (our tun) and
 * `tunnel` (the client's; NULL: none), and the latter's state. 0 with *ret
 * filled, or a negative errno with *ret zeroed: no uplink, nothing passes.
 */
int netmon_view(struct netmon *n, const char *gate, const char *tunnel,
    struct net_view *ret);

/*
 * How packets to dst leave by this uplink. Asks the system to find or confirm
 * the next hop's link address and does not wait: ret->ready is 0 until it is
 * known, and its coming is an event. A zeroed hop if there is no uplink.
 */
void netmon_hop(struct netmon *n, const struct net_uplink *up,
    const struct addr *dst, struct hop *ret);

#endif /* OS_NETMON_H */
