/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/os/pfread.h"
#include "src/os/pfrules.h"

#define WARNINGS "No ALTQ support in kernel\nALTQ related functions disabled\n"

static void
the_token_is_found(void **state)
{
	uint64_t t = 7;

	(void)state;
	assert_int_equal(
	    pfread_token(WARNINGS "pf enabled\nToken : 9357183464523241\n", &t),
	    0);
	assert_true(t == 9357183464523241u);
	assert_int_equal(pfread_token("Token : 18446744073709551615", &t), 0);
	assert_true(t == UINT64_MAX);
	assert_int_equal(pfread_token("  Token :  5 \r\n", &t), 0);
	assert_true(t == 5);
}

static void
what_is_no_token_is_none(void **state)
{
	static const char *const texts[] = { "", WARNINGS, "Token",
		"Token :", "Token : ", "Token : 0", "Token : x1", "Token : 1x",
		"Token : -1", "Token : 18446744073709551616", "Token : 1 2",
		"Token: 1", "token : 1", "No Token : 1",
		"pfctl: pf already enabled" };
	uint64_t t = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(pfread_token(texts[i], &t), -EINVAL);
	assert_true(t == 7);
}

static void
a_token_is_listed_or_not(void **state)
{
	static const char list[] =
	    WARNINGS "TOKENS:\nPID      Process Name     TOKEN      TIMESTAMP\n"
		     "812      pfctl            9357183464523241    0 days\n"
		     "5        Internet Sharing 77                  1 days\n";

	(void)state;
	assert_true(pfread_lists_token(list, 9357183464523241u));
	assert_true(pfread_lists_token(list, 77));
	/* A process's number is none, nor is a part of one. */
	assert_false(pfread_lists_token(list, 812));
	assert_false(pfread_lists_token(list, 935718346452324u));
	assert_false(pfread_lists_token("No tokens\n", 77));
	assert_false(pfread_lists_token("", 77));
}

static void
it_is_enabled_only_if_it_says_so(void **state)
{
	(void)state;
	assert_true(pfread_is_enabled(
	    WARNINGS "Status: Enabled for 0 days 00:12:25   Debug: Urgent\n"));
	assert_false(pfread_is_enabled("Status: Disabled for 0 days\n"));
	assert_false(pfread_is_enabled("Status:\n"));
	assert_false(pfread_is_enabled("pf Status: Enabled\n"));
	assert_false(pfread_is_enabled("Enabled\n"));
	assert_false(pfread_is_enabled(""));
	/* The first word on it counts. */
	assert_false(pfread_is_enabled("Status: Disabled\nStatus: Enabled\n"));
}

#define STOCK                                                    \
	"scrub-anchor \"com.apple/*\" all fragment reassemble\n" \
	"anchor \"com.apple/*\" all\n"

static void
the_anchors_place_is_seen(void **state)
{
	static const struct {
		const char *text;
		enum pfread_place place;
	} cases[] = {
		{ WARNINGS STOCK, PFREAD_FIRST },
		{ STOCK "pass quick all flags S/SA keep state\n",
		    PFREAD_FIRST },
		{ "block drop in quick all\n" STOCK, PFREAD_FIRST },
		{ "pass out all flags S/SA keep state\n" STOCK, PFREAD_FIRST },
		{ "pass out quick all\n" STOCK, PFREAD_BEHIND },
		{ "anchor \"others\" all\n" STOCK, PFREAD_BEHIND },
		{ "", PFREAD_EMPTY },
		{ WARNINGS, PFREAD_EMPTY },
		{ "scrub-anchor \"com.apple/*\" all fragment reassemble\n",
		    PFREAD_EMPTY },
		{ "pass all\n", PFREAD_ABSENT },
		{ "anchor \"com.apple/x\" all\n", PFREAD_ABSENT },
		{ "anchor \"com.apple/*\" in all\n", PFREAD_ABSENT },
		{ "anchor \"com.apple/*\"\n", PFREAD_ABSENT },
		{ "anchor com.apple/* all\n", PFREAD_ABSENT },
		{ "anchor \"com.apple/*\" on en0 all\n", PFREAD_ABSENT },
		{ "anchor \"com.apple/*\" inet all\n", PFREAD_ABSENT },
		{ "anchor\n", PFREAD_ABSENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (pfread_place(cases[i].text, "com.apple/*") !=
		    cases[i].place)
			fail_msg("case %zu", i);
}

static void
the_first_anchor_is_known(void **state)
{
	static const char own[] = "com.apple/000.tungate";

	(void)state;
	assert_true(pfread_is_first(WARNINGS
	    "  com.apple/000.tungate\n  com.apple/200.AirDrop\n"
	    "  com.apple/250.ApplicationFirewall\n",
	    own));
	assert_true(pfread_is_first("", own));
	assert_true(pfread_is_first("  com.apple/000.tungate.x\n", own));
	assert_false(pfread_is_first("  com.apple/000.other\n", own));
	assert_false(pfread_is_first("  com.apple/000\n", own));
	assert_false(pfread_is_first("  com.apple/!\n", own));
}

static void
a_skipped_interface_is_seen(void **state)
{
	(void)state;
	assert_false(pfread_skips("ALL\nen0\nlo0 (skip)\nutun7\n"));
	assert_true(pfread_skips("lo0 (skip)\nen0 (skip)\n"));
	assert_false(pfread_skips(""));
}

static const char rules[] = "scrub in on en0 inet from 203.0.113.5 "
			    "to 192.168.1.5 fragment reassemble\n"
			    "no nat on ! lo0 all\n"
			    "pass quick on lo0 all no state\n"
			    "pass in quick inet proto udp from any port = 67 "
			    "to any port = 68 no state\n"
			    "block drop quick all\n";

static void
what_was_put_is_known_again(void **state)
{
	char labelled[1024], shown[2048], *at;

	(void)state;
	assert_int_equal(pfrules_label(rules, labelled, sizeof(labelled)), 0);
	assert_int_equal(pfread_match(labelled, labelled), PFREAD_THESE);
	/* As pfctl spells ports, among its warnings. */
	(void)snprintf(shown, sizeof(shown), WARNINGS "%s", labelled);
	assert_non_null(at = strstr(shown, "port = 67"));
	memcpy(at, "port = ab", 9);
	assert_int_equal(pfread_match(shown, labelled), PFREAD_THESE);
	/* More, or fewer. */
	(void)snprintf(shown, sizeof(shown), "%spass all\n", labelled);
	assert_int_equal(pfread_match(shown, labelled), PFREAD_OTHERS);
	(void)snprintf(shown, sizeof(shown), "%sanchor \"x\" all\n", labelled);
	assert_int_equal(pfread_match(shown, labelled), PFREAD_OTHERS);
	assert_int_equal(pfread_match("", labelled), PFREAD_OTHERS);
	assert_int_equal(pfread_match(strchr(strchr(labelled, '\n') + 1, '\n') +
				 1 +
				 strlen("pass quick on lo0 all no state label "
					"\"tungate 00000000 1\"\n"),
			     labelled),
	    PFREAD_OTHERS);
	/* As many, but not these. */
	(void)snprintf(shown, sizeof(shown), "%s", labelled);
	assert_non_null(at = strstr(shown, "block drop quick"));
	memcpy(at, "pass   out quick", 16);
	assert_int_equal(pfread_match(shown, labelled), PFREAD_UNLIKE);
	assert_int_equal(pfread_match(rules, labelled), PFREAD_UNLIKE);
	(void)snprintf(shown, sizeof(shown), "%s", labelled);
	assert_non_null(at = strrchr(shown, '3'));
	*at = '4';
	assert_int_equal(pfread_match(shown, labelled), PFREAD_UNLIKE);
}

static void
a_complaint_is_one_printable_line(void **state)
{
	char why[PFREAD_WHY_MAX], text[500];

	(void)state;
	pfread_why(WARNINGS "pfctl: /dev/pf: Permission denied\n\n", why);
	assert_string_equal(why, "pfctl: /dev/pf: Permission denied");
	pfread_why("stdin:3: syntax \x1b[31merror\xff", why);
	assert_string_equal(why, "stdin:3: syntax ?[31merror?");
	pfread_why("\n \n", why);
	assert_string_equal(why, "nothing");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	pfread_why(text, why);
	assert_int_equal(strlen(why), PFREAD_WHY_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_is_found),
		cmocka_unit_test(what_is_no_token_is_none),
		cmocka_unit_test(a_token_is_listed_or_not),
		cmocka_unit_test(it_is_enabled_only_if_it_says_so),
		cmocka_unit_test(the_anchors_place_is_seen),
		cmocka_unit_test(the_first_anchor_is_known),
		cmocka_unit_test(a_skipped_interface_is_seen),
		cmocka_unit_test(what_was_put_is_known_again),
		cmocka_unit_test(a_complaint_is_one_printable_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
