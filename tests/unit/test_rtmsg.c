/* SPDX-License-Identifier: ISC */
/* Needs: src/os/rtmsg.c src/base/addr.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/os/darwin.h"
#include "src/os/rtmsg.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* 128.0.0.0/1 out of interface 17, the seventh question. */
static const uint8_t half[144] = {
	/* clang-format off: a message is read by its fields */
	[0] = 144,
	[2] = 5,
	[3] = 1,
	[8] = 0x01,
	0x08,	     /* up, static */
	[12] = 0x07, /* destination, gateway, mask */
	[20] = 7,
	[92] = 16,
	2,
	0,
	0,
	128,
	[108] = 20,
	18,
	17,
	0,
	[128] = 16,
	2,
	0,
	0,
	128,
	/* clang-format on */
};

static void
half_of_ipv4_is_written_byte_by_byte(void **state)
{
	(void)state;
	struct rtmsg_request q = { .type = DARWIN_RTM_ADD,
		.seq = 7,
		.dst = addr("128.0.0.0"),
		.dst_len = 1,
		.ifindex = 17 };
	uint8_t m[RTMSG_MAX];

	assert_int_equal(rtmsg_write(&q, m), sizeof(half));
	assert_memory_equal(m, half, sizeof(half));
}

static void
half_of_ipv6_is_written_byte_by_byte(void **state)
{
	(void)state;
	struct rtmsg_request q = { .type = DARWIN_RTM_DELETE,
		.seq = 0x01020304,
		.dst = addr("8000::"),
		.dst_len = 1,
		.ifindex = 0x1234 };
	static const uint8_t want[168] = {
		/* clang-format off */
		[0] = 168, [2] = 5, [3] = 2,
		[8] = 0x01, 0x08,
		[12] = 0x07,
		[20] = 4, 3, 2, 1,
		[92] = 28, 30, [100] = 0x80,
		[120] = 20, 18, 0x34, 0x12,
		[140] = 28, 30, [148] = 0x80,
		/* clang-format on */
	};
	uint8_t m[RTMSG_MAX];

	assert_int_equal(rtmsg_write(&q, m), sizeof(want));
	assert_memory_equal(m, want, sizeof(want));
}

static void
a_host_route_has_its_flag_and_no_mask(void **state)
{
	(void)state;
	struct rtmsg_request q = { .type = DARWIN_RTM_ADD,
		.flags = DARWIN_RTF_PROTO1,
		.dst = addr("192.0.2.1"),
		.dst_len = 32,
		.ifindex = 3 };
	static const uint8_t want[128] = {
		/* clang-format off */
		[0] = 128, [2] = 5, [3] = 1,
		[8] = 0x05, 0x88,		/* up, host, static, proto1 */
		[12] = 0x03,
		[92] = 16, 2, 0, 0, 192, 0, 2, 1,
		[108] = 20, 18, 3, 0,
		/* clang-format on */
	};
	uint8_t m[RTMSG_MAX];

	assert_int_equal(rtmsg_write(&q, m), sizeof(want));
	assert_memory_equal(m, want, sizeof(want));
}

static void
a_request_that_makes_no_sense_is_not_written(void **state)
{
	(void)state;
	struct rtmsg_request none = { .type = DARWIN_RTM_ADD };
	struct rtmsg_request longer = { .dst = addr("192.0.2.1"),
		.dst_len = 33 };
	struct rtmsg_request far = { .dst = addr("192.0.2.1"),
		.dst_len = 32,
		.ifindex = 65536 };
	uint8_t m[RTMSG_MAX];

	assert_int_equal(rtmsg_write(&none, m), 0);
	assert_int_equal(rtmsg_write(&longer, m), 0);
	assert_int_equal(rtmsg_write(&far, m), 0);
}

static void
what_was_written_is_read_back_for_every_prefix(void **state)
{
	(void)state;
	const struct addr all[] = { addr("255.255.255.255"),
		addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") };

	for (int family = 0; family < 2; family++)
		for (unsigned n = 0; n <= 8 * addr_len(&all[family]); n++) {
			struct rtmsg_request q = { .type = DARWIN_RTM_ADD,
				.dst = all[family],
				.dst_len = n,
				.ifindex = 9 };
			struct rtmsg_route r;
			uint8_t m[RTMSG_MAX];
			size_t len = rtmsg_write(&q, m);

			assert_int_equal(rtmsg_read(m, len, &r), 0);
			assert_int_equal(r.type, DARWIN_RTM_ADD);
			assert_int_equal(r.dst_len, n);
			assert_true(addr_equal(&r.dst, &all[family]));
		}
}

/*
 * What sysctl gives for a default route: an empty mask, two addresses, the
 * interface in the header.
 */
static const uint8_t default4[144] = {
	/* clang-format off */
	[0] = 144, [2] = 5, [3] = 4,
	[4] = 6,
	[8] = 0x03, 0x08,		/* up, gateway, static */
	[12] = 0x27,			/* ..., the interface's address */
	[92] = 16, 2,
	[108] = 16, 2, 0, 0, 192, 0, 2, 254,
	[124] = 0, 0, 0, 0,		/* an empty address takes 4 bytes */
	[128] = 16, 2, 0, 0, 192, 0, 2, 10,
	/* clang-format on */
};

static void
a_default_route_is_one_with_an_empty_mask(void **state)
{
	(void)state;
	struct addr gateway = addr("192.0.2.254"), source = addr("192.0.2.10");
	struct rtmsg_route r;

	assert_int_equal(rtmsg_read(default4, sizeof(default4), &r), 0);
	assert_int_equal(r.dst.family, ADDR_V4);
	assert_int_equal(r.dst_len, 0);
	assert_int_equal(r.ifindex, 6);
	assert_true(addr_equal(&r.gateway, &gateway));
	assert_true(addr_equal(&r.source, &source));
	assert_false(r.has_mac);
}

static void
a_mask_is_read_though_it_is_cut_off(void **state)
{
	(void)state;
	/* 10.128.0.0/9: the mask ends after its last byte that is not zero. */
	static const uint8_t m[116] = {
		/* clang-format off */
		[0] = 116, [2] = 5, [3] = 4,
		[12] = 0x05,
		[92] = 16, 2, 0, 0, 10, 128,
		[108] = 6, 255, 255, 255, 255, 128,
		/* clang-format on */
	};
	struct rtmsg_route r;

	assert_int_equal(rtmsg_read(m, sizeof(m), &r), 0);
	assert_int_equal(r.dst_len, 9);
}

static void
a_mask_with_a_hole_is_refused(void **state)
{
	(void)state;
	static const uint8_t m[116] = {
		/* clang-format off */
		[0] = 116, [2] = 5, [3] = 4,
		[12] = 0x05,
		[92] = 16, 2, 0, 0, 10,
		[108] = 6, 0, 0, 0, 0xfd, 0,
		/* clang-format on */
	};
	struct rtmsg_route r;

	assert_int_equal(rtmsg_read(m, sizeof(m), &r), -EINVAL);
	assert_int_equal(r.dst.family, ADDR_NONE);
}

/* fe80::1 at 02:00:5e:10:00:01, interface 6, as the neighbour table has it. */
static const uint8_t neighbour6[140] = {
	/* clang-format off */
	[0] = 140, [2] = 5, [3] = 4,
	[4] = 6,
	[8] = 0x05, 0x04,		/* up, host, link-layer */
	[12] = 0x03,
	[92] = 28, 30, [100] = 0xfe, 0x80, 0, 6, [115] = 1,
	[120] = 20, 18, 6, 0, 6, 0, 6, 0, 2, 0, 0x5e, 0x10, 0, 1,
	/* clang-format on */
};

static void
a_neighbour_has_a_link_address(void **state)
{
	(void)state;
	static const uint8_t mac[6] = { 2, 0, 0x5e, 0x10, 0, 1 };
	struct rtmsg_route r;

	assert_int_equal(rtmsg_read(neighbour6, sizeof(neighbour6), &r), 0);
	assert_true(r.has_mac);
	assert_memory_equal(r.mac, mac, sizeof(mac));
	assert_int_equal(r.gateway.family, ADDR_NONE);
	assert_int_equal(r.dst_len, 128);
}

static void
a_link_local_address_loses_the_kernels_interface(void **state)
{
	(void)state;
	struct addr router = addr("fe80::1");
	struct rtmsg_route r;

	assert_int_equal(rtmsg_read(neighbour6, sizeof(neighbour6), &r), 0);
	assert_true(addr_equal(&r.dst, &router));
}

static void
a_link_address_that_is_not_there_is_not_read(void **state)
{
	(void)state;
	struct rtmsg_route r;
	uint8_t m[sizeof(neighbour6)];

	/* Not resolved yet: it has no bytes. */
	memcpy(m, neighbour6, sizeof(m));
	m[126] = 0;
	assert_int_equal(rtmsg_read(m, sizeof(m), &r), 0);
	assert_false(r.has_mac);
	/* A name so long that the address would lie behind the end. */
	memcpy(m, neighbour6, sizeof(m));
	m[125] = 7;
	assert_int_equal(rtmsg_read(m, sizeof(m), &r), 0);
	assert_false(r.has_mac);
}

static void
a_message_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	struct rtmsg_route r;

	for (size_t n = 0; n < sizeof(default4); n++) {
		uint8_t *m = malloc(n + 1);

		assert_non_null(m);
		memcpy(m, default4, n);
		assert_int_equal(rtmsg_length(m, n), 0);
		assert_int_equal(rtmsg_read(m, n, &r), -EINVAL);
		/* Nor if it owns up to its length. */
		if (n >= 2) {
			m[0] = (uint8_t)n;
			if (n < DARWIN_RTM_HEADER + 16)
				assert_int_equal(rtmsg_read(m, n, &r), -EINVAL);
			else
				(void)rtmsg_read(m, n, &r);
		}
		free(m);
	}
}

static void
messages_are_stepped_over_by_their_length(void **state)
{
	(void)state;
	uint8_t two[sizeof(half) + sizeof(default4)];

	memcpy(two, half, sizeof(half));
	memcpy(two + sizeof(half), default4, sizeof(default4));
	assert_int_equal(rtmsg_length(two, sizeof(two)), sizeof(half));
	/* A length that would never step on is none. */
	two[0] = 3;
	assert_int_equal(rtmsg_length(two, sizeof(two)), 0);
}

static void
another_version_or_kind_of_message_is_no_route(void **state)
{
	(void)state;
	struct rtmsg_route r;
	uint8_t m[sizeof(half)];

	memcpy(m, half, sizeof(m));
	m[2] = 4;
	assert_int_equal(rtmsg_read(m, sizeof(m), &r), -EINVAL);
	memcpy(m, half, sizeof(m));
	m[3] = DARWIN_RTM_NEWADDR;
	assert_int_equal(rtmsg_read(m, sizeof(m), &r), -EINVAL);
}

static bool
is_change(uint8_t type, uint8_t error)
{
	uint8_t m[sizeof(half)];

	memcpy(m, half, sizeof(m));
	m[3] = type;
	m[24] = error;
	return rtmsg_is_change(m, sizeof(m));
}

static void
routes_addresses_and_links_that_change_are_a_change(void **state)
{
	(void)state;
	assert_true(is_change(DARWIN_RTM_ADD, 0));
	assert_true(is_change(DARWIN_RTM_DELETE, 0));
	assert_true(is_change(DARWIN_RTM_CHANGE, 0));
	assert_true(is_change(DARWIN_RTM_NEWADDR, 0));
	assert_true(is_change(DARWIN_RTM_DELADDR, 0));
	assert_true(is_change(DARWIN_RTM_IFINFO, 0));
}

static void
answers_and_failed_attempts_are_not_a_change(void **state)
{
	(void)state;
	assert_false(is_change(DARWIN_RTM_GET, 0));
	assert_false(is_change(DARWIN_RTM_ADD, 17));
	assert_false(is_change(DARWIN_RTM_DELETE, 3));
}

static void
what_cannot_be_read_is_taken_for_a_change(void **state)
{
	(void)state;
	assert_true(rtmsg_is_change(half, 3));
	assert_true(rtmsg_is_change(half, sizeof(half) - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_ipv4_is_written_byte_by_byte),
		cmocka_unit_test(half_of_ipv6_is_written_byte_by_byte),
		cmocka_unit_test(a_host_route_has_its_flag_and_no_mask),
		cmocka_unit_test(a_request_that_makes_no_sense_is_not_written),
		cmocka_unit_test(
		    what_was_written_is_read_back_for_every_prefix),
		cmocka_unit_test(a_default_route_is_one_with_an_empty_mask),
		cmocka_unit_test(a_mask_is_read_though_it_is_cut_off),
		cmocka_unit_test(a_mask_with_a_hole_is_refused),
		cmocka_unit_test(a_neighbour_has_a_link_address),
		cmocka_unit_test(
		    a_link_local_address_loses_the_kernels_interface),
		cmocka_unit_test(a_link_address_that_is_not_there_is_not_read),
		cmocka_unit_test(a_message_cut_off_anywhere_is_refused),
		cmocka_unit_test(messages_are_stepped_over_by_their_length),
		cmocka_unit_test(
		    another_version_or_kind_of_message_is_no_route),
		cmocka_unit_test(
		    routes_addresses_and_links_that_change_are_a_change),
		cmocka_unit_test(answers_and_failed_attempts_are_not_a_change),
		cmocka_unit_test(what_cannot_be_read_is_taken_for_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
