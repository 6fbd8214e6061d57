/* SPDX-License-Identifier: ISC */
/*
 * hex: bytes as published test vectors write them.
 */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

/* Read text, which fits into room bytes; how many there are. */
static inline size_t
hex(const char *text, uint8_t *ret, size_t room)
{
	size_t n = strlen(text) / 2;

	assert_true(n <= room);
	for (size_t i = 0; i < n; i++) {
		const char digits[] = { text[2 * i], text[2 * i + 1], 0 };

		ret[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

/* Are bytes what the text says, all of it? */
static inline void
assert_hex(const void *bytes, const char *text)
{
	uint8_t expected[2048];
	size_t n = hex(text, expected, sizeof(expected));

	assert_memory_equal(bytes, expected, n);
}

#endif /* TESTS_HEX_H */
