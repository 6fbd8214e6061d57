/* SPDX-License-Identifier: ISC */
/*
 * fuzz_dnstext: no resolv.conf and no note, however broken, makes dnstext read
 * past its end, or accept a note that it would print differently.
 */
#include "src/os/dnstext.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *text = exact(data, len);
	char again[DNSTEXT_NOTE_MAX];
	struct dnstext_note n;

	(void)dnstext_maker((const char *)text, len);
	if (!dnstext_same((const char *)text, len, (const char *)text, len))
		abort();
	if (dnstext_read_note((const char *)text, len, &n) == 0 &&
	    (dnstext_print_note(&n, again) != len ||
		memcmp(again, text, len) != 0))
		abort();
	free(text);
	return 0;
}
