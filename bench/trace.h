/* SPDX-License-Identifier: ISC */
/*
 * trace: packets as they come out of the tun, made up from a seed.
 *
 * Most are WireGuard's to the policy's endpoints; some are what the gate has
 * to drop, of each kind. IPv4 and IPv6 mixed, in no order.
 *
 * A packet has its real length, but only its first TRACE_SLOT bytes are here:
 * classify() reads no more of these. (The short way reads 64 bytes. The long
 * way reads the headers, here within 68 bytes, and of WireGuard's payload the
 * first four. Only IPv6 extensions, OpenVPN's streams and segmentation, none
 * of them in the trace, reach further.)
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "datapath/drop.h"

#define TRACE_SLOT 128

struct pktbuf;
struct policy;

struct trace {
	size_t n;
	struct pktbuf *in;	      /* as the pump has them */
	uint8_t (*slots)[TRACE_SLOT]; /* their data, in order, on cache lines */
	uint8_t *verdicts;	      /* enum drop: what each was made for */
	size_t counts[DROP_REASONS];
};

/*
 * n packets for the policy, of which drops_percent are to be dropped. 0, or
 * -ENOMEM with *ret untouched.
 */
int trace_new(const struct policy *pol, size_t n, uint64_t seed,
    unsigned drops_percent, struct trace **ret);

/* trace_free(NULL) does nothing. */
void trace_free(struct trace *t);

/*
 * Does classify() say of each packet what it was made for? The number of the
 * first of which it does not; t->n if there is none.
 */
size_t trace_check(const struct trace *t, const struct policy *pol);

#endif /* BENCH_TRACE_H */
