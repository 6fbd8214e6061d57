/* SPDX-License-Identifier: ISC */
/*
 * fuzz_conf: no text, however broken, makes conf_parse() read past its end,
 * fail without saying why, or accept what cannot be used.
 */
#include <stdbool.h>

#include "control/conf.h"
#include "tests/fuzz/exact.h"

static void
note(const char *problem, void *arg)
{
	*(bool *)arg = problem[0] != '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *text = exact(data, len);
	bool said = false;
	struct conf c;

	if (conf_parse("f", (const char *)text, len, &c, note, &said) == 0
		? said || c.run_dir[0] != '/' || c.tun[0] == '\0'
		: !said)
		abort();
	free(text);
	return 0;
}
