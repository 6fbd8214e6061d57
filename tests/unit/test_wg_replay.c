/* SPDX-License-Identifier: ISC */
/*
 * The window's edges, and a long random walk beside a list of all counters
 * that were ever seen.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "datapath/wireguard/replay.h"

static bool
take(struct wg_replay *r, uint64_t counter)
{
	if (!wg_replay_is_new(r, counter))
		return false;
	wg_replay_mark(r, counter);
	assert_false(wg_replay_is_new(r, counter));
	return true;
}

static void
each_is_taken_once(void **state)
{
	static struct wg_replay r;

	(void)state;
	for (uint64_t i = 0; i < 3 * WG_REPLAY_WINDOW; i++)
		assert_true(take(&r, i));
	for (uint64_t i = 0; i < 3 * WG_REPLAY_WINDOW; i++)
		assert_false(take(&r, i));
	memset(&r, 0, sizeof(r));
	for (uint64_t i = WG_REPLAY_WINDOW; i-- > 0;)
		assert_true(take(&r, i));
	for (uint64_t i = WG_REPLAY_WINDOW; i-- > 0;)
		assert_false(take(&r, i));
}

/* The window holds the highest and WG_REPLAY_WINDOW - 1 before it. */
static void
the_window_ends_where_it_says(void **state)
{
	static struct wg_replay r;

	(void)state;
	assert_true(WG_REPLAY_WINDOW >= 8192);
	/* At each bit of a word. */
	for (uint64_t high = 5 * WG_REPLAY_WINDOW;
	     high < 5 * WG_REPLAY_WINDOW + 130; high++) {
		memset(&r, 0, sizeof(r));
		assert_true(take(&r, high));
		assert_false(take(&r, high - WG_REPLAY_WINDOW));
		assert_true(take(&r, high - WG_REPLAY_WINDOW + 1));
		assert_false(take(&r, 0));
	}
	memset(&r, 0, sizeof(r));
	assert_true(take(&r, 0));
	assert_true(take(&r, WG_REPLAY_WINDOW));
	assert_false(take(&r, 0));
	assert_true(take(&r, 1));
}

static void
a_long_step_forgets_nothing_and_remembers_nothing(void **state)
{
	static struct wg_replay r;
	const uint64_t end = UINT64_MAX - (1 << 13) - 1;

	(void)state;
	for (uint64_t i = 0; i < WG_REPLAY_WINDOW; i++)
		assert_true(take(&r, i));
	for (uint64_t step = 60; step < 200; step++) {
		uint64_t high = r.next - 1 + 64 * step;

		assert_true(take(&r, high));
		assert_true(take(&r, high - 64));
		assert_true(take(&r, high - 1));
	}
	assert_true(take(&r, end - 1));
	for (uint64_t i = 1; i < WG_REPLAY_WINDOW; i++)
		assert_true(take(&r, end - 1 - i));
	assert_false(take(&r, end - 1 - WG_REPLAY_WINDOW));
	assert_false(take(&r, end - 1));
}

static uint64_t
random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
agrees_with_a_list_of_all(void **state)
{
	enum { SPAN = 400000 };
	static struct wg_replay r;
	uint8_t *seen = calloc(1, SPAN);
	uint64_t seed = 0x9e3779b97f4a7c15, high = 0, n = 0;

	(void)state;
	assert_non_null(seen);
	for (;;) {
		uint64_t a = random_next(&seed), c;
		bool expected;

		if (a % 64 == 0) /* ahead, at times far */
			c = high + (a >> 8) % (a % 1024 == 0 ? 20000 : 100);
		else /* behind, around the end and beyond */
			c = high > 0
			    ? high - (a >> 8) % (high < 18000 ? high : 18000)
			    : 0;
		if (c >= SPAN)
			break;
		expected =
		    !seen[c] && (c >= high || high - c < WG_REPLAY_WINDOW);
		assert_int_equal(take(&r, c), expected);
		n += expected;
		if (expected)
			seen[c] = 1;
		high = c > high ? c : high;
	}
	assert_true(n > 1000);
	free(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_taken_once),
		cmocka_unit_test(the_window_ends_where_it_says),
		cmocka_unit_test(
		    a_long_step_forgets_nothing_and_remembers_nothing),
		cmocka_unit_test(agrees_with_a_list_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
