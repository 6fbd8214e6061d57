/* SPDX-License-Identifier: ISC */
/*
 * publish: what it costs who classifies that policies are published, and how
 * soon they are in force.
 */
#ifndef BENCH_PUBLISH_H
#define BENCH_PUBLISH_H

struct report;
struct trace;

/*
 * Go through the trace with policies from a slot: alone, beside a thread that
 * publishes a policy each millisecond, and beside one that publishes as fast
 * as it can. 0, or -1 after a line on standard error.
 */
int publish_measure(const struct trace *t, unsigned endpoints, unsigned rounds,
    struct report *r);

#endif /* BENCH_PUBLISH_H */
