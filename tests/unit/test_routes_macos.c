/* SPDX-License-Identifier: ISC */
/*
 * The plan of routes_macos.c, carried out on a table that behaves as macOS's
 * is documented to: the longest prefix wins, one route a prefix, and a route
 * goes with its interface's address. That it does is not shown here.
 *
 * Needs: src/os/routes_macos.c src/base/addr.c. The functions of rtable and
 * ifaddress, and two of libc's, are this file's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "src/os/darwin.h"
#include "src/os/ifaddress_macos.h"
#include "src/os/routes.h"
#include "src/os/rtable_macos.h"

enum { LO = 1, EN = 4, GATE = 7, CLIENT = 9, ROOM = 64 };

/*
 * The machine.
 */
static struct machine {
	struct rtmsg_route table[ROOM];
	unsigned n;
	struct addr gate4, gate6; /* the gate's addresses */
	unsigned changes;	  /* attempts to change the table */
	unsigned fail_at;	  /* this one fails; 0: none */
	bool blind;		  /* the table cannot be read */
	bool watched;		  /* nothing may reach the default route */
} m;

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static const struct rtmsg_route *
lookup(const struct addr *dst)
{
	const struct rtmsg_route *best = NULL;

	for (unsigned i = 0; i < m.n; i++)
		if (addr_in_prefix(dst, &m.table[i].dst, m.table[i].dst_len) &&
		    (best == NULL || m.table[i].dst_len > best->dst_len))
			best = &m.table[i];
	return best;
}

/* Where a packet to the address goes; 0: refused. */
static unsigned
way(const char *dst)
{
	struct addr a = addr(dst);
	const struct rtmsg_route *r = lookup(&a);

	assert_non_null(r);
	return (r->flags & DARWIN_RTF_REJECT) != 0 ? 0 : r->ifindex;
}

static const char *const far_away[] = { "1.1.1.1", "100.64.0.1", "198.51.100.1",
	"203.0.113.1", "8000::1", "2001:db8::1", "4000::1", "f000::1" };

static void
assert_nothing_leaves(void)
{
	for (size_t i = 0; i < sizeof(far_away) / sizeof(far_away[0]); i++)
		assert_int_not_equal(way(far_away[i]), EN);
}

static void
put(const char *dst, unsigned len, unsigned ifindex, uint32_t flags)
{
	m.table[m.n++] = (struct rtmsg_route){ .type = DARWIN_RTM_GET,
		.flags = flags,
		.ifindex = ifindex,
		.dst = addr(dst),
		.dst_len = len };
}

static void
take(unsigned i)
{
	m.table[i] = m.table[--m.n];
}

static int
set_up(void **state)
{
	struct routes *r;

	memset(&m, 0, sizeof(m));
	put("0.0.0.0", 0, EN, DARWIN_RTF_UP | DARWIN_RTF_GATEWAY);
	put("::", 0, EN, DARWIN_RTF_UP | DARWIN_RTF_GATEWAY);
	put("192.168.1.0", 24, EN, DARWIN_RTF_UP);
	if (routes_open(&r) < 0)
		return -1;
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	routes_close(*state);
	return 0;
}

/*
 * What routes_macos.c asks the system.
 */

int
rtable_open(struct rtable **ret)
{
	*ret = (struct rtable *)&m;
	return 0;
}

void
rtable_close(struct rtable *t)
{
	(void)t;
}

int
rtable_each(enum addr_family family, uint32_t flags, rtable_callback *on_route,
    void *arg)
{
	assert_int_equal(flags, 0);
	if (m.blind)
		return -ENOMEM;
	for (unsigned i = 0; i < m.n; i++)
		if (m.table[i].dst.family == family)
			on_route(&m.table[i], arg);
	return 0;
}

int
rtable_change(struct rtable *t, const struct rtmsg_request *q)
{
	unsigned at = 0;

	(void)t;
	if (++m.changes == m.fail_at)
		return -ENOBUFS;
	while (at < m.n &&
	    (!addr_equal(&m.table[at].dst, &q->dst) ||
		m.table[at].dst_len != q->dst_len))
		at++;
	if (q->type == DARWIN_RTM_DELETE) {
		if (at == m.n)
			return -ESRCH;
		take(at);
	} else {
		if (at < m.n)
			return -EEXIST;
		assert_int_not_equal(q->ifindex, 0);
		assert_true(m.n < ROOM);
		m.table[m.n++] = (struct rtmsg_route){ .flags = q->flags,
			.ifindex = q->ifindex,
			.dst = q->dst,
			.dst_len = q->dst_len };
	}
	if (m.watched)
		assert_nothing_leaves();
	return 0;
}

bool
ifaddress_is_set(const char *ifname, const struct addr *v4,
    const struct addr *v6)
{
	assert_string_equal(ifname, "utun7");
	return addr_equal(&m.gate4, v4) && addr_equal(&m.gate6, v6);
}

int
ifaddress_set(const char *ifname, const struct addr *v4, const struct addr *v6)
{
	assert_string_equal(ifname, "utun7");
	m.gate4 = *v4;
	m.gate6 = *v6;
	/* The worst that may happen: all routes over it go. */
	for (unsigned i = m.n; i-- > 0;)
		if (m.table[i].ifindex == GATE)
			take(i);
	if (m.watched)
		assert_nothing_leaves();
	return 0;
}

unsigned
if_nametoindex(const char *name)
{
	assert_string_equal(name, "lo0");
	return LO;
}

char *
if_indextoname(unsigned ifindex, char name[IF_NAMESIZE])
{
	(void)snprintf(name, IF_NAMESIZE, "utun%u", ifindex);
	return name;
}

/*
 * Plans.
 */

static const struct routes_plan nothing;

static struct routes_plan
gate_only(void)
{
	return (struct routes_plan){ .gate_ifindex = GATE,
		.source4 = addr("192.168.1.5"),
		.source6 = addr("2001:db8::5"),
		.servers = { addr("198.51.100.1"), addr("2001:db8::1") },
		.n_servers = 2 };
}

static struct routes_plan
with_client(void)
{
	struct routes_plan p = gate_only();

	p.tunnel_ifindex = CLIENT;
	p.tunnel4 = addr("10.8.0.2");
	p.tunnel6 = addr("fd00::2");
	return p;
}

static void
apply(struct routes *r, const struct routes_plan *p)
{
	assert_int_equal(routes_apply(r, p, NULL), 0);
	m.watched = true;
	assert_nothing_leaves();
}

/*
 * Tests.
 */

static void
the_empty_plan_refuses_everything(void **state)
{
	apply(*state, &nothing);
	for (size_t i = 0; i < sizeof(far_away) / sizeof(far_away[0]); i++)
		assert_int_equal(way(far_away[i]), 0);
}

static void
without_a_client_everything_goes_into_the_gate(void **state)
{
	struct routes_plan p = gate_only();

	apply(*state, &p);
	for (size_t i = 0; i < sizeof(far_away) / sizeof(far_away[0]); i++)
		assert_int_equal(way(far_away[i]), GATE);
	assert_true(addr_equal(&m.gate4, &p.source4));
	assert_true(addr_equal(&m.gate6, &p.source6));
}

static void
with_a_client_only_the_servers_go_into_the_gate(void **state)
{
	struct routes_plan p = with_client();

	apply(*state, &p);
	assert_int_equal(way("1.1.1.1"), CLIENT);
	assert_int_equal(way("f000::1"), CLIENT);
	assert_int_equal(way("198.51.100.1"), GATE);
	assert_int_equal(way("2001:db8::1"), GATE);
}

static void
a_family_that_the_client_does_not_carry_goes_into_the_gate(void **state)
{
	struct routes_plan p = with_client();

	p.tunnel6 = (struct addr){ 0 };
	apply(*state, &p);
	assert_int_equal(way("1.1.1.1"), CLIENT);
	assert_int_equal(way("f000::1"), GATE);
}

static void
a_family_without_an_address_is_refused(void **state)
{
	struct routes_plan p = gate_only();

	p.source6 = (struct addr){ 0 };
	apply(*state, &p);
	assert_int_equal(way("1.1.1.1"), GATE);
	assert_int_equal(way("f000::1"), 0);
}

static void
the_local_network_keeps_its_route(void **state)
{
	struct routes_plan p = with_client();

	apply(*state, &p);
	assert_int_equal(way("192.168.1.77"), EN);
}

/* STATES.md 0.2: rtable_change() looks after every single step. */
static void
no_change_of_plan_has_a_window(void **state)
{
	struct routes_plan plans[5] = { nothing, gate_only(), with_client(),
		gate_only(), with_client() };

	plans[3].source4 = addr("192.168.1.6");
	plans[4].servers[0] = addr("203.0.113.1");
	plans[4].tunnel6 = (struct addr){ 0 };
	for (int from = 0; from < 5; from++)
		for (int to = 0; to < 5; to++) {
			apply(*state, &plans[from]);
			apply(*state, &plans[to]);
		}
}

static void
a_plan_that_is_carried_out_changes_nothing(void **state)
{
	struct routes_plan p = with_client();
	struct routes_found found = { .changed = true };
	unsigned before;

	apply(*state, &p);
	before = m.changes;
	assert_int_equal(routes_apply(*state, &p, &found), 0);
	assert_false(found.changed);
	assert_int_equal(m.changes, before);
}

static void
what_another_took_away_comes_back(void **state)
{
	struct routes_plan p = with_client();
	struct routes_found found = { 0 };

	apply(*state, &p);
	m.watched = false;
	for (unsigned i = m.n; i-- > 0;)
		if (m.table[i].dst_len == 1)
			take(i);
	assert_int_equal(routes_apply(*state, &p, &found), 0);
	assert_true(found.changed);
	assert_int_equal(way("1.1.1.1"), CLIENT);
}

/* As OpenVPN's redirect-gateway and wg-quick do, before we look. */
static void
a_clients_own_routes_in_our_places_give_way(void **state)
{
	struct routes_plan p = with_client();

	apply(*state, &nothing);
	put("0.0.0.0", 1, CLIENT, DARWIN_RTF_UP | DARWIN_RTF_GATEWAY);
	put("128.0.0.0", 1, EN, DARWIN_RTF_UP | DARWIN_RTF_GATEWAY);
	put("198.51.100.1", 32, EN,
	    DARWIN_RTF_UP | DARWIN_RTF_GATEWAY | DARWIN_RTF_HOST);
	m.watched = false;
	apply(*state, &p);
	assert_int_equal(way("203.0.113.1"), CLIENT);
	assert_int_equal(way("198.51.100.1"), GATE);
}

static void
whatever_step_fails_nothing_leaves_and_it_is_told(void **state)
{
	struct routes_plan p = with_client(), q = gate_only();

	apply(*state, &q);
	apply(*state, &nothing);
	for (unsigned i = 1; i < 40; i++) {
		unsigned before;
		int r;

		apply(*state, &nothing);
		before = m.changes;
		m.fail_at = before + i;
		r = routes_apply(*state, &p, NULL);
		assert_nothing_leaves();
		if (m.changes >= m.fail_at)
			assert_int_equal(r, -ENOBUFS);
		m.fail_at = 0;
		apply(*state, &p);
		assert_int_equal(way("1.1.1.1"), CLIENT);
	}
}

static void
a_table_that_cannot_be_read_is_closed(void **state)
{
	struct routes_plan p = with_client();

	apply(*state, &p);
	m.blind = true;
	assert_int_equal(routes_apply(*state, &p, NULL), -ENOMEM);
	for (size_t i = 0; i < sizeof(far_away) / sizeof(far_away[0]); i++)
		assert_int_not_equal(way(far_away[i]), EN);
	assert_int_equal(way("1.1.1.1"), 0);
	m.blind = false;
	apply(*state, &p);
	assert_int_equal(way("1.1.1.1"), CLIENT);
}

/* STATES.md 1: nothing of ours is left; also not what a killed process left. */
static void
release_takes_all_of_ours_and_nothing_else(void **state)
{
	struct routes_plan p = with_client();
	struct routes *later;

	apply(*state, &p);
	apply(*state, &nothing);
	m.watched = false;
	assert_int_equal(routes_open(&later), 0);
	assert_int_equal(routes_release(later), 0);
	routes_close(later);
	assert_int_equal(m.n, 3);
	assert_int_equal(way("1.1.1.1"), EN);
}

static void
release_takes_the_gates_addresses(void **state)
{
	struct routes_plan p = gate_only();

	apply(*state, &p);
	m.watched = false;
	assert_int_equal(routes_release(*state), 0);
	assert_int_equal(m.gate4.family, ADDR_NONE);
	assert_int_equal(m.n, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_empty_plan_refuses_everything),
		TEST(without_a_client_everything_goes_into_the_gate),
		TEST(with_a_client_only_the_servers_go_into_the_gate),
		TEST(
		    a_family_that_the_client_does_not_carry_goes_into_the_gate),
		TEST(a_family_without_an_address_is_refused),
		TEST(the_local_network_keeps_its_route),
		TEST(no_change_of_plan_has_a_window),
		TEST(a_plan_that_is_carried_out_changes_nothing),
		TEST(what_another_took_away_comes_back),
		TEST(a_clients_own_routes_in_our_places_give_way),
		TEST(whatever_step_fails_nothing_leaves_and_it_is_told),
		TEST(a_table_that_cannot_be_read_is_closed),
		TEST(release_takes_all_of_ours_and_nothing_else),
		TEST(release_takes_the_gates_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
