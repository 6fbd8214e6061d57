/* SPDX-License-Identifier: ISC */
/*
 * policy: what may leave now, as one immutable value.
 *
 * Control makes one for each change (plan.h), fills it, and publishes it
 * (policy_slot.h); from then on nobody writes to it. What must agree travels
 * in it together: whom packets may go to, from which address, and by which
 * next hop.
 *
 * A zeroed policy lets nothing pass.
 */
#ifndef DATAPATH_POLICY_H
#define DATAPATH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath/shape.h"
#include "src/base/addr.h"
#include "src/os/uplink.h"

#define POLICY_ENDPOINTS_MAX 32

/* IP protocol numbers (IANA). */
enum {
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ESP = 50,
	PROTO_ICMP = 1,
	PROTO_ICMPV6 = 58
};

/* One address, protocol and port that the server answers at. */
struct endpoint {
	struct addr addr;
	uint16_t port;	  /* host order; 0 for PROTO_ESP, which has none */
	uint8_t protocol; /* PROTO_UDP, PROTO_TCP or PROTO_ESP */
	uint8_t shape;	  /* enum shape */
	uint8_t sealed;	  /* not 0: our own tunnel alone sends there */
};

/*
 * What bulk to one endpoint looks like: words of the packet (bytes_word()),
 * with zeros where classify() does not look. Made by policy_finish(). Zeroed:
 * no packet is like it, for none is of IP version 0.
 */
struct policy_bulk {
	uint64_t first;	     /* bytes 0 to 7, the length left out */
	uint64_t second;     /* bytes 8 to 15: of the source, and IPv4's
			      * protocol */
	uint64_t rest[3];    /* IPv6: bytes 16, 24 and 28 on */
	uint64_t to;	     /* the address's last four bytes, and the port */
	uint64_t shape;	     /* UDP's length left out, the payload's first
			      * four bytes */
	uint64_t shape_mask; /* what of it counts */
};

/* shape_mask, where a function has to be asked for the shape. */
#define POLICY_ANY_SHAPE UINT64_C(0xffff000000000000)

/* A power of two. The more, the sooner a hash without collisions is found. */
#define POLICY_FIND 256

struct policy {
	uint64_t generation; /* counts up; 0 is policy_block_all */
	unsigned state;	     /* enum gate_state, to be shown; not judged by */
	struct addr source4; /* the uplink's addresses: nothing passes from */
	struct addr source6; /* another, or from none */
	bool listens;	     /* our own tunnel's peers may speak first */
	unsigned n_endpoints;
	struct endpoint endpoints[POLICY_ENDPOINTS_MAX];
	struct hop hops[POLICY_ENDPOINTS_MAX]; /* the way to each */
	/* One cache line each. */
	_Alignas(64) struct policy_bulk bulk[POLICY_ENDPOINTS_MAX];
	/* Which endpoint may it be? See policy_guess(). */
	uint64_t find_by;
	uint8_t find[POLICY_FIND];
};

/*
 * Nothing passes. Static, so that closing the gate needs no memory, cannot
 * fail and cannot be overwritten.
 */
extern const struct policy policy_block_all;

/* A zeroed policy to be filled, freed with policy_free(); NULL: no memory. */
struct policy *policy_new(void);

/* Does nothing for NULL and for policy_block_all. */
void policy_free(const struct policy *p);

/* Work out what classify() compares with. Last step before publishing. */
void policy_finish(struct policy *p);

/* The only endpoint whose bulk[].to may be this; any, if none is. */
static inline unsigned
policy_guess(const struct policy *p, uint64_t to)
{
	return p->find[to * p->find_by >> 56];
}

#endif /* DATAPATH_POLICY_H */
