/* SPDX-License-Identifier: ISC */
/*
 * crypto: the cryptography that WireGuard is made of; the only door to
 * OpenSSL but carrier/tls.
 *
 *   hash   BLAKE2s, 32 bytes (RFC 7693)
 *   mac    BLAKE2s with a key, 16 bytes (RFC 7693)
 *   hmac   HMAC (RFC 2104) of that hash
 *   kdf    HKDF (RFC 5869) of that HMAC, as in section 5.4 of the paper
 *   dh     X25519 (RFC 7748)
 *   aead   ChaCha20-Poly1305 (RFC 8439), the nonce four zero bytes and then
 *          a little-endian counter
 *   xaead  XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03)
 *
 * "The paper" is Donenfeld, "WireGuard: Next Generation Kernel Network
 * Tunnel", in this folder's every file.
 *
 * OpenSSL is used as it is built: no file says otherwise, or is read.
 * Algorithms are looked up, and contexts made, once, by wg_crypto_new(). So
 * what returns nothing here can only fail if OpenSSL is broken or this code
 * is; it ends the program then, for keys of rubbish would be worse, and a
 * program that ends lets nothing pass. Outputs may be inputs, if they begin
 * at the same byte. What is made with a wg_crypto is used by its thread, and
 * freed before it.
 */
#ifndef DATAPATH_WIREGUARD_CRYPTO_H
#define DATAPATH_WIREGUARD_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WG_KEY_LEN    32
#define WG_HASH_LEN   32
#define WG_MAC_LEN    16
#define WG_TAG_LEN    16
#define WG_XNONCE_LEN 24

struct wg_crypto;
struct wg_private;
struct wg_aead;

/* NULL: no memory, or an OpenSSL that lacks one of the above. */
struct wg_crypto *wg_crypto_new(void);

/* wg_crypto_free(NULL) does nothing. Wipes. */
void wg_crypto_free(struct wg_crypto *c);

/* Of a, then b. A part of length 0 may be NULL, here and below. */
void wg_hash(struct wg_crypto *c, const void *a, size_t n_a, const void *b,
    size_t n_b, uint8_t ret[WG_HASH_LEN]);

/* The key has 1 to 32 bytes. */
void wg_mac(struct wg_crypto *c, const void *key, size_t n_key,
    const void *data, size_t len, uint8_t ret[WG_MAC_LEN]);

/* Of a, then b. The key has at most 64 bytes. */
void wg_hmac(struct wg_crypto *c, const void *key, size_t n_key, const void *a,
    size_t n_a, const void *b, size_t n_b, uint8_t ret[WG_HASH_LEN]);

/*
 * n keys, 1 to 3, of a chaining key and of input. The paper's KDFn(key,
 * input) is ret[0] to ret[n - 1].
 */
void wg_kdf(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const void *input, size_t len, unsigned n, uint8_t ret[][WG_KEY_LEN]);

/*
 * A private key of any 32 bytes; X25519 sets and clears the bits it has to.
 * NULL: no memory. Freeing wipes; wg_private_free(NULL) does nothing.
 */
struct wg_private *
wg_private_new(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN]);
void wg_private_free(struct wg_private *k);

void wg_private_public(const struct wg_private *k, uint8_t ret[WG_KEY_LEN]);

/*
 * The secret shared with the owner of a public key. 0; -EINVAL: all zeros, as
 * of a public key of small order (RFC 7748 section 6.1), or no memory.
 */
int wg_dh(struct wg_private *k, const uint8_t public[WG_KEY_LEN],
    uint8_t ret[WG_KEY_LEN]);

/*
 * A cipher for one direction, which keeps its key. A new one has none, and
 * seals and opens nothing. NULL: no memory. Freeing wipes, and does nothing
 * for NULL.
 */
struct wg_aead *wg_aead_new(struct wg_crypto *c, bool seals);
void wg_aead_free(struct wg_aead *a);

/* NULL takes the key away. */
void wg_aead_set_key(struct wg_aead *a, const uint8_t *key);

/*
 * len bytes become len + WG_TAG_LEN, and back: len is always that without the
 * tag. false: there is no key, or what is to be opened was not sealed so;
 * ret's len bytes are zeros then.
 */
bool wg_aead_seal(struct wg_aead *a, uint64_t counter, const void *ad,
    size_t n_ad, const uint8_t *data, size_t len, uint8_t *ret);
bool wg_aead_open(struct wg_aead *a, uint64_t counter, const void *ad,
    size_t n_ad, const uint8_t *data, size_t len, uint8_t *ret);

/* The same with counter 0 and a key that is used once. */
void wg_seal_once(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const void *ad, size_t n_ad, const void *data, size_t len, uint8_t *ret);
bool wg_open_once(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const void *ad, size_t n_ad, const uint8_t *data, size_t len, void *ret);

/* The same with a random nonce. */
void wg_xseal(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t nonce[WG_XNONCE_LEN], const void *ad, size_t n_ad,
    const void *data, size_t len, uint8_t *ret);
bool wg_xopen(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t nonce[WG_XNONCE_LEN], const void *ad, size_t n_ad,
    const uint8_t *data, size_t len, void *ret);

/* HChaCha20 (the draft's section 2.2): a key of a key and 16 bytes. */
void wg_hchacha20(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t nonce[16], uint8_t ret[WG_KEY_LEN]);

/* Takes as long whatever the bytes are. */
bool wg_equal(const void *a, const void *b, size_t len);
bool wg_is_zero(const void *p, size_t len);

/* Is not optimized away. */
void wg_wipe(void *p, size_t len);

/* From OpenSSL's generator. 0 or -EIO. */
int wg_random(struct wg_crypto *c, void *ret, size_t len);

#endif /* DATAPATH_WIREGUARD_CRYPTO_H */
