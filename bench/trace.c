/* SPDX-License-Identifier: ISC */
#include "bench/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/classify.h"
#include "datapath/policy.h"
#include "datapath/stream.h"
#include "src/os/pktbuf.h"

/* splitmix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static unsigned
below(uint64_t *state, unsigned n)
{
	return (unsigned)(draw(state) % n);
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A packet being made: its head at p, all of it len bytes. */
struct draft {
	uint8_t *p;
	size_t len;
	size_t ip; /* bytes of the IP header, options and extensions too */
	uint64_t *random;
};

/* What stands between the IP header and the payload of IP. */
struct extra {
	uint8_t options;     /* bytes of IPv4 options (8 here): NOPs */
	uint8_t next_header; /* an IPv6 extension of 8 bytes; 0: none */
	uint16_t frag4;	     /* IPv4 flags and offset */
	uint16_t frag6;	     /* the same of a fragment header */
};

static void
put_ip(struct draft *d, const struct addr *src, const struct addr *dst,
    uint8_t protocol, size_t payload, const struct extra *x)
{
	uint8_t *p = d->p;

	for (size_t i = 0; i < TRACE_SLOT; i += 8) {
		uint64_t v = draw(d->random);

		memcpy(p + i, &v, 8);
	}
	if (dst->family == ADDR_V4) {
		d->ip = 20u + x->options;
		d->len = d->ip + payload;
		memset(p, 0, 20);
		p[0] = (uint8_t)(0x40 | d->ip / 4);
		put16(p + 2, d->len);
		put16(p + 4, draw(d->random) & 0xffff);
		put16(p + 6, x->frag4 != 0 ? x->frag4 : 0x4000);
		p[8] = 64;
		p[9] = protocol;
		put16(p + 10, draw(d->random) & 0xffff);
		memcpy(p + 12, src->bytes, 4);
		memcpy(p + 16, dst->bytes, 4);
		memset(p + 20, 1, x->options);
		return;
	}
	d->ip = x->next_header != 0 ? 48 : 40;
	d->len = d->ip + payload;
	memset(p, 0, 48);
	p[0] = 0x60;
	p[3] = (uint8_t)draw(d->random); /* of the flow label */
	put16(p + 4, d->len - 40);
	p[6] = protocol;
	p[7] = 64;
	memcpy(p + 8, src->bytes, 16);
	memcpy(p + 24, dst->bytes, 16);
	if (x->next_header == 0)
		return;
	p[6] = x->next_header;
	p[40] = protocol;
	put16(p + 42, x->frag6);
	if (x->next_header == 60) /* destination options: a PadN of 6 */
		put16(p + 42, 0x0104);
}

static void
put_udp(struct draft *d, const struct addr *src, const struct addr *dst,
    uint16_t port, size_t payload, const struct extra *x)
{
	put_ip(d, src, dst, PROTO_UDP, 8 + payload, x);
	put16(d->p + d->ip, 0x9c40);
	put16(d->p + d->ip + 2, port);
	put16(d->p + d->ip + 4, 8 + payload);
}

static void
put_tcp(struct draft *d, const struct addr *src, const struct addr *dst,
    uint16_t port, size_t payload)
{
	put_ip(d, src, dst, PROTO_TCP, 20 + payload, &(struct extra){ 0 });
	put16(d->p + d->ip + 2, port);
	put16(d->p + d->ip + 12, 0x5018);
}

static void
put_icmp(struct draft *d, const struct addr *src, const struct addr *dst)
{
	bool v4 = dst->family == ADDR_V4;

	put_ip(d, src, dst, v4 ? PROTO_ICMP : PROTO_ICMPV6, 64,
	    &(struct extra){ 0 });
	put16(d->p + d->ip, v4 ? 0x0800 : 0x8000);
}

/*
 * WireGuard (paper, section 5.4): mostly full data packets at its usual MTU
 * of 1,420, mostly small ones (TCP's ACKs) else; few keepalives and
 * handshakes.
 */
static void
put_wireguard(struct draft *d, const struct addr *src, const struct endpoint *e,
    const struct extra *x)
{
	unsigned r = below(d->random, 1000);
	uint8_t type = 4;
	size_t payload;

	if (r < 600)
		payload = 32 + 1420;
	else if (r < 850)
		payload = 32 + 64;
	else if (r < 996)
		payload = 32 + 16 * (1 + below(d->random, 88));
	else if (r < 999)
		payload = 32;
	else
		payload = 148;
	if (payload == 148)
		type = 1;
	put_udp(d, src, &e->addr, e->port, payload, x);
	memset(d->p + d->ip + 8, 0, 4);
	d->p[d->ip + 8] = type;
}

/* An address nobody asked for: the same, but for the last byte. */
static struct addr
other(const struct addr *a)
{
	struct addr b = *a;

	b.bytes[a->family == ADDR_V4 ? 3 : 15] ^= 0x55;
	return b;
}

static void
put_plain(struct draft *d, const struct addr *src, const struct addr *dst)
{
	switch (below(d->random, 3)) {
	case 0:
		put_udp(d, src, dst, 53, 40, &(struct extra){ 0 });
		break;
	case 1:
		put_tcp(d, src, dst, 443, 517);
		break;
	default:
		put_icmp(d, src, dst);
	}
}

/* A packet that classify() is to answer so. */
static void
put_packet(struct draft *d, const struct addr *src, const struct endpoint *e,
    enum drop verdict)
{
	bool v4 = e->addr.family == ADDR_V4;
	struct extra x = { 0 };
	struct addr a;

	switch (verdict) {
	case DROP_NOT_ENCAPSULATED:
		a = other(&e->addr);
		put_plain(d, src, &a);
		return;
	case DROP_WRONG_PROTOCOL:
		if (below(d->random, 2) == 0)
			put_tcp(d, src, &e->addr, e->port, 0);
		else
			put_icmp(d, src, &e->addr);
		return;
	case DROP_WRONG_PORT:
		put_udp(d, src, &e->addr, 53, 40, &x);
		return;
	case DROP_WRONG_SHAPE:
		put_udp(d, src, &e->addr, e->port, 160, &x);
		memcpy(d->p + d->ip + 8, "GET ", 4);
		return;
	case DROP_WRONG_SOURCE:
		a = other(src);
		put_wireguard(d, &a, e, &x);
		return;
	case DROP_OPTIONS:
		x.options = 8;
		x.next_header = 60;
		put_wireguard(d, src, e, &x);
		return;
	case DROP_FRAGMENT:
		x = (struct extra){ .next_header = 44,
			.frag4 = 0x2000,
			.frag6 = 1 };
		put_udp(d, src, &e->addr, e->port, 1440, &x);
		return;
	case DROP_LATER_FRAGMENT:
		x = (struct extra){ .next_header = 44,
			.frag4 = 0x00b9,
			.frag6 = 0x05c8 };
		put_udp(d, src, &e->addr, e->port, 200, &x);
		return;
	case DROP_NOT_IP:
		put_wireguard(d, src, e, &x);
		d->p[0] = 0;
		return;
	case DROP_TRUNCATED:
		put_udp(d, src, &e->addr, e->port, 1452, &x);
		d->len -= 500;
		return;
	case DROP_BAD_HEADER:
		put_udp(d, src, &e->addr, e->port, 96, &x);
		put16(d->p + (v4 ? 2 : 4), v4 ? 19 : 96);
		return;
	default:
		put_wireguard(d, src, e, &x);
	}
}

/* Plain packets are half of what is dropped; the rest, all alike. */
static enum drop
pick(uint64_t *random, unsigned drops_percent)
{
	static const enum drop kinds[] = { DROP_WRONG_PROTOCOL, DROP_WRONG_PORT,
		DROP_WRONG_SHAPE, DROP_WRONG_SOURCE, DROP_OPTIONS,
		DROP_FRAGMENT, DROP_LATER_FRAGMENT, DROP_NOT_IP, DROP_TRUNCATED,
		DROP_BAD_HEADER };
	unsigned n = sizeof(kinds) / sizeof(kinds[0]);

	if (below(random, 100) >= drops_percent)
		return PASSED;
	if (below(random, 2) == 0)
		return DROP_NOT_ENCAPSULATED;
	return kinds[below(random, n)];
}

int
trace_new(const struct policy *pol, size_t n, uint64_t seed,
    unsigned drops_percent, struct trace **ret)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->n = n;
	t->slots = aligned_alloc(TRACE_SLOT, n * TRACE_SLOT);
	t->in = calloc(n, sizeof(*t->in));
	t->verdicts = malloc(n);
	if (t->slots == NULL || t->in == NULL || t->verdicts == NULL) {
		trace_free(t);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const struct endpoint *e =
		    &pol->endpoints[below(&seed, pol->n_endpoints)];
		struct draft d = { .p = t->slots[i], .random = &seed };
		enum drop verdict = pick(&seed, drops_percent);

		put_packet(&d,
		    e->addr.family == ADDR_V4 ? &pol->source4 : &pol->source6,
		    e, verdict);
		t->in[i].data = t->slots[i];
		t->in[i].len = (uint32_t)d.len;
		t->verdicts[i] = (uint8_t)verdict;
		t->counts[verdict]++;
	}
	*ret = t;
	return 0;
}

void
trace_free(struct trace *t)
{
	if (t == NULL)
		return;
	free(t->verdicts);
	free(t->slots);
	free(t->in);
	free(t);
}

size_t
trace_check(const struct trace *t, const struct policy *pol)
{
	struct streams streams = { 0 };
	unsigned endpoint;

	for (size_t i = 0; i < t->n; i++)
		if (classify(t->in[i].data, t->in[i].len, 0, pol, &streams,
			&endpoint) != t->verdicts[i])
			return i;
	return t->n;
}
