/* SPDX-License-Identifier: ISC */
/*
 * replay: which counters of a session were seen (RFC 6479: a ring of bits of
 * which whole words are cleared as it turns).
 *
 * Counters that are WG_REPLAY_WINDOW or more behind the highest cannot be told
 * from seen ones, and count as such. A message is marked only after it was
 * authenticated; so ask first, which costs little, then open, then mark.
 *
 * Zeroed: none was seen.
 */
#ifndef DATAPATH_WIREGUARD_REPLAY_H
#define DATAPATH_WIREGUARD_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define WG_REPLAY_WORDS	 256 /* a power of two */
#define WG_REPLAY_WINDOW (UINT64_C(64) * (WG_REPLAY_WORDS - 1)) /* 16320 */

struct wg_replay {
	uint64_t next; /* the highest seen, and one; 0: none */
	uint64_t words[WG_REPLAY_WORDS];
};

bool wg_replay_is_new(const struct wg_replay *r, uint64_t counter);

/* counter is new, and not UINT64_MAX. */
void wg_replay_mark(struct wg_replay *r, uint64_t counter);

#endif /* DATAPATH_WIREGUARD_REPLAY_H */
