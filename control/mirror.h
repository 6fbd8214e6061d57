/* SPDX-License-Identifier: ISC */
/*
 * mirror: the engine as the worker sees it: what the parent said last, and a
 * way to ask it for more. It carries out what the parent says: policies and
 * the device go to the pump, ears are listened with.
 *
 * All on the control thread of the worker.
 */
#ifndef CONTROL_MIRROR_H
#define CONTROL_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "control/msg.h"
#include "datapath/drop.h"

struct carrier_tls;
struct drop_ring;
struct event_base;
struct mirror;
struct pump_memory;
struct uplink;
struct wg_peer_status;
struct worker;

/* The status is another one, and subscribers are to be told. */
typedef void mirror_changed(void *arg);

/* What it reads and fills; all borrowed. */
struct mirror_parts {
	struct worker *worker;
	struct uplink *uplink; /* our own tunnel's */
	struct drop_ring *drops;
	struct pump_memory *memory; /* of the counters */
	const struct server_list *servers;
	struct carrier_tls *tls; /* of our own tunnel; NULL: there is none */
};

/* channel: the worker's end, taken over. NULL: no memory. */
struct mirror *mirror_new(struct event_base *base, int channel,
    const struct mirror_parts *parts);

/* mirror_free(NULL) does nothing. */
void mirror_free(struct mirror *m);

/*
 * Hear what the parent says until there is a status to be told. From then on
 * the event loop hears it, which is broken when the parent is gone, or the
 * worker cannot do what it was told: then the process is to end. 0, or a
 * negative errno: that happened already.
 */
int mirror_start(struct mirror *m);

void
mirror_set_listener(struct mirror *m, mirror_changed *on_change, void *arg);

/*
 * The user's commands, for who is at the other end of fd: MSG_CONNECT (to that
 * server; else NULL), MSG_DISCONNECT, MSG_RELEASE, MSG_BLOCK or MSG_RELOAD.
 * Waits for the answer: 0 done, or a negative errno with a sentence in why.
 */
int mirror_command(struct mirror *m, enum msg_type command, const char *server,
    int fd, char why[STATUS_WHY_MAX]);

/* Borrowed until the event loop is back. */
const struct status *mirror_status(const struct mirror *m);
const struct server_list *mirror_servers(const struct mirror *m);

/*
 * The peers of our own tunnel as they are now, to be freed, or NULL: there are
 * none, or no memory. Times are mono's (mono.h).
 */
struct wg_peer_status *mirror_peers(const struct mirror *m, unsigned *ret_n);

/* The policy in force; policy_block_all while the gate is OPEN. Borrowed. */
const struct policy *mirror_policy(const struct mirror *m);

/* Dropped packets, to be watched. */
struct drop_ring *mirror_drops(struct mirror *m);

/* Where packets ended, since the daemon started. */
struct mirror_counts {
	uint64_t packets[DROP_REASONS];
	uint64_t bytes_passed;
	uint64_t total; /* the sum of packets[] */
};

struct mirror_stats {
	struct mirror_counts gate;
	struct mirror_counts tunnel; /* our own, outbound */
	uint64_t kernel_packets;     /* that the device handed to us */
	uint64_t kernel_dropped;     /* that it dropped for want of room */
};

/* Asks the parent for the kernel's. */
void mirror_stats(struct mirror *m, struct mirror_stats *ret);

#endif /* CONTROL_MIRROR_H */
