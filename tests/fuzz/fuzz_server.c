/* SPDX-License-Identifier: ISC */
/*
 * fuzz_server: no text, however broken, makes server_parse() read past its
 * end, fail without saying why, or accept a server that cannot be one.
 */
#include <stdbool.h>

#include "control/server.h"
#include "tests/fuzz/exact.h"

static void
note(const char *problem, void *arg)
{
	*(bool *)arg = problem[0] != '\0';
}

static bool
is_sound(const struct server *s)
{
	for (unsigned i = 0; i < s->n_endpoints; i++)
		if (!addr_is_usable_server(&s->endpoints[i].addr) ||
		    s->endpoints[i].shape == SHAPE_NONE ||
		    (s->endpoints[i].port == 0) !=
			(s->endpoints[i].protocol == PROTO_ESP))
			return false;
	return s->n_endpoints > 0 && s->interface[0] != '\0' &&
	    s->protocol != SERVER_NONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *text = exact(data, len);
	bool said = false;
	struct server s;

	if (server_parse("f", (const char *)text, len, &s, note, &said) == 0
		? said || !is_sound(&s)
		: !said || s.n_endpoints != 0)
		abort();
	free(text);
	return 0;
}
