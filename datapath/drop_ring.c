/* SPDX-License-Identifier: ISC */
#include "datapath/drop_ring.h"

#include "datapath/parse.h"
#include "src/base/mono.h"

void
drop_ring_put(struct drop_ring *r, const uint8_t *data, size_t len,
    enum drop why, uint64_t generation)
{
	struct drop_event *e;
	struct pkt p;
	uint32_t put;

	if (!atomic_load_explicit(&r->watched, memory_order_relaxed))
		return;
	put = atomic_load_explicit(&r->put, memory_order_relaxed);
	/* Acquire: pairs with take(); control has read what we overwrite. */
	if (put - atomic_load_explicit(&r->taken, memory_order_acquire) ==
	    DROP_RING_SIZE) {
		atomic_fetch_add_explicit(&r->missed, 1, memory_order_relaxed);
		return;
	}
	e = &r->events[put % DROP_RING_SIZE];
	(void)parse_ip(data, len, &p);
	*e = (struct drop_event){ .wall_ns = mono_wall_ns(),
		.generation = generation,
		.src = p.src,
		.dst = p.dst,
		.sport = p.sport,
		.dport = p.dport,
		.protocol = p.protocol,
		.why = (uint8_t)why,
		.len = (uint32_t)len };
	/* Release: pairs with take(); the event is whole before it shows. */
	atomic_store_explicit(&r->put, put + 1, memory_order_release);
}

void
drop_ring_watch(struct drop_ring *r, bool on)
{
	struct drop_event stale;

	if (on)
		while (drop_ring_take(r, &stale))
			continue;
	atomic_store_explicit(&r->watched, on, memory_order_relaxed);
}

bool
drop_ring_take(struct drop_ring *r, struct drop_event *ret)
{
	uint32_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);

	/* Acquire: pairs with put(). */
	if (atomic_load_explicit(&r->put, memory_order_acquire) == taken)
		return false;
	*ret = r->events[taken % DROP_RING_SIZE];
	/* Release: pairs with put(); our read is over. */
	atomic_store_explicit(&r->taken, taken + 1, memory_order_release);
	return true;
}

uint64_t
drop_ring_missed(const struct drop_ring *r)
{
	return atomic_load_explicit(&r->missed, memory_order_relaxed);
}
