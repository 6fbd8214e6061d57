/* SPDX-License-Identifier: ISC */
/*
 * fuzz_wgquick: no text, however broken, makes wgquick_parse() read past its
 * end, fail without saying why, or accept a tunnel that cannot be one.
 */
#include <stdbool.h>
#include <string.h>

#include "control/wgquick.h"
#include "tests/fuzz/exact.h"

static void
note(const char *problem, void *arg)
{
	*(bool *)arg = problem[0] != '\0';
}

static bool
is_sound(const struct wgquick *w, bool names)
{
	static const uint8_t none[TUNNEL_KEY_LEN];
	const struct tunnel_conf *c = w->conf;

	for (unsigned i = 0; i < w->n_endpoints; i++)
		if (!addr_is_usable_server(&w->endpoints[i].addr) ||
		    w->endpoints[i].port == 0)
			return false;
	for (unsigned i = 0; i < c->n_peers; i++) {
		if (memcmp(c->peers[i].public, none, sizeof(none)) == 0)
			return false;
		for (unsigned j = 0; j < i; j++)
			if (memcmp(c->peers[i].public, c->peers[j].public,
				sizeof(none)) == 0)
				return false;
	}
	for (unsigned i = 0; i < c->n_allowed; i++)
		if (c->allowed[i].peer >= c->n_peers ||
		    c->allowed[i].net.bits >
			8 * addr_len(&c->allowed[i].net.net) ||
		    (i > 0 && c->allowed[i].peer < c->allowed[i - 1].peer) ||
		    !addr_in_prefix(&c->allowed[i].net.net,
			&c->allowed[i].net.net, c->allowed[i].net.bits))
			return false;
	return memcmp(c->interface.private, none, sizeof(none)) != 0 &&
	    c->interface.n_addresses > 0 && c->n_peers > 0 &&
	    c->n_allowed > 0 && c->interface.transport != TUNNEL_NOT &&
	    c->interface.transport < TUNNEL_TRANSPORTS &&
	    (names || (w->n_endpoints > 0 && w->n_names == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *text = exact(data, len);
	bool said = false;
	struct wgquick_how how = { .ignore_scripts = len % 2 == 0,
		.leave_names = len % 3 == 0,
		.report = note,
		.arg = &said };
	struct wgquick w;

	(void)wgquick_is((const char *)text, len);
	if (wgquick_parse("f", (const char *)text, len, &how, &w) == 0
		? said || !is_sound(&w, how.leave_names)
		: !said || w.conf != NULL)
		abort();
	wgquick_done(&w);
	free(text);
	return 0;
}
