/* SPDX-License-Identifier: ISC */
/*
 * engine: control's heart. Events come in (the user's commands, the network,
 * the client, the server's answers); it asks the state machine for an edge and
 * carries it out: policy first, then the action.
 *
 * In the parent, on the event loop's thread. It sees no packet.
 */
#ifndef CONTROL_ENGINE_H
#define CONTROL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/server.h"
#include "control/status.h"

struct conf;
struct engine;
struct event_base;
struct msg;
struct pump_memory;
struct inlet;
struct uplink;

#define ENGINE_WHY_MAX STATUS_WHY_MAX

/*
 * Take the default route and be BLOCKED. conf and servers are borrowed until
 * engine_reload() or engine_free(). 0, or a negative errno with a sentence in
 * why: then everything that could be closed is.
 */
int engine_new(struct event_base *base, const struct conf *conf,
    const struct server_list *servers, struct engine **ret,
    char why[ENGINE_WHY_MAX]);

/*
 * Start the worker (see warden.h): until then nothing passes, and nobody can
 * say anything. 0, or a negative errno: it will be tried again.
 */
struct engine_worker {
	int (*run)(int channel, void *arg); /* in the new process */
	void (*on_request)(const struct msg *m, int fd, struct msg *ret_answer,
	    void *arg);
	void *arg;
};
int engine_serve(struct engine *e, const struct engine_worker *worker);

/* What the worker has of the engine's. */
struct pump_memory *engine_memory(const struct engine *e);
struct inlet *engine_inlet(const struct engine *e);
struct uplink *engine_uplink(const struct engine *e);

/*
 * Stop: the client is ended, and the gate left closed, or given back first if
 * `open` (0, or a negative errno if something of ours is left). The handle is
 * gone in any case. engine_free(NULL, ...) does nothing.
 */
int engine_free(struct engine *e, bool open);

/*
 * The user's commands. 0 when the policy is in force; or a negative errno with
 * a sentence in why: nothing changed, or the gate is closed.
 */
int
engine_connect(struct engine *e, const char *server, char why[ENGINE_WHY_MAX]);
int engine_disconnect(struct engine *e, char why[ENGINE_WHY_MAX]);
int engine_release(struct engine *e, char why[ENGINE_WHY_MAX]);
int engine_block(struct engine *e, char why[ENGINE_WHY_MAX]);

/*
 * Use these from now on (borrowed as in engine_new). The connection stays as
 * it is: a changed server counts from the next connect on.
 */
void engine_reload(struct engine *e, const struct conf *conf,
    const struct server_list *servers);

/*
 * Did something happen after which the process must end, leaving the gate
 * closed? The loop was broken then. NULL: no.
 */
const char *engine_failure(const struct engine *e);

void engine_status(const struct engine *e, struct status *ret);

/*
 * Packets that the device handed over since the daemon started, and that it
 * dropped for want of room.
 */
void engine_kernel(const struct engine *e, uint64_t *ret_packets,
    uint64_t *ret_dropped);

#endif /* CONTROL_ENGINE_H */
