/* SPDX-License-Identifier: ISC */
/*
 * fuzz_classify: no packet makes the two classifiers differ, or passes without
 * being addressed to an endpoint, from the uplink's address, whole and without
 * options.
 *
 * The first two bytes are the size of segments; the rest is the packet.
 */
#include "datapath/classify.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/stream.h"
#include "tests/fuzz/exact.h"

static struct policy pol = {
	.generation = 1,
	.source4 = { ADDR_V4, { 192, 0, 2, 10 } },
	.source6 = { ADDR_V6, { 0x20, 1, 0xd, 0xb8, [15] = 10 } },
	.n_endpoints = 6,
	.endpoints = {
	    { { ADDR_V4, { 203, 0, 113, 5 } }, 51820, PROTO_UDP,
		SHAPE_WIREGUARD, 0 },
	    { { ADDR_V6, { 0x20, 1, 0xd, 0xb8, [15] = 5 } }, 51820, PROTO_UDP,
		SHAPE_WIREGUARD, 0 },
	    { { ADDR_V4, { 203, 0, 113, 5 } }, 1194, PROTO_UDP,
		SHAPE_OPENVPN, 0 },
	    { { ADDR_V4, { 203, 0, 113, 5 } }, 443, PROTO_TCP,
		SHAPE_OPENVPN_TCP, 0 },
	    { { ADDR_V4, { 203, 0, 113, 5 } }, 4500, PROTO_UDP,
		SHAPE_IKE_NAT, 0 },
	    { { ADDR_V4, { 203, 0, 113, 5 } }, 0, PROTO_ESP, SHAPE_ESP, 0 },
	},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct streams a = { 0 }, b = { 0 };
	unsigned i = 99, j = 99;
	const struct endpoint *e;
	enum drop fast, slow;
	uint8_t *packet;
	size_t segment;
	struct pkt p;

	if (len < 2)
		return 0;
	policy_finish(&pol);
	segment = (size_t)(data[0] << 8 | data[1]);
	len -= 2;
	packet = exact(data + 2, len);
	fast = classify(packet, len, segment, &pol, &a, &i);
	slow = classify_slowly(packet, len, segment, &pol, &b, &j);
	if (fast != slow || i != j)
		abort();
	if (fast == PASSED) {
		e = &pol.endpoints[i];
		if (parse_ip(packet, len, &p) != PASSED || p.options ||
		    p.fragment != PKT_WHOLE || !addr_equal(&p.dst, &e->addr) ||
		    p.protocol != e->protocol ||
		    (p.ports && p.dport != e->port) ||
		    !addr_equal(&p.src,
			p.src.family == ADDR_V4 ? &pol.source4 : &pol.source6))
			abort();
	}
	if (classify(packet, len, segment, &policy_block_all, &a, &i) == PASSED)
		abort();
	free(packet);
	return 0;
}
