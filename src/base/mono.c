/* SPDX-License-Identifier: ISC */
#include "src/base/mono.h"

#include <time.h>

/*
 * One that goes on while the machine sleeps: sessions grow old then, too. On
 * Linux that is another than POSIX's (clock_gettime(2)).
 */
#ifdef CLOCK_BOOTTIME
#define CLOCK CLOCK_BOOTTIME
#else
#define CLOCK CLOCK_MONOTONIC
#endif

static uint64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	/* Cannot fail: both clocks exist on every system we build for. */
	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct mono
mono_now(void)
{
	return (struct mono){ read_clock(CLOCK) };
}

uint64_t
mono_ms_between(struct mono a, struct mono b)
{
	return b.ns > a.ns ? (b.ns - a.ns) / 1000000 : 0;
}

uint64_t
mono_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}
