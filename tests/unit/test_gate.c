/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/gate.h"

#define FOR_ALL(s, ev)                                                         \
	for (enum gate_state s = (enum gate_state)0; (s) < GATE_STATES; (s)++) \
		for (enum gate_event ev = (enum gate_event)0;                  \
		     (ev) < GATE_EVENTS; (ev)++)

/* "CONNECTING", as STATES.md writes a state; -1: none. */
static int
state_of(const char *text)
{
	for (int i = 0; i < GATE_STATES; i++)
		if (strcasecmp(text, gate_state_name((enum gate_state)i)) == 0)
			return i;
	return -1;
}

/* "tunnel lost"; -1: none. */
static int
event_of(char *text)
{
	for (char *c = strchr(text, ' '); c != NULL; c = strchr(c, ' '))
		*c = '-';
	for (int i = 0; i < GATE_EVENTS; i++)
		if (strcmp(text, gate_event_name((enum gate_event)i)) == 0)
			return i;
	return -1;
}

/* A cell, "refused" or "STATE, what is done", as an edge from that state. */
static struct gate_edge
edge_of(enum gate_state from, char *cell)
{
	static const char *const acts[] = {
		[ACT_CLOSE] = "close",
		[ACT_NONE] = "",
		[ACT_REPLAN] = "replan",
		[ACT_DIAL] = "dial",
		[ACT_GIVE_BACK] = "give back",
	};
	char *done = strstr(cell, ", ");
	int to;

	if (strcmp(cell, "refused") == 0)
		return (struct gate_edge){ from, ACT_REFUSE };
	if (done != NULL) {
		*done = '\0';
		done += 2;
	}
	if ((to = state_of(cell)) < 0)
		fail_msg("there is no state %s", cell);
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		if (acts[i] != NULL &&
		    strcmp(acts[i], done != NULL ? done : "") == 0)
			return (struct gate_edge){ (enum gate_state)to,
				(enum gate_action)i };
	fail_msg("nothing is called %s", done);
	return (struct gate_edge){ 0 };
}

enum { COLUMNS = 1 + GATE_STATES };

/* The cells of a row, without the spaces around. */
static void
read_row(char *line, char *cells[COLUMNS])
{
	static char none[] = "";
	char *c = strtok(line, "|\n");
	int n = 0;

	for (int i = 0; i < COLUMNS; i++)
		cells[i] = none;
	for (; c != NULL && n < COLUMNS; c = strtok(NULL, "|\n")) {
		c += strspn(c, " ");
		for (size_t len = strlen(c); len > 0 && c[len - 1] == ' ';)
			c[--len] = '\0';
		cells[n++] = c;
	}
	assert_int_equal(n, COLUMNS);
	assert_null(c);
}

static void
check_row(const int states[COLUMNS], int ev, char *cells[COLUMNS])
{
	for (int i = 1; i < COLUMNS; i++) {
		enum gate_state from = (enum gate_state)states[i];
		struct gate_edge is = gate_edge(from, (enum gate_event)ev);
		struct gate_edge said = edge_of(from, cells[i]);

		if (said.to != is.to || said.act != is.act)
			fail_msg("%s on %s: to %s, action %d; STATES.md says "
				 "%s, action %d",
			    gate_state_name(from), cells[0],
			    gate_state_name(is.to), (int)is.act,
			    gate_state_name(said.to), (int)said.act);
	}
}

/* STATES.md, "The table", cell by cell, with what is done. */
static void
the_table_is_that_of_the_specification(void **state)
{
	FILE *f = fopen(STATES, "re");
	char line[512], *cells[COLUMNS];
	bool in_table = false;
	unsigned states_seen = 0, events_seen = 0;
	int states[COLUMNS] = { 0 };

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		int ev;

		if (strncmp(line, "| on ", 5) == 0) {
			in_table = true;
			read_row(line, cells);
			for (int i = 1; i < COLUMNS; i++) {
				states[i] = state_of(cells[i]);
				assert_true(states[i] >= 0);
				states_seen |= 1u << states[i];
			}
			continue;
		}
		if (!in_table || strncmp(line, "|--", 3) == 0)
			continue;
		if (line[0] != '|')
			break;
		read_row(line, cells);
		if ((ev = event_of(cells[0])) < 0)
			fail_msg("there is no event %s", cells[0]);
		events_seen |= 1u << ev;
		check_row(states, ev, cells);
	}
	(void)fclose(f);
	assert_int_equal(states_seen, (1u << GATE_STATES) - 1);
	assert_int_equal(events_seen, (1u << GATE_EVENTS) - 1);
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
