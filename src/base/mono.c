/* SPDX-License-Identifier: ISC */
#include "src/base/mono.h"

#include <time.h>

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
	return (struct mono){ read_clock(CLOCK_MONOTONIC) };
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
