/* SPDX-License-Identifier: ISC */
/*
 * sweep: goes once through a trace, each packet judged by one contender.
 *
 * All go through the same slots in the same order. Each returns a sum over
 * its verdicts, so that no work can be left out as unused; sweep_time() uses
 * it.
 */
#ifndef BENCH_SWEEP_H
#define BENCH_SWEEP_H

#include <pcap/pcap.h>
#include <stdint.h>

#include "datapath/stream.h"

struct policy;
struct policy_slot;
struct trace;

/* What the contenders judge by. All borrowed. */
struct sweep_by {
	const struct policy *pol;
	const struct bpf_program *bpf;
	struct policy_slot *slot;
	struct streams streams;
	uint64_t generation; /* of the policy last taken from the slot */
	uint64_t taken;	     /* how many different ones were taken */
};

typedef uint64_t sweep(const struct trace *t, struct sweep_by *by);

/* The floor: one byte of each packet is read. */
sweep sweep_touch;

/* libpcap's interpreter, as a program would call it. */
sweep sweep_bpf;

/* classify_batch(), PUMP_BATCH packets at a time, under one policy. */
sweep sweep_classify;

/* The same, the policy taken from the slot every PUMP_BATCH packets. */
sweep sweep_batches;

/*
 * Nanoseconds a packet, of so many whole sweeps as take at least `ns`, but at
 * least one.
 */
double
sweep_time(sweep *s, const struct trace *t, struct sweep_by *by, uint64_t ns);

#endif /* BENCH_SWEEP_H */
