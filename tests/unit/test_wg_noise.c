/* SPDX-License-Identifier: ISC */
/*
 * The handshake, byte by byte, against vectors/README.md's; then what must
 * not be taken.
 */
#include "tests/unit/hex.h"

#include <errno.h>
#include <jansson.h>

#include "datapath/wireguard/cookie.h"
#include "datapath/wireguard/noise.h"

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

static json_t *
load(const char *file)
{
	json_error_t e;
	json_t *j = json_load_file(file, 0, &e);

	if (j == NULL)
		fail_msg("%s: %s", file, e.text);
	return j;
}

static const char *
text(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	if (s == NULL)
		fail_msg("no %s", name);
	return s;
}

static size_t
bytes(const json_t *j, const char *name, uint8_t *ret, size_t room)
{
	return hex(text(j, name), ret, room);
}

/* One side of Noise_IKpsk2. */
struct side {
	struct wg_private *fixed, *ephemeral;
	uint8_t fixed_public[WG_KEY_LEN], ephemeral_public[WG_KEY_LEN];
	struct wg_symmetric s;
};

static void
side_new(struct side *s, const json_t *v, const char *who)
{
	uint8_t key[WG_KEY_LEN], prologue[64];
	char name[32];
	size_t n;

	(void)snprintf(name, sizeof(name), "%s_static", who);
	bytes(v, name, key, sizeof(key));
	s->fixed = wg_private_new(crypto, key);
	(void)snprintf(name, sizeof(name), "%s_ephemeral", who);
	bytes(v, name, key, sizeof(key));
	s->ephemeral = wg_private_new(crypto, key);
	wg_private_public(s->fixed, s->fixed_public);
	wg_private_public(s->ephemeral, s->ephemeral_public);
	(void)snprintf(name, sizeof(name), "%s_prologue", who);
	n = bytes(v, name, prologue, sizeof(prologue));
	wg_symmetric_start(crypto, &s->s, prologue, n);
}

/*
 * The pattern with another prologue and other payloads than WireGuard's:
 *   <- s  ...  -> e, es, s, ss   <- e, ee, se, psk
 */
static void
noise_ikpsk2_is_that_of_others(void **state)
{
	json_t *all = load(VECTORS "/cacophony-ikpsk2-blake2s.json");
	const json_t *v = json_array_get(all, 0);
	const json_t *messages = json_object_get(v, "messages"), *m;
	struct side i, r;
	uint8_t psk[WG_KEY_LEN], payload[64], out[256], keys[2][WG_KEY_LEN];
	size_t n;

	(void)state;
	side_new(&i, v, "init");
	side_new(&r, v, "resp");
	hex(json_string_value(
		json_array_get(json_object_get(v, "init_psks"), 0)),
	    psk, sizeof(psk));

	m = json_array_get(messages, 0);
	n = bytes(m, "payload", payload, sizeof(payload));
	wg_symmetric_hash(crypto, &i.s, r.fixed_public, WG_KEY_LEN);
	wg_symmetric_ephemeral(crypto, &i.s, i.ephemeral_public);
	memcpy(out, i.ephemeral_public, WG_KEY_LEN);
	assert_int_equal(
	    wg_symmetric_dh(crypto, &i.s, i.ephemeral, r.fixed_public), 0);
	wg_symmetric_seal(crypto, &i.s, i.fixed_public, WG_KEY_LEN, out + 32);
	assert_int_equal(wg_symmetric_dh(crypto, &i.s, i.fixed, r.fixed_public),
	    0);
	wg_symmetric_seal(crypto, &i.s, payload, n, out + 80);
	assert_hex(out, text(m, "ciphertext"));

	/* What was said is common; what follows is the responder's. */
	r.s = i.s;
	m = json_array_get(messages, 1);
	n = bytes(m, "payload", payload, sizeof(payload));
	wg_symmetric_ephemeral(crypto, &r.s, r.ephemeral_public);
	memcpy(out, r.ephemeral_public, WG_KEY_LEN);
	assert_int_equal(
	    wg_symmetric_dh(crypto, &r.s, r.ephemeral, i.ephemeral_public), 0);
	assert_int_equal(
	    wg_symmetric_dh(crypto, &r.s, r.ephemeral, i.fixed_public), 0);
	wg_symmetric_psk(crypto, &r.s, psk);
	wg_symmetric_seal(crypto, &r.s, payload, n, out + 32);
	assert_hex(out, text(m, "ciphertext"));
	assert_hex(r.s.hash, text(v, "handshake_hash"));

	wg_symmetric_split(crypto, &r.s, keys);
	for (size_t k = 2; k < 6; k++) {
		struct wg_aead *a = wg_aead_new(crypto, true);

		m = json_array_get(messages, k);
		n = bytes(m, "payload", payload, sizeof(payload));
		wg_aead_set_key(a, keys[k % 2]);
		assert_true(
		    wg_aead_seal(a, (k - 2) / 2, NULL, 0, payload, n, out));
		assert_hex(out, text(m, "ciphertext"));
		wg_aead_free(a);
	}
	wg_private_free(i.fixed);
	wg_private_free(i.ephemeral);
	wg_private_free(r.fixed);
	wg_private_free(r.ephemeral);
	json_decref(all);
}

/* Both ends of a handshake of wireguard-kat.json. */
struct pair {
	struct wg_self us, them;
	struct wg_remote to_them, to_us;
	uint8_t our_ephemeral[WG_KEY_LEN], their_ephemeral[WG_KEY_LEN];
	struct wg_jar jar, their_jar;
	struct wg_lock lock;
	struct wg_initiation i;
};

static void
pair_new(struct pair *p, const json_t *v)
{
	uint8_t a[WG_KEY_LEN], b[WG_KEY_LEN], psk[WG_KEY_LEN];

	memset(p, 0, sizeof(*p));
	bytes(v, "initiator_private", a, sizeof(a));
	bytes(v, "responder_private", b, sizeof(b));
	bytes(v, "psk", psk, sizeof(psk));
	assert_int_equal(wg_self_set(crypto, &p->us, a), 0);
	assert_int_equal(wg_self_set(crypto, &p->them, b), 0);
	assert_hex(p->us.public, text(v, "initiator_public"));
	assert_hex(p->them.public, text(v, "responder_public"));
	assert_int_equal(
	    wg_remote_set(&p->to_them, &p->us, p->them.public, psk), 0);
	assert_int_equal(wg_remote_set(&p->to_us, &p->them, p->us.public, psk),
	    0);
	bytes(v, "initiator_ephemeral_private", p->our_ephemeral, WG_KEY_LEN);
	bytes(v, "responder_ephemeral_private", p->their_ephemeral, WG_KEY_LEN);
	wg_mac_keys_of(crypto, p->them.public, &p->jar.keys);
	wg_mac_keys_of(crypto, p->them.public, &p->lock.keys);
	wg_mac_keys_of(crypto, p->us.public, &p->their_jar.keys);
}

static void
pair_free(struct pair *p)
{
	wg_initiation_forget(&p->i);
	wg_self_clear(&p->us);
	wg_self_clear(&p->them);
}

static int
pair_initiate(struct pair *p, const json_t *v, uint8_t *msg)
{
	uint8_t when[WG_TIMESTAMP_LEN];
	json_int_t ns = json_integer_value(json_object_get(v, "unix_time_ns"));

	wg_timestamp((uint64_t)ns, when);
	assert_hex(when, text(v, "tai64n"));
	return wg_noise_initiate(crypto, &p->us, &p->to_them, p->our_ephemeral,
	    when, 0x44332211, &p->i, msg);
}

static void
transport_is_as_recorded(const json_t *v, const struct wg_session_keys *ours)
{
	const json_t *all = json_object_get(v, "transport"), *t;
	size_t k;

	json_array_foreach(all, k, t)
	{
		bool by_us = strcmp(text(t, "dir"), "i2r") == 0;
		struct wg_aead *a = wg_aead_new(crypto, true);
		uint8_t inner[64] = { 0 }, out[128];
		size_t n = bytes(t, "inner", inner, sizeof(inner));
		uint64_t counter =
		    (uint64_t)json_integer_value(json_object_get(t, "counter"));

		n = (n + 15) / 16 * 16;
		le_put32(out, WG_TRANSPORT);
		le_put32(out + WG_INDEX, by_us ? ours->remote : ours->local);
		le_put64(out + WG_TRANSPORT_COUNTER, counter);
		wg_aead_set_key(a, by_us ? ours->send : ours->receive);
		assert_true(wg_aead_seal(a, counter, NULL, 0, inner, n,
		    out + WG_TRANSPORT_HEADER));
		assert_hex(out, text(t, "message"));
		assert_int_equal(strlen(text(t, "message")),
		    2 * (WG_TRANSPORT_MIN + n));
		wg_aead_free(a);
	}
}

static void
handshake_is_as_recorded(const json_t *v)
{
	static const struct wg_endpoint from = { { ADDR_V4, { 192, 0, 2, 9 } },
		51820 };
	struct pair p;
	struct wg_request q;
	struct wg_session_keys ours, theirs;
	uint8_t msg[WG_INITIATION_LEN], answer[WG_RESPONSE_LEN];
	uint8_t reply[WG_COOKIE_REPLY_LEN], secret[WG_KEY_LEN];
	uint8_t source[6], nonce[WG_XNONCE_LEN];

	pair_new(&p, v);
	assert_int_equal(pair_initiate(&p, v, msg), 0);
	assert_hex(p.i.symmetric.hash, text(v, "hash_after_initiation"));
	assert_hex(p.i.symmetric.chain,
	    text(v, "chaining_key_after_initiation"));
	wg_jar_sign(crypto, &p.jar, 7, msg, sizeof(msg));
	assert_hex(msg, text(v, "initiation"));

	/* The responder is under load. */
	bytes(v, "cookie_src_bytes", source, sizeof(source));
	assert_memory_equal(source, from.addr.bytes, 4);
	assert_int_equal(source[4] << 8 | source[5], from.port);
	bytes(v, "cookie_secret", secret, sizeof(secret));
	bytes(v, "cookie_reply", reply, sizeof(reply));
	memcpy(nonce, reply + WG_COOKIE_NONCE, sizeof(nonce));
	wg_lock_renew(&p.lock, secret, 7);
	assert_int_equal(
	    wg_lock_check(crypto, &p.lock, &from, msg, sizeof(msg)),
	    WG_MACS_FIRST);
	memset(reply, 0, sizeof(reply));
	wg_lock_reply(crypto, &p.lock, &from, msg, sizeof(msg), nonce, reply);
	assert_hex(reply, text(v, "cookie_reply"));
	assert_true(wg_jar_read(crypto, &p.jar, 7, reply));
	assert_hex(p.jar.cookie, text(v, "cookie"));
	wg_jar_sign(crypto, &p.jar, 7, msg, sizeof(msg));
	assert_hex(msg, text(v, "initiation_with_mac2"));
	assert_int_equal(
	    wg_lock_check(crypto, &p.lock, &from, msg, sizeof(msg)),
	    WG_MACS_BOTH);

	assert_int_equal(wg_noise_read_initiation(crypto, &p.them, msg, &q), 0);
	assert_memory_equal(q.public, p.us.public, WG_KEY_LEN);
	assert_int_equal(wg_noise_accept(crypto, &p.to_us, msg, &q), 0);
	assert_hex(q.timestamp, text(v, "tai64n"));
	assert_int_equal(wg_noise_respond(crypto, &p.to_us, &q,
			     p.their_ephemeral, 0x88776655, answer, &theirs),
	    0);
	wg_jar_sign(crypto, &p.their_jar, 7, answer, sizeof(answer));
	assert_hex(answer, text(v, "response"));
	assert_true(wg_is_zero(&q, sizeof(q)));

	assert_int_equal(
	    wg_noise_finish(crypto, &p.us, &p.to_them, &p.i, answer, &ours), 0);
	assert_hex(ours.send, text(v, "initiator_send_key"));
	assert_hex(ours.receive, text(v, "initiator_receive_key"));
	assert_memory_equal(ours.send, theirs.receive, WG_KEY_LEN);
	assert_memory_equal(ours.receive, theirs.send, WG_KEY_LEN);
	assert_int_equal(ours.local, theirs.remote);
	assert_int_equal(ours.remote, theirs.local);
	transport_is_as_recorded(v, &ours);

	/* It was the answer to one initiation, and finishes once. */
	assert_null(p.i.ephemeral);
	assert_int_equal(
	    wg_noise_finish(crypto, &p.us, &p.to_them, &p.i, answer, &ours),
	    -EBADMSG);
	pair_free(&p);
}

static void
handshakes_are_as_recorded(void **state)
{
	json_t *all = load(VECTORS "/wireguard-kat.json");
	const json_t *v, *vectors = json_object_get(all, "vectors");
	size_t k;

	(void)state;
	assert_int_equal(json_array_size(vectors), 2);
	json_array_foreach(vectors, k, v) handshake_is_as_recorded(v);
	json_decref(all);
}

static void
changed_messages_are_refused(void **state)
{
	json_t *all = load(VECTORS "/wireguard-kat.json");
	const json_t *v = json_array_get(json_object_get(all, "vectors"), 1);
	struct pair p;
	struct wg_request q;
	struct wg_session_keys ours, theirs;
	uint8_t msg[WG_INITIATION_LEN], answer[WG_RESPONSE_LEN];
	size_t end = WG_INITIATION_LEN - WG_MAC1_FROM_END;

	(void)state;
	pair_new(&p, v);
	assert_int_equal(pair_initiate(&p, v, msg), 0);
	/* Type and index are not authenticated here, but by mac1. */
	for (size_t k = WG_INITIATION_EPHEMERAL; k < end; k++) {
		int r;

		msg[k] ^= 0x20;
		r = wg_noise_read_initiation(crypto, &p.them, msg, &q);
		if (k >= WG_INITIATION_TIMESTAMP) {
			assert_int_equal(r, 0);
			r = wg_noise_accept(crypto, &p.to_us, msg, &q);
		}
		assert_int_equal(r, -EBADMSG);
		msg[k] ^= 0x20;
	}
	assert_int_equal(wg_noise_read_initiation(crypto, &p.them, msg, &q), 0);
	assert_int_equal(wg_noise_accept(crypto, &p.to_us, msg, &q), 0);
	assert_int_equal(wg_noise_respond(crypto, &p.to_us, &q,
			     p.their_ephemeral, 5, answer, &theirs),
	    0);
	end = WG_RESPONSE_LEN - WG_MAC1_FROM_END;
	for (size_t k = WG_RESPONSE_EPHEMERAL; k < end; k++) {
		answer[k] ^= 0x20;
		assert_int_equal(wg_noise_finish(crypto, &p.us, &p.to_them,
				     &p.i, answer, &ours),
		    -EBADMSG);
		answer[k] ^= 0x20;
	}
	/* None of the forgeries disturbed what is awaited. */
	assert_int_equal(
	    wg_noise_finish(crypto, &p.us, &p.to_them, &p.i, answer, &ours), 0);
	assert_memory_equal(ours.send, theirs.receive, WG_KEY_LEN);
	pair_free(&p);
	json_decref(all);
}

static void
keys_that_share_no_secret_are_refused(void **state)
{
	json_t *all = load(VECTORS "/wireguard-kat.json");
	const json_t *v = json_array_get(json_object_get(all, "vectors"), 0);
	struct pair p;
	struct wg_request q;
	struct wg_remote nobody;
	struct wg_session_keys ours;
	uint8_t msg[WG_INITIATION_LEN] = { 0 }, zeros[WG_KEY_LEN] = { 0 };

	(void)state;
	pair_new(&p, v);
	assert_int_equal(wg_remote_set(&nobody, &p.us, zeros, zeros), -EINVAL);
	assert_int_equal(wg_noise_read_initiation(crypto, &p.them, msg, &q),
	    -EINVAL);
	assert_int_equal(pair_initiate(&p, v, msg), 0);
	memset(msg, 0, sizeof(msg));
	assert_int_equal(
	    wg_noise_finish(crypto, &p.us, &p.to_them, &p.i, msg, &ours),
	    -EINVAL);
	pair_free(&p);
	json_decref(all);
}

static void
another_psk_or_another_peer_fails(void **state)
{
	json_t *all = load(VECTORS "/wireguard-kat.json");
	const json_t *v = json_array_get(json_object_get(all, "vectors"), 1);
	struct pair p;
	struct wg_request q;
	struct wg_session_keys ours, theirs;
	uint8_t msg[WG_INITIATION_LEN], answer[WG_RESPONSE_LEN];

	(void)state;
	pair_new(&p, v);
	assert_int_equal(pair_initiate(&p, v, msg), 0);
	/* Not for us. */
	assert_int_equal(wg_noise_read_initiation(crypto, &p.us, msg, &q),
	    -EBADMSG);
	assert_int_equal(wg_noise_read_initiation(crypto, &p.them, msg, &q), 0);
	/* Said to be of p.us, but proved to be of somebody else. */
	p.to_us.shared[0] ^= 1;
	assert_int_equal(wg_noise_accept(crypto, &p.to_us, msg, &q), -EBADMSG);
	p.to_us.shared[0] ^= 1;
	assert_int_equal(wg_noise_accept(crypto, &p.to_us, msg, &q), 0);
	p.to_us.psk[31] ^= 1;
	assert_int_equal(wg_noise_respond(crypto, &p.to_us, &q,
			     p.their_ephemeral, 5, answer, &theirs),
	    0);
	assert_int_equal(
	    wg_noise_finish(crypto, &p.us, &p.to_them, &p.i, answer, &ours),
	    -EBADMSG);
	pair_free(&p);
	json_decref(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_ikpsk2_is_that_of_others),
		cmocka_unit_test(handshakes_are_as_recorded),
		cmocka_unit_test(changed_messages_are_refused),
		cmocka_unit_test(keys_that_share_no_secret_are_refused),
		cmocka_unit_test(another_psk_or_another_peer_fails),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
