/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/kept_name.h"
#include "tests/unit/packet.h"

static int
find(const char *text, const char *name, struct addr ret[KEPT_NAME_ADDRS_MAX])
{
	char *copy = (char *)packet_exact(text, strlen(text));
	int n = kept_name_find(copy, strlen(text), name, ret);

	free(copy);
	return n;
}

static void
what_was_kept_is_found(void **state)
{
	struct addr addrs[] = { packet_addr("203.0.113.5"),
		packet_addr("2001:db8::5") };
	struct addr found[KEPT_NAME_ADDRS_MAX];
	char line[KEPT_NAME_LINE_MAX];

	(void)state;
	assert_string_equal(kept_name_print("vpn.example.net", addrs, 2, line),
	    "# tungate: vpn.example.net = 203.0.113.5 2001:db8::5\n");
	assert_true(kept_name_is_line(line, strlen(line)));
	assert_int_equal(find(line, "VPN.example.net", found), 2);
	assert_true(addr_equal(&found[0], &addrs[0]));
	assert_true(addr_equal(&found[1], &addrs[1]));
	assert_int_equal(find(line, "vpn.example", found), 0);
	assert_int_equal(find("", "vpn.example.net", found), 0);
	/* Among other lines, and without a newline. */
	assert_int_equal(find("[Peer]\r\n# tungate: a = 192.0.2.1\r\n"
			      "# tungate: b =   192.0.2.2  ",
			     "b", found),
	    1);
	assert_int_equal(find("# tungate: a = 192.0.2.1\r\n", "a", found), 1);
}

static void
the_longest_comment_has_room(void **state)
{
	struct addr addrs[KEPT_NAME_ADDRS_MAX], found[KEPT_NAME_ADDRS_MAX];
	char name[KEPT_NAME_MAX], line[KEPT_NAME_LINE_MAX];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (unsigned i = 0; i < KEPT_NAME_ADDRS_MAX; i++)
		addrs[i] =
		    packet_addr("2001:db8:1111:2222:3333:4444:5555:6666");
	(void)kept_name_print(name, addrs, KEPT_NAME_ADDRS_MAX, line);
	assert_int_equal(line[strlen(line) - 1], '\n');
	assert_int_equal(find(line, name, found), KEPT_NAME_ADDRS_MAX);
}

static void
what_cannot_be_read_is_refused(void **state)
{
	static const char *const lines[] = {
		"# tungate: a",
		"# tungate: a =",
		"# tungate: a = ",
		"# tungate: a 192.0.2.1",
		"# tungate: a == 192.0.2.1",
		"# tungate: a = 192.0.2.1, 192.0.2.2",
		"# tungate: a = b",
		"# tungate: a = 192.0.2.1 b",
		"# tungate: a = ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9",
	};
	struct addr found[KEPT_NAME_ADDRS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(find(lines[i], "a", found), -EINVAL);
}

static void
names_are_those_that_hosts_have(void **state)
{
	static const char *const good[] = { "a", "vpn.example.net", "1a",
		"a-1.b_2", "example.net.", "1.1.1.1.in-addr.arpa" };
	static const char *const bad[] = { "", ".", ".a", "a..b", "-a", "a b",
		"a/b", "1.1.1.1", "1", "1.1", "a\n", "a:1", "\xc3\xa4", "a#",
		"a=" };
	char name[KEPT_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(kept_name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(kept_name_is_valid(bad[i]));
	memset(name, 'x', sizeof(name));
	name[KEPT_NAME_MAX] = '\0';
	assert_false(kept_name_is_valid(name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_kept_is_found),
		cmocka_unit_test(the_longest_comment_has_room),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(names_are_those_that_hosts_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
