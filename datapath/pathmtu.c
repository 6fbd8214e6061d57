/* SPDX-License-Identifier: ISC */
#include "datapath/pathmtu.h"

#include <stddef.h>

static struct pathmtu_way *
find(struct pathmtu *p, const struct addr *to)
{
	for (unsigned i = 0; i < p->n; i++)
		if (addr_equal(&p->ways[i].to, to))
			return &p->ways[i];
	return NULL;
}

/* A new one; where all are taken, the oldest's place. */
static struct pathmtu_way *
make(struct pathmtu *p, const struct addr *to)
{
	struct pathmtu_way *w = &p->ways[0];

	if (p->n < PATHMTU_MAX)
		w = &p->ways[p->n++];
	else
		for (unsigned i = 1; i < p->n; i++)
			if (p->ways[i].until < w->until)
				w = &p->ways[i];
	w->to = *to;
	w->mtu = UINT32_MAX;
	return w;
}

void
pathmtu_put(struct pathmtu *p, const struct addr *to, uint32_t mtu,
    uint64_t now)
{
	struct pathmtu_way *w = find(p, to);

	if (w == NULL)
		w = make(p, to);
	if (mtu < PATHMTU_LEAST)
		mtu = PATHMTU_LEAST;
	if (mtu >= w->mtu)
		return;
	w->mtu = mtu;
	w->until = now + PATHMTU_KEPT;
}

void
pathmtu_age(struct pathmtu *p, uint64_t now)
{
	for (unsigned i = p->n; i-- > 0;)
		if (p->ways[i].until <= now)
			p->ways[i] = p->ways[--p->n];
}

uint32_t
pathmtu_get(const struct pathmtu *p, const struct addr *to, uint32_t mtu)
{
	for (unsigned i = 0; i < p->n; i++)
		if (addr_equal(&p->ways[i].to, to))
			return p->ways[i].mtu < mtu ? p->ways[i].mtu : mtu;
	return mtu;
}
