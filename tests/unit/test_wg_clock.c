/* SPDX-License-Identifier: ISC */
/*
 * Two devices, a wire and a clock: when sessions end, and when the devices
 * speak without being asked to.
 */
#include "tests/unit/wg_lab.h"

#include <errno.h>

#define SEED 0x5eed

static struct lab lab;
static struct lab_end *const a = &lab.ends[0], *const b = &lab.ends[1];

static int
set_up(void **state)
{
	(void)state;
	lab_new(&lab, SEED);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	lab_free(&lab);
	return 0;
}

static void
the_initiator_rekeys_at_120_seconds(void **state)
{
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	(void)lab_said(a, WG_INITIATION);
	lab_pass(&lab, 120 * LAB_SECOND - 1);
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(lab_pass_one(a, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
	lab_pass(&lab, 1);
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(b, WG_INITIATION), 0);
	assert_int_equal(lab_send(a, 100, 1), 0);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	/* What was sealed before the new session passes after it. */
	assert_int_equal(lab_send(b, 100, 2), 0);
	lab_settle(&lab);
	assert_int_equal(a->events[WG_ESTABLISHED], 2);
	assert_int_equal(b->events[WG_ESTABLISHED], 2);
	assert_int_equal(lab_pass_one(a, 100, &p), WG_PACKET);
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
}

static void
who_only_receives_rekeys_at_165_seconds(void **state)
{
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	(void)lab_said(a, WG_INITIATION);
	lab_pass(&lab, 165 * LAB_SECOND - 1);
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
	lab_pass(&lab, 1);
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	lab.n = 0;
	/* Once. */
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
}

static void
a_session_is_not_used_after_180_seconds(void **state)
{
	struct lab_message m;
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 180 * LAB_SECOND - 1);
	assert_int_equal(lab_send(b, 100, 1), 0);
	lab_pass(&lab, 1);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_EXPIRED);
	assert_false(lab_is_established(a));
	assert_int_equal(lab_send(a, 100, 1), -EAGAIN);
	assert_int_equal(lab_send(b, 100, 1), -EAGAIN);
}

static void
keys_are_forgotten_after_540_seconds(void **state)
{
	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 540 * LAB_SECOND - 1);
	assert_int_equal(a->events[WG_FORGOTTEN], 0);
	lab_pass(&lab, 1);
	assert_int_equal(a->events[WG_FORGOTTEN], 1);
	assert_int_equal(b->events[WG_FORGOTTEN], 1);
	assert_true(wg_device_next_tick(a->device) == UINT64_MAX);
	lab_connect(&lab);
}

static void
nobody_answers_for_90_seconds(void **state)
{
	unsigned n;

	(void)state;
	assert_int_equal(lab_send(a, 100, 1), -EAGAIN);
	lab_pass(&lab, 89 * LAB_SECOND);
	assert_int_equal(a->events[WG_GAVE_UP], 0);
	lab_pass(&lab, 7 * LAB_SECOND);
	assert_int_equal(a->events[WG_GAVE_UP], 1);
	n = lab_said(a, WG_INITIATION);
	assert_in_range(n, 17, 18);
	lab_pass(&lab, 200 * LAB_SECOND);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
	/* The next packet begins anew. */
	lab.n = 0;
	assert_int_equal(lab_send(a, 100, 1), -EAGAIN);
	lab_settle(&lab);
	assert_true(lab_is_established(a));
}

static void
data_is_answered_with_a_keepalive(void **state)
{
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	(void)lab_said(a, WG_TRANSPORT);
	assert_int_equal(lab_pass_one(a, 100, &p), WG_PACKET);
	assert_int_equal(lab_said(b, WG_TRANSPORT), 0);
	lab_pass(&lab, 10 * LAB_SECOND - 1);
	assert_int_equal(lab_said(b, WG_TRANSPORT), 0);
	lab_pass(&lab, 1);
	assert_int_equal(lab_said(b, WG_TRANSPORT), 1);
	assert_int_equal(b->last_len, WG_TRANSPORT_MIN);
	lab_settle(&lab);
	/* A keepalive is not answered, and nobody fell silent. */
	lab_pass(&lab, 60 * LAB_SECOND);
	assert_int_equal(lab_said(a, WG_TRANSPORT), 1);
	assert_int_equal(lab_said(b, WG_TRANSPORT), 0);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	assert_int_equal(lab_said(b, WG_INITIATION), 0);
}

static void
silence_is_followed_by_an_initiation(void **state)
{
	(void)state;
	lab_connect(&lab);
	(void)lab_said(a, WG_INITIATION);
	assert_int_equal(lab_send(a, 100, 1), 0);
	lab.n = 0;
	lab_pass(&lab, 15 * LAB_SECOND - 1);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
	lab_pass(&lab, LAB_SECOND / 3 + 1);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
}

static void
a_persistent_keepalive_keeps_a_path_open(void **state)
{
	(void)state;
	a->other.persistent = 25 * LAB_SECOND;
	lab_restart(a);
	lab_connect(&lab);
	(void)lab_said(a, WG_TRANSPORT);
	for (int i = 0; i < 40; i++) {
		lab_pass(&lab, 25 * LAB_SECOND);
		assert_in_range(lab_said(a, WG_TRANSPORT), 1, 2);
		lab_settle(&lab);
		assert_true(lab_is_established(b));
	}
	assert_in_range(lab_said(a, WG_INITIATION), 7, 10);
	assert_int_equal(lab_said(b, WG_INITIATION), 0);
}

/* The uplink was away for five minutes; a retry would be up to 5.3 s off. */
static void
a_path_that_is_back_is_used_at_once(void **state)
{
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	for (int i = 0; i < 300; i++) {
		lab_pass(&lab, LAB_SECOND);
		(void)lab_send(a, 100, 1);
		lab.n = 0;
	}
	assert_false(lab_is_established(a));
	(void)lab_said(a, WG_INITIATION);
	wg_device_renew(a->device, lab.now, a->peer);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	lab_settle(&lab);
	assert_int_equal(lab_pass_one(a, 100, &p), WG_PACKET);

	/* The one that is good goes on until there is the new one. */
	wg_device_renew(a->device, lab.now, a->peer);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	assert_true(lab_is_established(a));
	assert_int_equal(lab_send(a, 100, 2), 0);
	lab_pass(&lab, LAB_SECOND);
	lab_settle(&lab);
	assert_int_equal(a->events[WG_ESTABLISHED], 3);
	wg_device_renew(a->device, lab.now, WG_NOBODY);
}

/* Who asks again, asks 5 s later and up to 333 ms, and not always the same. */
static void
the_jitter_is_within_333_ms(void **state)
{
	uint64_t least = UINT64_MAX, most = 0, last;

	(void)state;
	for (int i = 0; i < 20; i++) {
		wg_device_renew(a->device, lab.now, a->peer);
		last = lab.now;
		for (int k = 0; k < 10; k++) {
			uint64_t gap;

			(void)lab_said(a, WG_INITIATION);
			while (a->said[WG_INITIATION] == 0) {
				lab.n = 0;
				lab_pass(&lab, LAB_SECOND / 1000);
			}
			gap = lab.now - last;
			last = lab.now;
			least = gap < least ? gap : least;
			most = gap > most ? gap : most;
		}
	}
	assert_in_range(least, 5 * LAB_SECOND, 5 * LAB_SECOND + 50000000);
	assert_in_range(most, 5 * LAB_SECOND + 283000000,
	    5 * LAB_SECOND + 334000000);
}

/* Each attempt has 90 seconds, however long ago the last one was. */
static void
a_later_attempt_is_as_long_as_the_first(void **state)
{
	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 300 * LAB_SECOND);
	lab.n = 0;
	(void)lab_said(a, WG_INITIATION);
	assert_int_equal(lab_send(a, 100, 1), -EAGAIN);
	lab_pass(&lab, 80 * LAB_SECOND);
	assert_int_equal(a->events[WG_GAVE_UP], 0);
	assert_in_range(lab_said(a, WG_INITIATION), 15, 16);
}

/* It has just answered, and its answer was lost: it asks itself, but later. */
static void
a_responder_asks_when_the_initiator_does_not(void **state)
{
	struct lab_message m;
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 200 * LAB_SECOND);
	(void)lab_said(b, WG_INITIATION);
	wg_device_connect(a->device, lab.now, a->peer);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
	lab.n = 0;
	wg_device_remove_peer(a->device, a->peer);
	assert_int_equal(lab_send(b, 100, 1), -EAGAIN);
	lab_pass(&lab, 5 * LAB_SECOND - 1);
	assert_int_equal(lab_said(b, WG_INITIATION), 0);
	lab_pass(&lab, LAB_SECOND);
	assert_int_equal(lab_said(b, WG_INITIATION), 1);
}

/* Its own question needs no answer any more. */
static void
a_session_of_the_peers_asking_ends_an_attempt(void **state)
{
	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 200 * LAB_SECOND);
	wg_device_connect(b->device, lab.now, b->peer);
	lab.n = 0;
	lab_pass(&lab, LAB_SECOND);
	lab_connect(&lab);
	(void)lab_said(b, WG_INITIATION);
	lab_pass(&lab, 100 * LAB_SECOND);
	assert_int_equal(lab_said(b, WG_INITIATION), 0);
	assert_int_equal(b->events[WG_GAVE_UP], 0);
}

static struct wg_peer_status
status_of(const struct lab_end *e)
{
	struct wg_peer_status s;

	assert_int_equal(wg_device_status(e->device, lab.now, e->peer, &s), 0);
	return s;
}

static void
the_status_tells_of_the_last_handshake(void **state)
{
	struct lab_message m;
	struct wg_packet p;
	uint64_t told;

	(void)state;
	assert_int_equal(status_of(a).handshake, 0);
	assert_int_equal(status_of(a).last_unix, 0);
	told = lab.unix_ns;
	wg_device_connect(a->device, lab.now, a->peer);
	assert_int_equal(status_of(a).last_unix, told);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
	lab_pass(&lab, LAB_SECOND / 25);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
	assert_int_equal(status_of(a).handshake, lab.now);
	assert_int_equal(status_of(a).round_trip, LAB_SECOND / 25);
	/* To who answered it is finished when the first data comes. */
	assert_int_equal(status_of(b).handshake, 0);
	lab_pass(&lab, LAB_SECOND / 25);
	lab_settle(&lab);
	assert_int_equal(status_of(b).handshake, lab.now);
	assert_int_equal(status_of(b).round_trip, 0);
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(the_initiator_rekeys_at_120_seconds),
		LAB_TEST(who_only_receives_rekeys_at_165_seconds),
		LAB_TEST(a_session_is_not_used_after_180_seconds),
		LAB_TEST(keys_are_forgotten_after_540_seconds),
		LAB_TEST(nobody_answers_for_90_seconds),
		LAB_TEST(data_is_answered_with_a_keepalive),
		LAB_TEST(silence_is_followed_by_an_initiation),
		LAB_TEST(a_persistent_keepalive_keeps_a_path_open),
		LAB_TEST(a_path_that_is_back_is_used_at_once),
		LAB_TEST(the_jitter_is_within_333_ms),
		LAB_TEST(a_later_attempt_is_as_long_as_the_first),
		LAB_TEST(a_responder_asks_when_the_initiator_does_not),
		LAB_TEST(a_session_of_the_peers_asking_ends_an_attempt),
		LAB_TEST(the_status_tells_of_the_last_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
