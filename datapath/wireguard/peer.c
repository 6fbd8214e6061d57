/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/peer.h"

#include <errno.h>
#include <string.h>

int
wg_peer_init(struct wg_device *d, struct wg_peer *p)
{
	p->awaiting.peer = p->number;
	for (int i = 0; i < WG_SESSIONS; i++) {
		if (wg_session_init(&p->sessions[i], d->crypto) < 0) {
			wg_peer_clear(d, p);
			return -ENOMEM;
		}
		p->sessions[i].index.peer = p->number;
		p->sessions[i].index.is_session = true;
	}
	p->in_use = true;
	return 0;
}

void
wg_peer_clear(struct wg_device *d, struct wg_peer *p)
{
	uint32_t number = p->number;

	wg_peer_forget(d, p);
	for (int i = 0; i < WG_SESSIONS; i++)
		wg_session_clear(&p->sessions[i]);
	wg_wipe(p, sizeof(*p));
	p->number = number;
}

struct wg_peer *
wg_peer_find(const struct wg_device *d, const uint8_t public[WG_KEY_LEN])
{
	struct wg_peer *p = d->by_key[le_32(public) & (d->n_by_key - 1)];

	while (p != NULL && memcmp(p->remote.public, public, WG_KEY_LEN) != 0)
		p = p->same_hash;
	return p;
}

int
wg_peer_new_index(struct wg_device *d, uint32_t *ret)
{
	uint32_t number;
	int r;

	do {
		if ((r = d->ops.random(d->arg, &number, sizeof(number))) < 0)
			return r;
	} while (wg_indices_find(&d->indices, number) != NULL);
	*ret = number;
	return 0;
}

static void
end(struct wg_device *d, struct wg_session **s)
{
	if (*s == NULL)
		return;
	wg_indices_take(&d->indices, &(*s)->index);
	wg_session_end(*s);
	*s = NULL;
}

void
wg_peer_add_session(struct wg_device *d, struct wg_peer *p,
    const struct wg_session_keys *keys, bool initiator, uint64_t now)
{
	struct wg_session *s = p->sessions;

	if (initiator) {
		/*
		 * If a session of the peer's asking is not confirmed yet, the
		 * peer may be using it: both have asked at once.
		 */
		end(d, &p->previous);
		if (p->next != NULL) {
			end(d, &p->current);
			p->previous = p->next;
			p->next = NULL;
		} else {
			p->previous = p->current;
		}
		p->current = NULL;
	} else {
		/* Not confirmed: the old ones are still needed. */
		end(d, &p->next);
		end(d, &p->previous);
	}
	while (s == p->current || s == p->next || s == p->previous)
		s++;
	wg_session_begin(s, keys, initiator, now);
	wg_indices_put(&d->indices, &s->index, keys->local);
	*(initiator ? &p->current : &p->next) = s;
	wg_timers_derived(&p->timers, now);
}

void
wg_peer_confirm(struct wg_device *d, struct wg_peer *p)
{
	end(d, &p->previous);
	p->previous = p->current;
	p->current = p->next;
	p->next = NULL;
	wg_timers_established(&p->timers);
}

void
wg_peer_forget(struct wg_device *d, struct wg_peer *p)
{
	wg_indices_take(&d->indices, &p->awaiting);
	wg_initiation_forget(&p->initiation);
	end(d, &p->current);
	end(d, &p->next);
	end(d, &p->previous);
}

static bool
is_same_endpoint(const struct wg_endpoint *a, const struct wg_endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

void
wg_peer_heard_from(struct wg_device *d, struct wg_peer *p,
    const struct wg_endpoint *from)
{
	if (p->is_fixed || is_same_endpoint(&p->endpoint, from))
		return;
	p->endpoint = *from;
	wg_peer_tell(d, p, WG_MOVED);
}

void
wg_peer_reschedule(struct wg_device *d, const struct wg_peer *p)
{
	uint64_t next = wg_timers_next(&p->timers);

	if (next < d->next_tick)
		d->next_tick = next;
}

void
wg_peer_tell(const struct wg_device *d, const struct wg_peer *p,
    enum wg_event e)
{
	if (d->ops.event != NULL)
		d->ops.event(d->arg, p->number, e);
}
