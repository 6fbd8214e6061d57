/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/crypto.h"

#include <assert.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/wireguard/le.h"

#define BLOCK_LEN 64 /* BLAKE2s (RFC 7693 section 2.1), and ChaCha20 */
#define NONCE_LEN 12

struct wg_crypto {
	OSSL_LIB_CTX *lib;
	EVP_MD *blake2s;
	EVP_MAC *blake2smac;
	EVP_CIPHER *chacha20;
	EVP_CIPHER *chachapoly;
	EVP_MD_CTX *hash;
	EVP_MAC_CTX *mac;
	EVP_CIPHER_CTX *stream; /* chacha20's */
	struct wg_aead *sealer; /* for keys that are used once */
	struct wg_aead *opener;
};

struct wg_private {
	OSSL_LIB_CTX *lib; /* borrowed */
	EVP_PKEY *key;
	EVP_PKEY_CTX *dh;
};

struct wg_aead {
	EVP_CIPHER_CTX *ctx;
	bool has_key;
};

/* What cannot fail; see crypto.h. */
static void
must(int result)
{
	if (result != 1)
		abort();
}

/* Lengths are of messages, which an int holds. */
static int
as_int(size_t len)
{
	must(len <= UINT16_MAX);
	return (int)len;
}

struct wg_crypto *
wg_crypto_new(void)
{
	struct wg_crypto *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	/* The default context would read openssl.cnf, and do as it says. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    (c->lib = OSSL_LIB_CTX_new()) == NULL)
		goto fail;
	c->blake2s = EVP_MD_fetch(c->lib, "BLAKE2S-256", NULL);
	c->blake2smac = EVP_MAC_fetch(c->lib, "BLAKE2SMAC", NULL);
	c->chacha20 = EVP_CIPHER_fetch(c->lib, "ChaCha20", NULL);
	c->chachapoly = EVP_CIPHER_fetch(c->lib, "ChaCha20-Poly1305", NULL);
	if (c->blake2s == NULL || c->blake2smac == NULL ||
	    c->chacha20 == NULL || c->chachapoly == NULL)
		goto fail;
	c->hash = EVP_MD_CTX_new();
	c->mac = EVP_MAC_CTX_new(c->blake2smac);
	c->stream = EVP_CIPHER_CTX_new();
	c->sealer = wg_aead_new(c, true);
	c->opener = wg_aead_new(c, false);
	if (c->hash == NULL || c->mac == NULL || c->stream == NULL ||
	    c->sealer == NULL || c->opener == NULL)
		goto fail;
	if (EVP_DigestInit_ex2(c->hash, c->blake2s, NULL) == 1 &&
	    EVP_EncryptInit_ex2(c->stream, c->chacha20, NULL, NULL, NULL) == 1)
		return c;
fail:
	wg_crypto_free(c);
	return NULL;
}

void
wg_crypto_free(struct wg_crypto *c)
{
	if (c == NULL)
		return;
	wg_aead_free(c->opener);
	wg_aead_free(c->sealer);
	EVP_CIPHER_CTX_free(c->stream);
	EVP_MAC_CTX_free(c->mac);
	EVP_MD_CTX_free(c->hash);
	EVP_CIPHER_free(c->chachapoly);
	EVP_CIPHER_free(c->chacha20);
	EVP_MAC_free(c->blake2smac);
	EVP_MD_free(c->blake2s);
	OSSL_LIB_CTX_free(c->lib);
	free(c);
}

void
wg_hash(struct wg_crypto *c, const void *a, size_t n_a, const void *b,
    size_t n_b, uint8_t ret[WG_HASH_LEN])
{
	/* No digest named: the one of wg_crypto_new(), without a look-up. */
	must(EVP_DigestInit_ex2(c->hash, NULL, NULL));
	must(EVP_DigestUpdate(c->hash, a, n_a));
	must(EVP_DigestUpdate(c->hash, b, n_b));
	must(EVP_DigestFinal_ex(c->hash, ret, NULL));
}

void
wg_mac(struct wg_crypto *c, const void *key, size_t n_key, const void *data,
    size_t len, uint8_t ret[WG_MAC_LEN])
{
	size_t size = WG_MAC_LEN;
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_size_t(
					  OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end() };

	must(EVP_MAC_init(c->mac, key, n_key, params));
	must(EVP_MAC_update(c->mac, data, len));
	must(EVP_MAC_final(c->mac, ret, &size, WG_MAC_LEN));
}

void
wg_hmac(struct wg_crypto *c, const void *key, size_t n_key, const void *a,
    size_t n_a, const void *b, size_t n_b, uint8_t ret[WG_HASH_LEN])
{
	uint8_t pad[BLOCK_LEN] = { 0 }, inner[WG_HASH_LEN];

	must(n_key <= BLOCK_LEN);
	memcpy(pad, key, n_key);
	for (int i = 0; i < BLOCK_LEN; i++)
		pad[i] ^= 0x36;
	must(EVP_DigestInit_ex2(c->hash, NULL, NULL));
	must(EVP_DigestUpdate(c->hash, pad, BLOCK_LEN));
	must(EVP_DigestUpdate(c->hash, a, n_a));
	must(EVP_DigestUpdate(c->hash, b, n_b));
	must(EVP_DigestFinal_ex(c->hash, inner, NULL));
	for (int i = 0; i < BLOCK_LEN; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	wg_hash(c, pad, BLOCK_LEN, inner, WG_HASH_LEN, ret);
	wg_wipe(pad, sizeof(pad));
	wg_wipe(inner, sizeof(inner));
}

void
wg_kdf(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN], const void *input,
    size_t len, unsigned n, uint8_t ret[][WG_KEY_LEN])
{
	uint8_t secret[WG_HASH_LEN];

	wg_hmac(c, key, WG_KEY_LEN, input, len, NULL, 0, secret);
	for (unsigned i = 0; i < n; i++) {
		uint8_t number = (uint8_t)(i + 1);

		wg_hmac(c, secret, WG_HASH_LEN, i > 0 ? ret[i - 1] : NULL,
		    i > 0 ? WG_KEY_LEN : 0, &number, 1, ret[i]);
	}
	wg_wipe(secret, sizeof(secret));
}

struct wg_private *
wg_private_new(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN])
{
	struct wg_private *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->lib = c->lib;
	k->key = EVP_PKEY_new_raw_private_key_ex(c->lib, "X25519", NULL, key,
	    WG_KEY_LEN);
	if (k->key != NULL)
		k->dh = EVP_PKEY_CTX_new_from_pkey(c->lib, k->key, NULL);
	if (k->dh != NULL && EVP_PKEY_derive_init(k->dh) == 1)
		return k;
	wg_private_free(k);
	return NULL;
}

void
wg_private_free(struct wg_private *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->dh);
	EVP_PKEY_free(k->key);
	free(k);
}

void
wg_private_public(const struct wg_private *k, uint8_t ret[WG_KEY_LEN])
{
	size_t len = WG_KEY_LEN;

	must(EVP_PKEY_get_raw_public_key(k->key, ret, &len));
}

int
wg_dh(struct wg_private *k, const uint8_t public[WG_KEY_LEN],
    uint8_t ret[WG_KEY_LEN])
{
	uint8_t shared[WG_KEY_LEN];
	size_t len = WG_KEY_LEN;
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(k->lib, "X25519", NULL,
	    public, WG_KEY_LEN);
	bool ok = peer != NULL && EVP_PKEY_derive_set_peer(k->dh, peer) == 1 &&
	    EVP_PKEY_derive(k->dh, shared, &len) == 1 && len == WG_KEY_LEN &&
	    !wg_is_zero(shared, WG_KEY_LEN);

	EVP_PKEY_free(peer);
	if (ok)
		memcpy(ret, shared, WG_KEY_LEN);
	else
		/* A peer's key may be any bytes: no news for the next user. */
		ERR_clear_error();
	wg_wipe(shared, sizeof(shared));
	return ok ? 0 : -EINVAL;
}

struct wg_aead *
wg_aead_new(struct wg_crypto *c, bool seals)
{
	struct wg_aead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->ctx = EVP_CIPHER_CTX_new();
	if (a->ctx != NULL &&
	    EVP_CipherInit_ex2(a->ctx, c->chachapoly, NULL, NULL, seals,
		NULL) == 1)
		return a;
	wg_aead_free(a);
	return NULL;
}

void
wg_aead_free(struct wg_aead *a)
{
	if (a == NULL)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	free(a);
}

/*
 * OpenSSL's assembler for ChaCha20 leaves its key on the stack, where calls are
 * deeper than this one: as far down as the caller that sealed or opened last
 * had been. That was seen within 10,000 bytes.
 */
static __attribute__((noinline)) void
wipe_stack(void)
{
	uint8_t below[32768];

	wg_wipe(below, sizeof(below));
}

void
wg_aead_set_key(struct wg_aead *a, const uint8_t *key)
{
	static const uint8_t none[WG_KEY_LEN];

	/* No cipher named: the context's. -1: sealing or opening, as it was. */
	must(EVP_CipherInit_ex2(a->ctx, NULL, key != NULL ? key : none, NULL,
	    -1, NULL));
	a->has_key = key != NULL;
	if (key == NULL)
		wipe_stack();
}

/* The context is for sealing or for opening, and has its key. */
static void
seal(EVP_CIPHER_CTX *ctx, const uint8_t nonce[NONCE_LEN], const void *ad,
    size_t n_ad, const uint8_t *data, size_t len, uint8_t *ret)
{
	int n = 0;

	must(EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL));
	if (n_ad > 0)
		must(EVP_EncryptUpdate(ctx, NULL, &n, ad, as_int(n_ad)));
	if (len > 0)
		must(EVP_EncryptUpdate(ctx, ret, &n, data, as_int(len)));
	must(EVP_EncryptFinal_ex(ctx, ret + len, &n));
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, WG_TAG_LEN,
	    ret + len));
}

static bool
open_sealed(EVP_CIPHER_CTX *ctx, const uint8_t nonce[NONCE_LEN], const void *ad,
    size_t n_ad, const uint8_t *data, size_t len, uint8_t *ret)
{
	uint8_t tag[WG_TAG_LEN], rest[1];
	int n = 0;

	memcpy(tag, data + len, WG_TAG_LEN);
	must(EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL));
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, WG_TAG_LEN, tag));
	if (n_ad > 0)
		must(EVP_DecryptUpdate(ctx, NULL, &n, ad, as_int(n_ad)));
	if (len > 0)
		must(EVP_DecryptUpdate(ctx, ret, &n, data, as_int(len)));
	if (EVP_DecryptFinal_ex(ctx, rest, &n) == 1)
		return true;
	wg_wipe(ret, len);
	return false;
}

static void
nonce_of(uint64_t counter, uint8_t ret[NONCE_LEN])
{
	memset(ret, 0, 4);
	le_put64(ret + 4, counter);
}

bool
wg_aead_seal(struct wg_aead *a, uint64_t counter, const void *ad, size_t n_ad,
    const uint8_t *data, size_t len, uint8_t *ret)
{
	uint8_t nonce[NONCE_LEN];

	if (!a->has_key) {
		wg_wipe(ret, len);
		return false;
	}
	nonce_of(counter, nonce);
	seal(a->ctx, nonce, ad, n_ad, data, len, ret);
	return true;
}

bool
wg_aead_open(struct wg_aead *a, uint64_t counter, const void *ad, size_t n_ad,
    const uint8_t *data, size_t len, uint8_t *ret)
{
	uint8_t nonce[NONCE_LEN];

	if (!a->has_key) {
		wg_wipe(ret, len);
		return false;
	}
	nonce_of(counter, nonce);
	return open_sealed(a->ctx, nonce, ad, n_ad, data, len, ret);
}

void
wg_seal_once(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN], const void *ad,
    size_t n_ad, const void *data, size_t len, uint8_t *ret)
{
	wg_aead_set_key(c->sealer, key);
	must(wg_aead_seal(c->sealer, 0, ad, n_ad, data, len, ret));
	wg_aead_set_key(c->sealer, NULL);
}

bool
wg_open_once(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN], const void *ad,
    size_t n_ad, const uint8_t *data, size_t len, void *ret)
{
	bool ok;

	wg_aead_set_key(c->opener, key);
	ok = wg_aead_open(c->opener, 0, ad, n_ad, data, len, ret);
	wg_aead_set_key(c->opener, NULL);
	return ok;
}

/*
 * ChaCha20's block function ends by adding its input to what the rounds made
 * of it (RFC 8439 section 2.3). HChaCha20 is the rounds without that, and of
 * that the first and the last row: so it is a block, which is the key stream
 * itself where the plaintext is zeros, less the input of those rows.
 */
void
wg_hchacha20(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t nonce[16], uint8_t ret[WG_KEY_LEN])
{
	static const uint8_t zeros[BLOCK_LEN];
	static const uint8_t constants[16] = { 'e', 'x', 'p', 'a', 'n', 'd',
		' ', '3', '2', '-', 'b', 'y', 't', 'e', ' ', 'k' };
	uint8_t block[BLOCK_LEN];
	int n = 0;

	must(EVP_EncryptInit_ex2(c->stream, NULL, key, nonce, NULL));
	must(EVP_EncryptUpdate(c->stream, block, &n, zeros, BLOCK_LEN));
	for (size_t i = 0; i < 16; i += 4) {
		le_put32(ret + i, le_32(block + i) - le_32(constants + i));
		le_put32(ret + 16 + i,
		    le_32(block + 48 + i) - le_32(nonce + i));
	}
	wg_wipe(block, sizeof(block));
}

/* The draft's section 2.3: a key of 16 bytes of the nonce, then 4 zeros + 8. */
static void
xkey(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t xnonce[WG_XNONCE_LEN], struct wg_aead *a,
    uint8_t ret_nonce[NONCE_LEN])
{
	uint8_t subkey[WG_KEY_LEN];

	wg_hchacha20(c, key, xnonce, subkey);
	wg_aead_set_key(a, subkey);
	wg_wipe(subkey, sizeof(subkey));
	memset(ret_nonce, 0, 4);
	memcpy(ret_nonce + 4, xnonce + 16, 8);
}

void
wg_xseal(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t nonce[WG_XNONCE_LEN], const void *ad, size_t n_ad,
    const void *data, size_t len, uint8_t *ret)
{
	uint8_t n[NONCE_LEN];

	xkey(c, key, nonce, c->sealer, n);
	seal(c->sealer->ctx, n, ad, n_ad, data, len, ret);
	wg_aead_set_key(c->sealer, NULL);
}

bool
wg_xopen(struct wg_crypto *c, const uint8_t key[WG_KEY_LEN],
    const uint8_t nonce[WG_XNONCE_LEN], const void *ad, size_t n_ad,
    const uint8_t *data, size_t len, void *ret)
{
	uint8_t n[NONCE_LEN];
	bool ok;

	xkey(c, key, nonce, c->opener, n);
	ok = open_sealed(c->opener->ctx, n, ad, n_ad, data, len, ret);
	wg_aead_set_key(c->opener, NULL);
	return ok;
}

bool
wg_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

bool
wg_is_zero(const void *p, size_t len)
{
	const uint8_t *bytes = p;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return any == 0;
}

void
wg_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

int
wg_random(struct wg_crypto *c, void *ret, size_t len)
{
	return RAND_bytes_ex(c->lib, ret, len, 0) == 1 ? 0 : -EIO;
}
