/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/replay.h"

#include <string.h>

/*
 * The window spans at most WG_REPLAY_WORDS words, whatever bit of a word it
 * begins at: that is what the one word less is for.
 */
bool
wg_replay_is_new(const struct wg_replay *r, uint64_t counter)
{
	if (counter >= r->next)
		return true;
	if (r->next - counter > WG_REPLAY_WINDOW)
		return false;
	return (r->words[counter / 64 % WG_REPLAY_WORDS] >> counter % 64 & 1) ==
	    0;
}

void
wg_replay_mark(struct wg_replay *r, uint64_t counter)
{
	if (counter >= r->next) {
		uint64_t word = r->next > 0 ? (r->next - 1) / 64 : 0;
		uint64_t steps = counter / 64 - word;

		if (steps >= WG_REPLAY_WORDS)
			memset(r->words, 0, sizeof(r->words));
		else
			while (steps-- > 0)
				r->words[++word % WG_REPLAY_WORDS] = 0;
		r->next = counter + 1;
	}
	r->words[counter / 64 % WG_REPLAY_WORDS] |= UINT64_C(1) << counter % 64;
}
