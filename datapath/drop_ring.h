/* SPDX-License-Identifier: ISC */
/*
 * drop_ring: tells control of single dropped packets, while somebody watches.
 *
 * One worker puts, control takes; no lock. The ring is small on purpose: it is
 * emptied every DROP_RING_DRAIN_MS, so its size is the rate limit, and what
 * does not fit is only counted. While nobody watches, a drop costs one load.
 */
#ifndef DATAPATH_DROP_RING_H
#define DATAPATH_DROP_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datapath/drop.h"
#include "src/base/addr.h"

#define DROP_RING_SIZE	   64 /* a power of two */
#define DROP_RING_DRAIN_MS 100

struct drop_event {
	uint64_t wall_ns;      /* since 1970 */
	uint64_t generation;   /* of the policy that judged it */
	struct addr src, dst;  /* ADDR_NONE where they could not be read */
	uint16_t sport, dport; /* host order; 0 where there are none */
	uint8_t protocol;      /* IP protocol number */
	uint8_t why;	       /* enum drop */
	uint32_t len;	       /* bytes of IP packet */
};

struct drop_ring {
	atomic_bool watched;
	_Alignas(64) _Atomic uint32_t put;   /* written by the worker */
	_Atomic uint64_t missed;	     /* that did not fit; worker */
	_Alignas(64) _Atomic uint32_t taken; /* written by control */
	struct drop_event events[DROP_RING_SIZE];
};

/* Worker: note that this packet was dropped. */
void drop_ring_put(struct drop_ring *r, const uint8_t *data, size_t len,
    enum drop why, uint64_t generation);

/* Control: watch, or stop watching. What waited before is forgotten. */
void drop_ring_watch(struct drop_ring *r, bool on);

/* Control: the next event; false if there is none. */
bool drop_ring_take(struct drop_ring *r, struct drop_event *ret);

/* Control: how many did not fit, ever. */
uint64_t drop_ring_missed(const struct drop_ring *r);

#endif /* DATAPATH_DROP_RING_H */
