/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/conf.h"
#include "control/ini_file.h"
#include "src/base/log.h"
#include "tests/unit/packet.h"
#include "tests/unit/problems.h"

static int
parse(const char *text, size_t len, struct conf *ret, struct problems *p)
{
	char *copy = (char *)packet_exact(text, len);
	int r;

	memset(p, 0, sizeof(*p));
	r = conf_parse("x.conf", copy, len, ret, problems_note, p);
	free(copy);
	return r;
}

/* Exactly one problem, and it begins so. */
static void
check_problem(const char *text, const char *begins)
{
	struct conf c, before = { .tun = "untouched" };
	struct problems p;

	c = before;
	assert_int_equal(parse(text, strlen(text), &c, &p), -EINVAL);
	assert_int_equal(p.n, 1);
	if (strncmp(p.last, begins, strlen(begins)) != 0)
		fail_msg("\"%s\" is reported as \"%s\"", text, p.last);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void
an_empty_file_leaves_the_defaults(void **state)
{
	static const char *const texts[] = { "", "\n\n", "[tungate]\n",
		"# a comment\n; another\n[tungate]",
		"\xef\xbb\xbf[tungate]\n" };
	struct conf defaults = conf_defaults();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct problems p;
		struct conf c;

		assert_int_equal(parse(texts[i], strlen(texts[i]), &c, &p), 0);
		assert_string_equal(c.tun, defaults.tun);
		assert_string_equal(c.run_dir, defaults.run_dir);
		assert_string_equal(c.servers, defaults.servers);
		assert_string_equal(c.group, defaults.group);
		assert_string_equal(c.user, defaults.user);
		assert_false(c.allow_lan);
		assert_false(c.open_on_stop);
		assert_false(c.ignore_scripts);
		assert_int_equal(c.log_level, LEVEL_INFO);
	}
}

static void
every_key_is_read(void **state)
{
	static const char text[] = "[tungate]\r\n"
				   "tun = tun7\r\n"
				   "run_dir=/tmp/run\n"
				   "servers =\t/tmp/servers  \n"
				   "GROUP = wheel\n"
				   "user = gate\n"
				   "lan = allow\n"
				   "on_stop = Open\n"
				   "scripts = ignore\n"
				   "log_level = debug";
	struct problems p;
	struct conf c;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &c, &p), 0);
	assert_string_equal(c.tun, "tun7");
	assert_string_equal(c.run_dir, "/tmp/run");
	assert_string_equal(c.servers, "/tmp/servers");
	assert_string_equal(c.group, "wheel");
	assert_true(c.allow_lan);
	assert_true(c.open_on_stop);
	assert_true(c.ignore_scripts);
	assert_int_equal(c.log_level, LEVEL_DEBUG);
}

static void
an_uplink_of_its_own_is_read(void **state)
{
	static const char text[] = "[tungate]\nuplink = namespace\n"
				   "uplink_interface = eth0\n"
				   "uplink_address = 192.0.2.10/24\n"
				   "uplink_address = 2001:db8:1::10/64\n"
				   "uplink_gateway = 192.0.2.1\n"
				   "uplink_gateway = fe80::1\n";
	struct problems p;
	struct conf c;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &c, &p), 0);
	assert_true(c.uplink_namespace);
	assert_string_equal(c.uplink.name, "eth0");
	assert_int_equal(c.uplink.n_addresses, 2);
	assert_int_equal(c.uplink.addresses[1].bits, 64);
	assert_int_equal(c.uplink.n_gateways, 2);
}

/* Not the end of the value above it, which would hide it. */
static void
an_indented_line_is_a_line_of_its_own(void **state)
{
	static const char text[] = "[tungate]\n"
				   "group = wheel\n"
				   "  on_stop = open\n"
				   "\tlog_level = debug\n";
	struct problems p;
	struct conf c;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &c, &p), 0);
	assert_string_equal(c.group, "wheel");
	assert_true(c.open_on_stop);
	assert_int_equal(c.log_level, LEVEL_DEBUG);
}

static void
what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	check_problem("tun = tun0\n", "x.conf:1: []: only [tungate]");
	check_problem("\n[other]\ntun = tun0\n", "x.conf:3: [other]: ");
	check_problem("[tungate]\n\nnonsense = 1\n", "x.conf:3: nonsense: ");
	check_problem("[tungate]\ntun\n", "x.conf:2: neither ");
	check_problem("[tungate\n", "x.conf:1: neither ");
	check_problem("[tungate]\ntun =\n", "x.conf:2: tun: must not be empty");
	check_problem("[tungate]\ntun = a/b\n", "x.conf:2: tun = a/b: ");
	check_problem("[tungate]\ntun = 0123456789abcdef\n",
	    "x.conf:2: tun: longer than 15");
	check_problem("[tungate]\nrun_dir = run\n", "x.conf:2: run_dir = run");
	check_problem("[tungate]\nservers =\n", "x.conf:2: servers = ");
	check_problem("[tungate]\ngroup =\n", "x.conf:2: group: ");
	check_problem("[tungate]\nlan = some\n",
	    "x.conf:2: lan = some: must be block or allow");
	check_problem("[tungate]\nuplink = moon\n",
	    "x.conf:2: uplink = moon: ");
	check_problem("[tungate]\nuplink_moon = 1\n",
	    "x.conf:2: uplink_moon: ");
	check_problem("[tungate]\nuplink = namespace\n",
	    "x.conf:2: uplink = namespace needs");
	check_problem("[tungate]\nuplink = namespace\n"
		      "uplink_interface = tungate0\n",
	    "x.conf:2: the uplink_interface is a network card");
	check_problem("[tungate]\nuplink_interface = a/b\n",
	    "x.conf:2: uplink_interface = a/b: ");
	check_problem("[tungate]\nuplink_interface = eth0\n",
	    "x.conf:2: uplink_... lines are for");
	check_problem("[tungate]\nuplink_address = 192.0.2.1\n",
	    "x.conf:2: uplink_address = 192.0.2.1: must be ADDRESS/BITS");
	check_problem("[tungate]\nuplink_gateway = x\n",
	    "x.conf:2: uplink_gateway = x: ");
	check_problem("[tungate]\nuplink = namespace\nuplink_interface = e\n"
		      "uplink_dhcp = d\nuplink_gateway = 192.0.2.1\n",
	    "x.conf:4: uplink_dhcp is instead of");
	check_problem("[tungate]\nuplink = namespace\nuplink_interface = e\n"
		      "uplink_address = 2001:db8::1/64\n"
		      "uplink_gateway = 192.0.2.1\n",
	    "x.conf:5: an uplink_gateway needs");
	check_problem("[tungate]\nuplink = namespace\nuplink_interface = e\n"
		      "uplink_address = 192.0.2.2/24\n"
		      "uplink_gateway = 192.0.2.1\n"
		      "uplink_gateway = 192.0.2.3\n",
	    "x.conf:6: an uplink_gateway needs");
	check_problem("[tungate]\nuplink_gateway = 192.0.2.1 metric 1\n",
	    "x.conf:2: uplink_gateway = 192.0.2.1 metric 1: must be");
	check_problem("[tungate]\nuplink = namespace\nuplink_interface = e\n"
		      "lan = allow\n",
	    "x.conf:4: lan = allow needs uplink = machine");
	check_problem("[tungate]\nscripts = run\n",
	    "x.conf:2: scripts = run: must be refuse or ignore");
	check_problem("[tungate]\non_stop = maybe\n", "x.conf:2: on_stop = ");
	check_problem("[tungate]\nlog_level = loud\n",
	    "x.conf:2: log_level = ");
}

/* Or the daemon would find out when it is too late to say so. */
static void
a_name_that_no_device_can_have_is_a_problem(void **state)
{
	(void)state;
	check_problem("[tungate]\ntun = .\n", "x.conf:2: tun = .: ");
	check_problem("[tungate]\ntun = ..\n", "x.conf:2: tun = ..: ");
}

static void
every_problem_is_reported(void **state)
{
	static const char text[] = "[tungate]\ntun = a b\non_stop = x\n"
				   "what = ever\nlog_level = x\n";
	struct problems p;
	struct conf c;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &c, &p), -EINVAL);
	assert_int_equal(p.n, 4);
}

static void
a_line_up_to_the_limit_is_read_a_longer_one_named(void **state)
{
	(void)state;
	for (size_t len = 180; len < 600; len++) {
		char text[700] = "[tungate]\n#";
		struct problems p;
		struct conf c;

		memset(text + 11, 'x', len - 1);
		memcpy(text + 10 + len, "\ntun = t\n", 10);
		assert_int_equal(parse(text, 10 + len + 9, &c, &p),
		    len <= 197 ? 0 : -EINVAL);
		if (len <= 197) {
			assert_string_equal(c.tun, "t");
			continue;
		}
		assert_int_equal(p.n, 1);
		assert_memory_equal(p.last, "x.conf:2: line of ", 18);
	}
}

static void
a_nul_byte_is_named_wherever_it_stands(void **state)
{
	static const char text[] = "[tungate]\ntun = tun0\n";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		char copy[sizeof(text)];
		struct problems p;
		struct conf c;

		memcpy(copy, text, sizeof(text));
		copy[at] = '\0';
		assert_int_equal(parse(copy, sizeof(text) - 1, &c, &p),
		    -EINVAL);
		assert_true(p.n >= 1);
	}
}

static void
a_file_is_read_and_one_that_is_not_there_named(void **state)
{
	char path[] = "/tmp/tungate-test-conf-XXXXXX";
	struct problems p = { 0 };
	struct conf c;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[tungate]\ntun = t9\n", 19), 19);
	assert_int_equal(conf_read(path, &c, problems_note, &p), 0);
	assert_string_equal(c.tun, "t9");
	assert_int_equal(p.n, 0);
	/* One byte more than a file may have. */
	assert_int_equal(ftruncate(fd, INI_FILE_MAX + 1), 0);
	assert_int_equal(conf_read(path, &c, problems_note, &p), -EFBIG);
	assert_int_equal(p.n, 1);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(conf_read(path, &c, problems_note, &p), -ENOENT);
	assert_int_equal(p.n, 2);
	assert_non_null(strstr(p.last, path));
	assert_true(conf_read("/tmp", &c, problems_note, &p) < 0);
	assert_int_equal(p.n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_leaves_the_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(an_uplink_of_its_own_is_read),
		cmocka_unit_test(an_indented_line_is_a_line_of_its_own),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(a_name_that_no_device_can_have_is_a_problem),
		cmocka_unit_test(every_problem_is_reported),
		cmocka_unit_test(
		    a_line_up_to_the_limit_is_read_a_longer_one_named),
		cmocka_unit_test(a_nul_byte_is_named_wherever_it_stands),
		cmocka_unit_test(
		    a_file_is_read_and_one_that_is_not_there_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
