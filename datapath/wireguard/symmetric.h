/* SPDX-License-Identifier: ISC */
/*
 * symmetric: what two sides of a Noise handshake have in common so far: a
 * chaining key, of all secrets, and a hash, of all that was said (The Noise
 * Protocol Framework, revision 34, section 5.2).
 *
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s seals once with each key, so the
 * counter of Noise's CipherState is always 0 and is not kept.
 *
 * Zeroed, it shares nothing with anybody. wg_wipe() it after use.
 */
#ifndef DATAPATH_WIREGUARD_SYMMETRIC_H
#define DATAPATH_WIREGUARD_SYMMETRIC_H

#include "datapath/wireguard/crypto.h"

struct wg_symmetric {
	uint8_t hash[WG_HASH_LEN];
	uint8_t chain[WG_KEY_LEN];
	uint8_t key[WG_KEY_LEN]; /* for the next seal or open */
};

void wg_symmetric_start(struct wg_crypto *c, struct wg_symmetric *s,
    const void *prologue, size_t len);

/* Say something in the open. */
void wg_symmetric_hash(struct wg_crypto *c, struct wg_symmetric *s,
    const void *data, size_t len);

/* Share a secret; the next key comes of it, and of all before it. */
void wg_symmetric_key(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t secret[WG_KEY_LEN]);

/* The same, of a Diffie-Hellman. 0, or wg_dh()'s error with s untouched. */
int wg_symmetric_dh(struct wg_crypto *c, struct wg_symmetric *s,
    struct wg_private *private, const uint8_t public[WG_KEY_LEN]);

/* A public ephemeral key: said, and, as there is a psk, mixed in. */
void wg_symmetric_ephemeral(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t public[WG_KEY_LEN]);

/* The key that was shared before; zeros, if there is none. */
void wg_symmetric_psk(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t psk[WG_KEY_LEN]);

/* Say something sealed: len bytes become len + WG_TAG_LEN. */
void wg_symmetric_seal(struct wg_crypto *c, struct wg_symmetric *s,
    const void *data, size_t len, uint8_t *ret);

/* And back. false: it was not sealed so; s is untouched. */
bool wg_symmetric_open(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t *data, size_t len, void *ret);

/* The keys of transport: the initiator's to send with, the responder's. */
void wg_symmetric_split(struct wg_crypto *c, const struct wg_symmetric *s,
    uint8_t ret[2][WG_KEY_LEN]);

#endif /* DATAPATH_WIREGUARD_SYMMETRIC_H */
