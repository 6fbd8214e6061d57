/* SPDX-License-Identifier: ISC */
/*
 * timers: what has to be done for a peer, and when, if nothing more happens
 * (the paper, sections 6.1 to 6.6). Told what happened, it says what is due.
 *
 *   initiate    again 5 s and up to 333 ms after an initiation without an
 *               answer; for 90 s, then it gives up
 *               15 s and up to 333 ms after data went out, if nothing came
 *   keepalive   10 s after data came in, if nothing went out
 *               at the peer's persistent interval, if nothing went either way
 *   forget      540 s after the last new session
 *
 * Pure. Times are nanoseconds of one clock that only goes forward, and is not
 * 0. Zeroed: nothing is due.
 */
#ifndef DATAPATH_WIREGUARD_TIMERS_H
#define DATAPATH_WIREGUARD_TIMERS_H

#include <stdint.h>

#define WG_NEVER	      UINT64_MAX
#define WG_JITTER_MAX	      UINT64_C(333000000)
#define WG_REKEY_TIMEOUT      (5 * UINT64_C(1000000000))
#define WG_REKEY_ATTEMPT_TIME (90 * UINT64_C(1000000000))
#define WG_KEEPALIVE_TIMEOUT  (10 * UINT64_C(1000000000))

/* What is due: any of these. */
enum {
	WG_DUE_RETRY = 1,     /* initiate, as nobody answered */
	WG_DUE_GIVE_UP = 2,   /* do not, for that was so too long */
	WG_DUE_INITIATE = 4,  /* initiate, as the peer fell silent */
	WG_DUE_KEEPALIVE = 8, /* say something */
	WG_DUE_FORGET = 16    /* wipe all keys */
};

struct wg_timers {
	uint64_t persistent; /* the interval; 0: none */
	uint64_t jitter;     /* up to WG_JITTER_MAX; renewed by the owner */
	uint64_t trying;     /* to get an answer since then; 0: not */
	/* When each is due; 0: not. */
	uint64_t retry;
	uint64_t silence;
	uint64_t keepalive;
	uint64_t persist;
	uint64_t forget;
};

/* Any authenticated message: handshakes, keepalives and data. */
void wg_timers_sent(struct wg_timers *t, uint64_t now);
void wg_timers_received(struct wg_timers *t, uint64_t now);

/* Data; after the above. */
void wg_timers_data_sent(struct wg_timers *t, uint64_t now);
void wg_timers_data_received(struct wg_timers *t, uint64_t now);

/* An initiation went out. */
void wg_timers_initiated(struct wg_timers *t, uint64_t now);

/* It may not go out yet, but has to then. */
void wg_timers_postponed(struct wg_timers *t, uint64_t now, uint64_t until);

/* There are new keys; the peer may not know yet that we have them. */
void wg_timers_derived(struct wg_timers *t, uint64_t now);

/* Both sides have them. */
void wg_timers_established(struct wg_timers *t);

/* What is due, each once. */
unsigned wg_timers_due(struct wg_timers *t, uint64_t now);

/* When to ask next, or WG_NEVER. */
uint64_t wg_timers_next(const struct wg_timers *t);

#endif /* DATAPATH_WIREGUARD_TIMERS_H */
