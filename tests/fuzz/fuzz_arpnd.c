/* SPDX-License-Identifier: ISC */
/*
 * fuzz_arpnd: no answer of a neighbour, however broken, makes arpnd_read()
 * read past its end or believe in a neighbour that cannot be.
 *
 * Needs: src/os/arpnd.c src/os/ipchecksum.c src/base/addr.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/os/arpnd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint16_t types[] = { ARPND_ETHERTYPE_ARP,
		ARPND_ETHERTYPE_IPV6, ARPND_ETHERTYPE_IPV4 };
	uint8_t *m = malloc(len == 0 ? 1 : len);
	struct arpnd_answer a;

	if (m == NULL)
		return 0;
	if (len > 0)
		memcpy(m, data, len);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (arpnd_read(types[i], m, len, &a) == 0 &&
		    (addr_len(&a.who) == 0 || (a.mac[0] & 1) != 0))
			abort();
	free(m);
	return 0;
}
