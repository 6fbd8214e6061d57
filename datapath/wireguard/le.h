/* SPDX-License-Identifier: ISC */
/*
 * le: little-endian numbers, unaligned, as WireGuard's messages have them.
 */
#ifndef DATAPATH_WIREGUARD_LE_H
#define DATAPATH_WIREGUARD_LE_H

#include <stdint.h>

static inline uint32_t
le_32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t
le_64(const uint8_t *p)
{
	return (uint64_t)le_32(p + 4) << 32 | le_32(p);
}

static inline void
le_put32(uint8_t *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> 8 * i);
}

static inline void
le_put64(uint8_t *p, uint64_t n)
{
	le_put32(p, (uint32_t)n);
	le_put32(p + 4, (uint32_t)(n >> 32));
}

#endif /* DATAPATH_WIREGUARD_LE_H */
