/* SPDX-License-Identifier: ISC */
/*
 * pump: moves packets. The only file that knows the order of the stages.
 *
 *     tun -> parse and classify -> uplink
 *
 * Used by one thread; its counters may be read by any.
 */
#ifndef DATAPATH_PUMP_H
#define DATAPATH_PUMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "datapath/counters.h"
#include "datapath/stream.h"

struct drop_ring;
struct policy_slot;
struct pump;
struct tun;
struct uplink;

/*
 * Packets of one batch: one policy, one call to the uplink. Its buffers are
 * PUMP_BATCH * PKTBUF_MAX bytes, of which the kernel backs only what is used.
 */
#define PUMP_BATCH 64

/*
 * What outlives a pump, and the process that it is in: the next one goes on
 * with it. So the counters add up, and OpenVPN's TCP connections go on.
 */
struct pump_memory {
	struct counters counters; /* the gate's */
	struct counters tunnel;	  /* our own tunnel's, outbound */
	/* The latest time of day told to a peer, ns since 1970 (device.h). */
	_Atomic uint64_t told_unix;
	_Alignas(64) struct streams streams;
	_Atomic bool judging; /* streams may be half written */
};

/* Zeroed, for this process and those that it forks. NULL: no memory. */
struct pump_memory *pump_memory_new(void);

/* In this process. pump_memory_free(NULL) does nothing. */
void pump_memory_free(struct pump_memory *m);

/*
 * All are borrowed and must outlive the pump, but not each other. tun may be
 * NULL: then pump_use() comes before pump_batch(). 0, or -ENOMEM with *ret
 * untouched.
 */
int pump_new(struct tun *tun, struct uplink *uplink, struct policy_slot *slot,
    struct drop_ring *drops, struct pump_memory *memory, struct pump **ret);

/* From now on this device, borrowed; what is known of connections stays. */
void pump_use(struct pump *p, struct tun *tun);

/* pump_free(NULL) does nothing. */
void pump_free(struct pump *p);

/*
 * Move one batch: take the policy, read what waits, at most PUMP_BATCH
 * packets, and send on what may pass. The number read (0: nothing waited), or
 * the negative errno of the tun: what was read before is still counted.
 */
int pump_batch(struct pump *p);

/*
 * Where the client is to be answered: the source port of the last packet that
 * was sent on under the policy of that generation (0: of a protocol without
 * ports), or -1: none was. Of any thread.
 */
int pump_answer_port(const struct pump *p, uint64_t generation);

#endif /* DATAPATH_PUMP_H */
