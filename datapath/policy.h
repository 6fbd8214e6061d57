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
};

/*
 * The headers that a packet to an endpoint must have, as the first 64 bytes
 * of the packet: (bytes ^ want) & mask is zero. Made by policy_finish().
 */
struct policy_template {
	uint64_t want[8];
	uint64_t mask[8];
	/* Zero for TCP and ESP, and while the uplink has no address of the
	 * endpoint's family: then nothing is compared, so nothing matches. */
	uint64_t usable;
};

struct policy {
	uint64_t generation; /* counts up; 0 is policy_block_all */
	unsigned state;	     /* enum gate_state, to be shown; not judged by */
	struct addr source4; /* the uplink's addresses: nothing passes from */
	struct addr source6; /* another, or from none */
	unsigned n_endpoints;
	struct endpoint endpoints[POLICY_ENDPOINTS_MAX];
	struct hop hops[POLICY_ENDPOINTS_MAX]; /* the way to each */
	struct policy_template templates[POLICY_ENDPOINTS_MAX];
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

#endif /* DATAPATH_POLICY_H */
