/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/symmetric.h"

#include <string.h>

void
wg_symmetric_start(struct wg_crypto *c, struct wg_symmetric *s,
    const void *prologue, size_t len)
{
	static const char name[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";

	/* Longer than a hash, so it is hashed (Noise, section 5.2). */
	wg_hash(c, name, sizeof(name) - 1, NULL, 0, s->chain);
	wg_hash(c, s->chain, WG_HASH_LEN, prologue, len, s->hash);
	memset(s->key, 0, sizeof(s->key));
}

void
wg_symmetric_hash(struct wg_crypto *c, struct wg_symmetric *s, const void *data,
    size_t len)
{
	wg_hash(c, s->hash, WG_HASH_LEN, data, len, s->hash);
}

void
wg_symmetric_key(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t secret[WG_KEY_LEN])
{
	uint8_t keys[2][WG_KEY_LEN];

	wg_kdf(c, s->chain, secret, WG_KEY_LEN, 2, keys);
	memcpy(s->chain, keys[0], WG_KEY_LEN);
	memcpy(s->key, keys[1], WG_KEY_LEN);
	wg_wipe(keys, sizeof(keys));
}

int
wg_symmetric_dh(struct wg_crypto *c, struct wg_symmetric *s,
    struct wg_private *private, const uint8_t public[WG_KEY_LEN])
{
	uint8_t secret[WG_KEY_LEN];
	int r = wg_dh(private, public, secret);

	if (r == 0)
		wg_symmetric_key(c, s, secret);
	wg_wipe(secret, sizeof(secret));
	return r;
}

void
wg_symmetric_ephemeral(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t public[WG_KEY_LEN])
{
	wg_symmetric_hash(c, s, public, WG_KEY_LEN);
	/* The key made along with it is replaced before it is used. */
	wg_symmetric_key(c, s, public);
}

void
wg_symmetric_psk(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t psk[WG_KEY_LEN])
{
	uint8_t keys[3][WG_KEY_LEN];

	wg_kdf(c, s->chain, psk, WG_KEY_LEN, 3, keys);
	memcpy(s->chain, keys[0], WG_KEY_LEN);
	wg_symmetric_hash(c, s, keys[1], WG_KEY_LEN);
	memcpy(s->key, keys[2], WG_KEY_LEN);
	wg_wipe(keys, sizeof(keys));
}

void
wg_symmetric_seal(struct wg_crypto *c, struct wg_symmetric *s, const void *data,
    size_t len, uint8_t *ret)
{
	wg_seal_once(c, s->key, s->hash, WG_HASH_LEN, data, len, ret);
	wg_symmetric_hash(c, s, ret, len + WG_TAG_LEN);
}

bool
wg_symmetric_open(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t *data, size_t len, void *ret)
{
	if (!wg_open_once(c, s->key, s->hash, WG_HASH_LEN, data, len, ret))
		return false;
	wg_symmetric_hash(c, s, data, len + WG_TAG_LEN);
	return true;
}

void
wg_symmetric_split(struct wg_crypto *c, const struct wg_symmetric *s,
    uint8_t ret[2][WG_KEY_LEN])
{
	wg_kdf(c, s->chain, NULL, 0, 2, ret);
}
