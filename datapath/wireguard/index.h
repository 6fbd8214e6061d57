/* SPDX-License-Identifier: ISC */
/*
 * index: what the numbers in messages stand for: 32 random bits that we gave
 * to an initiation or a session of ours, and that the peer sends back.
 *
 * Nobody can guess one, so nobody can find out by trying what sessions there
 * are. The table needs no memory but its heads: an index is part of what it
 * stands for, and is taken out before that goes.
 */
#ifndef DATAPATH_WIREGUARD_INDEX_H
#define DATAPATH_WIREGUARD_INDEX_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: not in a table. */
struct wg_index {
	bool is_in;
	bool is_session; /* or an initiation */
	uint32_t number;
	uint32_t peer;
	struct wg_index *next;
};

struct wg_indices {
	struct wg_index **heads;
	uint32_t n_heads; /* a power of two */
};

/* For about n indices. 0 or -ENOMEM. */
int wg_indices_init(struct wg_indices *t, uint32_t n);
void wg_indices_clear(struct wg_indices *t);

/* NULL: nobody has the number. */
struct wg_index *wg_indices_find(const struct wg_indices *t, uint32_t number);

/* Nobody has the number, and the index none. */
void wg_indices_put(struct wg_indices *t, struct wg_index *i, uint32_t number);

/* Does nothing to an index that is not in a table. */
void wg_indices_take(struct wg_indices *t, struct wg_index *i);

#endif /* DATAPATH_WIREGUARD_INDEX_H */
