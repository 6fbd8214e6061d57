/* SPDX-License-Identifier: ISC */
/*
 * proof: seeks the proof that a tunnel carries traffic (STATES.md 0.6): opens
 * ears on the uplinks, with which the worker hears the server, and gives a
 * silent client something to send.
 */
#ifndef CONTROL_PROOF_H
#define CONTROL_PROOF_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct net_view;
struct outside;
struct own;
struct proof;
struct server;
struct warden;

/*
 * warden and own are borrowed, and so is outside (NULL: the uplink is the
 * machine's own). NULL: no memory.
 */
struct proof *proof_new(struct event_base *base, struct warden *warden,
    struct outside *outside, struct own *own);

/* proof_free(NULL) does nothing. */
void proof_free(struct proof *p);

/*
 * Seek it for this server, on the uplinks of this view (both borrowed until
 * proof_end()); what was sought before is not any more.
 */
void proof_seek(struct proof *p, const struct server *server,
    const struct net_view *view);

/* Stop seeking. */
void proof_end(struct proof *p);

/*
 * The worker heard the server with the ears of that epoch. True: this is the
 * proof that was sought, which has ended; false: it is too late for it.
 */
bool proof_heard(struct proof *p, uint64_t epoch);

#endif /* CONTROL_PROOF_H */
