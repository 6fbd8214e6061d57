/* SPDX-License-Identifier: ISC */
/*
 * bytes: numbers in packets: big-endian, unaligned.
 *
 * The caller has checked that the bytes are there.
 */
#ifndef DATAPATH_BYTES_H
#define DATAPATH_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t
bytes_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
bytes_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/*
 * Eight bytes as they lie, to be compared with others: no byte is moved. And
 * the same of a number: big-endian, it would lie so.
 */
static inline uint64_t
bytes_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint64_t
bytes_word_of(uint64_t n)
{
	const union {
		uint16_t n;
		uint8_t first;
	} one = { .n = 1 };

	/* Known when it is compiled: which end comes first here. */
	return one.first == 1 ? __builtin_bswap64(n) : n;
}

#endif /* DATAPATH_BYTES_H */
