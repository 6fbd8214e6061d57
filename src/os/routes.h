/* SPDX-License-Identifier: ISC */
/*
 * routes: the machine's default route, taken and given back.
 *
 * A plan says what is wanted; routes_apply() makes it so from whatever it
 * finds: nothing, all, or the half that a killed process left. What narrows
 * is done first, what widens last.
 */
#ifndef OS_ROUTES_H
#define OS_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/addr.h"

struct routes;

#define ROUTES_SERVERS_MAX 32
#define ROUTES_LAN_MAX	   8
#define ROUTES_ALSO_MAX	   7

/*
 * Zeroed, it is the most closed plan: every packet is refused by the machine
 * itself.
 */
struct routes_plan {
	unsigned gate_ifindex;	      /* our tun; 0: refuse everything */
	struct addr source4, source6; /* what leaves through the gate bears
				       * these; ADDR_NONE: that family is
				       * refused at once */
	/* What the client sends: these destinations, always into the gate. */
	struct addr servers[ROUTES_SERVERS_MAX];
	unsigned n_servers;
	/* May others come by the uplink, too, marked on arrival
	 * (returnpath.h)? */
	bool anyone;
	/* The client's interface; 0: there is none, all goes into the gate. */
	unsigned tunnel_ifindex;
	struct addr tunnel4, tunnel6; /* its addresses, and further ones */
	struct addr also[ROUTES_ALSO_MAX];
	unsigned n_also;
	/* Where the servers' answers and the router's questions come in; 0:
	 * nowhere. The router; ADDR_NONE: there is none. */
	unsigned uplink4_ifindex, uplink6_ifindex;
	struct addr gateway4;
	/* IPv4 that is forwarded: what comes in by that interface, and what
	 * comes back to it from the interface behind; empty: nothing is. */
	char forwarded[16], behind[16];
	/* What goes out by the uplink as it is: the local network's. */
	struct prefix lan[ROUTES_LAN_MAX];
	unsigned n_lan;
};

/* 0, or a negative errno with *ret untouched. */
int routes_open(struct routes **ret);

/* Forget the handle; the routes stay. routes_close(NULL) does nothing. */
void routes_close(struct routes *r);

/* What was found when a plan was applied. */
struct routes_found {
	bool changed; /* something of ours was missing, or too much */
	/* A rule of others is asked before ours, and cannot be preceded: what
	 * it leads elsewhere is for the firewall to stop. */
	bool overruled;
};

/*
 * Make the plan so. 0, or a negative errno: then at least everything that is
 * not yet as planned is closed. ret may be NULL.
 */
int routes_apply(struct routes *r, const struct routes_plan *plan,
    struct routes_found *ret);

/*
 * Take everything of ours out of the system, also what a killed process left.
 * 0 when nothing of ours is left; else the first error, after trying all.
 */
int routes_release(struct routes *r);

#endif /* OS_ROUTES_H */
