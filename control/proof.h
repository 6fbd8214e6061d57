/* SPDX-License-Identifier: ISC */
/*
 * proof: seeks the proof that a tunnel carries traffic (STATES.md 0.6): hears
 * the server on the uplink, and gives a silent client something to send.
 */
#ifndef CONTROL_PROOF_H
#define CONTROL_PROOF_H

struct event_base;
struct net_view;
struct proof;
struct server;

/* Called once for each proof_seek(), if there is proof; it has ended then. */
typedef void proof_found(void *arg);

/* NULL: no memory. */
struct proof *
proof_new(struct event_base *base, proof_found *on_found, void *arg);

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

#endif /* CONTROL_PROOF_H */
