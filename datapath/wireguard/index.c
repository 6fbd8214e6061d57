/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/index.h"

#include <errno.h>
#include <stdlib.h>

int
wg_indices_init(struct wg_indices *t, uint32_t n)
{
	uint32_t n_heads = 1;

	while (n_heads < n && n_heads < UINT32_C(1) << 31)
		n_heads *= 2;
	t->heads = calloc(n_heads, sizeof(struct wg_index *));
	if (t->heads == NULL)
		return -ENOMEM;
	t->n_heads = n_heads;
	return 0;
}

void
wg_indices_clear(struct wg_indices *t)
{
	free((void *)t->heads);
	t->heads = NULL;
	t->n_heads = 0;
}

/* The numbers are random: their lower bits do for a hash. */
static struct wg_index **
head(const struct wg_indices *t, uint32_t number)
{
	return &t->heads[number & (t->n_heads - 1)];
}

struct wg_index *
wg_indices_find(const struct wg_indices *t, uint32_t number)
{
	struct wg_index *i = *head(t, number);

	while (i != NULL && i->number != number)
		i = i->next;
	return i;
}

void
wg_indices_put(struct wg_indices *t, struct wg_index *i, uint32_t number)
{
	struct wg_index **first = head(t, number);

	i->number = number;
	i->is_in = true;
	i->next = *first;
	*first = i;
}

void
wg_indices_take(struct wg_indices *t, struct wg_index *i)
{
	struct wg_index **at;

	if (!i->is_in)
		return;
	at = head(t, i->number);
	while (*at != i)
		at = &(*at)->next;
	*at = i->next;
	i->is_in = false;
	i->next = NULL;
}
