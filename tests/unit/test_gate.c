/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "control/gate.h"

#define FOR_ALL(s, ev)                                                         \
	for (enum gate_state s = (enum gate_state)0; (s) < GATE_STATES; (s)++) \
		for (enum gate_event ev = (enum gate_event)0;                  \
		     (ev) < GATE_EVENTS; (ev)++)

/* STATES.md, "The table", cell by cell; the columns that share one apart. */
static void
the_table_is_that_of_the_specification(void **state)
{
	enum {
		B = GATE_BLOCKED,
		O = GATE_OPEN,
		C = GATE_CONNECTING,
		D = GATE_CONNECTED,
		R = GATE_RECONNECTING
	};
	/* clang-format off: as it stands there */
	static const int table[GATE_STATES][GATE_EVENTS] = {
		/*        connect, disconnect, release, block, proven,
		 *        tunnel lost, tunnel changed,
		 *        uplink lost, uplink changed, neighbour changed,
		 *        worker started */
		[O] = { O, O, O, B, O, O, O, O, O, O, O },
		[B] = { C, B, O, B, B, B, B, B, B, B, B },
		[C] = { C, B, O, B, D, C, C, C, C, C, C },
		[D] = { C, B, O, B, D, R, R, R, R, D, R },
		[R] = { C, B, O, B, D, R, R, R, R, R, R },
	};
	/* clang-format on */

	(void)state;
	FOR_ALL(s, ev)
	if ((int)gate_edge(s, ev).to != table[s][ev])
		fail_msg("%s on %s leads to %s", gate_state_name(s),
		    gate_event_name(ev), gate_state_name(gate_edge(s, ev).to));
}

/* STATES.md, "The table", what is done. */
static void
what_is_done_is_that_of_the_specification(void **state)
{
	enum {
		C = ACT_CLOSE,
		N = ACT_NONE,
		X = ACT_REFUSE,
		P = ACT_REPLAN,
		D = ACT_DIAL,
		G = ACT_GIVE_BACK
	};
	/* clang-format off: columns as above */
	static const int table[GATE_STATES][GATE_EVENTS] = {
		[GATE_OPEN] = { X, X, N, C, N, N, N, N, N, N, N },
		[GATE_BLOCKED] = { D, C, G, C, C, N, N, P, P, N, N },
		[GATE_CONNECTING] = { D, C, G, C, N, P, P, P, P, P, P },
		[GATE_CONNECTED] = { D, C, G, C, N, P, P, P, P, P, P },
		[GATE_RECONNECTING] = { D, C, G, C, N, P, P, P, P, P, P },
	};
	/* clang-format on */

	(void)state;
	FOR_ALL(s, ev)
	if ((int)gate_edge(s, ev).act != table[s][ev])
		fail_msg("%s on %s does %d", gate_state_name(s),
		    gate_event_name(ev), (int)gate_edge(s, ev).act);
}

/* STATES.md 1: only by the user's explicit word. */
static void
open_is_entered_only_by_release(void **state)
{
	(void)state;
	FOR_ALL(s, ev)
	if (s != GATE_OPEN && ev != EV_RELEASE)
		assert_int_not_equal(gate_edge(s, ev).to, GATE_OPEN);
}

/* STATES.md 0.6. */
static void
connected_is_entered_only_by_proof(void **state)
{
	(void)state;
	FOR_ALL(s, ev)
	if (s != GATE_CONNECTED && ev != EV_PROVEN)
		assert_int_not_equal(gate_edge(s, ev).to, GATE_CONNECTED);
}

/* What lets anything pass begins with the user's word, too. */
static void
blocked_and_open_are_left_only_by_a_command(void **state)
{
	(void)state;
	for (enum gate_event ev = EV_PROVEN; ev < GATE_EVENTS; ev++) {
		assert_int_equal(gate_edge(GATE_BLOCKED, ev).to, GATE_BLOCKED);
		assert_int_equal(gate_edge(GATE_OPEN, ev).to, GATE_OPEN);
	}
}

static void
block_and_disconnect_lead_to_blocked(void **state)
{
	(void)state;
	for (enum gate_state s = (enum gate_state)0; s < GATE_STATES; s++) {
		assert_int_equal(gate_edge(s, EV_BLOCK).to, GATE_BLOCKED);
		assert_int_equal(gate_edge(s, EV_BLOCK).act, ACT_CLOSE);
		if (s == GATE_OPEN)
			continue;
		assert_int_equal(gate_edge(s, EV_DISCONNECT).to, GATE_BLOCKED);
		assert_int_equal(gate_edge(s, EV_DISCONNECT).act, ACT_CLOSE);
	}
	assert_int_equal(gate_edge(GATE_OPEN, EV_DISCONNECT).act, ACT_REFUSE);
}

/*
 * A forgotten cell is safe, but it must not go unnoticed: it would lead to
 * BLOCKED and close, which only the user's words, and what makes no sense
 * while BLOCKED, do.
 */
static void
no_cell_is_forgotten(void **state)
{
	(void)state;
	FOR_ALL(s, ev)
	if (ev != EV_BLOCK && ev != EV_DISCONNECT &&
	    !(s == GATE_BLOCKED && ev == EV_PROVEN))
		assert_int_not_equal(gate_edge(s, ev).act, ACT_CLOSE);
}

static void
a_refused_command_changes_nothing(void **state)
{
	(void)state;
	FOR_ALL(s, ev)
	if (gate_edge(s, ev).act == ACT_REFUSE)
		assert_int_equal(gate_edge(s, ev).to, s);
}

/* So that the state that is told is the one that is carried out. */
static void
entering_a_state_carries_out_what_it_means(void **state)
{
	(void)state;
	FOR_ALL(s, ev)
	{
		struct gate_edge e = gate_edge(s, ev);

		if (e.to == GATE_OPEN && s != GATE_OPEN)
			assert_int_equal(e.act, ACT_GIVE_BACK);
		if (e.to == GATE_BLOCKED && s != GATE_BLOCKED)
			assert_int_equal(e.act, ACT_CLOSE);
		if (ev == EV_CONNECT && s != GATE_OPEN)
			assert_int_equal(e.act, ACT_DIAL);
	}
}

static void
out_of_range_closes(void **state)
{
	(void)state;
	for (int i = -2; i < 100; i++) {
		enum gate_state s = (enum gate_state)i;
		enum gate_event ev = (enum gate_event)i;

		if (i < 0 || i >= GATE_STATES) {
			assert_int_equal(gate_edge(s, EV_RELEASE).to,
			    GATE_BLOCKED);
			assert_int_equal(gate_edge(s, EV_RELEASE).act,
			    ACT_CLOSE);
			assert_string_equal(gate_state_name(s), "unknown");
		}
		if (i < 0 || i >= GATE_EVENTS) {
			assert_int_equal(gate_edge(GATE_OPEN, ev).to,
			    GATE_BLOCKED);
			assert_string_equal(gate_event_name(ev), "unknown");
		}
	}
}

static void
zero_is_blocked_and_closes(void **state)
{
	(void)state;
	assert_int_equal(GATE_BLOCKED, 0);
	assert_int_equal(ACT_CLOSE, 0);
}

static void
states_and_events_have_names_of_their_own(void **state)
{
	(void)state;
	for (int i = 0; i < GATE_STATES; i++)
		for (int k = 0; k <= i; k++) {
			const char *a = gate_state_name((enum gate_state)i);
			const char *b = gate_state_name((enum gate_state)k);

			assert_int_equal(strcmp(a, b) == 0, i == k);
			assert_string_not_equal(a, "unknown");
		}
	for (int i = 0; i < GATE_EVENTS; i++)
		for (int k = 0; k <= i; k++) {
			const char *a = gate_event_name((enum gate_event)i);
			const char *b = gate_event_name((enum gate_event)k);

			assert_int_equal(strcmp(a, b) == 0, i == k);
			assert_string_not_equal(a, "unknown");
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_the_specification),
		cmocka_unit_test(what_is_done_is_that_of_the_specification),
		cmocka_unit_test(open_is_entered_only_by_release),
		cmocka_unit_test(connected_is_entered_only_by_proof),
		cmocka_unit_test(blocked_and_open_are_left_only_by_a_command),
		cmocka_unit_test(block_and_disconnect_lead_to_blocked),
		cmocka_unit_test(no_cell_is_forgotten),
		cmocka_unit_test(a_refused_command_changes_nothing),
		cmocka_unit_test(entering_a_state_carries_out_what_it_means),
		cmocka_unit_test(out_of_range_closes),
		cmocka_unit_test(zero_is_blocked_and_closes),
		cmocka_unit_test(states_and_events_have_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
