/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "src/os/ipchecksum.h"
#include "tests/unit/packet.h"

static uint16_t
sum_of(const void *data, size_t len)
{
	uint8_t *copy = packet_exact(data, len);
	uint16_t sum = ipchecksum_fold(ipchecksum_add(0, copy, len));

	free(copy);
	return sum;
}

/* RFC 1071 section 3: 0001 f203 f4f5 f6f7 sums to ddf2. */
static void
the_rfc_example_gives_the_rfc_sum(void **state)
{
	(void)state;
	assert_int_equal(sum_of("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8),
	    0xffff ^ 0xddf2);
}

static void
a_header_with_its_checksum_sums_to_zero(void **state)
{
	static const uint8_t header[] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00,
		0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01,
		0xc0, 0xa8, 0x00, 0xc7 };

	(void)state;
	assert_int_equal(sum_of(header, sizeof(header)), 0);
}

static void
an_odd_last_byte_counts_as_the_high_one(void **state)
{
	(void)state;
	assert_int_equal(sum_of("\x12", 1), 0xffff ^ 0x1200);
	assert_int_equal(sum_of("\x12\x34\x56", 3), 0xffff ^ (0x1234 + 0x5600));
	assert_int_equal(sum_of("", 0), 0xffff);
}

static void
pieces_sum_to_the_same_as_the_whole(void **state)
{
	uint8_t data[301];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t cut = 0; cut < sizeof(data); cut += 2) {
		uint32_t sum = ipchecksum_add(0, data, cut);

		sum = ipchecksum_add(sum, data + cut, sizeof(data) - cut);
		assert_int_equal(ipchecksum_fold(sum),
		    sum_of(data, sizeof(data)));
	}
}

static void
no_length_of_ones_loses_a_carry(void **state)
{
	static uint8_t ones[65536];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(sum_of(ones, sizeof(ones)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfc_example_gives_the_rfc_sum),
		cmocka_unit_test(a_header_with_its_checksum_sums_to_zero),
		cmocka_unit_test(an_odd_last_byte_counts_as_the_high_one),
		cmocka_unit_test(pieces_sum_to_the_same_as_the_whole),
		cmocka_unit_test(no_length_of_ones_loses_a_carry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
