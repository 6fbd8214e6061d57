/* SPDX-License-Identifier: ISC */
/*
 * supervise: keeps the VPN client of the chosen server running: starts it,
 * starts it again when it ends, each time a little later, and ends it.
 */
#ifndef CONTROL_SUPERVISE_H
#define CONTROL_SUPERVISE_H

#include <stdbool.h>

struct event_base;
struct server;
struct supervise;

struct supervise_calls {
	void (*on_start)(void *arg); /* the client was started */
	void (*on_loss)(void *arg);  /* it ended, not by our word */
	void *arg;
};

/* No client yet. NULL: no memory. */
struct supervise *
supervise_new(struct event_base *base, struct supervise_calls calls);

/* End the client, wait until it is gone, and free. NULL: does nothing. */
void supervise_free(struct supervise *s);

/* End the client that runs, if one does, and start none. */
void supervise_stop(struct supervise *s);

/*
 * Run this server's client (borrowed until supervise_stop()), as soon as the
 * one before it has ended. A server without a command has none.
 */
void supervise_start(struct supervise *s, const struct server *server);

/* End the client that runs, if one does, and start it again at once. */
void supervise_restart(struct supervise *s);

/* The tunnel works: the next end of the client is the first one again. */
void supervise_proven(struct supervise *s);

/*
 * May the server's tunnel be there? No, while its client is to be started by
 * us and is not running, or going.
 */
bool supervise_is_up(const struct supervise *s);

/* Has the client ended since the start, and with what status? */
bool supervise_has_ended(const struct supervise *s, int *ret_code);

#endif /* CONTROL_SUPERVISE_H */
