/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "datapath/parse.h"
#include "datapath/policy.h"
#include "tests/unit/packet.h"

static const struct flow v4 = { "192.0.2.10", "203.0.113.5", 40000, 51820 };
static const struct flow v6 = { "2001:db8:1::10", "2001:db8::5", 40000, 51820 };

/* Parse the first len bytes, alone on the heap; ret->payload is not kept. */
static enum drop
parse_first(const struct packet *p, size_t len, struct pkt *ret)
{
	uint8_t *copy = packet_exact(p->data, len);
	enum drop why = parse_ip(copy, len, ret);

	if (why == PASSED) {
		assert_true(ret->payload >= copy);
		assert_true(ret->payload + ret->payload_len == copy + len);
	}
	free(copy);
	return why;
}

static enum drop
parse(const struct packet *p, struct pkt *ret)
{
	return parse_first(p, p->len, ret);
}

/* Sound at its own length, truncated at each shorter one. */
static void
check_each_truncation(const struct packet *p)
{
	struct pkt pkt;

	for (size_t len = 0; len < p->len; len++)
		assert_int_equal(parse_first(p, len, &pkt), DROP_TRUNCATED);
	assert_int_equal(parse(p, &pkt), PASSED);
}

static void
a_datagram_shows_addresses_ports_and_payload(void **state)
{
	const struct flow flows[] = { v4, v6 };
	struct packet p;
	struct pkt pkt;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct addr src = packet_addr(flows[i].src);
		struct addr dst = packet_addr(flows[i].dst);

		p = packet_udp(flows[i], "hello", 5);
		assert_int_equal(parse(&p, &pkt), PASSED);
		assert_true(addr_equal(&pkt.src, &src));
		assert_true(addr_equal(&pkt.dst, &dst));
		assert_int_equal(pkt.protocol, PROTO_UDP);
		assert_int_equal(pkt.fragment, PKT_WHOLE);
		assert_false(pkt.options);
		assert_true(pkt.ports);
		assert_int_equal(pkt.sport, 40000);
		assert_int_equal(pkt.dport, 51820);
		assert_int_equal(pkt.payload_len, 5);
	}
}

static void
a_segment_shows_its_number_flags_and_payload(void **state)
{
	struct packet p =
	    packet_tcp(v6, 0xfedcba98, TCP_SYN | TCP_ACK, "hello", 5);
	struct pkt pkt;

	(void)state;
	assert_int_equal(parse(&p, &pkt), PASSED);
	assert_true(pkt.ports);
	assert_int_equal(pkt.dport, 51820);
	assert_int_equal(pkt.tcp_seq, 0xfedcba98);
	assert_int_equal(pkt.tcp_flags, TCP_SYN | TCP_ACK);
	assert_int_equal(pkt.payload_len, 5);
}

static void
what_has_no_ports_shows_none(void **state)
{
	struct packet p = packet_ip(v4, PROTO_ICMP, "\x08\0\0\0\0\0\0\0", 8);
	struct pkt pkt;

	(void)state;
	assert_int_equal(parse(&p, &pkt), PASSED);
	assert_false(pkt.ports);
	assert_int_equal(pkt.sport, 0);
	assert_int_equal(pkt.dport, 0);
	assert_int_equal(pkt.payload_len, 8);
}

static void
every_length_short_of_the_whole_is_truncated(void **state)
{
	struct packet p = packet_udp(v4, "hello", 5);

	(void)state;
	check_each_truncation(&p);
	packet_add_options(&p, 10);
	check_each_truncation(&p);
	p = packet_tcp(v4, 1, TCP_ACK, "hello", 5);
	check_each_truncation(&p);
	p = packet_udp(v6, "hello", 5);
	check_each_truncation(&p);
	packet_add_extension(&p, 60, 24);
	packet_add_extension(&p, 43, 8);
	packet_add_extension(&p, 0, 16);
	check_each_truncation(&p);
	p = packet_tcp(v6, 1, TCP_ACK, "hello", 5);
	packet_add_extension(&p, 60, 8);
	check_each_truncation(&p);
}

/* Cut short with a length that agrees: only the inner headers tell. */
static void
an_honest_length_does_not_hide_a_cut_header(void **state)
{
	const struct packet whole[] = { packet_tcp(v4, 1, TCP_ACK, "", 0),
		packet_udp(v4, "", 0), packet_tcp(v6, 1, TCP_ACK, "", 0),
		packet_udp(v6, "", 0) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		bool is_v4 = whole[i].data[0] >> 4 == 4;
		size_t ip = is_v4 ? 20 : 40;

		for (size_t len = ip; len < whole[i].len; len++) {
			struct packet p = whole[i];
			struct pkt pkt;

			if (is_v4)
				packet_put16(&p, 2, len);
			else
				packet_put16(&p, 4, len - 40);
			assert_int_equal(parse_first(&p, len, &pkt),
			    DROP_TRUNCATED);
			assert_false(pkt.ports);
		}
	}
}

static void
options_of_every_length_are_seen_and_skipped(void **state)
{
	(void)state;
	for (size_t words = 1; words <= 10; words++) {
		struct packet p = packet_udp(v4, "hello", 5);
		struct pkt pkt;

		packet_add_options(&p, words);
		assert_int_equal(parse(&p, &pkt), PASSED);
		assert_true(pkt.options);
		assert_int_equal(pkt.dport, 51820);
		assert_int_equal(pkt.payload_len, 5);
	}
}

static void
extensions_are_walked_up_to_the_limit_and_not_beyond(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= PARSE_EXTENSIONS_MAX + 2; n++) {
		struct packet p = packet_udp(v6, "hello", 5);
		struct pkt pkt;

		for (unsigned i = 0; i < n; i++)
			packet_add_extension(&p, 60, 8 + 8 * (i % 3));
		if (n > PARSE_EXTENSIONS_MAX) {
			assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
			assert_false(pkt.ports);
			continue;
		}
		assert_int_equal(parse(&p, &pkt), PASSED);
		assert_true(pkt.options);
		assert_int_equal(pkt.protocol, PROTO_UDP);
		assert_int_equal(pkt.dport, 51820);
	}
}

static void
each_kind_of_extension_is_walked(void **state)
{
	static const uint8_t kinds[] = { 0, 43, 44, 51, 60, 135, 139, 140 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct packet p = packet_udp(v6, "hello", 5);
		struct pkt pkt;

		packet_add_extension(&p, kinds[i], 16);
		if (kinds[i] == 44) {
			/* A fragment header has 8 bytes and no length. */
			p = packet_udp(v6, "hello", 5);
			packet_fragment(&p, 0, false);
			p.data[41] = 77;
		} else if (kinds[i] == 51) {
			/* Counted in words, less two (RFC 4302). */
			p.data[41] = 16 / 4 - 2;
		}
		assert_int_equal(parse(&p, &pkt), PASSED);
		assert_true(pkt.options);
		assert_int_equal(pkt.protocol, PROTO_UDP);
		assert_int_equal(pkt.payload_len, 5);
	}
}

static void
hop_by_hop_options_come_first_or_never(void **state)
{
	struct packet p = packet_udp(v6, "hello", 5);
	struct pkt pkt;

	(void)state;
	packet_add_extension(&p, 0, 8);
	packet_add_extension(&p, 60, 8);
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
}

static void
what_ends_an_extension_chain_has_no_ports(void **state)
{
	struct packet p = packet_ip(v6, 59, "hello", 5);
	struct pkt pkt;

	(void)state;
	packet_add_extension(&p, 60, 8);
	assert_int_equal(parse(&p, &pkt), PASSED);
	assert_int_equal(pkt.protocol, 59);
	assert_false(pkt.ports);
}

static void
a_first_fragment_shows_its_ports(void **state)
{
	const struct flow flows[] = { v4, v6 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct packet p = packet_udp(flows[i], "hello", 5);
		struct pkt pkt;

		/* UDP's length is that of the whole datagram. */
		packet_put16(&p, p.len - 5 - 8 + 4, 3000);
		packet_fragment(&p, 0, true);
		assert_int_equal(parse(&p, &pkt), PASSED);
		assert_int_equal(pkt.fragment, PKT_FIRST_FRAGMENT);
		assert_true(pkt.ports);
		assert_int_equal(pkt.dport, 51820);
	}
}

/* threats.md 33: what stands where the ports would is payload. */
static void
a_later_fragment_shows_no_ports(void **state)
{
	const struct flow flows[] = { v4, v6 };
	const uint16_t offsets[] = { 1, 185, 0x1fff };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flows); i++)
		for (size_t k = 0; k < ARRAY_LEN(offsets) * 2; k++) {
			struct packet p = packet_udp(flows[i], "hello", 5);
			struct pkt pkt;

			packet_fragment(&p, offsets[k / 2], k % 2 == 1);
			assert_int_equal(parse(&p, &pkt), PASSED);
			assert_int_equal(pkt.fragment, PKT_LATER_FRAGMENT);
			assert_int_equal(pkt.protocol, PROTO_UDP);
			assert_false(pkt.ports);
			assert_int_equal(pkt.dport, 0);
		}
}

/* threats.md 39. */
static void
lengths_that_lie_are_refused(void **state)
{
	struct packet p;
	struct pkt pkt;

	(void)state;
	/* IPv4: total length too short, too long, below the header. */
	p = packet_udp(v4, "hello", 5);
	packet_put16(&p, 2, p.len - 1);
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	packet_put16(&p, 2, p.len + 1);
	assert_int_equal(parse(&p, &pkt), DROP_TRUNCATED);
	packet_put16(&p, 2, 19);
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	packet_put16(&p, 2, 0);
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	/* IPv4: header length below the smallest, beyond the packet. */
	p = packet_udp(v4, "hello", 5);
	for (unsigned ihl = 0; ihl < 5; ihl++) {
		p.data[0] = (uint8_t)(0x40 | ihl);
		assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	}
	p.data[0] = 0x4f;
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	/* IPv6: payload length too short, too long; a jumbogram's zero. */
	p = packet_udp(v6, "hello", 5);
	packet_put16(&p, 4, p.len - 40 - 1);
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	packet_put16(&p, 4, p.len - 40 + 1);
	assert_int_equal(parse(&p, &pkt), DROP_TRUNCATED);
	packet_put16(&p, 4, 0);
	assert_int_equal(parse(&p, &pkt), DROP_BAD_HEADER);
	/* IPv6: an extension beyond the packet. */
	p = packet_udp(v6, "hello", 5);
	packet_add_extension(&p, 60, 8);
	p.data[41] = 255;
	assert_int_equal(parse(&p, &pkt), DROP_TRUNCATED);
	/* UDP: every length but the right one. */
	for (size_t n = 0; n < 20; n++) {
		p = packet_udp(v4, "hello", 5);
		packet_put16(&p, 24, n);
		assert_int_equal(parse(&p, &pkt),
		    n < 13	 ? DROP_BAD_HEADER
			: n > 13 ? DROP_TRUNCATED
				 : PASSED);
	}
	/* TCP: a data offset inside the header, and beyond the packet. */
	for (unsigned words = 0; words < 16; words++) {
		p = packet_tcp(v4, 1, TCP_ACK, "hello, world", 12);
		p.data[32] = (uint8_t)(words << 4);
		assert_int_equal(parse(&p, &pkt),
		    words < 5	    ? DROP_BAD_HEADER
			: words > 8 ? DROP_TRUNCATED
				    : PASSED);
	}
}

static void
only_versions_4_and_6_are_ip(void **state)
{
	struct packet p = packet_udp(v4, "hello", 5);
	struct pkt pkt;

	(void)state;
	for (unsigned version = 0; version < 16; version++) {
		if (version == 4 || version == 6)
			continue;
		p.data[0] = (uint8_t)(version << 4 | 5);
		assert_int_equal(parse(&p, &pkt), DROP_NOT_IP);
		assert_int_equal(pkt.src.family, ADDR_NONE);
	}
}

/* For who is told of the drop: drop_ring.h. */
static void
addresses_show_even_if_the_rest_is_broken(void **state)
{
	struct packet p = packet_udp(v6, "hello", 5);
	struct pkt pkt;

	(void)state;
	assert_int_equal(parse_first(&p, 44, &pkt), DROP_TRUNCATED);
	assert_int_equal(pkt.src.family, ADDR_V6);
	assert_int_equal(pkt.dst.family, ADDR_V6);
	assert_int_equal(parse_first(&p, 39, &pkt), DROP_TRUNCATED);
	assert_int_equal(pkt.src.family, ADDR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_shows_addresses_ports_and_payload),
		cmocka_unit_test(a_segment_shows_its_number_flags_and_payload),
		cmocka_unit_test(what_has_no_ports_shows_none),
		cmocka_unit_test(every_length_short_of_the_whole_is_truncated),
		cmocka_unit_test(an_honest_length_does_not_hide_a_cut_header),
		cmocka_unit_test(options_of_every_length_are_seen_and_skipped),
		cmocka_unit_test(
		    extensions_are_walked_up_to_the_limit_and_not_beyond),
		cmocka_unit_test(each_kind_of_extension_is_walked),
		cmocka_unit_test(hop_by_hop_options_come_first_or_never),
		cmocka_unit_test(what_ends_an_extension_chain_has_no_ports),
		cmocka_unit_test(a_first_fragment_shows_its_ports),
		cmocka_unit_test(a_later_fragment_shows_no_ports),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(only_versions_4_and_6_are_ip),
		cmocka_unit_test(addresses_show_even_if_the_rest_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
