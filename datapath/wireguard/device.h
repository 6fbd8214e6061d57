/* SPDX-License-Identifier: ISC */
/*
 * device: one WireGuard interface: our key, the peers, and what passes between
 * an inner network and datagrams.
 *
 *   packets of the inner network             datagrams
 *   wg_device_route(), wg_device_seal()  ->  sent by the caller
 *   wg_device_receive() says WG_PACKET   <-  wg_device_receive()
 *                                        ->  ops->send(): handshakes,
 * keepalives
 *
 * Pure: it asks for no time, reads and writes no socket, and keeps no packet.
 * Memory is asked for when peers and their networks are configured; OpenSSL
 * asks for some in a handshake; nobody does for a packet. Who is not
 * configured, or has no session, sends and receives nothing.
 *
 * Every `now` is nanoseconds of one clock that only goes forward, not 0.
 * A device is used by one thread.
 */
#ifndef DATAPATH_WIREGUARD_DEVICE_H
#define DATAPATH_WIREGUARD_DEVICE_H

#include "datapath/wireguard/allowedips.h"
#include "datapath/wireguard/cookie.h"
#include "datapath/wireguard/message.h"

struct wg_device;

enum wg_event {
	WG_ESTABLISHED, /* there is a new session: packets can go now */
	WG_GAVE_UP,	/* no answer for 90 s; the next packet tries again */
	WG_FORGOTTEN,	/* no new session for 540 s: the keys were wiped */
	WG_MOVED	/* the peer speaks from another endpoint now */
};

/* What the device wants of its owner. */
struct wg_ops {
	/* Fill with random bytes. 0 or a negative errno. */
	int (*random)(void *arg, void *ret, size_t len);
	/*
	 * The message is the device's again on return; no call back. It is for
	 * a peer's endpoint; under load also for who knows our public key,
	 * wherever that is (cookie replies).
	 */
	void (*send)(void *arg, const struct wg_endpoint *to,
	    const uint8_t *msg, size_t len);
	/* May call wg_device_seal(). NULL: nobody wants to know. */
	void (*event)(void *arg, uint32_t peer, enum wg_event e);
};

struct wg_config {
	struct wg_crypto *crypto; /* borrowed; several devices may have one */
	uint8_t private[WG_KEY_LEN];
	uint32_t max_peers; /* at least 1 */
	size_t mtu;	    /* of the inner network: 576 to 65460 bytes */
	unsigned enough;    /* handshakes a second; more are load (load.h) */
	const struct wg_ops *ops;
	void *arg; /* for the ops */
};

/* Zeroed but for the key: a peer that has to speak first. */
struct wg_peer_config {
	uint8_t public[WG_KEY_LEN];
	uint8_t psk[WG_KEY_LEN];     /* zeros: none */
	struct wg_endpoint endpoint; /* ADDR_NONE: not known yet */
	bool is_fixed;	     /* the endpoint: wherever the peer speaks from */
	uint64_t persistent; /* keepalive interval, ns; 0: none */
};

/* NULL: no memory, no random bytes, or a wrong config. */
struct wg_device *wg_device_new(const struct wg_config *config);

/* Wipes all keys. Does nothing for NULL. */
void wg_device_free(struct wg_device *d);

/*
 * The time of day, nanoseconds since 1970, at a moment. Set it before the
 * first packet, and when the clock was set. A peer answers no initiation that
 * is not later by it than the last it saw of us.
 */
void wg_device_set_time(struct wg_device *d, uint64_t now, uint64_t unix_ns);

/*
 * A peer's number is below max_peers. 0; -EINVAL: no secret can be shared with
 * that key, or it is ours; -EEXIST; -ENOSPC; -ENOMEM.
 */
int wg_device_add_peer(struct wg_device *d, const struct wg_peer_config *config,
    uint32_t *ret_peer);

/* Its networks, too. Not from within an event. */
void wg_device_remove_peer(struct wg_device *d, uint32_t peer);

/* Give an inner network to a peer. As wg_allowed_put(), or -ENOENT. */
int
wg_device_allow(struct wg_device *d, uint32_t peer, const struct prefix *net);

/* Whose a packet is by its destination; WG_NOBODY: it goes nowhere. */
uint32_t
wg_device_route(const struct wg_device *d, const uint8_t *packet, size_t len);

/*
 * Make a message of the packet at msg + WG_TRANSPORT_HEADER. There must be
 * room for WG_DEVICE_OVERHEAD bytes more than the packet has. 0, and it has to
 * be sent; or
 *   -EAGAIN        no session: one is asked for now, WG_ESTABLISHED will tell
 *   -EDESTADDRREQ  no endpoint: the peer has to speak first
 *   -EMSGSIZE      no packet, or longer than the MTU
 *   -ENOENT        no such peer
 */
#define WG_DEVICE_OVERHEAD (WG_TRANSPORT_MIN + 15)
int
wg_device_seal(struct wg_device *d, uint64_t now, uint32_t peer, uint8_t *msg,
    size_t packet_len, size_t *ret_len, struct wg_endpoint *ret_to);

/* What became of a message that came in. */
enum wg_verdict {
	WG_PACKET,	/* it had a packet in it */
	WG_DONE,	/* it had not, and was good */
	WG_NO_MESSAGE,	/* none of WireGuard's */
	WG_WRONG_MAC,	/* the sender does not know our key */
	WG_UNDER_LOAD,	/* got a cookie, or nothing, instead of an answer */
	WG_UNKNOWN,	/* no such peer, or index */
	WG_FORGED,	/* not sealed with the key it should be */
	WG_REPLAYED,	/* was here before, or is too late, or too soon */
	WG_EXPIRED,	/* its session is too old */
	WG_NOT_ALLOWED, /* the inner packet's source is not the peer's */
	WG_NOT_IP,	/* the inner packet is none */
	WG_FAILED,	/* no memory, or no random bytes */
	WG_VERDICTS
};

struct wg_packet {
	uint32_t peer;
	uint8_t *data; /* within the message */
	size_t len;
};

/* Opens the message where it is. ret is for WG_PACKET only. */
enum wg_verdict wg_device_receive(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, uint8_t *msg, size_t len,
    struct wg_packet *ret);

/* Do what is due. */
void wg_device_tick(struct wg_device *d, uint64_t now);

/* When it is to be called next, at the latest; UINT64_MAX: not. */
uint64_t wg_device_next_tick(const struct wg_device *d);

/* Ask for a session without a packet, if there is none. */
void wg_device_connect(struct wg_device *d, uint64_t now, uint32_t peer);

/*
 * Ask for a session at once, whatever was sent lately: the way to the peer is
 * another one, or is back after it was lost. (Else five seconds pass between
 * two handshakes.) A session that is good is used until there is the new one.
 */
void wg_device_renew(struct wg_device *d, uint64_t now, uint32_t peer);

struct wg_peer_status {
	uint8_t public[WG_KEY_LEN];
	bool is_established;   /* a packet could go now */
	uint64_t born;	       /* the session that would be used */
	uint64_t handshake;    /* when the last was finished; 0: none was */
	uint64_t round_trip;   /* ns, of the last that we asked for; 0: none */
	uint64_t last_unix;    /* the latest time of day told to the peer: what
				* the next run's must be later than */
	struct wg_endpoint at; /* ADDR_NONE: not known */
	uint64_t sent, received; /* bytes of messages that were good */
};

/* 0 or -ENOENT. */
int wg_device_status(const struct wg_device *d, uint64_t now, uint32_t peer,
    struct wg_peer_status *ret);

#endif /* DATAPATH_WIREGUARD_DEVICE_H */
