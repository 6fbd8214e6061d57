/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/os/ifsettings.h"
#include "tests/unit/packet.h"

static int
parse(const char *text, struct ifsettings *ret)
{
	char *copy = (char *)packet_exact(text, strlen(text));
	int r = ifsettings_parse(copy, strlen(text), ret);

	free(copy);
	return r;
}

static void
what_is_printed_is_read(void **state)
{
	static const char text[] = "interface eth0\n"
				   "address 192.0.2.10/24\n"
				   "address 2001:db8:1::10/64\n"
				   "gateway 192.0.2.1\n"
				   "gateway fe80::1 metric 1024\n"
				   "down\n";
	char printed[IFSETTINGS_TEXT_MAX];
	struct ifsettings s;

	(void)state;
	assert_int_equal(parse(text, &s), 0);
	assert_string_equal(s.name, "eth0");
	assert_int_equal(s.n_addresses, 2);
	assert_int_equal(s.addresses[0].bits, 24);
	assert_int_equal(s.addresses[1].bits, 64);
	assert_int_equal(s.n_gateways, 2);
	assert_int_equal(s.gateways[0].metric, 0);
	assert_int_equal(s.gateways[1].metric, 1024);
	assert_true(s.down);
	assert_int_equal(ifsettings_print(&s, printed), strlen(text));
	assert_string_equal(printed, text);
}

static void
the_most_that_there_can_be_fits(void **state)
{
	char printed[IFSETTINGS_TEXT_MAX];
	struct ifsettings s = { .name = "a23456789012345" }, again;

	(void)state;
	for (unsigned i = 0; i < IFSETTINGS_MAX; i++) {
		s.addresses[i].addr =
		    packet_addr("2001:db8:1111:2222:3333:4444:5555:6666");
		s.addresses[i].bits = 128;
	}
	s.n_addresses = IFSETTINGS_MAX;
	for (unsigned i = 0; i < IFSETTINGS_GATEWAYS; i++) {
		s.gateways[i].addr = s.addresses[0].addr;
		s.gateways[i].metric = UINT32_MAX;
	}
	s.n_gateways = IFSETTINGS_GATEWAYS;
	s.down = true;
	assert_true(ifsettings_print(&s, printed) < sizeof(printed));
	assert_int_equal(parse(printed, &again), 0);
	assert_int_equal(again.n_addresses, IFSETTINGS_MAX);
	assert_int_equal(again.n_gateways, 2);
}

/* In words of their own, so that a list of texts is one text a line. */
static const char three_gateways[] = "interface eth0\n"
				     "gateway 192.0.2.1\n"
				     "gateway 192.0.2.2\n"
				     "gateway 192.0.2.3\n";
static const char long_line[] =
    "interface eth0\naddress "
    "11111111111111111111111111111111111111111111111111111111111111111"
    "1111111111111111111111/1\n";

static void
nonsense_is_refused(void **state)
{
	static const char *const texts[] = { "", "\n", "address 192.0.2.1/24\n",
		"interface\n", "interface a/b\n", "interface eth0",
		"interface eth0\ninterface eth1\n",
		"interface eth0\naddress 192.0.2.1\n",
		"interface eth0\naddress 192.0.2.1/33\n",
		"interface eth0\naddress 192.0.2.1/\n",
		"interface eth0\naddress 192.0.2.1/-1\n",
		"interface eth0\naddress 192.0.2.1/ 8\n",
		"interface eth0\naddress 192.0.2.1/8x\n",
		"interface eth0\naddress fe80::1/129\n",
		"interface eth0\ngateway nobody\n", three_gateways,
		"interface eth0\ngateway 192.0.2.1 metric\n",
		"interface eth0\ngateway 192.0.2.1 metric 0\n",
		"interface eth0\ngateway 192.0.2.1 metric 4294967296\n",
		"interface eth0\ngateway 192.0.2.1 metric 1 \n",
		"interface eth0\ngateway  metric 1\n",
		"interface eth0\ndown\ndown\n", "interface eth0\ndownx\n",
		"interface eth0\nroute 192.0.2.1\n", long_line };
	static const struct ifsettings none;
	struct ifsettings s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(parse(texts[i], &s), -EINVAL);
		assert_memory_equal(&s, &none, sizeof(s));
	}
	/* A NUL hides nothing. */
	assert_int_equal(ifsettings_parse("interface eth0\0x\n", 17, &s),
	    -EINVAL);
}

static void
a_file_is_whole_or_not_there(void **state)
{
	char dir[] = "/tmp/ifsettings-XXXXXX", path[64];
	struct ifsettings s = { .name = "eth0" }, again;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(ifsettings_load(path, &again), -ENOENT);
	assert_int_equal(ifsettings_save(&s, path), 0);
	assert_int_equal(ifsettings_load(path, &again), 0);
	assert_string_equal(again.name, "eth0");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(ifsettings_save(&s, path), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read),
		cmocka_unit_test(the_most_that_there_can_be_fits),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_file_is_whole_or_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
