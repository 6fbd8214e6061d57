/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/timers.h"

#include "datapath/wireguard/session.h"

#define FORGET_AFTER (3 * WG_REJECT_AFTER_TIME)

static void
passed(struct wg_timers *t, uint64_t now)
{
	if (t->persistent > 0)
		t->persist = now + t->persistent;
}

void
wg_timers_sent(struct wg_timers *t, uint64_t now)
{
	t->keepalive = 0;
	passed(t, now);
}

void
wg_timers_received(struct wg_timers *t, uint64_t now)
{
	t->silence = 0;
	passed(t, now);
}

void
wg_timers_data_sent(struct wg_timers *t, uint64_t now)
{
	if (t->silence == 0)
		t->silence =
		    now + WG_KEEPALIVE_TIMEOUT + WG_REKEY_TIMEOUT + t->jitter;
}

void
wg_timers_data_received(struct wg_timers *t, uint64_t now)
{
	if (t->keepalive == 0)
		t->keepalive = now + WG_KEEPALIVE_TIMEOUT;
}

void
wg_timers_initiated(struct wg_timers *t, uint64_t now)
{
	if (t->trying == 0)
		t->trying = now;
	t->retry = now + WG_REKEY_TIMEOUT + t->jitter;
}

void
wg_timers_postponed(struct wg_timers *t, uint64_t now, uint64_t until)
{
	if (t->trying == 0)
		t->trying = now;
	if (t->retry == 0)
		t->retry = until;
}

void
wg_timers_derived(struct wg_timers *t, uint64_t now)
{
	t->forget = now + FORGET_AFTER;
}

void
wg_timers_established(struct wg_timers *t)
{
	t->retry = 0;
	t->trying = 0;
}

/* If it is due: it is not any more. */
static bool
take(uint64_t *when, uint64_t now)
{
	if (*when == 0 || *when > now)
		return false;
	*when = 0;
	return true;
}

unsigned
wg_timers_due(struct wg_timers *t, uint64_t now)
{
	unsigned due = 0;

	if (take(&t->retry, now)) {
		if (now - t->trying < WG_REKEY_ATTEMPT_TIME) {
			due |= WG_DUE_RETRY;
		} else {
			due |= WG_DUE_GIVE_UP;
			t->trying = 0;
			t->keepalive = 0;
			t->silence = 0;
			/* Nothing may come any more that would end the keys. */
			if (t->forget == 0)
				t->forget = now + FORGET_AFTER;
		}
	}
	if (take(&t->silence, now))
		due |= WG_DUE_INITIATE;
	if (take(&t->keepalive, now))
		due |= WG_DUE_KEEPALIVE;
	if (take(&t->persist, now)) {
		due |= WG_DUE_KEEPALIVE;
		/* Whatever comes of it, it will be due again. */
		passed(t, now);
	}
	if (take(&t->forget, now))
		due |= WG_DUE_FORGET;
	return due;
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return b != 0 && b < a ? b : a;
}

uint64_t
wg_timers_next(const struct wg_timers *t)
{
	uint64_t next = WG_NEVER;

	next = sooner(next, t->retry);
	next = sooner(next, t->silence);
	next = sooner(next, t->keepalive);
	next = sooner(next, t->persist);
	return sooner(next, t->forget);
}
