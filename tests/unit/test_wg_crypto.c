/* SPDX-License-Identifier: ISC */
/*
 * The published vectors of each algorithm. Those of the 16-byte MAC and of
 * the key derivation were made with Python's hashlib and hmac.
 */
#include "tests/unit/hex.h"

#include <errno.h>

#include "datapath/wireguard/crypto.h"

static struct wg_crypto *crypto;

static int
set_up(void **state)
{
	(void)state;
	crypto = wg_crypto_new();
	return crypto != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	wg_crypto_free(crypto);
	return 0;
}

static void
count_up(uint8_t *ret, size_t n, unsigned first)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint8_t)(first + i);
}

static void
blake2s_hashes(void **state)
{
	static const char abc[] = "abc";
	uint8_t h[WG_HASH_LEN];

	(void)state;
	/* RFC 7693 appendix B, in all the ways to cut it. */
	for (size_t cut = 0; cut <= 3; cut++) {
		wg_hash(crypto, abc, cut, &abc[cut], 3 - cut, h);
		assert_hex(h,
		    "508c5e8c327c14e2e1a72ba34eeb452f"
		    "37458b209ed63a294d999b4c86675982");
	}
	wg_hash(crypto, NULL, 0, NULL, 0, h);
	assert_hex(h,
	    "69217a3079908094e11121d042354a7c"
	    "1f55b6482ca1a51e1b250dfd1ed0eef9");
}

static void
blake2s_authenticates(void **state)
{
	static const struct {
		size_t n_key, len;
		const char *mac;
	} cases[] = {
		{ 16, 0, "af4e5d3bb230e9ff9096ca6f7c501f76" },
		{ 16, 1, "881e42e7bb358082637c0a0fd7ec6c2f" },
		{ 16, 64, "dd55c51c98f8ab96ed272882941f0b6a" },
		{ 16, 65, "9018c671bb7e94a6d540a91765bbecad" },
		{ 16, 200, "b8d300fa7937e4d1e67c8468df4c9a43" },
		{ 32, 0, "9536f9b267655743dee97b8a670f9f53" },
		{ 32, 1, "13bacfb85b48a1223c595f8c1e7e82cb" },
		{ 32, 64, "f1efa90d2547036841ecd3627fafbc36" },
		{ 32, 65, "811ff8686d23a435ecbd0bdafcd27b1b" },
		{ 32, 200, "42a6f8ff590af21b512e9e088257aa34" },
	};
	uint8_t bytes[200], mac[WG_MAC_LEN];

	(void)state;
	count_up(bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		wg_mac(crypto, bytes, cases[i].n_key, bytes, cases[i].len, mac);
		assert_hex(mac, cases[i].mac);
	}
}

static void
hmac_and_kdf_are_those_of_blake2s(void **state)
{
	uint8_t key[WG_KEY_LEN], keys[3][WG_KEY_LEN], h[WG_HASH_LEN];
	static const char *const expected[] = {
		"87b7f70b24183c6db5dc4f6d9f4c47cdb203321aa2a0bef714896adb3107a0"
		"40",
		"538a02e1eb2e31b7e4d4b82476d1fe2acf50085d3fb584537279195f5d1f58"
		"24",
		"9ad858025593be88de0f9442a589cfe84a88dc19e4753d93684d1c5efc4837"
		"f9",
	};

	(void)state;
	count_up(key, sizeof(key), 0);
	wg_hmac(crypto, key, sizeof(key), "hel", 3, "lo", 2, h);
	assert_hex(h,
	    "ca3386d2021b8c299b42476827e7e729"
	    "b48255da7aee060261072790ea0fc3fa");
	for (unsigned n = 1; n <= 3; n++) {
		memset(keys, 0, sizeof(keys));
		wg_kdf(crypto, key, "input", 5, n, keys);
		for (unsigned i = 0; i < n; i++)
			assert_hex(keys[i], expected[i]);
		for (unsigned i = n; i < 3; i++)
			assert_true(wg_is_zero(keys[i], WG_KEY_LEN));
	}
	/* The chaining key may be overwritten with the new one. */
	memcpy(keys[0], key, sizeof(key));
	wg_kdf(crypto, keys[0], "input", 5, 2, keys);
	assert_hex(keys[1], expected[1]);
}

static void
x25519_agrees(void **state)
{
	/* RFC 7748 section 6.1. */
	static const char alice_public[] = "8520f0098930a754748b7ddcb43ef75a"
					   "0dbf3a0d26381af4eba4a98eaa9b4e6a";
	static const char bob_public[] = "de9edb7d7b7dc1b4d35b61c2ece43537"
					 "3f8343c85b78674dadfc7e146f882b4f";
	static const char shared[] = "4a5d9d5ba4ce2de1728e3bf480350f25"
				     "e07e21c947d19e3376f09b3c1e161742";
	struct wg_private *alice, *bob;
	uint8_t a[WG_KEY_LEN], b[WG_KEY_LEN], secret[WG_KEY_LEN];

	(void)state;
	hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	    a, sizeof(a));
	hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	    b, sizeof(b));
	alice = wg_private_new(crypto, a);
	bob = wg_private_new(crypto, b);
	assert_non_null(alice);
	assert_non_null(bob);
	wg_private_public(alice, a);
	assert_hex(a, alice_public);
	wg_private_public(bob, b);
	assert_hex(b, bob_public);
	/* Again and again: the context is kept. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wg_dh(alice, b, secret), 0);
		assert_hex(secret, shared);
		assert_int_equal(wg_dh(bob, a, secret), 0);
		assert_hex(secret, shared);
	}
	wg_private_free(alice);
	wg_private_free(bob);
}

static void
a_key_of_small_order_is_refused(void **state)
{
	/* 0, 1, and the points of order 8 (RFC 7748 section 7). */
	static const char *const small[] = {
		"00000000000000000000000000000000"
		"00000000000000000000000000000000",
		"01000000000000000000000000000000"
		"00000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46a"
		"da098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b"
		"04445cc4581c8e86d8224eddd09f1157",
	};
	uint8_t key[WG_KEY_LEN], secret[WG_KEY_LEN];
	struct wg_private *k;

	(void)state;
	count_up(key, sizeof(key), 7);
	k = wg_private_new(crypto, key);
	assert_non_null(k);
	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		hex(small[i], key, sizeof(key));
		memset(secret, 0x5a, sizeof(secret));
		assert_int_equal(wg_dh(k, key, secret), -EINVAL);
		for (size_t b = 0; b < sizeof(secret); b++)
			assert_int_equal(secret[b], 0x5a);
	}
	wg_private_free(k);
}

/* RFC 8439 appendix A.5, whose nonce begins with zeros as WireGuard's do. */
static const char aead_key[] = "1c9240a5eb55d38af333888604f6b5f0"
			       "473917c1402b80099dca5cbc207075c0";
static const char aead_ad[] = "f33388860000000000004e91";
static const char aead_sealed[] =
    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
    "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
    "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
    "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
    "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
    "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
    "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
    "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
    "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38";
static const char aead_text[] =
    "Internet-Drafts are draft documents valid for a maximum of six months and "
    "may be updated, replaced, or obsoleted by other documents at any time. It "
    "is inappropriate to use Internet-Drafts as reference material or to cite "
    "them other than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
#define AEAD_COUNTER UINT64_C(0x0807060504030201)

static void
chacha20_poly1305_seals_and_opens(void **state)
{
	struct wg_aead *sealer = wg_aead_new(crypto, true);
	struct wg_aead *opener = wg_aead_new(crypto, false);
	uint8_t key[WG_KEY_LEN], ad[12], sealed[300], copy[300];
	size_t len = sizeof(aead_text) - 1;

	(void)state;
	assert_non_null(sealer);
	assert_non_null(opener);
	hex(aead_key, key, sizeof(key));
	hex(aead_ad, ad, sizeof(ad));
	assert_int_equal(hex(aead_sealed, sealed, sizeof(sealed)), len + 16);

	/* Without a key nothing is sealed or opened, and nothing remains. */
	memcpy(copy, aead_text, len);
	assert_false(wg_aead_seal(sealer, 1, ad, 12, copy, len, copy));
	assert_true(wg_is_zero(copy, len));
	assert_false(wg_aead_open(opener, 1, ad, 12, sealed, len, copy));

	wg_aead_set_key(sealer, key);
	wg_aead_set_key(opener, key);
	for (int i = 0; i < 2; i++) {
		/* In place. */
		memcpy(copy, aead_text, len);
		assert_true(wg_aead_seal(sealer, AEAD_COUNTER, ad, 12, copy,
		    len, copy));
		assert_memory_equal(copy, sealed, len + 16);
		assert_true(wg_aead_open(opener, AEAD_COUNTER, ad, 12, copy,
		    len, copy));
		assert_memory_equal(copy, aead_text, len);
	}
	/* Another counter, or any bit changed: no. */
	assert_false(wg_aead_open(opener, 1, ad, 12, sealed, len, copy));
	for (size_t i = 0; i < len + 16; i++) {
		sealed[i] ^= 0x10;
		assert_false(wg_aead_open(opener, AEAD_COUNTER, ad, 12, sealed,
		    len, copy));
		assert_true(wg_is_zero(copy, len));
		sealed[i] ^= 0x10;
	}
	for (size_t i = 0; i < 12; i++) {
		ad[i] ^= 1;
		assert_false(wg_aead_open(opener, AEAD_COUNTER, ad, 12, sealed,
		    len, copy));
		ad[i] ^= 1;
	}
	wg_aead_set_key(opener, NULL);
	assert_false(
	    wg_aead_open(opener, AEAD_COUNTER, ad, 12, sealed, len, copy));
	wg_aead_free(sealer);
	wg_aead_free(opener);
}

static void
once_is_the_same_with_counter_0(void **state)
{
	struct wg_aead *sealer = wg_aead_new(crypto, true);
	uint8_t key[WG_KEY_LEN], a[40], b[40];

	(void)state;
	assert_non_null(sealer);
	count_up(key, sizeof(key), 1);
	wg_aead_set_key(sealer, key);
	for (size_t len = 0; len <= 24; len += 12) {
		assert_true(wg_aead_seal(sealer, 0, "ad", 2, key, len, a));
		wg_seal_once(crypto, key, "ad", 2, key, len, b);
		assert_memory_equal(a, b, len + 16);
		assert_true(wg_open_once(crypto, key, "ad", 2, b, len, a));
		assert_memory_equal(a, key, len);
		assert_false(wg_open_once(crypto, key, "da", 2, b, len, a));
	}
	wg_aead_free(sealer);
}

static void
xchacha20_poly1305_seals_and_opens(void **state)
{
	/* draft-irtf-cfrg-xchacha-03, section 2.2.1 and appendix A.3.1. */
	static const char text[] =
	    "Ladies and Gentlemen of the class of '99: If I could offer you "
	    "only one tip for the future, sunscreen would be it.";
	static const char sealed[] =
	    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
	    "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
	    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
	    "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780a"
	    "cf49";
	uint8_t key[WG_KEY_LEN], nonce[WG_XNONCE_LEN], ad[12], out[200];
	size_t len = sizeof(text) - 1;

	(void)state;
	count_up(key, sizeof(key), 0);
	hex("000000090000004a0000000031415927", nonce, sizeof(nonce));
	wg_hchacha20(crypto, key, nonce, out);
	assert_hex(out,
	    "82413b4227b27bfed30e42508a877d73"
	    "a0f9e4d58a74a853c12ec41326d3ecdc");

	count_up(key, sizeof(key), 0x80);
	count_up(nonce, sizeof(nonce), 0x40);
	hex("50515253c0c1c2c3c4c5c6c7", ad, sizeof(ad));
	wg_xseal(crypto, key, nonce, ad, sizeof(ad), text, len, out);
	assert_hex(out, sealed);
	assert_true(
	    wg_xopen(crypto, key, nonce, ad, sizeof(ad), out, len, out));
	assert_memory_equal(out, text, len);
	hex(sealed, out, sizeof(out));
	out[len + 15] ^= 0x80;
	assert_false(
	    wg_xopen(crypto, key, nonce, ad, sizeof(ad), out, len, out));
}

static void
small_things(void **state)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };

	(void)state;
	assert_true(wg_is_zero(a, sizeof(a)));
	assert_int_equal(wg_random(crypto, a, sizeof(a)), 0);
	assert_int_equal(wg_random(crypto, b, sizeof(b)), 0);
	assert_false(wg_is_zero(a, sizeof(a)));
	assert_false(wg_equal(a, b, sizeof(a)));
	memcpy(b, a, sizeof(a));
	assert_true(wg_equal(a, b, sizeof(a)));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] ^= 0x80;
		assert_false(wg_equal(a, b, sizeof(a)));
		b[i] ^= 0x80;
	}
	wg_wipe(a, sizeof(a));
	assert_true(wg_is_zero(a, sizeof(a)));
	wg_crypto_free(NULL);
	wg_private_free(NULL);
	wg_aead_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blake2s_hashes),
		cmocka_unit_test(blake2s_authenticates),
		cmocka_unit_test(hmac_and_kdf_are_those_of_blake2s),
		cmocka_unit_test(x25519_agrees),
		cmocka_unit_test(a_key_of_small_order_is_refused),
		cmocka_unit_test(chacha20_poly1305_seals_and_opens),
		cmocka_unit_test(once_is_the_same_with_counter_0),
		cmocka_unit_test(xchacha20_poly1305_seals_and_opens),
		cmocka_unit_test(small_things),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
