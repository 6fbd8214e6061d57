/* SPDX-License-Identifier: ISC */
/*
 * tunnel: our own WireGuard tunnel, between its device and the uplink.
 *
 *     its tun -> whose, from whom -> seal -> outer headers -> uplink
 *     its tun <- for whom         <- open <- udp
 *
 * What it sends goes to endpoints of the policy that are marked `sealed`, and
 * to nobody else, from the policy's source and by the policy's hop. What comes
 * in while there is none is not looked at, unless the policy says that peers
 * may speak first: then who proves to be one is a place (tunnel_places()), and
 * the answer waits until a policy has it as an endpoint.
 *
 * Made and freed by control; between worker_use_tunnel() and the next it is
 * the worker's thread's.
 */
#ifndef DATAPATH_TUNNEL_H
#define DATAPATH_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath/wireguard/device.h"

struct drop_ring;
struct policy;
struct pump_memory;
struct tun;
struct tunnel;
struct tunnel_conf;
struct udp;
struct uplink;

/* What it needs; borrowed, but for the device and the port. */
struct tunnel_parts {
	const struct tunnel_conf *conf; /* only for the call */
	uint32_t mtu;			/* of the device */
	struct tun *tun;		/* consumed */
	struct udp *udp;		/* consumed; NULL: there is a link */
	int link; /* to what carries messages over TCP (src/os/link.h);
		   * consumed; not with udp */
	struct uplink *uplink;
	struct drop_ring *drops;
	struct pump_memory *memory;
};

/*
 * 0, or a negative errno with *ret untouched: -ENOMEM, or -EINVAL for a key or
 * a network that is none. The device and the port are consumed in any case.
 */
int tunnel_new(const struct tunnel_parts *parts, struct tunnel **ret);

/* Wipes all keys. tunnel_free(NULL) does nothing. */
void tunnel_free(struct tunnel *t);

/* To be polled for reading. */
int tunnel_tun_fd(const struct tunnel *t);
int tunnel_port_fd(const struct tunnel *t);

/*
 * The worker's thread. `now` as for wg_device (device.h).
 */

/*
 * Seal and send what waits in the device, at most a batch. The number read, or
 * the negative errno of the device.
 */
int tunnel_batch_out(struct tunnel *t, const struct policy *pol, uint64_t now);

/* Open what waits at the port, at most a batch, and hand it to the device. */
void tunnel_batch_in(struct tunnel *t, const struct policy *pol, uint64_t now);

/* poll() says POLLERR of the port: take what is said of a way (pathmtu.h). */
void tunnel_take_errors(struct tunnel *t, uint64_t now);

/* Do what is due; when it is to be called next (UINT64_MAX: not). */
void tunnel_tick(struct tunnel *t, const struct policy *pol, uint64_t now);
uint64_t tunnel_next_tick(const struct tunnel *t);

/*
 * A new handshake with each peer whose endpoint is known, at once; or with the
 * tick that is due then, where one was begun within the last 25 ms. number: by
 * which tunnel_renewed() says that it was answered; 0: nobody asks.
 */
void tunnel_renew(struct tunnel *t, const struct policy *pol, uint64_t now,
    uint64_t number);

/*
 * Where peers were heard that have no endpoint of their own, who spoke last
 * first; at most max. How many.
 */
unsigned
tunnel_places(const struct tunnel *t, struct wg_endpoint ret[], unsigned max);

/* How many peers; and as wg_device_status(), for each of them. */
unsigned tunnel_peers(const struct tunnel *t);
int tunnel_status(const struct tunnel *t, uint64_t now, uint32_t peer,
    struct wg_peer_status *ret);

/*
 * Facts, for any thread: how often it came to a session, with whatever peer;
 * how often there was news of tunnel_places(); the number of the last renewal
 * that was answered (0: none was); how often all did not answer three
 * initiations in a row. Of the last two: if peers have the way to everywhere
 * (/0 or /1), only they count.
 */
uint64_t tunnel_established(const struct tunnel *t);
uint64_t tunnel_moves(const struct tunnel *t);
uint64_t tunnel_renewed(const struct tunnel *t);
uint64_t tunnel_unanswered(const struct tunnel *t);

#endif /* DATAPATH_TUNNEL_H */
