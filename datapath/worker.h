/* SPDX-License-Identifier: ISC */
/*
 * worker: a thread that pumps packets, as control sees it. It is started once
 * and sleeps while it has no device.
 *
 * All functions are control's, on one thread.
 */
#ifndef DATAPATH_WORKER_H
#define DATAPATH_WORKER_H

#include <stdint.h>

struct drop_ring;
struct inlet;
struct policy;
struct pump_memory;
struct tun;
struct tunnel;
struct uplink;
struct worker;

/*
 * Start a worker under policy_block_all, with no device yet. uplink, inlet
 * (NULL: what comes in is the kernel's), drops and memory are borrowed until
 * worker_stop(). 0, or a negative errno with *ret untouched.
 */
int worker_start(struct uplink *uplink, struct inlet *inlet,
    struct drop_ring *drops, struct pump_memory *memory, struct worker **ret);

/*
 * The device to pump, borrowed until the next call or worker_stop(); NULL:
 * none. Waits until the one before is not used any more. 0, or -ETIMEDOUT as
 * worker_publish().
 */
int worker_use(struct worker *w, struct tun *tun);

/*
 * Our own tunnel, borrowed until the next call or worker_stop(); NULL: none.
 * Waits and returns as worker_use().
 */
int worker_use_tunnel(struct worker *w, struct tunnel *tunnel);

/* A new handshake with its peers (tunnel_renew()), by that number; does not
 * wait. */
void worker_renew(struct worker *w, uint64_t number);

/* Called on the worker's thread, between two batches. */
typedef void worker_look(void *arg);

/* Look at what is the thread's. Waits and returns as worker_use(). */
int worker_let_look(struct worker *w, worker_look *look, void *arg);

/* Stop the thread and wait for it. worker_stop(NULL) does nothing. */
void worker_stop(struct worker *w);

/*
 * Make p the worker's policy (consumes p) and wait until it is in force: no
 * packet is judged by an older one from then on. 0, or -ETIMEDOUT if the
 * worker did not take it within a second: the caller must end the process,
 * which closes the gate.
 */
int worker_publish(struct worker *w, const struct policy *p);

/* The policy in force. Borrowed until the next publish. */
const struct policy *worker_policy(const struct worker *w);

/*
 * For the event loop: readable means that worker_failure() has something to
 * say, or that the tunnel has new facts.
 */
int worker_fd(const struct worker *w);

/*
 * 0, or the negative errno for which the worker gave up reading the tun (the
 * device was taken away). It passes nothing then, until it has another.
 */
int worker_failure(struct worker *w);

/* pump_answer_port() under the policy in force. */
int worker_answer_port(const struct worker *w);

#endif /* DATAPATH_WORKER_H */
