/* SPDX-License-Identifier: ISC */
/*
 * returnpath: keeps the path between client and server open where the
 * system's own ideas of a path would be in the way.
 *
 * The way to a server leads into the gate, but its answers come in by the
 * uplink. Two things mind that. A system that checks whether a packet came
 * from where its answer would go (strict reverse-path filtering) drops the
 * answers: so packets from the servers of the policy, and no others, get a
 * mark on arrival, which is looked up in a table that leads to the uplink; so
 * does the router's question who we are, which is checked in the same way. And
 * a client that answers by the interface the answer came in by (WireGuard's
 * "sticky sockets") would go round the gate: its packets are led into it.
 *
 * Systems that have neither have a file that does nothing.
 */
#ifndef OS_RETURNPATH_H
#define OS_RETURNPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/addr.h"

/* The mark; a rule of routes_linux.c looks it up. */
#define RETURNPATH_MARK 0x7467u

struct returnpath;

struct returnpath_plan {
	unsigned ifindex;      /* of the uplink; 0: there is none */
	bool answers;	       /* are the servers' let in? */
	char name[16];	       /* and its name */
	unsigned gate_ifindex; /* of the gate's tun; 0: nothing is led there */
	const struct addr *servers; /* IPv4 ones count; borrowed for the call */
	unsigned n_servers;
	uint16_t listen; /* from anyone, to this UDP port (host order); 0: no */
};

/* 0, or a negative errno with *ret untouched. */
int returnpath_open(struct returnpath **ret);

/* Forget the handle; what was planned stays. Does nothing for NULL. */
void returnpath_close(struct returnpath *r);

/*
 * Replace what was planned before, as one transaction. 0, or a negative errno
 * (-EOPNOTSUPP: the kernel has no packet marks on arrival).
 */
int returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan);

/* Take all of it out, settings too. 0 also when there was nothing. */
int returnpath_release(struct returnpath *r);

#endif /* OS_RETURNPATH_H */
