/* SPDX-License-Identifier: ISC */
/*
 * warden: the worker process as its parent sees it: forked, spoken to, ended
 * when it does what it may not or nothing at all, and forked anew.
 *
 * While there is no worker nothing passes: nobody reads the device. What it
 * was told last (policy, device, status) a new one is told first.
 */
#ifndef CONTROL_WARDEN_H
#define CONTROL_WARDEN_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct event_base;
struct msg;
struct msg_ear;
struct msg_policy;
struct server_list;
struct status;
struct tunnel_conf;
struct warden;

struct warden_calls {
	/*
	 * In the new process, which has the parent's memory and descriptors:
	 * be the worker, whose end of the channel this is. Its exit status.
	 */
	int (*run)(int channel, void *arg);
	/* A worker is about to be forked. The one before it is gone. */
	void (*on_start)(void *arg);
	/* It has what it was told first in force, and listens. */
	void (*on_ready)(void *arg);
	/*
	 * A request (MSG_CONNECT to MSG_STATS); fd is the connection of who
	 * asks, or -1. The answer: MSG_REPLY, or MSG_KERNEL to MSG_STATS.
	 */
	void (*on_request)(const struct msg *m, int fd, struct msg *ret_answer,
	    void *arg);
	void (*on_heard)(uint64_t epoch, void *arg);
	void (*on_silent)(void *arg);	 /* our tunnel's peer, so it says */
	void (*on_wire_down)(void *arg); /* what carried it, so it says */
	void (*on_tun_lost)(void *arg);	 /* so it says */
	/* Where our tunnel's peers spoke from (MSG_MOVED), so it says. */
	void (*on_moved)(const struct msg *m, void *arg);
	void *arg;
};

/* No worker yet. NULL: no memory. */
struct warden *
warden_new(struct event_base *base, const struct warden_calls *calls);

/* End the worker and wait until it is gone. warden_free(NULL): nothing. */
void warden_free(struct warden *w);

/* From now on there shall be one. 0, or a negative errno: it is tried again. */
int warden_start(struct warden *w);

/*
 * Bring a policy into force (borrowed; the sequence is set), and wait until no
 * packet is judged by an older one: because the worker says so, or because it
 * was ended for not saying so within a second. 0; or a negative errno if it
 * could not be ended: the caller must not announce anything.
 */
int warden_publish(struct warden *w, struct msg_policy *p);

/*
 * The device to be pumped (borrowed until the next call), or -1: none any
 * more. Waits and returns as warden_publish().
 */
int warden_give_tun(struct warden *w, int fd);

/* Our own tunnel: what it is made from, its device, its port. */
struct warden_tunnel {
	const struct tunnel_conf *conf;
	uint32_t mtu;
	int tun;
	/* A UDP socket and its port (host order); or 0 and a link's ends, the
	 * tunnel's and its carrier's. */
	int port_fd, carrier_fd;
	uint16_t port;
};

/*
 * The tunnel to be kept up, or NULL: none any more. What it consists of is
 * borrowed until the next call. Waits and returns as warden_publish().
 */
int warden_give_tunnel(struct warden *w, const struct warden_tunnel *t);

/*
 * The rest does not wait. The status is sent if it is another one; what lies
 * between its fields is sent, too.
 */
void warden_tell(struct warden *w, const struct status *s, bool announce);
void warden_tell_servers(struct warden *w, const struct server_list *l,
    int log_level);
/* fd is borrowed for the call. */
void warden_give_ear(struct warden *w, const struct msg_ear *ear, int fd);
void warden_close_ears(struct warden *w, uint64_t epoch);
/* A TCP socket for what carries the tunnel's messages; borrowed. */
void warden_give_wire(struct warden *w, int fd);
/* A new handshake; when it is done, on_heard() gets the epoch. */
void warden_renew(struct warden *w, uint64_t epoch);

/* End it: it said what is not so. */
void warden_distrust(struct warden *w, const char *why);

#endif /* CONTROL_WARDEN_H */
