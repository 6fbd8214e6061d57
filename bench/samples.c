/* SPDX-License-Identifier: ISC */
#include "bench/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
samples_add(struct samples *s, double v)
{
	if (s->n == s->room) {
		size_t room = s->room * 2 + 16;
		double *more = realloc(s->v, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		s->v = more;
		s->room = room;
	}
	s->v[s->n++] = v;
	return 0;
}

void
samples_done(struct samples *s)
{
	free(s->v);
	*s = (struct samples){ 0 };
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Between the two nearest ranks. */
static double
quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t below = (size_t)at;

	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] +
	    (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

struct summary
samples_sum_up(const struct samples *s)
{
	struct summary sum = { 0 };
	double *v;

	if (s->n == 0 || (v = malloc(s->n * sizeof(*v))) == NULL)
		return sum;
	memcpy(v, s->v, s->n * sizeof(*v));
	qsort(v, s->n, sizeof(*v), by_size);
	sum = (struct summary){ .n = s->n,
		.min = v[0],
		.max = v[s->n - 1],
		.q1 = quantile(v, s->n, 0.25),
		.median = quantile(v, s->n, 0.5),
		.q3 = quantile(v, s->n, 0.75),
		.p99 = quantile(v, s->n, 0.99) };
	free(v);
	return sum;
}

struct summary
samples_sum_up_ratio(const struct samples *a, const struct samples *b)
{
	struct samples ratio = { 0 };
	struct summary sum = { 0 };
	size_t n = a->n < b->n ? a->n : b->n;

	for (size_t i = 0; i < n; i++)
		if (b->v[i] > 0 && samples_add(&ratio, a->v[i] / b->v[i]) < 0)
			goto out;
	sum = samples_sum_up(&ratio);
out:
	samples_done(&ratio);
	return sum;
}
