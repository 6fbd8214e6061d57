/* SPDX-License-Identifier: ISC */
/*
 * allowedips: whose an inner address is: the longest prefix it is in (the
 * paper, section 2, "cryptokey routing"). It says to whom a packet goes, and
 * from whom it may come.
 *
 * A binary trie a family, of which nodes with one child and no owner are left
 * out: a look-up costs at most as many steps as there are prefixes around the
 * address. Memory is asked for only by wg_allowed_put().
 */
#ifndef DATAPATH_WIREGUARD_ALLOWEDIPS_H
#define DATAPATH_WIREGUARD_ALLOWEDIPS_H

#include <stdint.h>

#include "src/base/addr.h"

#define WG_NOBODY UINT32_MAX

struct wg_allowed;

/* Everything is nobody's. NULL: no memory. Free does nothing for NULL. */
struct wg_allowed *wg_allowed_new(void);
void wg_allowed_free(struct wg_allowed *a);

/*
 * Give a network to somebody, and take it from who has exactly it now; bits
 * beyond its length do not count. 0; -EINVAL: not a network, or WG_NOBODY;
 * -ENOMEM.
 */
int
wg_allowed_put(struct wg_allowed *a, const struct prefix *net, uint32_t who);

/*
 * Take all from somebody. It falls to who has the next larger network. The
 * memory is kept for when the same networks are given again.
 */
void wg_allowed_remove(struct wg_allowed *a, uint32_t who);

/* Whose it is; or WG_NOBODY, as for no address. */
uint32_t wg_allowed_find(const struct wg_allowed *a, const struct addr *addr);

#endif /* DATAPATH_WIREGUARD_ALLOWEDIPS_H */
