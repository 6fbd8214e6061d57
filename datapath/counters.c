/* SPDX-License-Identifier: ISC */
#include "datapath/counters.h"

/* The one writer of the counter: no read-modify-write is needed. */
static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter,
	    atomic_load_explicit(counter, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

void
counters_add(struct counters *c, enum drop why, uint64_t n, size_t bytes)
{
	add(&c->packets[why], n);
	if (why == PASSED)
		add(&c->bytes_passed, bytes);
}
