/* SPDX-License-Identifier: ISC */
/*
 * The trie beside an oracle that is slow and obvious: a list of all prefixes,
 * gone through from one end to the other.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/wireguard/allowedips.h"

#define PEERS	 1000
#define PREFIXES 20000

static struct {
	struct prefix net;
	uint32_t who;
} list[PREFIXES];

static size_t n_list;

/* Of two that are equally long, and so the same, the later one counts. */
static uint32_t
oracle_find(const struct addr *a)
{
	uint32_t who = WG_NOBODY;
	int bits = -1;

	for (size_t i = 0; i < n_list; i++)
		if ((int)list[i].net.bits >= bits &&
		    addr_in_prefix(a, &list[i].net.net, list[i].net.bits)) {
			who = list[i].who;
			bits = (int)list[i].net.bits;
		}
	return who;
}

/*
 * Who had a prefix before the last owner does not get it back: so only the
 * last of equal ones stays, and that if its owner does.
 */
static void
remove_every_third(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < n_list; i++) {
		bool is_last = true;

		for (size_t k = i + 1; k < n_list && is_last; k++)
			is_last = list[i].net.bits != list[k].net.bits ||
			    !addr_in_prefix(&list[i].net.net, &list[k].net.net,
				list[k].net.bits);
		if (is_last && list[i].who % 3 != 0)
			list[kept++] = list[i];
	}
	n_list = kept;
}

static uint64_t seed = 88172645463325252;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % n;
}

/* Few values, so that prefixes lie in one another. */
static struct addr
some_address(void)
{
	struct addr a = { .family = below(2) == 0 ? ADDR_V4 : ADDR_V6 };

	for (size_t i = 0; i < addr_len(&a); i++)
		a.bytes[i] = (uint8_t)(i < 1 ? below(4) << 6
			: below(3) == 0	     ? below(256)
					     : below(4));
	return a;
}

static struct prefix
some_prefix(void)
{
	struct prefix p = { .net = some_address() };

	p.bits = below(8 * (unsigned)addr_len(&p.net) + 1);
	return p;
}

/* Addresses anywhere, and such that are just in or out of some prefix. */
static void
compare(const struct wg_allowed *a, unsigned times)
{
	unsigned somebodys = 0;

	for (unsigned i = 0; i < times; i++) {
		struct addr x = some_address();

		if (i % 2 == 0) {
			const struct prefix *p =
			    &list[below((unsigned)n_list)].net;
			unsigned last = p->bits > 0 ? p->bits - 1 : 0;

			x = p->net;
			if (i % 4 == 0)
				x.bytes[last / 8] ^=
				    (uint8_t)(0x80 >> last % 8);
		}
		assert_int_equal(wg_allowed_find(a, &x), oracle_find(&x));
		somebodys += wg_allowed_find(a, &x) != WG_NOBODY;
	}
	assert_true(somebodys > times / 4);
}

static void
agrees_with_a_list(void **state)
{
	struct wg_allowed *a = wg_allowed_new();

	(void)state;
	assert_non_null(a);
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct prefix p = some_prefix();
		uint32_t who = below(PEERS);

		assert_int_equal(wg_allowed_put(a, &p, who), 0);
		list[n_list].net = p;
		list[n_list++].who = who;
	}
	compare(a, 400);
	for (uint32_t who = 0; who < PEERS; who += 3)
		wg_allowed_remove(a, who);
	remove_every_third();
	compare(a, 200);
	wg_allowed_free(a);
}

static void
edges(void **state)
{
	static const struct addr v4 = { ADDR_V4, { 10, 1, 2, 3 } };
	static const struct addr v6 = { ADDR_V6, { 0x20, 1, [15] = 3 } };
	struct wg_allowed *a = wg_allowed_new();
	struct prefix p = { .net = { 0 } };
	struct addr x;

	(void)state;
	assert_non_null(a);
	assert_int_equal(wg_allowed_find(a, &v4), WG_NOBODY);
	assert_int_equal(wg_allowed_find(a, &p.net), WG_NOBODY);
	assert_int_equal(wg_allowed_put(a, &p, 1), -EINVAL);
	p = (struct prefix){ v4, 33 };
	assert_int_equal(wg_allowed_put(a, &p, 1), -EINVAL);
	p.bits = 0;
	assert_int_equal(wg_allowed_put(a, &p, WG_NOBODY), -EINVAL);
	/* All of one family; nothing of the other. */
	assert_int_equal(wg_allowed_put(a, &p, 1), 0);
	assert_int_equal(wg_allowed_find(a, &v4), 1);
	assert_int_equal(wg_allowed_find(a, &v6), WG_NOBODY);
	/* One address. */
	p.bits = 32;
	assert_int_equal(wg_allowed_put(a, &p, 2), 0);
	assert_int_equal(wg_allowed_find(a, &v4), 2);
	x = v4;
	x.bytes[3] ^= 1;
	assert_int_equal(wg_allowed_find(a, &x), 1);
	p = (struct prefix){ v6, 128 };
	assert_int_equal(wg_allowed_put(a, &p, 3), 0);
	assert_int_equal(wg_allowed_find(a, &v6), 3);
	x = v6;
	x.bytes[15] ^= 1;
	assert_int_equal(wg_allowed_find(a, &x), WG_NOBODY);
	/* Given to another; then taken away. */
	assert_int_equal(wg_allowed_put(a, &p, 4), 0);
	assert_int_equal(wg_allowed_find(a, &v6), 4);
	wg_allowed_remove(a, 2);
	assert_int_equal(wg_allowed_find(a, &v4), 1);
	wg_allowed_remove(a, 1);
	assert_int_equal(wg_allowed_find(a, &v4), WG_NOBODY);
	wg_allowed_free(a);
	wg_allowed_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_list),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
