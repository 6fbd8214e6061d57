/* SPDX-License-Identifier: ISC */
/*
 * bench_control, where it cannot be measured.
 */
#include <stdio.h>

#include "bench/bench.h"

int
bench_control(int argc, char *argv[], struct report *r)
{
	(void)argc;
	(void)argv;
	(void)r;
	(void)fprintf(stderr,
	    "control: not on this system: it needs network "
	    "namespaces, which only Linux has\n");
	return BENCH_FAILED;
}
