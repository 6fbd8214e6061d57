/* SPDX-License-Identifier: ISC */
/*
 * report: what a rung found: facts, figures and goals, as text or as JSON.
 *
 * Strings are copied. What finds no memory is left out, and report_print()
 * says so.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>

#include "bench/samples.h"

struct report;

/* A report of the rung, with the machine's facts. NULL: no memory. */
struct report *report_new(const char *rung);

/* report_free(NULL) does nothing. */
void report_free(struct report *r);

/* What is to be known beside the figures: "seed", "1". */
void report_fact(struct report *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct figure {
	const char *group; /* figures of one group stand together */
	const char *name;
	const char *unit;
	struct summary value;
	/* Beside others of the same round; name NULL: no such ratio. */
	struct figure_ratio {
		const char *name;
		struct summary value;
	} ratios[2];
};
void report_figure(struct report *r, const struct figure *f);

enum goal_sense { GOAL_AT_MOST, GOAL_AT_LEAST };

/* Something is to be at most, or at least, this; and what was seen. */
void report_goal(struct report *r, const char *what, enum goal_sense sense,
    double limit, double seen, const char *unit);

/* To standard output. */
void report_print(const struct report *r, bool json);

#endif /* BENCH_REPORT_H */
