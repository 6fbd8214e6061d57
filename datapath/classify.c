/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * What leaves in bulk is UDP to an endpoint. For it there is a short way: the
 * packet's first 64 bytes are compared with the endpoint's template under a
 * mask, then lengths and shape are looked at. Whatever does not match takes
 * the long way, which finds out why not, and handles TCP and ESP. The short
 * way says only "passed", and only where the long way says so too: the tests
 * hold the two against each other and both against an independent filter.
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
		return e->shape == SHAPE_OPENVPN_TCP &&
		    stream_segment(streams, p);
	return each_matches(e->shape, p->payload, p->payload_len, segment);
}

enum drop
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

static inline uint64_t
difference(const struct policy_template *t, const uint64_t head[8])
{
	uint64_t diff = 0;

	for (int i = 0; i < 8; i++)
		diff |= (head[i] ^ t->want[i]) & t->mask[i];
	return diff;
}

enum drop
classify(const uint8_t *data, size_t len, size_t segment,
    const struct policy *pol, struct streams *streams, unsigned *ret_endpoint)
{
	uint64_t head[8];
	size_t ip, total;

	/*
	 * The smallest packet any shape has here is longer than the template,
	 * but for keepalives: they may take the long way.
	 */
	if (pol->n_endpoints == 0 || len < sizeof(head))
		goto slowly;
	memcpy(head, data, sizeof(head));
	if (data[0] >> 4 == 4) {
		ip = 20;
		total = bytes_be16(data + 2);
	} else {
		ip = 40;
		total = 40u + bytes_be16(data + 4);
	}
	if (total != len || bytes_be16(data + ip + 4) != len - ip)
		goto slowly;
	for (unsigned i = 0; i < pol->n_endpoints; i++) {
		const struct endpoint *e = &pol->endpoints[i];

		/* The first byte tells the families apart, too. */
		if (!pol->templates[i].usable ||
		    difference(&pol->templates[i], head) != 0)
			continue;
		if (!each_matches(e->shape, data + ip + 8, len - ip - 8,
			segment))
			break;
		*ret_endpoint = i;
		return PASSED;
	}
slowly:
	return classify_slowly(data, len, segment, pol, streams, ret_endpoint);
}
