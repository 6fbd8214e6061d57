/* SPDX-License-Identifier: ISC */
#include "bench/trace_policy.h"

#include <assert.h>
#include <stddef.h>

#include "datapath/policy.h"

/* Addresses for documentation: RFC 5737, RFC 3849. */
static const struct addr source4 = { .family = ADDR_V4,
	.bytes = { 192, 0, 2, 7 } };
static const struct addr source6 = { .family = ADDR_V6,
	.bytes = { 0x20, 1, 0x0d, 0xb8, [15] = 7 } };
static const struct addr server4 = { .family = ADDR_V4,
	.bytes = { 203, 0, 113, 5 } };
static const struct addr server6 = { .family = ADDR_V6,
	.bytes = { 0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 5 } };

struct policy *
trace_policy_new(unsigned endpoints, uint64_t generation)
{
	struct policy *p = policy_new();

	assert(endpoints <= POLICY_ENDPOINTS_MAX);
	if (p == NULL)
		return NULL;
	p->generation = generation;
	p->source4 = source4;
	p->source6 = source6;
	p->n_endpoints = endpoints;
	for (unsigned i = 0; i < endpoints; i++)
		p->endpoints[i] =
		    (struct endpoint){ .addr = i % 2 == 0 ? server4 : server6,
			    .port = (uint16_t)(51820 + i / 2),
			    .protocol = PROTO_UDP,
			    .shape = SHAPE_WIREGUARD };
	policy_finish(p);
	return p;
}
