/* SPDX-License-Identifier: ISC */
/*
 * noise: the two messages of the handshake, as either side makes and reads
 * them (the paper, sections 5.4.1 to 5.4.5).
 *
 *   initiator                                            responder
 *   wg_noise_initiate() --- initiation --->  wg_noise_read_initiation()
 *                                            who is it? wg_noise_accept()
 *   wg_noise_finish()   <---- response ----  wg_noise_respond()
 *
 * Here a message is without its last two fields, mac1 and mac2 (cookie.h).
 * Whether a timestamp is newer than the last, and how often somebody may ask,
 * is for the caller. Functions give 0; or -EBADMSG for a message that is not
 * what it should be, -EINVAL for a key that no secret can be shared with,
 * -ENOMEM; what they would return is untouched then.
 */
#ifndef DATAPATH_WIREGUARD_NOISE_H
#define DATAPATH_WIREGUARD_NOISE_H

#include "datapath/wireguard/message.h"
#include "datapath/wireguard/symmetric.h"

/* Who we are. */
struct wg_self {
	struct wg_private *private;
	uint8_t public[WG_KEY_LEN];
};

/* Whom we speak with. Secret but for its first line; wiped by its owner. */
struct wg_remote {
	uint8_t public[WG_KEY_LEN];
	uint8_t psk[WG_KEY_LEN];    /* zeros: none */
	uint8_t shared[WG_KEY_LEN]; /* of both static keys */
};

/* An initiation of ours that awaits its response. Zeroed: none. */
struct wg_initiation {
	struct wg_symmetric symmetric;
	struct wg_private *ephemeral; /* NULL: none */
	uint32_t index;		      /* ours */
};

/* An initiation of a peer's. */
struct wg_request {
	struct wg_symmetric symmetric;
	uint8_t ephemeral[WG_KEY_LEN];
	uint8_t public[WG_KEY_LEN];	     /* who it says it is */
	uint8_t timestamp[WG_TIMESTAMP_LEN]; /* by wg_noise_accept() */
	uint32_t index;			     /* theirs */
};

/* What a handshake is for. */
struct wg_session_keys {
	uint8_t send[WG_KEY_LEN];
	uint8_t receive[WG_KEY_LEN];
	uint32_t local;	 /* the index in what we get */
	uint32_t remote; /* the index in what we send */
};

/* 0 or -ENOMEM. wg_self_clear() frees and wipes; of zeros, nothing. */
int wg_self_set(struct wg_crypto *c, struct wg_self *self,
    const uint8_t private[WG_KEY_LEN]);
void wg_self_clear(struct wg_self *self);

/* 0 or -EINVAL. */
int wg_remote_set(struct wg_remote *remote, const struct wg_self *self,
    const uint8_t public[WG_KEY_LEN], const uint8_t psk[WG_KEY_LEN]);

/*
 * A timestamp of nanoseconds since 1970 UTC: TAI64N (cr.yp.to/libtai), its
 * nanoseconds rounded down to 2^24 of them, so that it tells little of our
 * clock. Timestamps compare as memcmp() does.
 */
void wg_timestamp(uint64_t unix_ns, uint8_t ret[WG_TIMESTAMP_LEN]);

/*
 * `ephemeral` is 32 fresh random bytes. What was awaited in `i` is forgotten.
 */
int wg_noise_initiate(struct wg_crypto *c, const struct wg_self *self,
    const struct wg_remote *remote, const uint8_t ephemeral[WG_KEY_LEN],
    const uint8_t timestamp[WG_TIMESTAMP_LEN], uint32_t index,
    struct wg_initiation *i, uint8_t msg[WG_INITIATION_LEN]);

/* Frees and wipes; of zeros, nothing. */
void wg_initiation_forget(struct wg_initiation *i);

/* Learn who it says it is: ret->public. Nothing is proved by that yet. */
int wg_noise_read_initiation(struct wg_crypto *c, const struct wg_self *self,
    const uint8_t msg[WG_INITIATION_LEN], struct wg_request *ret);

/* remote is who it said. 0: so it is; and request->timestamp says when. */
int wg_noise_accept(struct wg_crypto *c, const struct wg_remote *remote,
    const uint8_t msg[WG_INITIATION_LEN], struct wg_request *request);

/* Consumes (wipes) the request, on failure, too. `ephemeral` as above. */
int wg_noise_respond(struct wg_crypto *c, const struct wg_remote *remote,
    struct wg_request *request, const uint8_t ephemeral[WG_KEY_LEN],
    uint32_t index, uint8_t msg[WG_RESPONSE_LEN], struct wg_session_keys *ret);

/*
 * 0: i is forgotten. Else it goes on waiting: what came may be a forgery. The
 * caller has found i by the message's receiver index.
 */
int wg_noise_finish(struct wg_crypto *c, const struct wg_self *self,
    const struct wg_remote *remote, struct wg_initiation *i,
    const uint8_t msg[WG_RESPONSE_LEN], struct wg_session_keys *ret);

#endif /* DATAPATH_WIREGUARD_NOISE_H */
