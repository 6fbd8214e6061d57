/* SPDX-License-Identifier: ISC */
/*
 * load: when there are too many handshake messages, and then, whose are too
 * many (the paper, section 5.3).
 *
 * The paper leaves open what "under load" is. Here: more messages with a good
 * mac1 than `enough` within one second; it lasts until a second has passed
 * with fewer. Then each IPv4 address, or IPv6 network of 64 bits, that has
 * shown with mac2 that it is where it says has 20 messages a second, and 5 at
 * once (as Linux's and Go's WireGuard give it).
 *
 * Of fixed size. Addresses whose place is taken by others are refused: there
 * is no more than that to remember. Times are nanoseconds, as in cookie.h.
 */
#ifndef DATAPATH_WIREGUARD_LOAD_H
#define DATAPATH_WIREGUARD_LOAD_H

#include <stdbool.h>

#include "datapath/wireguard/crypto.h"
#include "src/base/addr.h"

#define WG_LOAD_SETS 1024 /* a power of two */
#define WG_LOAD_WAYS 4

struct wg_load {
	unsigned enough; /* messages a second; 0: always under load */
	unsigned n;	 /* messages in the second that began at */
	uint64_t since;	 /* this */
	bool is_heavy;	 /* it was so in the second before */
	uint8_t
	    secret[WG_KEY_LEN]; /* random: who shares a set, none can choose */
	struct wg_source {
		uint8_t net[8];
		uint8_t family; /* 0: nobody */
		uint64_t used;	/* all that it has was used until then */
	} sources[WG_LOAD_SETS][WG_LOAD_WAYS];
};

/* One more message. Are we under load? */
bool wg_load_note(struct wg_load *load, uint64_t now);

/* May this address have another message looked at? */
bool wg_load_permit(struct wg_crypto *c, struct wg_load *load,
    const struct addr *from, uint64_t now);

#endif /* DATAPATH_WIREGUARD_LOAD_H */
