/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "datapath/pathmtu.h"
#include "tests/unit/packet.h"

#define NOW UINT64_C(1000000000)

static struct addr
server(unsigned i)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "2001:db8:5::%x", i + 1);
	return packet_addr(text);
}

static uint32_t
get(const struct pathmtu *p, unsigned i)
{
	struct addr a = server(i);

	return pathmtu_get(p, &a, 1500);
}

static void
put(struct pathmtu *p, unsigned i, uint32_t mtu, uint64_t now)
{
	struct addr a = server(i);

	pathmtu_put(p, &a, mtu, now);
}

static void
what_was_said_holds_for_that_way_until_it_is_old(void **state)
{
	struct pathmtu p = { 0 };

	(void)state;
	assert_int_equal(get(&p, 0), 1500);
	put(&p, 0, 1400, NOW);
	assert_int_equal(get(&p, 0), 1400);
	assert_int_equal(get(&p, 1), 1500);
	pathmtu_age(&p, NOW + PATHMTU_KEPT - 1);
	assert_int_equal(get(&p, 0), 1400);
	pathmtu_age(&p, NOW + PATHMTU_KEPT);
	assert_int_equal(get(&p, 0), 1500);
}

/* RFC 8201 section 4: nobody can make it less, nor more. */
static void
it_gets_less_but_not_less_than_ipv6_promises(void **state)
{
	struct pathmtu p = { 0 };

	(void)state;
	put(&p, 0, 1400, NOW);
	put(&p, 0, 1450, NOW + 1);
	assert_int_equal(get(&p, 0), 1400);
	put(&p, 0, 1300, NOW + 1);
	assert_int_equal(get(&p, 0), 1300);
	put(&p, 0, 68, NOW + 1);
	assert_int_equal(get(&p, 0), PATHMTU_LEAST);
	put(&p, 1, 0, NOW + 1);
	assert_int_equal(get(&p, 1), PATHMTU_LEAST);
	put(&p, 2, 9000, NOW + 1);
	assert_int_equal(get(&p, 2), 1500);
}

static void
the_oldest_makes_room(void **state)
{
	struct pathmtu p = { 0 };

	(void)state;
	for (unsigned i = 0; i < PATHMTU_MAX + 3; i++)
		put(&p, i, 1300, NOW + i);
	for (unsigned i = 0; i < PATHMTU_MAX + 3; i++)
		assert_int_equal(get(&p, i), i < 3 ? 1500 : 1300);
	pathmtu_age(&p, NOW + PATHMTU_KEPT + 10);
	for (unsigned i = 0; i < PATHMTU_MAX + 3; i++)
		assert_int_equal(get(&p, i), i <= 10 ? 1500 : 1300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_was_said_holds_for_that_way_until_it_is_old),
		cmocka_unit_test(it_gets_less_but_not_less_than_ipv6_promises),
		cmocka_unit_test(the_oldest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
