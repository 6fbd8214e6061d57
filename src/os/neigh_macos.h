/* SPDX-License-Identifier: ISC */
/*
 * neigh: asks on the link itself who has an address, and hears the answer.
 *
 * For next hops. The system's own table does not learn them: its questions
 * come after pf, which lets nothing out; and it does not believe answers to
 * questions it did not ask.
 */
#ifndef OS_NEIGH_H
#define OS_NEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/addr.h"

struct neigh;
struct net_uplink;

/*
 * Events are put into the kqueue, which must outlive it. NULL if out of
 * memory.
 */
struct neigh *neigh_new(int kq);

/* neigh_free(NULL) does nothing. */
void neigh_free(struct neigh *n);

/*
 * Ask for `who` on the uplink, unless it was asked lately. Is an answer known?
 * Then it is in ret_mac. It comes, or the time to ask again, as an event.
 */
bool neigh_find(struct neigh *n, const struct net_uplink *up,
    const struct addr *who, uint8_t ret_mac[6]);

/* On an event: was anything new heard, or is it time to ask again? */
bool neigh_drain(struct neigh *n);

#endif /* OS_NEIGH_H */
