/* SPDX-License-Identifier: ISC */
/*
 * A session's limits, one before and at each; the timers, to the nanosecond;
 * the table of indices.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/wireguard/session.h"
#include "datapath/wireguard/timers.h"

#define START (1000 * WG_SECOND)

static struct wg_crypto *crypto;
static struct wg_session a, b;

static int
set_up(void **state)
{
	static const struct wg_session_keys ours = { .send = { 1 },
		.receive = { 2 },
		.remote = 7,
		.local = 8 };
	static const struct wg_session_keys theirs = { .send = { 2 },
		.receive = { 1 },
		.remote = 8,
		.local = 7 };

	(void)state;
	crypto = wg_crypto_new();
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	if (crypto == NULL || wg_session_init(&a, crypto) < 0 ||
	    wg_session_init(&b, crypto) < 0)
		return -1;
	wg_session_begin(&a, &ours, true, START);
	wg_session_begin(&b, &theirs, false, START);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	wg_session_clear(&a);
	wg_session_clear(&b);
	wg_crypto_free(crypto);
	return 0;
}

static void
what_one_seals_the_other_opens_once(void **state)
{
	uint8_t msg[WG_TRANSPORT_MIN + 64], copy[sizeof(msg)], inner[64];

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		memset(inner, (int)i, sizeof(inner));
		memcpy(msg + WG_TRANSPORT_HEADER, inner, sizeof(inner));
		wg_session_seal(&a, msg, sizeof(inner));
		assert_int_equal(le_32(msg), WG_TRANSPORT);
		assert_int_equal(le_32(msg + WG_INDEX), 7);
		assert_true(le_64(msg + WG_TRANSPORT_COUNTER) == i);
		memcpy(copy, msg, sizeof(msg));
		copy[sizeof(msg) - 1] ^= 1;
		assert_int_equal(wg_session_open(&b, START, copy, sizeof(msg)),
		    -EBADMSG);
		memcpy(copy, msg, sizeof(msg));
		copy[WG_TRANSPORT_COUNTER + 2] ^= 1;
		assert_int_equal(wg_session_open(&b, START, copy, sizeof(msg)),
		    -EBADMSG);
		memcpy(copy, msg, sizeof(msg));
		assert_int_equal(wg_session_open(&b, START, copy, sizeof(msg)),
		    0);
		assert_memory_equal(copy + WG_TRANSPORT_HEADER, inner,
		    sizeof(inner));
		assert_int_equal(wg_session_open(&b, START, msg, sizeof(msg)),
		    -EALREADY);
	}
}

static void
a_session_ends_by_time(void **state)
{
	uint8_t msg[WG_TRANSPORT_MIN];
	const uint64_t end = START + 180 * WG_SECOND;

	(void)state;
	assert_false(wg_session_is_worn(&a, START + 120 * WG_SECOND - 1));
	assert_true(wg_session_is_worn(&a, START + 120 * WG_SECOND));
	assert_false(wg_session_is_worn(&b, end));
	assert_true(wg_session_is_good(&a, end - 1));
	assert_false(wg_session_is_good(&a, end));
	wg_session_seal(&a, msg, 0);
	assert_int_equal(wg_session_open(&b, end, msg, sizeof(msg)), -ESTALE);
	assert_int_equal(wg_session_open(&b, end - 1, msg, sizeof(msg)), 0);
	wg_session_end(&b);
	assert_false(wg_session_is_good(&b, START));
	assert_int_equal(wg_session_open(&b, START, msg, sizeof(msg)), -ESTALE);
}

static void
a_session_ends_by_count(void **state)
{
	/* 2^64 - 2^13 - 1 */
	const uint64_t end = UINT64_C(0xffffffffffffdfff);
	uint8_t msg[WG_TRANSPORT_MIN];

	(void)state;
	b.counter = UINT64_C(1) << 60;
	assert_false(wg_session_is_worn(&b, START));
	b.counter++;
	assert_true(wg_session_is_worn(&b, START));
	a.counter = end - 1;
	assert_true(wg_session_is_good(&a, START));
	wg_session_seal(&a, msg, 0);
	assert_false(wg_session_is_good(&a, START));
	assert_int_equal(wg_session_open(&b, START, msg, sizeof(msg)), 0);
	/* One that is beyond what may be sent is not looked at. */
	wg_session_seal(&a, msg, 0);
	assert_int_equal(wg_session_open(&b, START, msg, sizeof(msg)), -ESTALE);
}

#define SILENCE (15 * WG_SECOND)

static void
an_initiation_is_repeated_for_90_seconds(void **state)
{
	struct wg_timers t = { .jitter = 333000000 };
	uint64_t now = START;
	unsigned n = 1;

	(void)state;
	assert_int_equal(wg_timers_next(&t), WG_NEVER);
	wg_timers_initiated(&t, now);
	for (;; n++) {
		unsigned due;
		uint64_t next = wg_timers_next(&t);

		assert_int_equal(next, now + 5 * WG_SECOND + t.jitter);
		assert_int_equal(wg_timers_due(&t, next - 1), 0);
		due = wg_timers_due(&t, next);
		assert_int_equal(wg_timers_due(&t, next), 0);
		now = next;
		if (due != WG_DUE_RETRY) {
			assert_int_equal(due, WG_DUE_GIVE_UP);
			break;
		}
		wg_timers_initiated(&t, now);
	}
	assert_in_range(now - START, 90 * WG_SECOND, 96 * WG_SECOND);
	assert_int_equal(n, 17);
	/* What keys there are go. */
	assert_int_equal(wg_timers_next(&t), now + 540 * WG_SECOND);
	assert_int_equal(wg_timers_due(&t, now + 540 * WG_SECOND),
	    WG_DUE_FORGET);
	/* The next attempt has 90 seconds of its own. */
	wg_timers_initiated(&t, now);
	assert_int_equal(wg_timers_due(&t, wg_timers_next(&t)), WG_DUE_RETRY);
	wg_timers_initiated(&t, now);
	wg_timers_established(&t);
	assert_int_equal(wg_timers_next(&t), WG_NEVER);
}

static void
silence_makes_initiate_and_data_makes_speak(void **state)
{
	struct wg_timers t = { 0 };

	(void)state;
	/* We sent, and sent: nothing came since the first. */
	wg_timers_sent(&t, START);
	wg_timers_data_sent(&t, START);
	wg_timers_data_sent(&t, START + WG_SECOND);
	assert_int_equal(wg_timers_due(&t, START + SILENCE - 1), 0);
	assert_int_equal(wg_timers_due(&t, START + SILENCE), WG_DUE_INITIATE);
	wg_timers_data_sent(&t, START);
	wg_timers_received(&t, START);
	assert_int_equal(wg_timers_next(&t), WG_NEVER);
	/* They sent, and sent: we said nothing since the first. */
	wg_timers_data_received(&t, START);
	wg_timers_data_received(&t, START + WG_SECOND);
	assert_int_equal(wg_timers_due(&t, START + 10 * WG_SECOND - 1), 0);
	assert_int_equal(wg_timers_due(&t, START + 10 * WG_SECOND),
	    WG_DUE_KEEPALIVE);
	wg_timers_data_received(&t, START);
	wg_timers_sent(&t, START);
	assert_int_equal(wg_timers_next(&t), WG_NEVER);
}

static void
a_persistent_keepalive_comes_after_nothing(void **state)
{
	struct wg_timers t = { .persistent = 25 * WG_SECOND };

	(void)state;
	wg_timers_sent(&t, START);
	assert_int_equal(wg_timers_next(&t), START + 25 * WG_SECOND);
	wg_timers_received(&t, START + WG_SECOND);
	assert_int_equal(wg_timers_next(&t), START + 26 * WG_SECOND);
	for (uint64_t i = 26; i < 200; i += 25)
		assert_int_equal(wg_timers_due(&t, START + i * WG_SECOND),
		    WG_DUE_KEEPALIVE);
}

static void
indices_are_found_until_taken_out(void **state)
{
	enum { N = 1000 };
	static struct wg_index indices[N];
	struct wg_indices t;

	(void)state;
	assert_int_equal(wg_indices_init(&t, 100), 0);
	for (uint32_t i = 0; i < N; i++)
		wg_indices_put(&t, &indices[i], i * UINT32_C(2654435761));
	for (uint32_t i = 0; i < N; i += 2)
		wg_indices_take(&t, &indices[i]);
	wg_indices_take(&t, &indices[0]);
	for (uint32_t i = 0; i < N; i++)
		assert_ptr_equal(wg_indices_find(&t, i * UINT32_C(2654435761)),
		    i % 2 == 0 ? NULL : &indices[i]);
	wg_indices_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_one_seals_the_other_opens_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_session_ends_by_time, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(a_session_ends_by_count, set_up,
		    tear_down),
		cmocka_unit_test(an_initiation_is_repeated_for_90_seconds),
		cmocka_unit_test(silence_makes_initiate_and_data_makes_speak),
		cmocka_unit_test(a_persistent_keepalive_comes_after_nothing),
		cmocka_unit_test(indices_are_found_until_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
