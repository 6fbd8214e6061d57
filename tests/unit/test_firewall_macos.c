/* SPDX-License-Identifier: ISC */
/*
 * firewall_macos.c: when pf is asked, and with which interfaces' names. The
 * functions of pf and of the ticker are this file's, and one of libc's.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/os/firewall.h"
#include "src/os/pf.h"
#include "src/os/ticker_macos.h"
#include "tests/unit/packet.h"

enum { GATE = 7, TUNNEL = 9, UPLINK = 4, GONE = 99 };

static struct system {
	char rules[8192]; /* that were put last; "": taken away */
	unsigned puts, looks, open;
	int put_result;
	bool as_put, overruled, time;
} s;

int
pf_open(const char *pfctl, const char *token, struct pf **ret)
{
	assert_string_equal(pfctl, "/sbin/pfctl");
	assert_string_equal(token, "/run/pf-token");
	s.open++;
	*ret = (struct pf *)&s;
	return 0;
}

void
pf_close(struct pf *p)
{
	assert_ptr_equal(p, &s);
	s.open--;
}

int
pf_put(struct pf *p, const char *rules)
{
	(void)p;
	s.puts++;
	(void)snprintf(s.rules, sizeof(s.rules), "%s", rules);
	return s.put_result;
}

bool
pf_is_put(struct pf *p)
{
	(void)p;
	s.looks++;
	return s.as_put;
}

bool
pf_is_overruled(const struct pf *p)
{
	(void)p;
	return s.overruled;
}

int
pf_take_away(struct pf *p)
{
	(void)p;
	s.rules[0] = '\0';
	return 0;
}

int
ticker_open(unsigned ms, struct ticker **ret)
{
	assert_int_equal(ms, 1000);
	s.open++;
	*ret = (struct ticker *)&s;
	return 0;
}

void
ticker_close(struct ticker *t)
{
	assert_ptr_equal(t, &s);
	s.open--;
}

int
ticker_fd(const struct ticker *t)
{
	(void)t;
	return 5;
}

bool
ticker_drain(struct ticker *t)
{
	bool time = s.time;

	(void)t;
	s.time = false;
	return time;
}

char *
if_indextoname(unsigned ifindex, char name[IF_NAMESIZE])
{
	if (ifindex == GONE)
		return NULL;
	(void)snprintf(name, IF_NAMESIZE, "%s%u",
	    ifindex == UPLINK ? "en" : "utun", ifindex);
	return name;
}

static struct firewall_plan
plan(void)
{
	return (struct firewall_plan){ .gate_ifindex = GATE,
		.tunnel_ifindex = TUNNEL,
		.tunnel4 = packet_addr("10.8.0.2"),
		.source4 = packet_addr("192.168.1.5"),
		.flows = { { .to = packet_addr("203.0.113.5"),
		    .port = 51820,
		    .protocol = 17 } },
		.n_flows = 1,
		.uplink4_ifindex = UPLINK };
}

static int
set_up(void **state)
{
	struct firewall *f;

	memset(&s, 0, sizeof(s));
	s.as_put = true;
	if (firewall_open(NULL, false, &f) < 0)
		return -1;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	firewall_close(*state);
	return s.open == 0 ? 0 : -1;
}

static void
a_plan_is_put_once(void **state)
{
	struct firewall_plan p = plan();

	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 1);
	assert_non_null(strstr(s.rules, "pass quick on utun9 all no state\n"));
	assert_non_null(
	    strstr(s.rules, "pass out quick on utun7 all no state\n"));
	assert_non_null(strstr(s.rules, "pass in quick on en4 inet proto udp"));
	p.flows[0].port++;
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 2);
}

static void
an_interface_that_went_is_closed(void **state)
{
	struct firewall_plan p = plan();

	p.tunnel_ifindex = p.gate_ifindex = p.uplink4_ifindex = GONE;
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_null(strstr(s.rules, "utun"));
	assert_null(strstr(s.rules, "203.0.113.5"));
	assert_non_null(
	    strstr(s.rules, "block drop in quick inet from any to 10.8.0.2\n"));
}

static void
what_failed_is_tried_again(void **state)
{
	struct firewall_plan p = plan();

	s.put_result = -EIO;
	assert_int_equal(firewall_apply(*state, &p), -EIO);
	s.put_result = 0;
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 2);
	/* Not known again is in force. */
	p.n_flows = 0;
	s.put_result = -EPROTO;
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_non_null(strstr(firewall_lacks(*state), "another way"));
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 3);
	/* More than a plan can hold. */
	p.n_lan = FIREWALL_LAN_MAX + 1;
	assert_int_equal(firewall_apply(*state, &p), -EINVAL);
	assert_int_equal(s.puts, 3);
}

/* A main ruleset that does not ask: at most once a second, but for new rules.
 */
static void
what_the_operator_must_mend_is_not_tried_at_once(void **state)
{
	struct firewall_plan p = plan();

	s.put_result = -ENOENT;
	assert_int_equal(firewall_apply(*state, &p), -ENOENT);
	assert_int_equal(firewall_apply(*state, &p), -ENOENT);
	assert_int_equal(s.puts, 1);
	p.n_flows = 0;
	assert_int_equal(firewall_apply(*state, &p), -ENOENT);
	assert_int_equal(s.puts, 2);
	s.put_result = 0;
	assert_int_equal(usleep(1010000), 0);
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 3);
}

static void
it_is_looked_at_when_it_is_time(void **state)
{
	struct firewall_plan p = plan();

	assert_int_equal(firewall_fd(*state), 5);
	s.time = true;
	assert_int_equal(firewall_drain(*state), 0);
	assert_int_equal(s.looks, 0);
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(firewall_drain(*state), 0);
	assert_int_equal(s.looks, 0);
	s.time = true;
	assert_int_equal(firewall_drain(*state), 0);
	assert_int_equal(s.looks, 1);
	s.time = true;
	s.as_put = false;
	assert_int_equal(firewall_drain(*state), 1);
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 2);
}

static void
what_is_released_is_not_looked_at(void **state)
{
	struct firewall_plan p = plan();

	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(firewall_release(*state), 0);
	assert_string_equal(s.rules, "");
	s.time = true;
	s.as_put = false;
	assert_int_equal(firewall_drain(*state), 0);
	assert_int_equal(firewall_apply(*state, &p), 0);
	assert_int_equal(s.puts, 2);
}

static void
what_it_lacks_is_said(void **state)
{
	assert_non_null(strstr(firewall_lacks(*state), "BPF"));
	assert_null(strstr(firewall_lacks(*state), "rules of others"));
	s.overruled = true;
	assert_non_null(strstr(firewall_lacks(*state), "rules of others"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_is_put_once),
		TEST(an_interface_that_went_is_closed),
		TEST(what_failed_is_tried_again),
		TEST(what_the_operator_must_mend_is_not_tried_at_once),
		TEST(it_is_looked_at_when_it_is_time),
		TEST(what_is_released_is_not_looked_at),
		TEST(what_it_lacks_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
