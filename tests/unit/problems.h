/* SPDX-License-Identifier: ISC */
/*
 * problems: collects what a reader of configuration reports.
 */
#ifndef TESTS_PROBLEMS_H
#define TESTS_PROBLEMS_H

#include <stdio.h>
#include <string.h>

struct problems {
	unsigned n;
	char last[1024];
};

static inline void
problems_note(const char *problem, void *arg)
{
	struct problems *p = arg;

	p->n++;
	(void)snprintf(p->last, sizeof(p->last), "%s", problem);
}

#endif /* TESTS_PROBLEMS_H */
