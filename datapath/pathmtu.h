/* SPDX-License-Identifier: ISC */
/*
 * pathmtu: what routers said of the ways to our tunnel's peers: how large a
 * packet may be (RFC 8201). Pure; a value, zeroed: nothing was said.
 *
 * Who says so is not known for sure: so it never gets less than what IPv6
 * promises, and is forgotten again.
 */
#ifndef DATAPATH_PATHMTU_H
#define DATAPATH_PATHMTU_H

#include <stdint.h>

#include "src/base/addr.h"

/* RFC 8200 section 5. */
#define PATHMTU_LEAST 1280

/* RFC 8201 section 4: not sooner than after five minutes. ns */
#define PATHMTU_KEPT UINT64_C(600000000000)

#define PATHMTU_MAX 16

struct pathmtu {
	unsigned n;
	struct pathmtu_way {
		struct addr to;
		uint32_t mtu;
		uint64_t until;
	} ways[PATHMTU_MAX];
};

/* To that address no more than mtu bytes. More than the last time: no news. */
void pathmtu_put(struct pathmtu *p, const struct addr *to, uint32_t mtu,
    uint64_t now);

/* Forget what is old. */
void pathmtu_age(struct pathmtu *p, uint64_t now);

/* The lesser of mtu and what is known of the way. */
uint32_t
pathmtu_get(const struct pathmtu *p, const struct addr *to, uint32_t mtu);

#endif /* DATAPATH_PATHMTU_H */
