/* SPDX-License-Identifier: ISC */
/*
 * pf.c against tests/pf/pfctl, which stands in for macOS's: what is asked of
 * it, in which order, and what becomes of its answers. That macOS's answers
 * in this way is not shown here.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/base/mono.h"
#include "src/os/pf.h"

#define ANCHOR "com.apple/000.tungate"
#define LOAD   "-q -a " ANCHOR " -o none -f -"

static const char rules[] = "no nat on ! lo0 all\n"
			    "pass quick on lo0 all no state\n"
			    "pass in quick inet proto udp from any port = 67 "
			    "to any port = 68 no state\n"
			    "block drop quick all\n";

static char dir[PATH_MAX / 2], pfctl[PATH_MAX], token[PATH_MAX];
static char text[65536];
static struct pf *p;

/*
 * The folder that the stand-in keeps its state in.
 */

static char *
path_of(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
write_file(const char *name, const char *content)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* "" if it is not there. */
static const char *
read_file(const char *name)
{
	FILE *f = fopen(path_of(name), "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
forget_calls(void)
{
	write_file("transcript", "");
}

/* Without what came on standard input. */
static void
assert_calls(const char *expected)
{
	char calls[4096] = "";
	const char *line = read_file("transcript");

	for (; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (strncmp(line, "pfctl ", 6) == 0)
			(void)strncat(calls, line + 6,
			    strcspn(line + 6, "\n") + 1);
	assert_string_equal(calls, expected);
}

static void
open_pf(void)
{
	assert_int_equal(pf_open(pfctl, token, &p), 0);
}

static void
reopen(void)
{
	pf_close(p);
	open_pf();
	forget_calls();
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/tungate-pf-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(pfctl, sizeof(pfctl), "%s/pfctl", dir);
	/* In a folder that is not there yet. */
	(void)snprintf(token, sizeof(token), "%s/run/token", dir);
	assert_int_equal(symlink(STAND_IN, pfctl), 0);
	write_file("main",
	    "scrub-anchor \"com.apple/*\" all fragment reassemble\n"
	    "anchor \"com.apple/*\" all\n");
	write_file("anchors", "  com.apple/200.AirDrop\n");
	write_file("interfaces", "ALL\nen0\nlo0 (skip)\n");
	forget_calls();
	open_pf();
	return 0;
}

static int
take_out(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
tear_down(void **state)
{
	(void)state;
	pf_close(p);
	return nftw(dir, take_out, 8, FTW_DEPTH | FTW_PHYS);
}

/*
 * Tests.
 */

/* The whole transcript: rules before pf runs, states after. */
static void
the_first_put_says_this(void **state)
{
	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	assert_string_equal(read_file("transcript"),
	    "pfctl " LOAD "\n"
	    "  | no nat on ! lo0 all\n"
	    "  | pass quick on lo0 all no state label \"tungate 05d00124 1\"\n"
	    "  | pass in quick inet proto udp from any port = 67 to any port = "
	    "68 no state label \"tungate 05d00124 2\"\n"
	    "  | block drop quick all label \"tungate 05d00124 3\"\n"
	    "pfctl -E\n"
	    "pfctl -q -F states\n"
	    "pfctl -s rules\n"
	    "pfctl -a com.apple -s Anchors\n"
	    "pfctl -v -s Interfaces\n"
	    "pfctl -s info\n"
	    "pfctl -a " ANCHOR " -s rules\n");
	assert_false(pf_is_overruled(p));
}

static void
later_ones_use_the_token_that_is_there(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	assert_int_equal(stat(token, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* After a crash, too. */
	for (int i = 0; i < 2; i++) {
		forget_calls();
		assert_int_equal(pf_put(p, rules), 0);
		assert_calls(LOAD "\n-s References\n-q -F states\n-s rules\n"
				  "-a com.apple -s Anchors\n"
				  "-v -s Interfaces\n-s info\n"
				  "-a " ANCHOR " -s rules\n");
		reopen();
	}
	/* Somebody switched pf off, which voids all tokens. */
	write_file("tokens", "");
	assert_int_equal(pf_put(p, rules), 0);
	assert_true(strlen(read_file("tokens")) > 10);
}

static void
what_is_looked_at(void **state)
{
	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	forget_calls();
	assert_true(pf_is_put(p));
	assert_calls("-s info\n-s rules\n-a " ANCHOR " -s rules\n");
}

static void
what_others_change_is_seen(void **state)
{
	static const struct {
		const char *file, *content;
	} changes[] = {
		{ "tokens", "" }, /* pfctl -d */
		{ "rules", "" },  /* -a ... -F all */
		{ "rules", "pass quick all label \"tungate 05d00124 1\"\n" },
		{ "main", "" }, /* -F all */
		{ "main", "pass all flags S/SA keep state\n" },
		{ "main", "pass quick all\nanchor \"com.apple/*\" all\n" },
		{ "fail", "-s info" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		assert_int_equal(pf_put(p, rules), 0);
		assert_true(pf_is_put(p));
		write_file(changes[i].file, changes[i].content);
		assert_false(pf_is_put(p));
		write_file("fail", "");
		write_file("main", "anchor \"com.apple/*\" all\n");
	}
}

static void
a_flushed_main_ruleset_gets_its_anchors_back(void **state)
{
	(void)state;
	write_file("main", "");
	assert_int_equal(pf_put(p, rules), 0);
	assert_string_equal(read_file("main"),
	    "scrub-anchor \"com.apple/*\" all\nanchor \"com.apple/*\" all\n");
	assert_true(pf_is_put(p));
}

static void
a_main_ruleset_of_others_is_left_alone(void **state)
{
	static const char others[] = "pass all flags S/SA keep state\n";

	(void)state;
	write_file("main", others);
	assert_int_equal(pf_put(p, rules), -ENOENT);
	assert_string_equal(read_file("main"), others);
	/* It is closed as far as it can be. */
	assert_true(strlen(read_file("rules")) > 10);
}

static void
what_is_stronger_is_told(void **state)
{
	static const struct {
		const char *file, *content;
	} cases[] = {
		{ "main", "pass quick on en0 all\nanchor \"com.apple/*\" all" },
		{ "anchors", "  com.apple/000.another\n" },
		{ "interfaces", "en0 (skip)\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char before[1024];

		(void)snprintf(before, sizeof(before), "%.1023s",
		    read_file(cases[i].file));
		write_file(cases[i].file, cases[i].content);
		assert_int_equal(pf_put(p, rules), 0);
		assert_true(pf_is_overruled(p));
		assert_true(pf_is_put(p));
		write_file(cases[i].file, before);
		assert_int_equal(pf_put(p, rules), 0);
		assert_false(pf_is_overruled(p));
	}
}

/* Whatever fails is told, and the next try makes it good. */
static void
whatever_fails_is_told(void **state)
{
	static const char *const calls[] = { LOAD, "-E", "-q -F states",
		"-s rules", "-s info", "-a " ANCHOR " -s rules" };
	const int refused = geteuid() == 0 ? -EIO : -EPERM;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		int r;

		write_file("fail", calls[i]);
		r = pf_put(p, rules);
		assert_true(r == refused || r == -EIO);
		assert_false(pf_is_put(p));
		write_file("fail", "");
		assert_int_equal(pf_put(p, rules), 0);
		assert_true(pf_is_put(p));
		assert_int_equal(pf_take_away(p), 0);
	}
}

/* What pfctl only shows beside it does not keep the rules from being put. */
static void
what_cannot_be_seen_of_others_is_no_failure(void **state)
{
	(void)state;
	write_file("fail", "-a com.apple -s Anchors\n-v -s Interfaces\n");
	assert_int_equal(pf_put(p, rules), 0);
}

static void
rules_that_are_not_shown_are_not_there(void **state)
{
	(void)state;
	/* It takes them, and shows none. */
	assert_int_equal(unlink(pfctl), 0);
	write_file("pfctl",
	    "#!/bin/sh\n"
	    "case \"$*\" in\n"
	    "-E) echo Token : 5 ;;\n"
	    "\"-s info\") echo Status: Enabled ;;\n"
	    "\"-s rules\") echo 'anchor \"com.apple/*\" all' ;;\n"
	    "*-f*) cat >/dev/null ;;\n"
	    "*) cat ${0%/*}/shown 2>/dev/null || true ;;\n"
	    "esac\n");
	assert_int_equal(chmod(pfctl, 0755), 0);
	assert_int_equal(pf_put(p, rules), -EIO);
	/* As many, in words that are not known. */
	write_file("shown", "pass one\npass two\nblock three\n");
	assert_int_equal(pf_put(p, rules), -EPROTO);
	assert_true(pf_is_put(p));
}

static void
a_pfctl_that_hangs_or_babbles_is_given_up(void **state)
{
	struct mono start;

	(void)state;
	write_file("flood", LOAD);
	assert_int_equal(pf_put(p, rules), -EMSGSIZE);
	write_file("flood", "");
	write_file("hang", LOAD);
	start = mono_now();
	assert_int_equal(pf_put(p, rules), -ETIMEDOUT);
	assert_true(mono_ms_between(start, mono_now()) < 5000);
}

static void
what_is_taken_away_is_all_of_ours(void **state)
{
	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	(void)read_file("tokens");
	(void)strncat(text, "77\n", 4);
	write_file("tokens", text);
	forget_calls();
	assert_int_equal(pf_take_away(p), 0);
	assert_string_equal(read_file("rules"), "");
	assert_string_equal(read_file("nat"), "");
	assert_string_equal(read_file("tokens"), "77\n");
	assert_int_equal(access(token, F_OK), -1);
	/* Again, and there is nothing. */
	forget_calls();
	assert_int_equal(pf_take_away(p), 0);
	assert_calls("-q -a " ANCHOR " -F nat\n-q -a " ANCHOR " -F rules\n");
}

/* tungated --release: what a killed daemon left. */
static void
another_takes_away_what_one_left(void **state)
{
	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	reopen();
	assert_int_equal(pf_take_away(p), 0);
	assert_string_equal(read_file("rules"), "");
	assert_string_equal(read_file("tokens"), "");
}

static void
rules_that_stay_are_told(void **state)
{
	char call[64];

	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	write_file("fail", "-q -a " ANCHOR " -F rules");
	assert_true(pf_take_away(p) < 0);
	/* The word is given back none the less. */
	assert_string_equal(read_file("tokens"), "");
	write_file("fail", "");
	assert_int_equal(pf_put(p, rules), 0);
	(void)snprintf(call, sizeof(call), "-X %.40s", read_file("tokens"));
	write_file("fail", call);
	assert_true(pf_take_away(p) < 0);
	write_file("fail", "");
	assert_int_equal(pf_take_away(p), 0);
	assert_string_equal(read_file("tokens"), "");
}

/* Somebody else's file says nothing about what is ours to give back. */
static void
a_token_file_that_others_could_write_is_not_read(void **state)
{
	(void)state;
	assert_int_equal(pf_put(p, rules), 0);
	assert_int_equal(chmod(token, 0622), 0);
	reopen();
	assert_int_equal(pf_take_away(p), 0);
	assert_true(strlen(read_file("tokens")) > 10);
	/* Nor one that leads elsewhere, nor nonsense. */
	assert_int_equal(symlink(path_of("tokens"), token), 0);
	assert_int_equal(pf_take_away(p), 0);
	assert_true(strlen(read_file("tokens")) > 10);
	write_file("run/token", "-X\n");
	assert_int_equal(chmod(token, 0600), 0);
	assert_int_equal(pf_take_away(p), 0);
	assert_true(strlen(read_file("tokens")) > 10);
}

/* What cannot be kept does not keep it from closing. */
static void
a_token_that_cannot_be_kept_is_no_failure(void **state)
{
	(void)state;
	write_file("run", "a file where the folder would be");
	assert_int_equal(pf_put(p, rules), 0);
	assert_true(pf_is_put(p));
	forget_calls();
	assert_int_equal(pf_put(p, rules), 0);
	assert_null(strstr(read_file("transcript"), "-E"));
	/* The same daemon still knows it. */
	(void)pf_take_away(p);
	assert_string_equal(read_file("tokens"), "");
}

static void
without_pfctl_there_is_no_pf(void **state)
{
	struct pf *none = NULL;

	(void)state;
	assert_int_equal(pf_open("/nonexistent/pfctl", token, &none),
	    -EPROTONOSUPPORT);
	assert_null(none);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_put_says_this),
		TEST(later_ones_use_the_token_that_is_there),
		TEST(what_is_looked_at),
		TEST(what_others_change_is_seen),
		TEST(a_flushed_main_ruleset_gets_its_anchors_back),
		TEST(a_main_ruleset_of_others_is_left_alone),
		TEST(what_is_stronger_is_told),
		TEST(whatever_fails_is_told),
		TEST(what_cannot_be_seen_of_others_is_no_failure),
		TEST(rules_that_are_not_shown_are_not_there),
		TEST(a_pfctl_that_hangs_or_babbles_is_given_up),
		TEST(what_is_taken_away_is_all_of_ours),
		TEST(another_takes_away_what_one_left),
		TEST(rules_that_stay_are_told),
		TEST(a_token_file_that_others_could_write_is_not_read),
		TEST(a_token_that_cannot_be_kept_is_no_failure),
		TEST(without_pfctl_there_is_no_pf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
