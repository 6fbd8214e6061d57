/* SPDX-License-Identifier: ISC */
/*
 * ipchecksum: the Internet checksum (RFC 1071).
 */
#ifndef OS_IPCHECKSUM_H
#define OS_IPCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Add len bytes to a running sum. Start with 0; a piece of odd length may
 * only be the last.
 */
uint32_t ipchecksum_add(uint32_t sum, const uint8_t *data, size_t len);

/* The checksum of what was added, in host order; store it big-endian. */
uint16_t ipchecksum_fold(uint32_t sum);

#endif /* OS_IPCHECKSUM_H */
