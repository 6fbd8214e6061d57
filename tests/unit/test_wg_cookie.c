/* SPDX-License-Identifier: ISC */
/*
 * Cookies' lives and owners, and who is served under load. The bytes of both
 * are in test_wg_noise.c.
 */
#include "tests/unit/hex.h"

#include "datapath/wireguard/cookie.h"
#include "datapath/wireguard/load.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

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

static const uint8_t public[WG_KEY_LEN] = { 1, 2, 3 };
static const uint8_t secret[WG_KEY_LEN] = { 4, 5, 6 };
static const uint8_t nonce[WG_XNONCE_LEN] = { 7, 8, 9 };
static const struct wg_endpoint here = { { ADDR_V4, { 192, 0, 2, 1 } }, 9 };

/* A jar and a lock of the same key, and a message with its first MAC. */
static void
begin(struct wg_jar *jar, struct wg_lock *lock, uint64_t now, uint8_t *msg)
{
	memset(jar, 0, sizeof(*jar));
	memset(lock, 0, sizeof(*lock));
	wg_mac_keys_of(crypto, public, &jar->keys);
	lock->keys = jar->keys;
	assert_true(wg_lock_is_stale(lock, now));
	wg_lock_renew(lock, secret, now);
	memset(msg, 0x33, WG_INITIATION_LEN);
	wg_jar_sign(crypto, jar, now, msg, WG_INITIATION_LEN);
}

static enum wg_macs
check(const struct wg_lock *lock, const struct wg_endpoint *from,
    const uint8_t *msg)
{
	return wg_lock_check(crypto, lock, from, msg, WG_INITIATION_LEN);
}

static void
a_cookie_is_of_one_address_and_port(void **state)
{
	struct wg_jar jar;
	struct wg_lock lock;
	uint8_t msg[WG_INITIATION_LEN], reply[WG_COOKIE_REPLY_LEN];
	struct wg_endpoint other;

	(void)state;
	begin(&jar, &lock, 1, msg);
	wg_lock_reply(crypto, &lock, &here, msg, sizeof(msg), nonce, reply);
	assert_true(wg_jar_read(crypto, &jar, 1, reply));
	wg_jar_sign(crypto, &jar, 1, msg, sizeof(msg));
	assert_int_equal(check(&lock, &here, msg), WG_MACS_BOTH);
	other = here;
	other.port++;
	assert_int_equal(check(&lock, &other, msg), WG_MACS_FIRST);
	other = here;
	other.addr.bytes[3]++;
	assert_int_equal(check(&lock, &other, msg), WG_MACS_FIRST);
	other = here;
	other.addr.family = ADDR_V6;
	assert_int_equal(check(&lock, &other, msg), WG_MACS_FIRST);
	/* Without a secret no mac2 is good, whatever it is made with. */
	lock.has_secret = false;
	assert_int_equal(check(&lock, &here, msg), WG_MACS_FIRST);
}

static void
changed_bytes_are_noticed(void **state)
{
	struct wg_jar jar;
	struct wg_lock lock;
	uint8_t msg[WG_INITIATION_LEN], reply[WG_COOKIE_REPLY_LEN];

	(void)state;
	begin(&jar, &lock, 1, msg);
	wg_lock_reply(crypto, &lock, &here, msg, sizeof(msg), nonce, reply);
	for (size_t i = WG_COOKIE_NONCE; i < sizeof(reply); i++) {
		reply[i] ^= 4;
		assert_false(wg_jar_read(crypto, &jar, 1, reply));
		reply[i] ^= 4;
	}
	assert_true(wg_jar_read(crypto, &jar, 1, reply));
	/* It answered one message. */
	assert_false(wg_jar_read(crypto, &jar, 1, reply));
	wg_jar_sign(crypto, &jar, 1, msg, sizeof(msg));
	for (size_t i = 0; i < sizeof(msg); i++) {
		msg[i] ^= 4;
		assert_int_equal(check(&lock, &here, msg),
		    i < sizeof(msg) - WG_MAC2_FROM_END ? WG_MACS_WRONG
						       : WG_MACS_FIRST);
		msg[i] ^= 4;
	}
	assert_int_equal(check(&lock, &here, msg), WG_MACS_BOTH);
}

static void
a_reply_to_something_else_is_refused(void **state)
{
	struct wg_jar jar, silent = { 0 };
	struct wg_lock lock;
	uint8_t msg[WG_INITIATION_LEN], reply[WG_COOKIE_REPLY_LEN];

	(void)state;
	begin(&jar, &lock, 1, msg);
	wg_lock_reply(crypto, &lock, &here, msg, sizeof(msg), nonce, reply);
	silent.keys = jar.keys;
	assert_false(wg_jar_read(crypto, &silent, 1, reply));
	msg[50]++;
	wg_jar_sign(crypto, &jar, 2, msg, sizeof(msg));
	assert_false(wg_jar_read(crypto, &jar, 2, reply));
}

static void
secrets_and_cookies_grow_old(void **state)
{
	struct wg_jar jar;
	struct wg_lock lock;
	uint8_t msg[WG_INITIATION_LEN], reply[WG_COOKIE_REPLY_LEN];
	const uint64_t start = 1000 * SECOND;

	(void)state;
	begin(&jar, &lock, start, msg);
	wg_lock_reply(crypto, &lock, &here, msg, sizeof(msg), nonce, reply);
	assert_true(wg_jar_read(crypto, &jar, start, reply));
	assert_false(wg_lock_is_stale(&lock, start + 120 * SECOND - 1));
	assert_true(wg_lock_is_stale(&lock, start + 120 * SECOND));
	wg_jar_sign(crypto, &jar, start + 115 * SECOND - 1, msg, sizeof(msg));
	assert_int_equal(check(&lock, &here, msg), WG_MACS_BOTH);
	wg_jar_sign(crypto, &jar, start + 115 * SECOND, msg, sizeof(msg));
	assert_int_equal(check(&lock, &here, msg), WG_MACS_FIRST);
	assert_true(
	    wg_is_zero(msg + sizeof(msg) - WG_MAC2_FROM_END, WG_MAC_LEN));
}

static void
too_many_a_second_is_load(void **state)
{
	static struct wg_load load = { .enough = 10 };
	uint64_t now = 100 * SECOND;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_false(wg_load_note(&load, now + (uint64_t)i));
	assert_true(wg_load_note(&load, now + 10));
	/* It stays for the second after. */
	now += SECOND;
	assert_true(wg_load_note(&load, now));
	now += SECOND;
	assert_false(wg_load_note(&load, now));
	/* A pause ends it at once. */
	for (int i = 0; i < 20; i++)
		(void)wg_load_note(&load, now);
	assert_false(wg_load_note(&load, now + 5 * SECOND));
	load.enough = 0;
	assert_true(wg_load_note(&load, now + 50 * SECOND));
}

static void
each_source_has_its_share(void **state)
{
	static struct wg_load load;
	const struct addr a = here.addr;
	struct addr b = { ADDR_V6, { 0x20, 1, 0xd, 0xb8 } };
	uint64_t now = 100 * SECOND;
	unsigned n = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(wg_load_permit(crypto, &load, &a, now));
	assert_false(wg_load_permit(crypto, &load, &a, now));
	assert_false(wg_load_permit(crypto, &load, &a, now + 50 * MS - 1));
	assert_true(wg_load_permit(crypto, &load, &a, now + 50 * MS));
	assert_false(wg_load_permit(crypto, &load, &a, now + 50 * MS));
	for (uint64_t i = 0; i < 1000; i++)
		n += wg_load_permit(crypto, &load, &a,
		    now + SECOND + i * 10 * MS);
	assert_in_range(n, 200, 205);
	/* One IPv6 network, whatever the address; and another. */
	for (int i = 0; i < 5; i++) {
		b.bytes[15]++;
		assert_true(wg_load_permit(crypto, &load, &b, now));
	}
	assert_false(wg_load_permit(crypto, &load, &b, now));
	b.bytes[7]++;
	assert_true(wg_load_permit(crypto, &load, &b, now));
}

static void
many_sources_have_no_more_than_there_is_room(void **state)
{
	static struct wg_load load;
	struct addr a = { .family = ADDR_V4 };
	uint64_t now = 100 * SECOND;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		a.bytes[0] = (uint8_t)(i >> 8);
		a.bytes[1] = (uint8_t)i;
		n += wg_load_permit(crypto, &load, &a, now);
	}
	assert_in_range(n, WG_LOAD_SETS * WG_LOAD_WAYS * 9 / 10,
	    WG_LOAD_SETS * WG_LOAD_WAYS);
	/* Later, there is room again. */
	a.bytes[2] = 1;
	assert_true(wg_load_permit(crypto, &load, &a, now + SECOND));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_of_one_address_and_port),
		cmocka_unit_test(changed_bytes_are_noticed),
		cmocka_unit_test(a_reply_to_something_else_is_refused),
		cmocka_unit_test(secrets_and_cookies_grow_old),
		cmocka_unit_test(too_many_a_second_is_load),
		cmocka_unit_test(each_source_has_its_share),
		cmocka_unit_test(many_sources_have_no_more_than_there_is_room),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
