/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Three places, each an atomic pointer, each with one owner of what it points
 * to. Control puts a policy into `next` and takes back what it replaced: the
 * worker never saw that one. The worker takes `next`, makes it `current`, and
 * pushes the one it used before onto `retired`, a list that control empties.
 *
 * Why it is right: a policy is reachable by the worker only from the exchange
 * in take() until the push in retire(), and control frees only what it got by
 * an exchange of its own from `next` (never taken) or `retired` (given back).
 * Each pointer changes hands by one atomic exchange, so never twice.
 *
 * Memory orders: publish (release) pairs with take (acquire): the worker sees
 * the policy's contents. retire (release) pairs with reap (acquire): control
 * frees after the worker's last read. `current` is stored with release and
 * read by in_force with acquire: what the worker did under the old policy
 * has happened before control hears that the new one is in force.
 */
#include "datapath/policy_slot.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "datapath/policy.h"

/*
 * At most one policy waits to be reaped for each publish, and publish() reaps
 * first: two places would do. One more makes the bound obvious.
 */
#define RETIRED_MAX 3

struct policy_slot {
	_Atomic(const struct policy *) next;
	/* The two threads write different lines. */
	_Alignas(64) _Atomic(const struct policy *) current;
	_Atomic(const struct policy *) retired[RETIRED_MAX];
};

struct policy_slot *
policy_slot_new(void)
{
	struct policy_slot *s = aligned_alloc(64, sizeof(*s));

	if (s == NULL)
		return NULL;
	atomic_init(&s->next, NULL);
	atomic_init(&s->current, &policy_block_all);
	for (int i = 0; i < RETIRED_MAX; i++)
		atomic_init(&s->retired[i], NULL);
	return s;
}

void
policy_slot_free(struct policy_slot *s)
{
	if (s == NULL)
		return;
	policy_slot_reap(s);
	policy_free(atomic_load(&s->next));
	policy_free(atomic_load(&s->current));
	free(s);
}

void
policy_slot_publish(struct policy_slot *s, const struct policy *p)
{
	const struct policy *unseen;

	policy_slot_reap(s);
	/* Release: pairs with take(). */
	unseen = atomic_exchange_explicit(&s->next, p, memory_order_acq_rel);
	policy_free(unseen);
}

bool
policy_slot_in_force(const struct policy_slot *s, const struct policy *p)
{
	/* Acquire: pairs with the store in take(). */
	return atomic_load_explicit(&s->current, memory_order_acquire) == p;
}

void
policy_slot_reap(struct policy_slot *s)
{
	for (int i = 0; i < RETIRED_MAX; i++)
		/* Acquire: pairs with retire(). */
		policy_free(atomic_exchange_explicit(&s->retired[i], NULL,
		    memory_order_acquire));
}

/* Hand a policy back. There is room: see RETIRED_MAX. */
static void
retire(struct policy_slot *s, const struct policy *p)
{
	for (;;)
		for (int i = 0; i < RETIRED_MAX; i++) {
			const struct policy *none = NULL;

			/* Release: our last read of p is before this. */
			if (atomic_compare_exchange_strong_explicit(
				&s->retired[i], &none, p, memory_order_release,
				memory_order_relaxed))
				return;
		}
}

const struct policy *
policy_slot_take(struct policy_slot *s)
{
	const struct policy *old, *new;

	old = atomic_load_explicit(&s->current, memory_order_relaxed);

	/* The common case, and cheap: a plain load, no news. */
	if (atomic_load_explicit(&s->next, memory_order_relaxed) == NULL)
		return old;

	/* Acquire: pairs with publish(). */
	new = atomic_exchange_explicit(&s->next, NULL, memory_order_acquire);
	/* Release: pairs with in_force(). */
	atomic_store_explicit(&s->current, new, memory_order_release);
	retire(s, old);
	return new;
}
