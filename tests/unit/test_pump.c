/* SPDX-License-Identifier: ISC */
/* The tun and the uplink are this file's: fakes with the same names. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/drop_ring.h"
#include "datapath/policy.h"
#include "datapath/policy_slot.h"
#include "datapath/pump.h"
#include "datapath/shape.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"
#include "src/os/uplink.h"
#include "tests/unit/packet.h"

enum { QUEUE = 100 };

static struct tun {
	struct packet queue[QUEUE];
	struct offload offload;
	unsigned n, at;
	int error; /* after the last packet */
} tun;

static struct uplink {
	unsigned calls, sent;
	const struct hop *hop; /* of the last packet */
	uint8_t first[QUEUE];  /* source port's low byte, in order */
	int result;
} uplink;

int
tun_read(struct tun *t, struct pktbuf *b)
{
	if (t->at == t->n)
		return t->error;
	b->len = (uint32_t)t->queue[t->at].len;
	memcpy(b->data, t->queue[t->at].data, b->len);
	b->offload = t->offload;
	t->at++;
	return 0;
}

/* For worker.c, of the same library. */
int
tun_fd(const struct tun *t)
{
	(void)t;
	return -1;
}

void
uplink_send(struct uplink *u, struct uplink_out *out, unsigned n)
{
	u->calls++;
	for (unsigned i = 0; i < n; i++) {
		u->first[u->sent++] = out[i].packet->data[21];
		u->hop = out[i].hop;
		out[i].result = u->result;
	}
}

static struct {
	struct policy_slot *slot;
	struct drop_ring drops;
	struct pump_memory memory;
	struct pump *pump;
} s;

static struct policy *
new_policy(void)
{
	struct policy *p = policy_new();

	assert_non_null(p);
	p->generation = 5;
	p->source4 = packet_addr("192.0.2.10");
	p->n_endpoints = 2;
	for (unsigned i = 0; i < 2; i++) {
		p->endpoints[i] =
		    (struct endpoint){ .addr = packet_addr("203.0.113.5"),
			    .port = (uint16_t)(51820 + i),
			    .protocol = PROTO_UDP,
			    .shape = SHAPE_WIREGUARD };
		p->hops[i] =
		    (struct hop){ .ifindex = 3 + i, .mtu = 1500, .ready = 1 };
	}
	policy_finish(p);
	return p;
}

static void
enqueue(uint16_t sport, uint16_t dport, size_t len)
{
	struct flow f = { "192.0.2.10", "203.0.113.5", sport, dport };

	tun.queue[tun.n++] = packet_wireguard(f, 4, len);
}

static uint64_t
count(enum drop why)
{
	return atomic_load(&s.memory.counters.packets[why]);
}

static int
start(void **state)
{
	(void)state;
	memset(&tun, 0, sizeof(tun));
	memset(&uplink, 0, sizeof(uplink));
	memset(&s, 0, sizeof(s));
	tun.error = -EAGAIN;
	s.slot = policy_slot_new();
	policy_slot_publish(s.slot, new_policy());
	return pump_new(&tun, &uplink, s.slot, &s.drops, &s.memory, &s.pump);
}

/* Another pump with the same memory, as after the death of its process. */
static void
start_anew(void)
{
	pump_free(s.pump);
	policy_slot_free(s.slot);
	s.slot = policy_slot_new();
	policy_slot_publish(s.slot, new_policy());
	assert_int_equal(
	    pump_new(&tun, &uplink, s.slot, &s.drops, &s.memory, &s.pump), 0);
}

static int
stop(void **state)
{
	(void)state;
	pump_free(s.pump);
	policy_slot_free(s.slot);
	return 0;
}

static void
what_passes_is_sent_by_its_endpoints_hop(void **state)
{
	(void)state;
	enqueue(1, 51821, 128);
	assert_int_equal(pump_batch(s.pump), 1);
	assert_int_equal(uplink.sent, 1);
	assert_int_equal(uplink.hop->ifindex, 4);
	assert_int_equal(count(PASSED), 1);
	assert_int_equal(atomic_load(&s.memory.counters.bytes_passed),
	    28 + 128);
}

/* Under the policy that was in force, and no other. */
static void
the_port_to_answer_is_that_of_what_was_sent_last(void **state)
{
	(void)state;
	assert_int_equal(pump_answer_port(s.pump, 5), -1);
	enqueue(40000, 99, 128);
	assert_int_equal(pump_batch(s.pump), 1);
	assert_int_equal(pump_answer_port(s.pump, 5), -1);
	enqueue(40000, 51820, 128);
	enqueue(65535, 51821, 128);
	enqueue(40002, 99, 128);
	assert_int_equal(pump_batch(s.pump), 3);
	assert_int_equal(pump_answer_port(s.pump, 5), 65535);
	assert_int_equal(pump_answer_port(s.pump, 6), -1);
	assert_int_equal(pump_batch(s.pump), 0);
	assert_int_equal(pump_answer_port(s.pump, 5), 65535);
}

/* A zeroed pump says nothing of a zeroed policy, under which nothing is sent.
 */
static void
nothing_is_to_be_answered_while_blocked(void **state)
{
	(void)state;
	assert_int_equal(pump_answer_port(s.pump, 0), -1);
}

static void
an_empty_tun_moves_nothing(void **state)
{
	(void)state;
	assert_int_equal(pump_batch(s.pump), 0);
	assert_int_equal(uplink.calls, 0);
}

static void
packets_keep_their_order_and_batches_their_size(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < PUMP_BATCH + 5; i++)
		enqueue(i, i % 3 == 1 ? 99 : 51820, 128);
	assert_int_equal(pump_batch(s.pump), PUMP_BATCH);
	assert_int_equal(uplink.calls, 1);
	assert_int_equal(pump_batch(s.pump), 5);
	for (unsigned i = 1; i < uplink.sent; i++)
		assert_true(uplink.first[i] > uplink.first[i - 1]);
	assert_int_equal(count(PASSED) + count(DROP_WRONG_PORT),
	    PUMP_BATCH + 5);
	assert_int_equal(count(PASSED), uplink.sent);
}

static void
a_published_policy_judges_the_next_batch(void **state)
{
	(void)state;
	enqueue(1, 51820, 128);
	assert_int_equal(pump_batch(s.pump), 1);
	policy_slot_publish(s.slot, &policy_block_all);
	enqueue(2, 51820, 128);
	assert_int_equal(pump_batch(s.pump), 1);
	assert_int_equal(count(PASSED), 1);
	assert_int_equal(count(DROP_BLOCKED), 1);
}

static void
without_a_way_to_the_next_hop_nothing_is_sent(void **state)
{
	struct policy *p = new_policy();

	(void)state;
	p->hops[0].ready = 0;
	memset(&p->hops[1], 0, sizeof(p->hops[1]));
	policy_slot_publish(s.slot, p);
	enqueue(1, 51820, 128);
	enqueue(2, 51821, 128);
	assert_int_equal(pump_batch(s.pump), 2);
	assert_int_equal(uplink.calls, 0);
	assert_int_equal(count(DROP_NO_NEIGHBOUR), 1);
	assert_int_equal(count(DROP_NO_UPLINK), 1);
}

static void
what_is_larger_than_the_link_is_dropped_unless_it_is_cut_later(void **state)
{
	(void)state;
	/* 1500 with its headers; then one more. */
	enqueue(1, 51820, 1472);
	enqueue(2, 51820, 1473);
	assert_int_equal(pump_batch(s.pump), 2);
	assert_int_equal(count(PASSED), 1);
	assert_int_equal(count(DROP_TOO_BIG), 1);
	tun.offload.gso_type = OFFLOAD_GSO_UDP_L4;
	tun.offload.gso_size = 800;
	enqueue(3, 51820, 1600);
	memcpy(tun.queue[tun.n - 1].data + 28 + 800, "\4\0\0", 4);
	assert_int_equal(pump_batch(s.pump), 1);
	assert_int_equal(count(PASSED), 2);
}

/* The offload's segment size reaches the shape's check. */
static void
each_datagram_of_a_large_segment_is_judged(void **state)
{
	(void)state;
	tun.offload.gso_type = OFFLOAD_GSO_UDP_L4;
	tun.offload.gso_size = 640;
	enqueue(1, 51820, 1280);
	assert_int_equal(pump_batch(s.pump), 1);
	assert_int_equal(count(DROP_WRONG_SHAPE), 1);
}

static void
what_the_uplink_refuses_has_a_reason(void **state)
{
	static const struct {
		int result;
		enum drop why;
	} cases[] = {
		{ -ENOBUFS, DROP_UPLINK_BUSY },
		{ -EAGAIN, DROP_UPLINK_BUSY },
		{ -EMSGSIZE, DROP_TOO_BIG },
		{ -ENETDOWN, DROP_UPLINK_FAILED },
		{ -ENXIO, DROP_UPLINK_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t before = count(cases[i].why);

		uplink.result = cases[i].result;
		enqueue(1, 51820, 128);
		assert_int_equal(pump_batch(s.pump), 1);
		assert_int_equal(count(cases[i].why), before + 1);
	}
	assert_int_equal(count(PASSED), 0);
	assert_int_equal(atomic_load(&s.memory.counters.bytes_passed), 0);
}

static void
every_packet_ends_in_exactly_one_counter(void **state)
{
	uint64_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < QUEUE; i++) {
		enqueue((uint16_t)i, i % 2 ? 51820 : 99, 100u + i);
		tun.queue[i].len -= i % 5;
	}
	while (pump_batch(s.pump) > 0)
		continue;
	for (int i = 0; i < DROP_REASONS; i++)
		sum += count((enum drop)i);
	assert_int_equal(sum, QUEUE);
}

static void
who_watches_sees_what_was_dropped_not_what_passed(void **state)
{
	struct drop_event d;

	(void)state;
	drop_ring_watch(&s.drops, true);
	enqueue(1, 51820, 128);
	enqueue(2, 99, 128);
	assert_int_equal(pump_batch(s.pump), 2);
	assert_true(drop_ring_take(&s.drops, &d));
	assert_int_equal(d.why, DROP_WRONG_PORT);
	assert_int_equal(d.sport, 2);
	assert_int_equal(d.generation, 5);
	assert_false(drop_ring_take(&s.drops, &d));
}

static void
what_was_read_before_the_device_went_is_still_counted(void **state)
{
	(void)state;
	tun.error = -EBADFD;
	enqueue(1, 51820, 128);
	assert_int_equal(pump_batch(s.pump), -EBADFD);
	assert_int_equal(count(PASSED), 1);
}

#define WITH_PUMP(test) cmocka_unit_test_setup_teardown(test, start, stop)

/* One that was amid them, or was not itself any more, leaves none. */
static void
connections_outlive_a_pump_but_not_if_they_may_be_broken(void **state)
{
	static const struct stream known = { .sport = 1,
		.open = true,
		.greeted = true,
		.n_head = 2,
		.left = 1000 };
	struct stream *at = &s.memory.streams.s[3];

	(void)state;
	*at = known;
	s.memory.counters.packets[DROP_BLOCKED] = 7;
	start_anew();
	assert_memory_equal(at, &known, sizeof(known));
	assert_int_equal(count(DROP_BLOCKED), 7);

	atomic_store(&s.memory.judging, true);
	start_anew();
	assert_int_equal(at->sport, 0);
	assert_false(atomic_load(&s.memory.judging));
	assert_int_equal(count(DROP_BLOCKED), 7);

	for (int i = 0; i < 4; i++) {
		*at = known;
		if (i == 0)
			memset(&at->open, 2, 1);
		else if (i == 1)
			memset(&at->greeted, 0xff, 1);
		else if (i == 2)
			at->n_head = SHAPE_HEAD_MAX + 1;
		else
			at->left = 70000;
		start_anew();
		assert_int_equal(at->sport, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PUMP(what_passes_is_sent_by_its_endpoints_hop),
		WITH_PUMP(the_port_to_answer_is_that_of_what_was_sent_last),
		WITH_PUMP(nothing_is_to_be_answered_while_blocked),
		WITH_PUMP(an_empty_tun_moves_nothing),
		WITH_PUMP(packets_keep_their_order_and_batches_their_size),
		WITH_PUMP(a_published_policy_judges_the_next_batch),
		WITH_PUMP(without_a_way_to_the_next_hop_nothing_is_sent),
		WITH_PUMP(
		    what_is_larger_than_the_link_is_dropped_unless_it_is_cut_later),
		WITH_PUMP(each_datagram_of_a_large_segment_is_judged),
		WITH_PUMP(what_the_uplink_refuses_has_a_reason),
		WITH_PUMP(every_packet_ends_in_exactly_one_counter),
		WITH_PUMP(who_watches_sees_what_was_dropped_not_what_passed),
		WITH_PUMP(
		    what_was_read_before_the_device_went_is_still_counted),
		WITH_PUMP(
		    connections_outlive_a_pump_but_not_if_they_may_be_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
