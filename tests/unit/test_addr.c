/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "src/base/addr.h"
#include "tests/unit/packet.h"

static void
an_address_prints_as_it_was_read(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "192.0.2.1",
		"255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1",
		"2001:db8:1:2:3:4:5:6" };
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct addr a = packet_addr(texts[i]);

		assert_string_equal(addr_print(&a, text), texts[i]);
	}
}

static void
an_address_with_a_port_prints_as_it_was_read(void **state)
{
	static const char *const texts[] = { "192.0.2.1:51820", "192.0.2.1",
		"192.0.2.1:1", "192.0.2.1:65535", "[2001:db8::1]:443",
		"2001:db8::1" };
	char text[ADDR_TEXT_MAX];
	struct addr a;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(addr_parse_port(texts[i], &a, &port), 0);
		assert_string_equal(addr_print_port(&a, port, text), texts[i]);
	}
	assert_int_equal(addr_parse_port("[2001:db8::1]", &a, &port), 0);
	assert_int_equal(port, 0);
}

static void
the_longest_address_and_port_fit_their_room(void **state)
{
	static const char longest[] =
	    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
	char text[ADDR_TEXT_MAX];
	struct addr a;
	uint16_t port;

	(void)state;
	assert_int_equal(addr_parse_port(longest, &a, &port), 0);
	assert_string_equal(addr_print_port(&a, port, text), longest);
}

static void
what_is_no_address_is_refused_and_leaves_the_result_alone(void **state)
{
	static const char *const texts[] = { "", ":", "192.0.2", "192.0.2.256",
		"192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:-1",
		"192.0.2.1: 1", "192.0.2.1:+1", "192.0.2.1:000001",
		"192.0.2.1:1x", "192.0.2.1 ", " 192.0.2.1", "[192.0.2.1]:80",
		"[2001:db8::1", "[2001:db8::1]443",
		"[2001:db8::1]:", "2001:db8::1::2", "fe80::1%eth0", "[]:1",
		"vpn.example.org:51820",
		"11111111111111111111111111111111111111111111111111111111" };
	struct addr a = packet_addr("198.51.100.7");
	struct addr before = a;
	uint16_t port = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (addr_parse_port(texts[i], &a, &port) != -EINVAL)
			fail_msg("\"%s\" was taken for an address", texts[i]);
		assert_true(addr_equal(&a, &before));
		assert_int_equal(port, 7);
	}
	assert_int_equal(addr_parse("192.0.2.1:80", &a), -EINVAL);
	assert_true(addr_equal(&a, &before));
}

static void
no_address_has_no_length_and_prints_as_none(void **state)
{
	struct addr none = { 0 };
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(addr_len(&none), 0);
	assert_string_equal(addr_print(&none, text), "none");
	assert_true(addr_equal(&none, &none));
}

static void
addresses_of_two_families_are_never_equal(void **state)
{
	struct addr v4 = packet_addr("0.0.0.0"), v6 = packet_addr("::");
	struct addr none = { 0 };

	(void)state;
	assert_false(addr_equal(&v4, &v6));
	assert_false(addr_equal(&v4, &none));
	assert_false(addr_in_prefix(&v4, &v6, 0));
	assert_false(addr_in_prefix(&none, &none, 0));
}

/* Flip each bit of an address: it stays in the prefix from that bit on. */
static void
a_prefix_compares_exactly_its_bits(void **state)
{
	static const char *const texts[] = { "192.0.2.129",
		"2001:db8:5a5a::ff01" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct addr a = packet_addr(texts[i]);
		unsigned bits = 8 * (unsigned)addr_len(&a);

		for (unsigned bit = 0; bit < bits; bit++) {
			struct addr b = a;

			b.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			for (unsigned prefix = 0; prefix <= bits; prefix++)
				assert_int_equal(addr_in_prefix(&a, &b, prefix),
				    prefix <= bit);
		}
		assert_true(addr_in_prefix(&a, &a, bits));
		assert_false(addr_in_prefix(&a, &a, bits + 1));
	}
}

static void
a_server_has_a_global_or_private_unicast_address(void **state)
{
	static const char *const usable[] = { "1.0.0.0", "10.0.0.1",
		"126.255.255.255", "128.0.0.1", "169.253.255.255",
		"169.255.0.1", "192.168.1.1", "203.0.113.5", "223.255.255.255",
		"2001:db8::1", "fd00::1", "::1:0:0:1", "fec0::1", "feff::1" };
	static const char *const unusable[] = { "0.0.0.0", "0.1.2.3",
		"127.0.0.1", "127.255.255.255", "169.254.0.1", "224.0.0.1",
		"239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
		"::192.0.2.1", "::ffff:192.0.2.1", "fe80::1", "febf::1",
		"ff02::1", "ff0e::1" };
	struct addr none = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(usable); i++) {
		struct addr a = packet_addr(usable[i]);

		if (!addr_is_usable_server(&a))
			fail_msg("%s was refused", usable[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(unusable); i++) {
		struct addr a = packet_addr(unusable[i]);

		if (addr_is_usable_server(&a))
			fail_msg("%s was taken for a server", unusable[i]);
	}
	assert_false(addr_is_usable_server(&none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_prints_as_it_was_read),
		cmocka_unit_test(an_address_with_a_port_prints_as_it_was_read),
		cmocka_unit_test(the_longest_address_and_port_fit_their_room),
		cmocka_unit_test(
		    what_is_no_address_is_refused_and_leaves_the_result_alone),
		cmocka_unit_test(no_address_has_no_length_and_prints_as_none),
		cmocka_unit_test(addresses_of_two_families_are_never_equal),
		cmocka_unit_test(a_prefix_compares_exactly_its_bits),
		cmocka_unit_test(
		    a_server_has_a_global_or_private_unicast_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
