/* SPDX-License-Identifier: ISC */
/*
 * policy_slot: hands policies from control to one data-path worker.
 *
 *     control                                worker
 *        | policy_slot_publish(p)               |
 *        |-----------> next ------------------->| policy_slot_take()
 *        |                                      |  once per batch
 *        |<---------- retired <-----------------|
 *        | policy_slot_reap()
 *
 * At every moment a policy has one owner: control, the slot, or the worker.
 * So there is no lock, no reference count and no grace period. The two sides
 * may run on different threads; each side's functions on one thread only.
 *
 * A new policy is in force from the worker's next batch on, at most
 * PUMP_BATCH packets later; a worker that sleeps must be woken to take it.
 */
#ifndef DATAPATH_POLICY_SLOT_H
#define DATAPATH_POLICY_SLOT_H

#include <stdbool.h>

struct policy;
struct policy_slot;

/* New slot, with policy_block_all in force. NULL if out of memory. */
struct policy_slot *policy_slot_new(void);

/* Both sides must have stopped. policy_slot_free(NULL) does nothing. */
void policy_slot_free(struct policy_slot *s);

/*
 * Control side.
 */

/*
 * Make p the next policy; consumes p. Cannot fail. An earlier policy that
 * the worker has not yet taken is freed: it never comes into force.
 */
void policy_slot_publish(struct policy_slot *s, const struct policy *p);

/* Is p what the worker uses now? (Announce "blocked" only after this.) */
bool policy_slot_in_force(const struct policy_slot *s, const struct policy *p);

/* Free the policies that the worker has finished with. */
void policy_slot_reap(struct policy_slot *s);

/*
 * Worker side.
 */

/*
 * The policy for the next batch, valid until the next call. Borrowed: the
 * slot keeps it.
 */
const struct policy *policy_slot_take(struct policy_slot *s);

#endif /* DATAPATH_POLICY_SLOT_H */
