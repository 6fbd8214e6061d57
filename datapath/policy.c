/* SPDX-License-Identifier: ISC */
#include "datapath/policy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/bytes.h"

const struct policy policy_block_all = { 0 };

struct policy *
policy_new(void)
{
	/* What is compared with is in whole cache lines. */
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

/*
 * A UDP datagram to the endpoint with no options and no fragment: the fields
 * that never vary, at their fixed places (RFC 791, RFC 8200, RFC 768), and of
 * WireGuard a data message. The tests hold it against classify_slowly().
 */
static void
make_bulk(const struct policy *p, const struct endpoint *e,
    struct policy_bulk *b)
{
	bool v4 = e->addr.family == ADDR_V4;
	const struct addr *source = v4 ? &p->source4 : &p->source6;
	uint8_t d[64] = { 0 };
	size_t ip = v4 ? 20 : 40;

	memset(b, 0, sizeof(*b));
	/* No address is like no packet's, not like the address of all zeros. */
	if (e->sealed || e->protocol != PROTO_UDP ||
	    source->family != e->addr.family ||
	    e->addr.family != (v4 ? ADDR_V4 : ADDR_V6))
		return;
	d[0] = v4 ? 0x45 : 0x60;
	d[v4 ? 9 : 6] = e->protocol;
	memcpy(d + (v4 ? 12 : 8), source->bytes, addr_len(source));
	memcpy(d + (v4 ? 16 : 24), e->addr.bytes, addr_len(&e->addr));
	d[ip + 2] = (uint8_t)(e->port >> 8);
	d[ip + 3] = (uint8_t)e->port;
	b->shape_mask = bytes_word_of(POLICY_ANY_SHAPE);
	if (e->shape == SHAPE_WIREGUARD) {
		b->shape_mask |= bytes_word_of(UINT32_MAX);
		d[ip + 8] = 4; /* and three zeros: see shape.c */
	}

	b->first = bytes_word(d);
	b->second = bytes_word(d + 8);
	b->to = bytes_word(d + ip - 4);
	b->shape = bytes_word(d + ip + 4);
	if (v4)
		return;
	b->rest[0] = bytes_word(d + 16);
	b->rest[1] = bytes_word(d + 24);
	b->rest[2] = bytes_word(d + 28);
}

/* False: two endpoints have the same place; the second goes the long way. */
static bool
make_find(struct policy *p)
{
	bool alone = true;

	memset(p->find, 0, sizeof(p->find));
	for (unsigned i = p->n_endpoints; i-- > 0;) {
		uint64_t to = p->bulk[i].to;
		uint8_t *at = &p->find[to * p->find_by >> 56];

		if (to == 0)
			continue;
		/* The same address and port once more is none of another's. */
		alone &= *at == 0 || p->bulk[*at].to == to;
		*at = (uint8_t)i;
	}
	return alone;
}

void
policy_finish(struct policy *p)
{
	for (unsigned i = 0; i < p->n_endpoints; i++)
		make_bulk(p, &p->endpoints[i], &p->bulk[i]);
	/* 2^64 / phi, and then numbers at random: one of eight will do for 32
	 * endpoints, so 64 tries do. */
	p->find_by = UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < 64 && !make_find(p); i++)
		p->find_by = p->find_by * UINT64_C(6364136223846793005) + 2;
}
