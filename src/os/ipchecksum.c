/* SPDX-License-Identifier: ISC */
#include "src/os/ipchecksum.h"

uint32_t
ipchecksum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2) {
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
		/* Keep the carries in 17 bits, so that any length fits. */
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (i < len)
		sum += (uint32_t)(data[i] << 8);
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t
ipchecksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
