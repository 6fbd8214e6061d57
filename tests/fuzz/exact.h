/* SPDX-License-Identifier: ISC */
/*
 * exact: a copy of the fuzzer's bytes on the heap at their exact size: inside
 * a larger buffer a sanitizer cannot see a read past their end.
 */
#ifndef TESTS_EXACT_H
#define TESTS_EXACT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* To be freed; ends the program if there is no memory. */
static inline uint8_t *
exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

#endif /* TESTS_EXACT_H */
