/* SPDX-License-Identifier: ISC */
#include "datapath/policy.h"

#include <stdlib.h>
#include <string.h>

const struct policy policy_block_all = { 0 };

struct policy *
policy_new(void)
{
	/* The templates are whole cache lines: each compared in one go. */
	size_t size = (sizeof(struct policy) + 63) & ~(size_t)63;
	struct policy *p = aligned_alloc(64, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void
policy_free(const struct policy *p)
{
	if (p != &policy_block_all)
		free((void *)(uintptr_t)p);
}

static void
expect(struct policy_template *t, size_t at, const void *bytes,
    const void *mask, size_t n)
{
	memcpy((uint8_t *)t->want + at, bytes, n);
	memcpy((uint8_t *)t->mask + at, mask, n);
}

static void
expect_exactly(struct policy_template *t, size_t at, const void *bytes,
    size_t n)
{
	static const uint8_t all[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255 };

	expect(t, at, bytes, all, n);
}

/*
 * A UDP datagram to the endpoint with no options and no fragment: the fields
 * that never vary, at their fixed places (RFC 791, RFC 8200, RFC 768).
 * Lengths and the payload are looked at beside it.
 */
static void
make_template(const struct policy *p, const struct endpoint *e,
    struct policy_template *t)
{
	const uint8_t port[2] = { (uint8_t)(e->port >> 8), (uint8_t)e->port };

	const struct addr *source =
	    e->addr.family == ADDR_V4 ? &p->source4 : &p->source6;

	memset(t, 0, sizeof(*t));
	if (e->protocol != PROTO_UDP || source->family != e->addr.family)
		return;
	t->usable = 1;
	if (e->addr.family == ADDR_V4) {
		expect_exactly(t, 0, "\x45", 1);
		expect(t, 6, "\0\0", "\x3f\xff", 2);
		expect_exactly(t, 9, &e->protocol, 1);
		expect_exactly(t, 12, source->bytes, 4);
		expect_exactly(t, 16, e->addr.bytes, 4);
		expect_exactly(t, 22, port, 2);
	} else {
		expect(t, 0, "\x60", "\xf0", 1);
		expect_exactly(t, 6, &e->protocol, 1);
		expect_exactly(t, 8, source->bytes, 16);
		expect_exactly(t, 24, e->addr.bytes, 16);
		expect_exactly(t, 42, port, 2);
	}
}

void
policy_finish(struct policy *p)
{
	for (unsigned i = 0; i < p->n_endpoints; i++)
		make_template(p, &p->endpoints[i], &p->templates[i]);
}
