/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/drop_ring.h"
#include "tests/unit/packet.h"

static const struct flow flow = { "192.0.2.10", "198.51.100.1", 40000, 53 };

static void
put(struct drop_ring *r, uint64_t generation)
{
	struct packet p = packet_udp(flow, "hello", 5);

	drop_ring_put(r, p.data, p.len, DROP_NOT_ENCAPSULATED, generation);
}

static void
while_nobody_watches_nothing_is_noted(void **state)
{
	struct drop_ring r = { 0 };
	struct drop_event d;

	(void)state;
	put(&r, 1);
	assert_false(drop_ring_take(&r, &d));
	assert_int_equal(drop_ring_missed(&r), 0);
}

static void
an_event_tells_what_was_dropped(void **state)
{
	struct addr src = packet_addr(flow.src), dst = packet_addr(flow.dst);
	struct drop_ring r = { 0 };
	struct drop_event d;

	(void)state;
	drop_ring_watch(&r, true);
	put(&r, 7);
	assert_true(drop_ring_take(&r, &d));
	assert_true(d.wall_ns > 0);
	assert_int_equal(d.generation, 7);
	assert_true(addr_equal(&d.src, &src));
	assert_true(addr_equal(&d.dst, &dst));
	assert_int_equal(d.sport, 40000);
	assert_int_equal(d.dport, 53);
	assert_int_equal(d.protocol, 17);
	assert_int_equal(d.why, DROP_NOT_ENCAPSULATED);
	assert_int_equal(d.len, 33);
	assert_false(drop_ring_take(&r, &d));
}

static void
a_packet_that_cannot_be_read_is_noted_without_addresses(void **state)
{
	struct drop_ring r = { 0 };
	struct drop_event d;

	(void)state;
	drop_ring_watch(&r, true);
	drop_ring_put(&r, (const uint8_t *)"\x45\0", 2, DROP_TRUNCATED, 1);
	assert_true(drop_ring_take(&r, &d));
	assert_int_equal(d.src.family, ADDR_NONE);
	assert_int_equal(d.why, DROP_TRUNCATED);
}

static void
what_does_not_fit_is_counted_and_the_first_are_kept(void **state)
{
	struct drop_ring r = { 0 };
	struct drop_event d;

	(void)state;
	drop_ring_watch(&r, true);
	for (uint64_t i = 0; i < DROP_RING_SIZE + 10; i++)
		put(&r, i);
	assert_int_equal(drop_ring_missed(&r), 10);
	for (uint64_t i = 0; i < DROP_RING_SIZE; i++) {
		assert_true(drop_ring_take(&r, &d));
		assert_int_equal(d.generation, i);
	}
	assert_false(drop_ring_take(&r, &d));
}

static void
its_numbers_may_wrap(void **state)
{
	struct drop_ring r = { 0 };
	struct drop_event d;

	(void)state;
	atomic_store(&r.put, UINT32_MAX - 3);
	atomic_store(&r.taken, UINT32_MAX - 3);
	drop_ring_watch(&r, true);
	for (uint64_t i = 0; i < DROP_RING_SIZE + 1; i++)
		put(&r, i);
	assert_int_equal(drop_ring_missed(&r), 1);
	for (uint64_t i = 0; i < DROP_RING_SIZE; i++) {
		assert_true(drop_ring_take(&r, &d));
		assert_int_equal(d.generation, i);
	}
}

static void
who_begins_to_watch_sees_nothing_of_before(void **state)
{
	struct drop_ring r = { 0 };
	struct drop_event d;

	(void)state;
	drop_ring_watch(&r, true);
	put(&r, 1);
	drop_ring_watch(&r, false);
	put(&r, 2);
	drop_ring_watch(&r, true);
	put(&r, 3);
	assert_true(drop_ring_take(&r, &d));
	assert_int_equal(d.generation, 3);
	assert_false(drop_ring_take(&r, &d));
}

enum { PUTS = 50000 };

static void *
put_many(void *arg)
{
	for (uint64_t i = 1; i <= PUTS; i++)
		put(arg, i);
	return NULL;
}

static void
across_threads_events_are_whole_in_order_or_counted(void **state)
{
	static struct drop_ring r;
	uint64_t taken = 0, last = 0;
	struct drop_event d;
	pthread_t worker;

	(void)state;
	drop_ring_watch(&r, true);
	assert_int_equal(pthread_create(&worker, NULL, put_many, &r), 0);
	while (taken + drop_ring_missed(&r) < PUTS)
		while (drop_ring_take(&r, &d)) {
			assert_true(d.generation > last);
			assert_int_equal(d.dport, 53);
			last = d.generation;
			taken++;
		}
	assert_int_equal(pthread_join(worker, NULL), 0);
	assert_int_equal(taken + drop_ring_missed(&r), PUTS);
	assert_true(taken > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_nobody_watches_nothing_is_noted),
		cmocka_unit_test(an_event_tells_what_was_dropped),
		cmocka_unit_test(
		    a_packet_that_cannot_be_read_is_noted_without_addresses),
		cmocka_unit_test(
		    what_does_not_fit_is_counted_and_the_first_are_kept),
		cmocka_unit_test(its_numbers_may_wrap),
		cmocka_unit_test(who_begins_to_watch_sees_nothing_of_before),
		cmocka_unit_test(
		    across_threads_events_are_whole_in_order_or_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
