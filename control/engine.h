/* SPDX-License-Identifier: ISC */
/*
 * engine: control's heart. Events come in (the user's commands, the network,
 * the client, the server's answers); it asks the state machine for an edge and
 * carries it out: policy first, then the action.
 *
 * All on the event loop's thread.
 */
#ifndef CONTROL_ENGINE_H
#define CONTROL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/gate.h"
#include "control/server.h"
#include "datapath/drop.h"
#include "src/base/mono.h"
#include "src/os/netmon.h"

struct conf;
struct drop_ring;
struct engine;
struct event_base;
struct policy;

/* Room for a sentence that says why. */
#define ENGINE_WHY_MAX 256

/*
 * Take the default route and be BLOCKED. conf and servers are borrowed until
 * engine_reload() or engine_free(). 0, or a negative errno with a sentence in
 * why: then everything that could be closed is.
 */
int engine_new(struct event_base *base, const struct conf *conf,
    const struct server_list *servers, struct engine **ret,
    char why[ENGINE_WHY_MAX]);

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

/* Called after each change of what engine_status() tells. One listener. */
typedef void engine_changed(void *arg);
void
engine_set_listener(struct engine *e, engine_changed *on_change, void *arg);

struct engine_status {
	enum gate_state state;
	uint64_t epoch;		     /* counts changes of policy */
	struct mono since;	     /* when the state was entered */
	const struct server *server; /* NULL: none; borrowed */
	const struct net_view *view; /* borrowed */
	char detail[ENGINE_WHY_MAX]; /* what it waits for; empty: nothing */
};
void engine_status(const struct engine *e, struct engine_status *ret);

const struct server_list *engine_servers(const struct engine *e);
const struct conf *engine_conf(const struct engine *e);

/* The policy in force; policy_block_all while the gate is OPEN. Borrowed. */
const struct policy *engine_policy(const struct engine *e);

/* Dropped packets, to be watched. */
struct drop_ring *engine_drops(struct engine *e);

struct engine_stats {
	uint64_t packets[DROP_REASONS]; /* since the daemon started */
	uint64_t bytes_passed;
	uint64_t total;		 /* the sum of packets[] */
	uint64_t kernel_packets; /* that the device handed to us */
	uint64_t kernel_dropped; /* that it dropped for want of room */
};
void engine_stats(struct engine *e, struct engine_stats *ret);

#endif /* CONTROL_ENGINE_H */
