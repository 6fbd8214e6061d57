/* SPDX-License-Identifier: ISC */
/*
 * Each packet is judged by classify() and by classify_slowly(), alone on the
 * heap: they must agree. STATES.md 3: only encapsulation to that one server's
 * address, protocol and port, in that protocol's shape.
 */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/classify.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/stream.h"
#include "src/os/pktbuf.h"
#include "tests/unit/packet.h"

#define OURS4 "192.0.2.10"
#define OURS6 "2001:db8:1::10"

static const struct flow wg4 = { OURS4, "203.0.113.5", 40000, 51820 };
static const struct flow wg6 = { OURS6, "2001:db8::5", 40000, 51820 };
static const struct flow ovpn = { OURS4, "203.0.113.6", 40000, 1194 };
static const struct flow ovpn_tcp = { OURS4, "203.0.113.7", 40000, 443 };
static const struct flow ike = { OURS4, "203.0.113.8", 500, 500 };
static const struct flow ike_nat = { OURS4, "203.0.113.8", 4500, 4500 };
static const struct flow elsewhere = { OURS4, "198.51.100.1", 40000, 51820 };

/* Those that others may send to, and those of our own tunnel. */
enum { WG4, WG6, OVPN, OVPN_TCP, IKE, IKE_NAT, ESP, ENDPOINTS };
enum { OWN4 = ENDPOINTS, OWN6, ALL_ENDPOINTS };

static int
make_policy(void **state)
{
	const struct endpoint endpoints[ALL_ENDPOINTS] = {
		[WG4] = { packet_addr("203.0.113.5"), 51820, PROTO_UDP,
		    SHAPE_WIREGUARD, 0 },
		[WG6] = { packet_addr("2001:db8::5"), 51820, PROTO_UDP,
		    SHAPE_WIREGUARD, 0 },
		[OVPN] = { packet_addr("203.0.113.6"), 1194, PROTO_UDP,
		    SHAPE_OPENVPN, 0 },
		[OVPN_TCP] = { packet_addr("203.0.113.7"), 443, PROTO_TCP,
		    SHAPE_OPENVPN_TCP, 0 },
		[IKE] = { packet_addr("203.0.113.8"), 500, PROTO_UDP, SHAPE_IKE,
		    0 },
		[IKE_NAT] = { packet_addr("203.0.113.8"), 4500, PROTO_UDP,
		    SHAPE_IKE_NAT, 0 },
		[ESP] = { packet_addr("203.0.113.8"), 0, PROTO_ESP, SHAPE_ESP,
		    0 },
		[OWN4] = { packet_addr("203.0.113.9"), 51820, PROTO_UDP,
		    SHAPE_WIREGUARD, 1 },
		[OWN6] = { packet_addr("2001:db8::9"), 51820, PROTO_UDP,
		    SHAPE_WIREGUARD, 1 },
	};
	struct policy *p = policy_new();

	if (p == NULL)
		return -1;
	p->source4 = packet_addr(OURS4);
	p->source6 = packet_addr(OURS6);
	p->n_endpoints = ALL_ENDPOINTS;
	memcpy(p->endpoints, endpoints, sizeof(endpoints));
	policy_finish(p);
	*state = p;
	return 0;
}

static int
free_policy(void **state)
{
	policy_free(*state);
	return 0;
}

/* The verdict, and by which endpoint it passes; the ways agree. */
static enum drop
judge_all(const struct packet *p, size_t segment, const struct policy *pol,
    struct streams *streams, unsigned *ret_endpoint)
{
	struct streams copy = *streams;
	uint8_t *data = packet_exact(p->data, p->len);
	unsigned fast = 99, slow = 99;
	enum drop why = classify(data, p->len, segment, pol, streams, &fast);

	assert_int_equal(why,
	    classify_slowly(data, p->len, segment, pol, &copy, &slow));
	assert_int_equal(fast, slow);
	assert_memory_equal(streams, &copy, sizeof(copy));
	assert_int_equal(why == PASSED, fast != 99);
	*ret_endpoint = fast;
	free(data);
	return why;
}

static enum drop
judge(const struct packet *p, const struct policy *pol)
{
	struct streams none = { 0 };
	unsigned endpoint;

	return judge_all(p, 0, pol, &none, &endpoint);
}

/* One good packet for each endpoint. */
static struct packet
good(int endpoint)
{
	static const uint8_t hello[14] = { 7 << 3 };
	static const uint8_t ike_init[32] = { [7] = 1, [17] = 0x20, [18] = 34 };
	static const uint8_t esp[64] = { 0x12, 0x34, 0x56, 0x78 };
	uint8_t bytes[64] = { 0 };

	switch (endpoint) {
	case WG4:
		return packet_wireguard(wg4, 4, 128);
	case WG6:
		return packet_wireguard(wg6, 4, 128);
	case OVPN:
		return packet_udp(ovpn, hello, sizeof(hello));
	case OVPN_TCP:
		return packet_tcp(ovpn_tcp, 1, TCP_SYN, "", 0);
	case IKE:
		memcpy(bytes, ike_init, 32);
		bytes[27] = 32;
		return packet_udp(ike, bytes, 32);
	case IKE_NAT:
		memcpy(bytes + 4, ike_init, 32);
		bytes[4 + 27] = 32;
		return packet_udp(ike_nat, bytes, 36);
	default:
		return packet_ip(ike, PROTO_ESP, esp, sizeof(esp));
	}
}

static void
what_is_encapsulated_to_an_endpoint_passes(void **state)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		struct streams none = { 0 };
		struct packet p = good(i);
		unsigned endpoint;

		assert_int_equal(judge_all(&p, 0, *state, &none, &endpoint),
		    PASSED);
		assert_int_equal(endpoint, i);
	}
}

/* Whoever learned its session cannot speak for it. */
static void
where_our_own_tunnel_sends_nobody_else_does(void **state)
{
	static const struct flow flows[] = {
		{ OURS4, "203.0.113.9", 40000, 51820 },
		{ OURS6, "2001:db8::9", 40000, 51820 },
	};

	for (size_t i = 0; i < ARRAY_LEN(flows); i++)
		for (uint8_t type = 1; type <= 4; type++) {
			struct packet p = packet_wireguard(flows[i], type, 128);

			assert_int_equal(judge(&p, *state), DROP_NOT_OURS);
		}
}

/* STATES.md 2, and zero means no. */
static void
a_zeroed_policy_passes_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < ENDPOINTS; i++) {
		struct packet p = good(i);

		assert_int_equal(judge(&p, &policy_block_all), DROP_BLOCKED);
	}
}

static void
an_endpoint_without_protocol_or_shape_passes_nothing(void **state)
{
	struct policy *pol = policy_new();
	struct packet p;

	(void)state;
	assert_non_null(pol);
	pol->source4 = packet_addr(OURS4);
	pol->n_endpoints = 2;
	pol->endpoints[1].addr = packet_addr("203.0.113.5");
	pol->endpoints[1].protocol = PROTO_UDP;
	pol->endpoints[1].port = 51820;
	policy_finish(pol);
	for (int i = 0; i < ENDPOINTS; i++) {
		p = good(i);
		assert_int_not_equal(judge(&p, pol), PASSED);
	}
	policy_free(pol);
}

/* Also not from "no address", written out. */
static void
without_an_uplink_address_nothing_passes(void **state)
{
	static const struct flow from_nowhere[] = {
		{ "0.0.0.0", "203.0.113.5", 40000, 51820 },
		{ "::", "2001:db8::5", 40000, 51820 },
	};
	const struct policy *sound = *state;
	struct policy *pol = policy_new();
	struct packet p;

	assert_non_null(pol);
	memcpy(pol, sound, sizeof(*pol));
	memset(&pol->source4, 0, sizeof(pol->source4));
	memset(&pol->source6, 0, sizeof(pol->source6));
	policy_finish(pol);
	for (int i = 0; i < ENDPOINTS; i++) {
		p = good(i);
		assert_int_equal(judge(&p, pol), DROP_NO_UPLINK);
	}
	for (size_t i = 0; i < ARRAY_LEN(from_nowhere); i++) {
		p = packet_wireguard(from_nowhere[i], 4, 128);
		assert_int_equal(judge(&p, pol), DROP_NO_UPLINK);
	}
	policy_free(pol);
}

/* As without an uplink: "::" to "::" is of no endpoint. */
static void
an_endpoint_without_an_address_has_no_packets(void **state)
{
	static const struct flow nowhere = { "::", "::", 40000, 51820 };
	struct packet p = packet_wireguard(nowhere, 4, 128);
	struct policy *pol = policy_new();

	(void)state;
	assert_non_null(pol);
	pol->n_endpoints = 1;
	pol->endpoints[0] = (struct endpoint){ .port = 51820,
		.protocol = PROTO_UDP,
		.shape = SHAPE_WIREGUARD };
	policy_finish(pol);
	assert_int_equal(judge(&p, pol), DROP_NOT_ENCAPSULATED);
	policy_free(pol);
}

/* A dual-stack server, and only one family has a way out. */
static void
one_family_without_a_way_out_does_not_close_the_other(void **state)
{
	const struct policy *sound = *state;
	struct policy *pol = policy_new();
	struct packet p;

	assert_non_null(pol);
	memcpy(pol, sound, sizeof(*pol));
	memset(&pol->source6, 0, sizeof(pol->source6));
	policy_finish(pol);
	p = good(WG4);
	assert_int_equal(judge(&p, pol), PASSED);
	p = good(WG6);
	assert_int_equal(judge(&p, pol), DROP_NO_UPLINK);
	policy_free(pol);
}

static void
what_is_not_for_the_server_is_not_encapsulated(void **state)
{
	struct packet p = packet_wireguard(elsewhere, 4, 128);

	assert_int_equal(judge(&p, *state), DROP_NOT_ENCAPSULATED);
	packet_fragment(&p, 0, true);
	assert_int_equal(judge(&p, *state), DROP_NOT_ENCAPSULATED);
}

static void
another_protocol_to_the_server_does_not_pass(void **state)
{
	struct packet p = packet_ip(wg4, PROTO_ICMP, "\x08\0\0\0\0\0\0\0", 8);

	assert_int_equal(judge(&p, *state), DROP_WRONG_PROTOCOL);
	p = packet_tcp(wg4, 1, TCP_SYN, "", 0);
	assert_int_equal(judge(&p, *state), DROP_WRONG_PROTOCOL);
	p = packet_udp(ovpn_tcp, "\x38xxxxxxxxxxxxxxxxxxxxx", 20);
	assert_int_equal(judge(&p, *state), DROP_WRONG_PROTOCOL);
	p = packet_ip(wg6, PROTO_ESP, "\1\1\1\1xxxxxxxxxxxxxxxxxxxx", 24);
	assert_int_equal(judge(&p, *state), DROP_WRONG_PROTOCOL);
}

static void
every_length_of_a_datagram_is_judged_by_its_shape(void **state)
{
	for (size_t len = 0; len < 1500; len++) {
		struct packet p4 = packet_wireguard(wg4, 4, len);
		struct packet p6 = packet_wireguard(wg6, 4, len);
		bool passes = len >= 32 && (len % 16 == 0 || len >= 608);

		assert_int_equal(judge(&p4, *state) == PASSED, passes);
		assert_int_equal(judge(&p6, *state) == PASSED, passes);
	}
}

/* TunnelCrack ServerIP: the server's address is no way around the tunnel. */
static void
another_port_of_the_server_does_not_pass(void **state)
{
	for (unsigned port = 0; port < 65536; port += 13) {
		struct flow f = wg4;
		struct packet p;

		f.dport = (uint16_t)port;
		p = packet_wireguard(f, 4, 128);
		assert_int_equal(judge(&p, *state),
		    port == 51820 ? PASSED : DROP_WRONG_PORT);
	}
}

static void
another_shape_to_the_servers_port_does_not_pass(void **state)
{
	struct packet p = packet_wireguard(wg4, 5, 128);

	assert_int_equal(judge(&p, *state), DROP_WRONG_SHAPE);
	p = packet_udp(wg6, "", 0);
	assert_int_equal(judge(&p, *state), DROP_WRONG_SHAPE);
	p = packet_udp(ike_nat, "\xff\xff", 2);
	assert_int_equal(judge(&p, *state), DROP_WRONG_SHAPE);
	p = packet_udp(ike_nat, "\xff", 1);
	assert_int_equal(judge(&p, *state), PASSED);
	p = packet_tcp(ovpn_tcp, 1, TCP_ACK, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(judge(&p, *state), DROP_WRONG_SHAPE);
}

/* threats.md 40: the tunnel's own address, an old one, none. */
static void
another_source_than_the_uplinks_does_not_pass(void **state)
{
	static const struct flow flows[] = {
		{ "10.8.0.2", "203.0.113.5", 40000, 51820 },
		{ "192.0.2.11", "203.0.113.5", 40000, 51820 },
		{ "0.0.0.0", "203.0.113.5", 40000, 51820 },
		{ "fd00::2", "2001:db8::5", 40000, 51820 },
		{ "::", "2001:db8::5", 40000, 51820 },
	};

	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct packet p = packet_wireguard(flows[i], 4, 128);

		assert_int_equal(judge(&p, *state), DROP_WRONG_SOURCE);
	}
}

/* threats.md 37, 38. */
static void
options_and_extensions_do_not_pass(void **state)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		struct packet p = good(i);

		if (i == WG6)
			packet_add_extension(&p, 60, 8);
		else
			packet_add_options(&p, 1);
		assert_int_equal(judge(&p, *state), DROP_OPTIONS);
	}
}

/* threats.md 33 to 36. */
static void
fragments_do_not_pass(void **state)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		struct packet p = good(i);

		packet_fragment(&p, 0, true);
		assert_int_equal(judge(&p, *state), DROP_FRAGMENT);
		p = good(i);
		packet_fragment(&p, 1, false);
		assert_int_equal(judge(&p, *state), DROP_LATER_FRAGMENT);
		/* An IPv6 fragment that is whole is still an extension. */
		p = good(i);
		packet_fragment(&p, 0, false);
		assert_int_equal(judge(&p, *state),
		    i == WG6 ? DROP_OPTIONS : PASSED);
	}
}

static void
what_is_broken_does_not_pass(void **state)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		struct packet p = good(i);

		p.len--;
		assert_int_equal(judge(&p, *state), DROP_TRUNCATED);
		p.len += 2;
		assert_int_equal(judge(&p, *state), DROP_BAD_HEADER);
		p.len--;
		p.data[0] = (uint8_t)(p.data[0] & 0x0f);
		assert_int_equal(judge(&p, *state), DROP_NOT_IP);
		p.len = 0;
		assert_int_equal(judge(&p, *state), DROP_TRUNCATED);
	}
}

/* The header fields that may vary, may. */
static void
service_identity_and_lifetime_do_not_matter(void **state)
{
	struct packet p = good(WG4);

	p.data[1] = 0xff;  /* DSCP, ECN */
	p.data[4] = 0x12;  /* identification */
	p.data[6] = 0x40;  /* don't fragment */
	p.data[8] = 1;	   /* time to live */
	p.data[10] = 0xab; /* checksum */
	p.data[26] = 0xcd; /* UDP's */
	assert_int_equal(judge(&p, *state), PASSED);
	p.data[6] = 0x80; /* the reserved bit */
	(void)judge(&p, *state);
	p = good(WG6);
	p.data[0] = 0x6f;
	p.data[1] = 0xff;
	p.data[7] = 1;
	assert_int_equal(judge(&p, *state), PASSED);
}

static void
of_a_large_segment_each_datagram_is_checked(void **state)
{
	struct streams none = { 0 };
	unsigned endpoint;

	for (int bad = -1; bad < 5; bad++) {
		/* Four datagrams of 160 bytes, and one of 96. */
		struct packet p = packet_wireguard(wg4, 4, 4 * 160 + 96);

		for (size_t i = 0; i < 5; i++)
			memcpy(p.data + 28 + i * 160, "\4\0\0", 4);
		if (bad >= 0)
			p.data[28 + bad * 160 + 1] = 1;
		assert_int_equal(judge_all(&p, 160, *state, &none, &endpoint),
		    bad < 0 ? PASSED : DROP_WRONG_SHAPE);
	}
}

static void
the_last_datagram_of_a_large_segment_has_its_own_length(void **state)
{
	struct streams none = { 0 };
	unsigned endpoint;

	for (size_t last = 1; last <= 160; last++) {
		struct packet p = packet_wireguard(wg4, 4, 160 + last);

		memcpy(p.data + 28 + 160, "\4\0\0", last < 4 ? last : 4);
		assert_int_equal(judge_all(&p, 160, *state, &none, &endpoint),
		    last >= 32 && last % 16 == 0 ? PASSED : DROP_WRONG_SHAPE);
	}
}

/* Where one length is right for the whole and wrong for the pieces. */
static void
the_whole_of_a_large_segment_does_not_stand_for_its_pieces(void **state)
{
	struct packet p = packet_wireguard(wg4, 4, 1280);
	struct streams none = { 0 };
	unsigned endpoint;

	assert_int_equal(judge_all(&p, 0, *state, &none, &endpoint), PASSED);
	assert_int_equal(judge_all(&p, 640, *state, &none, &endpoint),
	    DROP_WRONG_SHAPE);
	assert_int_equal(judge_all(&p, 1280, *state, &none, &endpoint), PASSED);
	assert_int_equal(judge_all(&p, 9000, *state, &none, &endpoint), PASSED);
}

static void
a_tcp_connection_passes_from_its_syn_on(void **state)
{
	static const uint8_t hello[16] = { 0, 14, 7 << 3 };
	struct streams streams = { 0 };
	unsigned endpoint;
	struct packet p = packet_tcp(ovpn_tcp, 99, TCP_SYN, "", 0);

	assert_int_equal(judge_all(&p, 0, *state, &streams, &endpoint), PASSED);
	p = packet_tcp(ovpn_tcp, 100, TCP_ACK, hello, sizeof(hello));
	assert_int_equal(judge_all(&p, 0, *state, &streams, &endpoint), PASSED);
	assert_int_equal(endpoint, OVPN_TCP);
	p = packet_tcp(ovpn_tcp, 116, TCP_ACK, "GET / HTTP/1.1", 14);
	assert_int_equal(judge_all(&p, 0, *state, &streams, &endpoint),
	    DROP_WRONG_SHAPE);
	/* What is refused must not be learnt from. */
	p = packet_tcp(ovpn_tcp, 116, TCP_ACK, hello, sizeof(hello));
	assert_int_equal(judge_all(&p, 0, *state, &streams, &endpoint),
	    DROP_WRONG_SHAPE);
}

static void
a_tcp_connection_from_another_source_is_not_followed(void **state)
{
	static const struct flow f = { "10.8.0.2", "203.0.113.7", 40000, 443 };
	static const struct streams none = { 0 };
	struct streams streams = { 0 };
	struct packet p = packet_tcp(f, 99, TCP_SYN, "", 0);
	unsigned endpoint;

	assert_int_equal(judge_all(&p, 0, *state, &streams, &endpoint),
	    DROP_WRONG_SOURCE);
	assert_memory_equal(&streams, &none, sizeof(none));
}

/* Many servers: none is mistaken for another, and each is found. */
static void
every_one_of_the_most_endpoints_is_found(void **state)
{
	struct policy *pol = policy_new();
	static const char *const format[] = { "203.0.113.%u", "2001:db8::%x" };

	(void)state;
	assert_non_null(pol);
	pol->source4 = packet_addr(OURS4);
	pol->source6 = packet_addr(OURS6);
	pol->n_endpoints = POLICY_ENDPOINTS_MAX;
	for (unsigned round = 0; round < 20; round++) {
		char to[POLICY_ENDPOINTS_MAX][40];

		for (unsigned i = 0; i < POLICY_ENDPOINTS_MAX; i++) {
			(void)snprintf(to[i], sizeof(to[i]), format[i % 2],
			    i * (round + 1) % 251 + 1);
			pol->endpoints[i] =
			    (struct endpoint){ .addr = packet_addr(to[i]),
				    .port = (uint16_t)(1000 + i * round),
				    .protocol = PROTO_UDP,
				    .shape = SHAPE_WIREGUARD };
		}
		policy_finish(pol);
		for (unsigned i = 0; i < POLICY_ENDPOINTS_MAX; i++) {
			struct flow f = { i % 2 == 0 ? OURS4 : OURS6, to[i],
				40000, pol->endpoints[i].port };
			struct streams none = { 0 };
			struct packet p = packet_wireguard(f, 4, 128);
			unsigned endpoint;

			assert_int_equal(
			    judge_all(&p, 0, pol, &none, &endpoint), PASSED);
			assert_int_equal(endpoint, i);
			f.dport = 999;
			p = packet_wireguard(f, 4, 128);
			assert_int_equal(judge(&p, pol), DROP_WRONG_PORT);
		}
	}
	policy_free(pol);
}

static void
a_batch_is_judged_as_its_packets_are_one_by_one(void **state)
{
	enum { N = 100 };
	static struct packet packets[N];
	struct streams batch = { 0 }, single = { 0 };
	struct verdict verdicts[N];
	struct pktbuf in[N] = { 0 };

	for (int i = 0; i < N; i++) {
		packets[i] = good(i % ENDPOINTS);
		packets[i].len -= i % 11 == 0;
		packets[i].data[19] ^= (uint8_t)(i % 13 == 0);
		in[i].data = packet_exact(packets[i].data, packets[i].len);
		in[i].len = (uint32_t)packets[i].len;
		if (i % 5 == 0)
			in[i].offload =
			    (struct offload){ .gso_type = OFFLOAD_GSO_UDP_L4,
				    .gso_size = (uint16_t)(16 * (i % 9)) };
	}
	classify_batch(in, N, *state, &batch, verdicts);
	for (int i = 0; i < N; i++) {
		unsigned endpoint = 99;
		enum drop why = classify_slowly(in[i].data, in[i].len,
		    in[i].offload.gso_size, *state, &single, &endpoint);

		assert_int_equal(verdicts[i].why, why);
		if (why == PASSED)
			assert_int_equal(verdicts[i].endpoint, endpoint);
		free(in[i].data);
	}
	assert_memory_equal(&batch, &single, sizeof(batch));
	classify_batch(in, 0, *state, &batch, verdicts);
}

#define WITH_POLICY(test) \
	cmocka_unit_test_setup_teardown(test, make_policy, free_policy)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_POLICY(what_is_encapsulated_to_an_endpoint_passes),
		WITH_POLICY(where_our_own_tunnel_sends_nobody_else_does),
		WITH_POLICY(a_zeroed_policy_passes_nothing),
		WITH_POLICY(
		    an_endpoint_without_protocol_or_shape_passes_nothing),
		WITH_POLICY(without_an_uplink_address_nothing_passes),
		cmocka_unit_test(an_endpoint_without_an_address_has_no_packets),
		WITH_POLICY(
		    one_family_without_a_way_out_does_not_close_the_other),
		WITH_POLICY(what_is_not_for_the_server_is_not_encapsulated),
		WITH_POLICY(another_protocol_to_the_server_does_not_pass),
		WITH_POLICY(another_port_of_the_server_does_not_pass),
		WITH_POLICY(every_length_of_a_datagram_is_judged_by_its_shape),
		WITH_POLICY(another_shape_to_the_servers_port_does_not_pass),
		WITH_POLICY(another_source_than_the_uplinks_does_not_pass),
		WITH_POLICY(options_and_extensions_do_not_pass),
		WITH_POLICY(fragments_do_not_pass),
		WITH_POLICY(what_is_broken_does_not_pass),
		WITH_POLICY(service_identity_and_lifetime_do_not_matter),
		WITH_POLICY(of_a_large_segment_each_datagram_is_checked),
		WITH_POLICY(
		    the_last_datagram_of_a_large_segment_has_its_own_length),
		WITH_POLICY(
		    the_whole_of_a_large_segment_does_not_stand_for_its_pieces),
		WITH_POLICY(a_tcp_connection_passes_from_its_syn_on),
		WITH_POLICY(
		    a_tcp_connection_from_another_source_is_not_followed),
		cmocka_unit_test(every_one_of_the_most_endpoints_is_found),
		WITH_POLICY(a_batch_is_judged_as_its_packets_are_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
