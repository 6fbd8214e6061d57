/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * What leaves in bulk is UDP to an endpoint. For it there is a short way: a
 * hash of address and port says which endpoint it can only be, and some words
 * of the packet are compared with what they then must be, lengths among them.
 * Whatever does not match takes the long way, which finds out why not, and
 * handles TCP and ESP. The short way says only "passed", and only where the
 * long way says so too: the tests hold the two against each other and both
 * against an independent filter.
 */
#include "datapath/classify.h"

#include <string.h>

#include "datapath/bytes.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/shape.h"
#include "datapath/stream.h"

/*
 * The shape of each datagram in the payload. All but the last have `segment`
 * bytes, as the kernel or the hardware will cut them.
 */
static bool
each_matches(enum shape s, const uint8_t *payload, size_t len, size_t segment)
{
	if (segment == 0 || segment >= len)
		return shape_matches(s, payload, len);
	for (; len > segment; len -= segment, payload += segment)
		if (!shape_matches(s, payload, segment))
			return false;
	return shape_matches(s, payload, len);
}

static bool
has_shape(const struct endpoint *e, const struct pkt *p, size_t segment,
    struct streams *streams)
{
	if (e->protocol == PROTO_TCP)
		return stream_segment(streams, p, e->shape);
	return each_matches(e->shape, p->payload, p->payload_len, segment);
}

/* Not inlined, so that the short way needs no stack. */
__attribute__((noinline)) enum drop
classify_slowly(const uint8_t *data, size_t len, size_t segment,
    const struct policy *pol, struct streams *streams, unsigned *ret_endpoint)
{
	const struct endpoint *found = NULL;
	const struct addr *source;
	enum drop why, worst;
	struct pkt p;

	if ((why = parse_ip(data, len, &p)) != PASSED)
		return why;
	if (pol->n_endpoints == 0)
		return DROP_BLOCKED;

	/* The nearer a packet came to an endpoint, the better the reason. */
	worst = DROP_NOT_ENCAPSULATED;
	for (unsigned i = 0; i < pol->n_endpoints && found == NULL; i++) {
		const struct endpoint *e = &pol->endpoints[i];

		if (!addr_equal(&e->addr, &p.dst))
			continue;
		if (e->protocol != p.protocol) {
			if (worst == DROP_NOT_ENCAPSULATED)
				worst = DROP_WRONG_PROTOCOL;
			continue;
		}
		/* Without ports there is nothing to judge a fragment by. */
		if (e->protocol != PROTO_ESP &&
		    (!p.ports || e->port != p.dport)) {
			worst = DROP_WRONG_PORT;
			continue;
		}
		found = e;
	}
	if (worst != DROP_NOT_ENCAPSULATED || found != NULL) {
		if (p.fragment == PKT_LATER_FRAGMENT)
			return DROP_LATER_FRAGMENT;
		if (p.fragment == PKT_FIRST_FRAGMENT)
			return DROP_FRAGMENT;
	}
	if (found == NULL)
		return worst;
	if (found->sealed)
		return DROP_NOT_OURS;
	if (p.options)
		return DROP_OPTIONS;
	source = p.src.family == ADDR_V4 ? &pol->source4 : &pol->source6;
	if (source->family == ADDR_NONE)
		return DROP_NO_UPLINK;
	if (!addr_equal(source, &p.src))
		return DROP_WRONG_SOURCE;
	if (!has_shape(found, &p, segment, streams))
		return DROP_WRONG_SHAPE;

	*ret_endpoint = (unsigned)(found - pol->endpoints);
	return PASSED;
}

/*
 * Is it bulk to an endpoint of the policy? The index, or -1: go the long way.
 *
 * Families have a branch of their own, because a program has few and a
 * processor learns them; sizes have none, because they vary.
 */
static inline int
short_way(const uint8_t *data, size_t len, size_t segment,
    const struct policy *pol)
{
	/* What varies, or is looked at beside it, is left out. */
	const uint64_t first4 = bytes_word_of(UINT64_C(0xff00ffff00003fff));
	const uint64_t second4 = bytes_word_of(UINT64_C(0x00ff0000ffffffff));
	const uint64_t first6 = bytes_word_of(UINT64_C(0xf0000000ffffff00));
	const uint64_t to_mask = bytes_word_of(UINT64_C(0xffffffff0000ffff));
	const struct policy_bulk *b;
	uint64_t to, payload;
	unsigned i;
	size_t ip;

	/*
	 * At least 80 bytes, so that all words are there, and WireGuard's
	 * smallest data message in IPv6; no more than a length field can say.
	 */
	if (len < 80 || len > UINT16_MAX || segment != 0)
		return -1;
	if (data[0] == 0x45) {
		ip = 20;
		to = bytes_word(data + 16) & to_mask;
		i = policy_guess(pol, to);
		b = &pol->bulk[i];
		if ((bytes_word(data) & first4) !=
			(b->first | bytes_word_of((uint64_t)len << 32)) ||
		    (bytes_word(data + 8) & second4) != b->second)
			return -1;
	} else {
		ip = 40;
		to = bytes_word(data + 36) & to_mask;
		i = policy_guess(pol, to);
		b = &pol->bulk[i];
		if ((bytes_word(data) & first6) !=
			(b->first |
			    bytes_word_of((uint64_t)(len - 40) << 16)) ||
		    bytes_word(data + 8) != b->second ||
		    bytes_word(data + 16) != b->rest[0] ||
		    bytes_word(data + 24) != b->rest[1] ||
		    bytes_word(data + 28) != b->rest[2])
			return -1;
	}
	if (to != b->to ||
	    (bytes_word(data + ip + 4) & b->shape_mask) !=
		(b->shape | bytes_word_of((uint64_t)(len - ip) << 48)))
		return -1;
	payload = len - ip - 8;
	if (b->shape_mask == bytes_word_of(POLICY_ANY_SHAPE))
		return shape_matches(pol->endpoints[i].shape, data + ip + 8,
			   payload)
		    ? (int)i
		    : -1;
	/*
	 * A WireGuard data message: is_wireguard()'s rule on its length, a
	 * multiple of 16 or at least 608. Below 608 the subtraction wraps.
	 */
	return (payload & (payload - 608) >> 60) == 0 ? (int)i : -1;
}

enum drop
classify(const uint8_t *data, size_t len, size_t segment,
    const struct policy *pol, struct streams *streams, unsigned *ret_endpoint)
{
	int i = short_way(data, len, segment, pol);

	if (i < 0)
		return classify_slowly(data, len, segment, pol, streams,
		    ret_endpoint);
	*ret_endpoint = (unsigned)i;
	return PASSED;
}

/* How many packets ahead memory is asked: some 16 times 5 ns. */
#define AHEAD 16

void
classify_batch(const struct pktbuf in[], unsigned n, const struct policy *pol,
    struct streams *streams, struct verdict ret[])
{
	for (unsigned i = 0; i < n && i < AHEAD; i++)
		__builtin_prefetch(in[i].data);
	for (unsigned i = 0; i < n; i++) {
		const struct pktbuf *b = &in[i];
		size_t segment = 0;
		unsigned endpoint = 0;
		int found;

		if (i + AHEAD < n)
			__builtin_prefetch(in[i + AHEAD].data);
		if (b->offload.gso_type == OFFLOAD_GSO_UDP_L4)
			segment = b->offload.gso_size;
		if ((found = short_way(b->data, b->len, segment, pol)) >= 0) {
			ret[i] = (struct verdict){ PASSED, (uint8_t)found };
			continue;
		}
		ret[i].why = (uint8_t)classify_slowly(b->data, b->len, segment,
		    pol, streams, &endpoint);
		ret[i].endpoint = (uint8_t)endpoint;
	}
}
