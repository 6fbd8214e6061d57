/* SPDX-License-Identifier: ISC */
/*
 * drop: where a packet ends. One value for what passed, one for each reason
 * why not. Every packet that comes out of the tun ends in exactly one.
 */
#ifndef DATAPATH_DROP_H
#define DATAPATH_DROP_H

enum drop {
	DROP_BLOCKED = 0,      /* no server is chosen: nothing passes */
	DROP_NOT_ENCAPSULATED, /* not addressed to the VPN server */
	DROP_WRONG_PROTOCOL,   /* to the server, by another IP protocol */
	DROP_WRONG_PORT,       /* to the server, at another port */
	DROP_WRONG_SHAPE,      /* to the server's port, but not the tunnel's
				* protocol */
	DROP_WRONG_SOURCE,     /* not from the uplink's own address, or not
				* from the tunnel's into our tunnel */
	DROP_NOT_OURS,	       /* to the server's port, where our own tunnel
				* alone sends */
	DROP_OPTIONS,	       /* IPv4 options or IPv6 extension headers */
	DROP_FRAGMENT,	       /* the first fragment of a datagram */
	DROP_LATER_FRAGMENT,   /* a later one: it cannot be classified */
	DROP_NOT_IP,	       /* neither IPv4 nor IPv6 */
	DROP_TRUNCATED,	       /* shorter than its headers say */
	DROP_BAD_HEADER,       /* headers that contradict themselves */
	DROP_NO_UPLINK,	       /* there is no network to send it to */
	DROP_NO_NEIGHBOUR,     /* the next hop's link address is not known */
	DROP_TOO_BIG,	       /* larger than the uplink takes */
	DROP_UPLINK_BUSY,      /* the uplink's queue is full */
	DROP_UPLINK_FAILED,    /* the system refused to send it */
	DROP_NO_PEER,	       /* into our tunnel, to nobody's network */
	DROP_NO_SESSION,       /* into our tunnel, before its handshake */
	DROP_OTHER_RESOLVER,   /* into our tunnel, DNS to another resolver */
	DROP_WORKER_ENDED,     /* read, and its worker ended before it was
				* counted: it may have been sent */
	PASSED,		       /* encapsulated to the current server: sent */
	DROP_REASONS
};

/* "not-encapsulated", "passed", ...; never NULL. */
const char *drop_name(enum drop why);

/* One sentence for people: what was wrong. Never NULL. */
const char *drop_meaning(enum drop why);

/* One sentence for people: what would let it pass. Never NULL. */
const char *drop_remedy(enum drop why);

#endif /* DATAPATH_DROP_H */
