/* SPDX-License-Identifier: ISC */
/*
 * mono: time as a value. What decides takes it as an argument; only who puts
 * the parts together asks for it.
 */
#ifndef BASE_MONO_H
#define BASE_MONO_H

#include <stdint.h>

/*
 * Nanoseconds of a clock that never goes back, and goes on while the machine
 * sleeps; means nothing alone.
 */
struct mono {
	uint64_t ns;
};

struct mono mono_now(void);

/* Milliseconds from a to b; 0 if b is before a. */
uint64_t mono_ms_between(struct mono a, struct mono b);

/* Nanoseconds since 1970, for what people read. Goes back when set. */
uint64_t mono_wall_ns(void);

#endif /* BASE_MONO_H */
