/* SPDX-License-Identifier: ISC */
/*
 * samples: figures of several rounds, and what is said of them.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>

struct samples {
	double *v; /* in the order they came; samples_sum_up() leaves it */
	size_t n, room;
};

struct summary {
	size_t n;
	double median, min, max;
	double q1, q3; /* quartiles: half of the rounds lie between */
	double p99;
};

/* Zeroed is empty. 0, or -ENOMEM: then it was not added. */
int samples_add(struct samples *s, double v);

void samples_done(struct samples *s);

/* Of at least one sample; zeroed if there is none, or no memory. */
struct summary samples_sum_up(const struct samples *s);

/*
 * The same of a[i] / b[i]. Contenders take turns in a round, so a machine
 * that slows down for a while slows both, and the ratio stays.
 */
struct summary
samples_sum_up_ratio(const struct samples *a, const struct samples *b);

#endif /* BENCH_SAMPLES_H */
