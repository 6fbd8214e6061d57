/* SPDX-License-Identifier: ISC */
/*
 * Tests of a WireGuard device: what it keeps in memory. No packet allocates;
 * and no secret stays longer than it is needed: the whole writable memory of
 * this process is searched, as who has a core image would.
 *
 * Each secret is learnt where it is made (the functions of crypto.h are
 * wrapped), and kept here under a mask, so that it is not found in our own
 * list.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "datapath/wireguard/crypto.h"
#include "tests/unit/wg_lab.h"

enum { MASK = 0x5a, SECRETS_MAX = 256 };
enum { CHUNK = 1 << 20, MAPPING_MAX = 1 << 25 };

enum kind { EPHEMERAL = 0, SHARED, DERIVED, SESSION_KEY, STATIC };

static struct secret {
	uint8_t masked[WG_KEY_LEN];
	enum kind kind;
} secrets[SECRETS_MAX];
static size_t n_secrets;
static uint64_t allocations;
static struct lab lab;

/* Its own function, so that no register or slot of the caller's has it. */
static __attribute__((noinline)) void
learn(enum kind kind, const uint8_t *secret)
{
	struct secret *s = &secrets[n_secrets];
	uint8_t any = 0;

	for (size_t i = 0; i < WG_KEY_LEN; i++) {
		s->masked[i] = secret[i] ^ MASK;
		any |= secret[i];
	}
	s->kind = kind;
	if (any != 0 && n_secrets < SECRETS_MAX)
		n_secrets++;
}

struct wg_private *
__real_wg_private_new(struct wg_crypto *c, const uint8_t *key);
struct wg_private *
__wrap_wg_private_new(struct wg_crypto *c, const uint8_t *key);
int __real_wg_dh(struct wg_private *k, const uint8_t *public, uint8_t *ret);
int __wrap_wg_dh(struct wg_private *k, const uint8_t *public, uint8_t *ret);
void __real_wg_kdf(struct wg_crypto *c, const uint8_t *key, const void *input,
    size_t len, unsigned n, uint8_t ret[][WG_KEY_LEN]);
void __wrap_wg_kdf(struct wg_crypto *c, const uint8_t *key, const void *input,
    size_t len, unsigned n, uint8_t ret[][WG_KEY_LEN]);
void __real_wg_aead_set_key(struct wg_aead *a, const uint8_t *key);
void __wrap_wg_aead_set_key(struct wg_aead *a, const uint8_t *key);

static bool opening; /* what is made now are static keys */

struct wg_private *
__wrap_wg_private_new(struct wg_crypto *c, const uint8_t *key)
{
	learn(opening ? STATIC : EPHEMERAL, key);
	return __real_wg_private_new(c, key);
}

int
__wrap_wg_dh(struct wg_private *k, const uint8_t *public, uint8_t *ret)
{
	int r = __real_wg_dh(k, public, ret);

	learn(opening ? STATIC : SHARED, ret);
	return r;
}

void
__wrap_wg_kdf(struct wg_crypto *c, const uint8_t *key, const void *input,
    size_t len, unsigned n, uint8_t ret[][WG_KEY_LEN])
{
	__real_wg_kdf(c, key, input, len, n, ret);
	for (unsigned i = 0; i < n; i++)
		learn(DERIVED, ret[i]);
}

void
__wrap_wg_aead_set_key(struct wg_aead *a, const uint8_t *key)
{
	if (key != NULL)
		learn(SESSION_KEY, key);
	__real_wg_aead_set_key(a, key);
}

static bool
lies_here(const struct secret *s, const uint8_t *at)
{
	for (size_t i = 0; i < WG_KEY_LEN; i++)
		if ((at[i] ^ MASK) != s->masked[i])
			return false;
	return true;
}

static size_t
count_in(const uint8_t *bytes, size_t len, enum kind from, enum kind to)
{
	static uint8_t first[256];
	size_t n = 0;

	memset(first, 0, sizeof(first));
	for (size_t k = 0; k < n_secrets; k++)
		first[secrets[k].masked[0] ^ MASK] = 1;
	for (size_t i = 0; i + WG_KEY_LEN <= len; i++) {
		if (!first[bytes[i]])
			continue;
		for (size_t k = 0; k < n_secrets; k++)
			n += secrets[k].kind >= from && secrets[k].kind <= to &&
			    lies_here(&secrets[k], bytes + i);
	}
	return n;
}

/* How often secrets of these kinds lie in writable memory. */
static size_t
found(enum kind from, enum kind to)
{
	static uint8_t chunk[CHUNK + WG_KEY_LEN];
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512];
	size_t n = 0;

	assert_non_null(maps);
	assert_true(mem >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long long start, end;
		char *at;

		/* "start-end rw-p ...": proc(5) */
		start = strtoull(line, &at, 16);
		end = strtoull(at + 1, &at, 16);
		if (at[2] != 'w' || end - start > MAPPING_MAX)
			continue;
		for (; start < end; start += CHUNK) {
			size_t len = end - start < sizeof(chunk)
			    ? (size_t)(end - start)
			    : sizeof(chunk);
			ssize_t got = pread(mem, chunk, len, (off_t)start);

			if (got > 0)
				n += count_in(chunk, (size_t)got, from, to);
			/* What was read is in memory, too: not twice. */
			memset(chunk, 0, sizeof(chunk));
		}
	}
	(void)close(mem);
	(void)fclose(maps);
	return n;
}

static void *
count_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(n);
}

static void *
count_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(p, n);
}

static void
count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static int
set_up(void **state)
{
	(void)state;
	n_secrets = 0;
	opening = true;
	lab_new(&lab, 42);
	opening = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	lab_free(&lab);
	memset(&lab, 0, sizeof(lab));
	return 0;
}

static void
a_packet_allocates_nothing(void **state)
{
	struct wg_packet packet;
	uint64_t before;

	(void)state;
	lab_connect(&lab);
	before = allocations;
	assert_true(before > 0);
	for (unsigned i = 0; i < 2000; i++) {
		struct lab_end *from = &lab.ends[i % 2];
		struct lab_message m;

		lab_pass(&lab, LAB_SECOND / 100);
		assert_int_equal(lab_send(from, 28 + i % 1300, i), 0);
		lab_take(&lab, 0, &m);
		if (i % 7 == 0)
			m.bytes[i % m.len] ^= 1;
		(void)lab_hand(&lab, &m, &packet);
	}
	assert_int_equal(allocations, before);
}

/* Who knows nothing, and who knows our public key, and asks under load. */
static void
a_flood_allocates_nothing(void **state)
{
	enum { WRONG = 200000, ASKING = 20000 };
	struct lab_end *a = &lab.ends[0], *b = &lab.ends[1];
	struct wg_packet packet;
	struct lab_message m;
	uint64_t before;

	(void)state;
	b->config.enough = 0;
	lab_restart(b);
	wg_device_connect(a->device, lab.now, a->peer);
	lab_take(&lab, 0, &m);
	(void)lab_hand(&lab, &m, &packet);
	before = allocations;
	assert_int_equal(lab.n, 1); /* the cookie */
	for (unsigned i = 0; i < WRONG; i++) {
		size_t at = 4 + i % (m.len - 4 - WG_MAC2_FROM_END);

		m.bytes[at] ^= (uint8_t)(1 + i % 255);
		assert_int_equal(lab_hand(&lab, &m, &packet), WG_WRONG_MAC);
		m.bytes[at] ^= (uint8_t)(1 + i % 255);
	}
	for (unsigned i = 0; i < ASKING; i++) {
		m.from.port++;
		m.from.addr.bytes[2] = (uint8_t)(i >> 8);
		assert_int_equal(lab_hand(&lab, &m, &packet), WG_UNDER_LOAD);
	}
	assert_int_equal(lab_said(b, WG_COOKIE_REPLY), ASKING + 1);
	assert_int_equal(lab_said(b, WG_RESPONSE), 0);
	assert_int_equal(allocations, before);
	/* And who is honest, and has its cookie, is served meanwhile. */
	lab_settle(&lab);
	wg_device_renew(a->device, lab.now, a->peer);
	lab_settle(&lab);
	assert_true(lab_is_established(a));
}

/* The search finds what is there. */
static void
a_session_that_lives_has_its_keys(void **state)
{
	(void)state;
	lab_connect(&lab);
	assert_true(n_secrets > 20);
	assert_true(found(SESSION_KEY, SESSION_KEY) >= 4);
	assert_true(found(STATIC, STATIC) >= 2);
}

static void
of_a_handshake_nothing_stays_but_the_session(void **state)
{
	(void)state;
	lab_connect(&lab);
	assert_int_equal(found(EPHEMERAL, SHARED), 0);
	/* Of all that was derived only the session's keys, where those lie. */
	assert_int_equal(found(DERIVED, DERIVED),
	    found(SESSION_KEY, SESSION_KEY));
}

static void
a_failed_handshake_leaves_nothing(void **state)
{
	(void)state;
	wg_device_connect(lab.ends[0].device, lab.now, lab.ends[0].peer);
	assert_true(found(EPHEMERAL, EPHEMERAL) > 0);
	/* Nobody answers. */
	lab_pass(&lab, 100 * LAB_SECOND);
	assert_int_equal(lab.ends[0].events[WG_GAVE_UP], 1);
	lab_pass(&lab, 540 * LAB_SECOND);
	assert_int_equal(found(EPHEMERAL, SESSION_KEY), 0);
}

/* The peer answered, and waits for data that never comes. */
static void
an_unconfirmed_session_leaves_nothing(void **state)
{
	struct lab_message m;
	struct wg_packet packet;

	(void)state;
	wg_device_connect(lab.ends[0].device, lab.now, lab.ends[0].peer);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &packet), WG_DONE);
	assert_true(found(SESSION_KEY, SESSION_KEY) >= 2);
	lab_pass(&lab, 700 * LAB_SECOND);
	lab.n = 0;
	assert_int_equal(lab.ends[1].events[WG_FORGOTTEN], 1);
	assert_int_equal(found(EPHEMERAL, SESSION_KEY), 0);
}

static void
after_540_seconds_no_key_is_left(void **state)
{
	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 541 * LAB_SECOND);
	assert_int_equal(lab.ends[0].events[WG_FORGOTTEN], 1);
	assert_int_equal(found(EPHEMERAL, SESSION_KEY), 0);
}

static void
when_it_ends_no_secret_is_left(void **state)
{
	(void)state;
	lab_connect(&lab);
	lab_free(&lab);
	/* Where the test has its configuration from. */
	memset(&lab, 0, sizeof(lab));
	assert_int_equal(found(EPHEMERAL, STATIC), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_packet_allocates_nothing),
		TEST(a_flood_allocates_nothing),
		TEST(a_session_that_lives_has_its_keys),
		TEST(of_a_handshake_nothing_stays_but_the_session),
		TEST(a_failed_handshake_leaves_nothing),
		TEST(an_unconfirmed_session_leaves_nothing),
		TEST(after_540_seconds_no_key_is_left),
		TEST(when_it_ends_no_secret_is_left),
	};

	/* Before OpenSSL has allocated anything. */
	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) !=
	    1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
