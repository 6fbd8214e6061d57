/* SPDX-License-Identifier: ISC */
/*
 * fuzz_intake: no packet makes intake_admits() read past its end, or come in
 * without being from an endpoint or about one.
 */
#include "datapath/intake.h"
#include "datapath/policy.h"
#include "tests/fuzz/exact.h"

static const uint8_t server[4] = { 203, 0, 113, 5 }, own[4] = { 192, 0, 2, 10 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct policy pol = { .n_endpoints = 1,
		.endpoints = { { .port = 51820, .protocol = PROTO_UDP } } };
	uint8_t *packet = exact(data, len);

	pol.endpoints[0].addr = addr_from_bytes(ADDR_V4, server);
	pol.source4 = addr_from_bytes(ADDR_V4, own);
	if (intake_admits(&pol, packet, len) &&
	    (len < 20 || packet[0] >> 4 != 4 ||
		memcmp(packet + 16, own, 4) != 0 ||
		(memcmp(packet + 12, server, 4) != 0 && packet[9] != 1)))
		abort();
	free(packet);
	return 0;
}
