/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/mono.h"
#include "src/os/toolrun.h"

enum { LONG_MS = 10000, SHORT_MS = 300 };

static char out[200000];

static int
sh(const char *script, const char *in, unsigned ms)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	return toolrun(argv, in, ms, out, sizeof(out));
}

static void
what_it_says_and_its_status_come_back(void **state)
{
	(void)state;
	assert_int_equal(sh("echo out; echo err >&2", NULL, LONG_MS), 0);
	assert_string_equal(out, "out\nerr\n");
	assert_int_equal(sh("exit 3", NULL, LONG_MS), 3);
	assert_string_equal(out, "");
	assert_int_equal(sh("kill -TERM $$", NULL, LONG_MS), -EINTR);
}

static void
it_reads_what_it_is_given(void **state)
{
	static char in[150000];

	(void)state;
	/* More than a pipe holds, in both directions. */
	memset(in, 'x', sizeof(in) - 1);
	assert_int_equal(sh("cat", in, LONG_MS), 0);
	assert_string_equal(out, in);
	assert_int_equal(sh("cat", "two\nlines\n", LONG_MS), 0);
	assert_string_equal(out, "two\nlines\n");
	/* It ends before it has read all: no signal ends us. */
	assert_int_equal(sh("exit 2", in, LONG_MS), 2);
	assert_int_equal(sh("cat", NULL, LONG_MS), 0);
	assert_string_equal(out, "");
}

static void
there_is_an_end_to_waiting(void **state)
{
	static const char *const slow[] = { "sleep 60", "exec sleep 60",
		/* Without its output; with a child that has it. */
		"exec >/dev/null 2>&1; sleep 60", "sleep 60 & exit 0",
		"trap '' TERM; while :; do sleep 1; done" };
	struct mono start = mono_now();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(slow); i++)
		assert_int_equal(sh(slow[i], NULL, SHORT_MS), -ETIMEDOUT);
	assert_true(mono_ms_between(start, mono_now()) < 10000);
}

static void
there_is_an_end_to_listening(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "printf 12345678", NULL };
	char small[9];

	(void)state;
	assert_int_equal(sh("yes", NULL, LONG_MS), -EMSGSIZE);
	assert_int_equal(strlen(out), sizeof(out) - 1);
	assert_int_equal(toolrun(argv, NULL, LONG_MS, small, 9), 0);
	assert_string_equal(small, "12345678");
	assert_int_equal(toolrun(argv, NULL, LONG_MS, small, 8), -EMSGSIZE);
	assert_string_equal(small, "1234567");
}

static void
what_is_not_there_is_127(void **state)
{
	const char *const argv[] = { "/nonexistent/pfctl", NULL };

	(void)state;
	assert_int_equal(toolrun(argv, NULL, LONG_MS, out, sizeof(out)), 127);
}

/* No descriptor, no variable, no signal's fate of ours. */
static void
it_inherits_nothing(void **state)
{
	int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

	(void)state;
	assert_true(fd >= 3);
	assert_int_equal(setenv("PF_TEST", "1", 1), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(sh("ls /proc/self/fd | wc -l; env | "
			    "grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD='",
			     NULL, LONG_MS),
	    0);
	/* 0 to 2, and the one that ls reads the folder by. */
	assert_string_equal(out,
	    "4\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\nLC_ALL=C\n");
	assert_int_equal(sh("kill -PIPE $$; echo alive", NULL, LONG_MS),
	    -EINTR);
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_and_its_status_come_back),
		cmocka_unit_test(it_reads_what_it_is_given),
		cmocka_unit_test(there_is_an_end_to_waiting),
		cmocka_unit_test(there_is_an_end_to_listening),
		cmocka_unit_test(what_is_not_there_is_127),
		cmocka_unit_test(it_inherits_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
