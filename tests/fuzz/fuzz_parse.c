/* SPDX-License-Identifier: ISC */
/*
 * fuzz_parse: no packet, however broken, makes parse_ip() read past its end,
 * or find a payload that is not in it.
 */
#include "datapath/parse.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *packet = exact(data, len);
	struct pkt p;

	if (parse_ip(packet, len, &p) == PASSED &&
	    (p.payload < packet || p.payload + p.payload_len != packet + len))
		abort();
	free(packet);
	return 0;
}
