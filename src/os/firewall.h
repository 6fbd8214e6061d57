/* SPDX-License-Identifier: ISC */
/*
 * firewall: what the system itself lets through, whoever of ours is alive.
 *
 * It is closed to all but what is planned: what STATES.md 0.4 lists, and what
 * the gate's own uplink sends to the servers of now. It knows the gate's
 * frames by who made the socket and by a mark, and looks at address, protocol,
 * port and shape once more; or never sees them (macOS), and lets nothing out
 * to the servers. A killed process leaves it as it is.
 */
#ifndef OS_FIREWALL_H
#define OS_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/addr.h"

struct firewall;
struct uplink_sender;

#define FIREWALL_FLOWS_MAX	32
#define FIREWALL_HEADS_MAX	8
#define FIREWALL_LAN_MAX	8
#define FIREWALL_ALSO_MAX	7
/* The gateways, and servers that are on the link. */
#define FIREWALL_NEIGHBOURS_MAX (2 + FIREWALL_FLOWS_MAX)

/* How a datagram's payload begins: those bits of its first four bytes. */
struct firewall_head {
	uint8_t mask[4], value[4];
};

/* One of the server's addresses; in both directions. */
struct firewall_flow {
	struct addr to;
	uint16_t port;	  /* host order; not for ESP */
	uint8_t protocol; /* IANA */
	bool in_two;	  /* UDP: the gate may send a datagram in fragments,
			   * of which the second says no port */
	unsigned n_heads; /* 0: its beginning is not looked at */
	struct firewall_head heads[FIREWALL_HEADS_MAX];
};

/* An account that no socket has (setuid(2): "no change"). */
#define FIREWALL_NOBODY ((uid_t)-1)

/* Zeroed, it lets through what is let through always, and no more. */
struct firewall_plan {
	unsigned gate_ifindex;	      /* our tun; 0: none */
	unsigned tunnel_ifindex;      /* the client's interface; 0: none */
	struct addr tunnel4, tunnel6; /* its addresses, and further ones */
	struct addr also[FIREWALL_ALSO_MAX];
	unsigned n_also;
	struct addr source4, source6; /* the uplink's */
	unsigned prefix6;	      /* its network, in bits */
	/* Whose link addresses may be asked for. */
	struct addr neighbours[FIREWALL_NEIGHBOURS_MAX];
	unsigned n_neighbours;
	struct firewall_flow flows[FIREWALL_FLOWS_MAX];
	unsigned n_flows;
	/* WireGuard's first words of whoever comes by the uplink, to this UDP
	 * port (host order) of its address: 0: none. Nobody is answered by
	 * that: who is is a flow. */
	uint16_t listen;
	/* To what is behind that interface, never the uplink, IPv4 of the
	 * tunnel's peers is forwarded, under its address; empty: nothing is. */
	char behind[16];
	/* Whose sockets may send there, into the gate; the kernel's always. */
	bool any_user;
	uid_t user;
	/* The local network, by the uplink; never its DNS. */
	unsigned uplink4_ifindex, uplink6_ifindex;
	struct prefix lan[FIREWALL_LAN_MAX];
	unsigned n_lan;
};

/*
 * gate: who sends the gate's frames (copied). held: shall a process of its own
 * keep the firewall ours when this one dies, so that nobody else can flush it?
 * 0, or a negative errno (-EPROTONOSUPPORT: there is none in this system) with
 * *ret untouched.
 */
int firewall_open(const struct uplink_sender *gate, bool held,
    struct firewall **ret);

/* What was applied stays. firewall_close(NULL) does nothing. */
void firewall_close(struct firewall *f);

/*
 * Make the plan so, in one transaction; nothing is done if it is so already.
 * What is made from nothing is looked at: a frame that says nothing is sent to
 * each interface, to be counted and dropped (macOS: the rules are read back).
 * 0, or a negative errno: then what was applied before holds (-EPROTO: it was
 * put in place and is not seen to hold; it is made anew with the next call).
 */
int firewall_apply(struct firewall *f, const struct firewall_plan *plan);

/*
 * For the event loop: readable means that firewall_drain() has something. -1:
 * this system has no word of changes.
 */
int firewall_fd(const struct firewall *f);

/*
 * Read what waits. 1: somebody else changed what is ours, or took it away: it
 * is to be applied again; 0: nothing that concerns us.
 */
int firewall_drain(struct firewall *f);

/*
 * What this system cannot promise, as a sentence; NULL: nothing is lacking.
 * After the first apply.
 */
const char *firewall_lacks(const struct firewall *f);

/* Take it out, whoever put it there. 0 also when there was none. */
int firewall_release(struct firewall *f);

#endif /* OS_FIREWALL_H */
