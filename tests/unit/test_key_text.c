/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "control/key_text.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Not by the same library. */
static void
print(const uint8_t key[32], char text[KEY_TEXT_LEN + 1])
{
	for (unsigned i = 0; i < KEY_TEXT_LEN - 1; i++) {
		unsigned d = 0;

		for (unsigned bit = 6 * i; bit < 6 * i + 6; bit++)
			d = d << 1 |
			    (bit < 256
				    ? (unsigned)key[bit / 8] >> (7 - bit % 8) &
					1u
				    : 0u);
		text[i] = digits[d];
	}
	memcpy(text + KEY_TEXT_LEN - 1, "=", 2);
}

static void
a_key_is_read_as_it_was_written(void **state)
{
	uint8_t key[32], back[32];
	char text[KEY_TEXT_LEN + 1];
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		for (int i = 0; i < 32; i++)
			key[i] =
			    (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		print(key, text);
		assert_int_equal(key_text_parse(text, back), 0);
		assert_memory_equal(key, back, 32);
	}
}

/* Each byte at each place: 64 of them are digits. */
static void
what_is_no_digit_is_refused(void **state)
{
	static const uint8_t none[32];
	char text[KEY_TEXT_LEN + 1];
	uint8_t ret[32];

	(void)state;
	for (unsigned at = 0; at < KEY_TEXT_LEN - 1; at++) {
		for (int c = 1; c < 256; c++) {
			const char *d = strchr(digits, c);
			/* The last digit has two bits that say nothing. */
			bool fine = d != NULL &&
			    (at < KEY_TEXT_LEN - 2 || (d - digits) % 4 == 0);

			memset(text, 'A', sizeof(text));
			memcpy(text + KEY_TEXT_LEN - 1, "=", 2);
			text[at] = (char)c;
			assert_int_equal(key_text_parse(text, ret),
			    fine ? 0 : -EINVAL);
			if (!fine)
				assert_memory_equal(ret, none, 32);
		}
	}
}

static void
a_text_of_another_length_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"=",
		"AAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ",
		" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	};
	uint8_t ret[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(key_text_parse(texts[i], ret), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_read_as_it_was_written),
		cmocka_unit_test(what_is_no_digit_is_refused),
		cmocka_unit_test(a_text_of_another_length_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
