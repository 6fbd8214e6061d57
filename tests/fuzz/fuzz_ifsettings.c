/* SPDX-License-Identifier: ISC */
/*
 * fuzz_ifsettings: no text, however broken, makes ifsettings_parse() read past
 * its end, or accept what it would print differently.
 */
#include "src/os/ifsettings.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *text = exact(data, len);
	char once[IFSETTINGS_TEXT_MAX], twice[IFSETTINGS_TEXT_MAX];
	struct ifsettings a, b;
	size_t n;

	if (ifsettings_parse((const char *)text, len, &a) == 0) {
		n = ifsettings_print(&a, once);
		if (n >= sizeof(once) || ifsettings_parse(once, n, &b) < 0 ||
		    ifsettings_print(&b, twice) != n ||
		    memcmp(once, twice, n) != 0)
			abort();
	}
	free(text);
	return 0;
}
