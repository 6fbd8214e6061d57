/* SPDX-License-Identifier: ISC */
/*
 * arpnd: the question "who has this address?" on Ethernet, and its answer:
 * ARP (RFC 826) for IPv4, neighbour discovery (RFC 4861) for IPv6.
 *
 * Pure. Reading believes no length.
 */
#ifndef OS_ARPND_H
#define OS_ARPND_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

enum {
	ARPND_ETHERTYPE_IPV4 = 0x0800,
	ARPND_ETHERTYPE_ARP = 0x0806,
	ARPND_ETHERTYPE_IPV6 = 0x86dd,
};

/* The longest question: Ethernet, IPv6, solicitation, one option. */
#define ARPND_MAX (14 + 40 + 32)

/*
 * Write the question for `who` as a whole Ethernet frame, from the address
 * `me` (same family) at the interface address mac. Its length, or 0 if the
 * families differ or are none.
 */
size_t arpnd_write(uint8_t out[ARPND_MAX], const uint8_t mac[6],
    const struct addr *me, const struct addr *who);

struct arpnd_answer {
	struct addr who; /* the address that was asked for */
	struct addr to;	 /* whom it answers; not us: not our question */
	uint8_t mac[6];
};

/*
 * Read an answer from what follows the Ethernet header. 0, or -EINVAL with
 * *ret zeroed if it is none, or not a sound one.
 */
int arpnd_read(uint16_t ethertype, const uint8_t *data, size_t len,
    struct arpnd_answer *ret);

#endif /* OS_ARPND_H */
