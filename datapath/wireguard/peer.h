/* SPDX-License-Identifier: ISC */
/*
 * peer: one peer, and the device it belongs to, as the files behind device.h
 * share them.
 *
 *                      initiation --- response --> current     (initiator)
 *   response --> next --- the first data comes --> current     (responder)
 *                                                  current --> previous
 *
 * We send with `current` alone, and receive with all three: the responder does
 * not know that its response arrived before data comes, and what was sealed
 * before may come later. (The paper, section 6.2.)
 */
#ifndef DATAPATH_WIREGUARD_PEER_H
#define DATAPATH_WIREGUARD_PEER_H

#include "datapath/wireguard/device.h"
#include "datapath/wireguard/load.h"
#include "datapath/wireguard/session.h"
#include "datapath/wireguard/timers.h"

/* There are never more than two when a third begins. */
#define WG_SESSIONS 3

struct wg_peer {
	bool in_use;
	uint32_t number;
	struct wg_peer *same_hash; /* the next, by public key */
	struct wg_remote remote;
	struct wg_jar jar;
	struct wg_endpoint endpoint;
	bool is_fixed;
	struct wg_timers timers;

	struct wg_initiation initiation;
	struct wg_index awaiting;	  /* the initiation's */
	uint64_t last_handshake;	  /* of ours, sent; 0: none */
	uint64_t last_unix;		  /* its time of day */
	uint64_t asked;			  /* the initiation went out */
	uint64_t finished;		  /* the last handshake; 0: none */
	uint64_t round_trip;		  /* of the last we asked for */
	uint64_t last_request;		  /* of theirs, taken; 0: none */
	uint8_t newest[WG_TIMESTAMP_LEN]; /* its timestamp */

	struct wg_session sessions[WG_SESSIONS];
	struct wg_session *current, *next, *previous; /* or NULL */
	uint64_t sent, received;
};

struct wg_device {
	struct wg_ops ops;
	void *arg;
	size_t mtu;
	struct wg_crypto *crypto; /* borrowed */
	struct wg_self self;
	struct wg_lock lock;
	struct wg_load load;
	struct wg_allowed *allowed;
	struct wg_indices indices;
	struct wg_peer *peers;
	uint32_t max_peers;
	struct wg_peer **by_key;
	uint32_t n_by_key;	   /* a power of two */
	uint64_t unix_at, unix_is; /* the time of day was, at */
	uint64_t next_tick;
};

/* peer.c */

/* Ready for use; 0 or -ENOMEM. */
int wg_peer_init(struct wg_device *d, struct wg_peer *p);

/* Wipes all, and is not in use any more. */
void wg_peer_clear(struct wg_device *d, struct wg_peer *p);

struct wg_peer *
wg_peer_find(const struct wg_device *d, const uint8_t public[WG_KEY_LEN]);

/* A number that nobody has. 0, or an error of the random source. */
int wg_peer_new_index(struct wg_device *d, uint32_t *ret);

/* A handshake ended: keep what it was for. */
void wg_peer_add_session(struct wg_device *d, struct wg_peer *p,
    const struct wg_session_keys *keys, bool initiator, uint64_t now);

/* The first data came with `next`: it is what we use from now on. */
void wg_peer_confirm(struct wg_device *d, struct wg_peer *p);

/* Wipe all sessions, and what is awaited. */
void wg_peer_forget(struct wg_device *d, struct wg_peer *p);

/* The peer spoke from there; it may have moved. */
void wg_peer_heard_from(struct wg_device *d, struct wg_peer *p,
    const struct wg_endpoint *from);

/* Its timers have changed. */
void wg_peer_reschedule(struct wg_device *d, const struct wg_peer *p);

void wg_peer_tell(const struct wg_device *d, const struct wg_peer *p,
    enum wg_event e);

/* handshake.c */

/* Ask for a new session, unless that is being done. */
void wg_handshake_want(struct wg_device *d, struct wg_peer *p, uint64_t now);

/* Ask again. */
void wg_handshake_retry(struct wg_device *d, struct wg_peer *p, uint64_t now);

/* Any message but transport. */
enum wg_verdict wg_handshake_receive(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, const uint8_t *msg, size_t len);

/* transport.c */

enum wg_verdict wg_transport_receive(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, uint8_t *msg, size_t len,
    struct wg_packet *ret);

/* Say nothing, sealed; or ask for a session, if there is none. */
void
wg_transport_keepalive(struct wg_device *d, struct wg_peer *p, uint64_t now);

#endif /* DATAPATH_WIREGUARD_PEER_H */
