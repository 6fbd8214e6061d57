/* SPDX-License-Identifier: ISC */
/*
 * cookie: the two MACs that end a handshake message, and the reply that asks
 * for the second (the paper, sections 5.3, 5.4.4 and 5.4.7).
 *
 * mac1 shows that the sender knows our public key: what lacks it gets no
 * answer. mac2 shows that it receives what we send to its address: under load
 * what lacks it gets, instead of work, a cookie to make it with.
 *
 *   sender, a jar a peer                     receiver, one lock
 *   wg_jar_sign()    ------ message ------>  wg_lock_check(): only mac1
 *   wg_jar_read()    <--- cookie reply ----  wg_lock_reply()
 *   wg_jar_sign()    -- the next message ->  wg_lock_check(): mac2, too
 *
 * Times are nanoseconds of one clock that only goes forward. Wiped by their
 * owners.
 */
#ifndef DATAPATH_WIREGUARD_COOKIE_H
#define DATAPATH_WIREGUARD_COOKIE_H

#include <stdbool.h>

#include "datapath/wireguard/message.h"
#include "src/base/addr.h"

/* Where a message comes from or goes to. */
struct wg_endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

/* Both of one public key: the receiver's of what they are used for. */
struct wg_mac_keys {
	uint8_t mac1[WG_KEY_LEN];
	uint8_t cookie[WG_KEY_LEN];
};

/* Zeroed with keys: no secret yet, so no mac2 is good. */
struct wg_lock {
	struct wg_mac_keys keys; /* of our public key */
	bool has_secret;
	uint8_t secret[WG_KEY_LEN];
	uint64_t born; /* the secret */
};

/* Zeroed with keys: nothing sent, no cookie. */
struct wg_jar {
	struct wg_mac_keys keys; /* of the peer's public key */
	bool has_sent;
	uint8_t sent[WG_MAC_LEN]; /* mac1 of what was signed last */
	bool has_cookie;
	uint8_t cookie[WG_COOKIE_LEN];
	uint64_t born; /* the cookie: when it came */
};

enum wg_macs {
	WG_MACS_WRONG = 0,
	WG_MACS_FIRST, /* knows whom it speaks to */
	WG_MACS_BOTH   /* and is where it says */
};

void wg_mac_keys_of(struct wg_crypto *c, const uint8_t public[WG_KEY_LEN],
    struct wg_mac_keys *ret);

/*
 * Receiver. A secret serves for 120 seconds. Then, and at first, it has to be
 * renewed, with 32 fresh random bytes, before the next check or reply.
 */
bool wg_lock_is_stale(const struct wg_lock *lock, uint64_t now);
void wg_lock_renew(struct wg_lock *lock, const uint8_t secret[WG_KEY_LEN],
    uint64_t now);

/* msg is a handshake message of that length. */
enum wg_macs wg_lock_check(struct wg_crypto *c, const struct wg_lock *lock,
    const struct wg_endpoint *from, const uint8_t *msg, size_t len);

/* msg passed the check with WG_MACS_FIRST; nonce: fresh random bytes. */
void wg_lock_reply(struct wg_crypto *c, const struct wg_lock *lock,
    const struct wg_endpoint *from, const uint8_t *msg, size_t len,
    const uint8_t nonce[WG_XNONCE_LEN], uint8_t ret[WG_COOKIE_REPLY_LEN]);

/*
 * Sender. Write both MACs into a handshake message of that length: mac2 is
 * zeros without a cookie, or 115 seconds after it came (5 less than it lasts,
 * for the way).
 */
void wg_jar_sign(struct wg_crypto *c, struct wg_jar *jar, uint64_t now,
    uint8_t *msg, size_t len);

/*
 * false: no reply to what was signed last, or none of that peer's. One reply
 * a message: a second has nothing to answer.
 */
bool wg_jar_read(struct wg_crypto *c, struct wg_jar *jar, uint64_t now,
    const uint8_t msg[WG_COOKIE_REPLY_LEN]);

#endif /* DATAPATH_WIREGUARD_COOKIE_H */
