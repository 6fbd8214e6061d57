/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "datapath/intake.h"
#include "datapath/policy.h"
#include "tests/unit/packet.h"

static struct policy *policy;

static int
make(void **state)
{
	(void)state;
	policy = policy_new();
	assert_non_null(policy);
	policy->source4 = packet_addr("192.0.2.10");
	policy->source6 = packet_addr("2001:db8:1::10");
	policy->n_endpoints = 2;
	policy->endpoints[0] =
	    (struct endpoint){ .addr = packet_addr("203.0.113.5"),
		    .port = 51820,
		    .protocol = PROTO_UDP,
		    .shape = SHAPE_WIREGUARD };
	policy->endpoints[1] =
	    (struct endpoint){ .addr = packet_addr("2001:db8:5::5"),
		    .port = 443,
		    .protocol = PROTO_TCP,
		    .shape = SHAPE_OPENVPN_TCP };
	policy_finish(policy);
	return 0;
}

static int
destroy(void **state)
{
	(void)state;
	policy_free(policy);
	return 0;
}

static bool
admits(const struct packet *p)
{
	uint8_t *data = packet_exact(p->data, p->len);
	bool r = intake_admits(policy, data, p->len);

	free(data);
	return r;
}

static bool
admits_udp(const char *src, const char *dst, uint16_t sport)
{
	struct packet p =
	    packet_udp((struct flow){ src, dst, sport, 40000 }, "abcd", 4);

	return admits(&p);
}

static void
what_the_server_answers_comes_in(void **state)
{
	struct packet tcp = packet_tcp(
	    (struct flow){ "2001:db8:5::5", "2001:db8:1::10", 443, 40000 }, 1,
	    0x10, "abcd", 4);

	(void)state;
	assert_true(admits_udp("203.0.113.5", "192.0.2.10", 51820));
	assert_true(admits(&tcp));
}

static void
nothing_else_does(void **state)
{
	struct packet tcp = packet_tcp(
	    (struct flow){ "203.0.113.5", "192.0.2.10", 51820, 40000 }, 1, 0x10,
	    "abcd", 4);
	struct packet cut = packet_udp(
	    (struct flow){ "203.0.113.5", "192.0.2.10", 51820, 40000 }, "abcd",
	    4);

	(void)state;
	assert_false(admits_udp("203.0.113.6", "192.0.2.10", 51820));
	assert_false(admits_udp("203.0.113.5", "192.0.2.11", 51820));
	assert_false(admits_udp("203.0.113.5", "192.0.2.10", 53));
	assert_false(admits_udp("203.0.113.5", "10.64.0.2", 51820));
	assert_false(admits(&tcp));
	for (size_t len = 0; len < cut.len; len++) {
		struct packet shorter = cut;

		shorter.len = len;
		assert_false(admits(&shorter));
	}
}

static void
a_policy_without_endpoints_admits_nothing(void **state)
{
	struct packet p = packet_udp(
	    (struct flow){ "203.0.113.5", "192.0.2.10", 51820, 40000 }, "abcd",
	    4);

	(void)state;
	assert_false(intake_admits(&policy_block_all, p.data, p.len));
}

/* ICMP of that type and code, quoting a packet to `about`. */
static struct packet
icmp(uint8_t type, uint8_t code, const char *about, uint8_t protocol)
{
	uint8_t body[8 + 28] = { type, code };
	struct addr to = packet_addr(about);

	body[8] = 0x45;
	body[8 + 9] = protocol;
	memcpy(body + 8 + 16, to.bytes, 4);
	return packet_ip((struct flow){ "198.51.100.1", "192.0.2.10", 0, 0 },
	    PROTO_ICMP, body, sizeof(body));
}

static void
a_router_may_say_that_a_packet_was_too_large(void **state)
{
	struct packet good = icmp(3, 4, "203.0.113.5", PROTO_UDP);
	struct packet bad[] = { icmp(3, 3, "203.0.113.5", PROTO_UDP),
		icmp(5, 4, "203.0.113.5", PROTO_UDP),
		icmp(3, 4, "203.0.113.6", PROTO_UDP),
		icmp(3, 4, "203.0.113.5", PROTO_TCP) };
	struct packet cut = good;

	(void)state;
	assert_true(admits(&good));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(admits(&bad[i]));
	cut.len = 20 + 8 + 19;
	packet_put16(&cut, 2, cut.len);
	assert_false(admits(&cut));
}

#define WITH_POLICY(test) cmocka_unit_test_setup_teardown(test, make, destroy)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_POLICY(what_the_server_answers_comes_in),
		WITH_POLICY(nothing_else_does),
		WITH_POLICY(a_policy_without_endpoints_admits_nothing),
		WITH_POLICY(a_router_may_say_that_a_packet_was_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
