/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/stream.h"
#include "tests/unit/packet.h"

/* A connection as the client's kernel sends it. */
struct connection {
	struct streams *streams;
	uint16_t sport;
	uint32_t seq; /* of the next byte */
};

static bool
send_at(struct connection *c, uint32_t seq, uint8_t flags, const void *data,
    size_t len)
{
	uint8_t *copy = packet_exact(data, len);
	struct pkt p = { .src = packet_addr("192.0.2.10"),
		.dst = packet_addr("203.0.113.7"),
		.protocol = PROTO_TCP,
		.ports = true,
		.sport = c->sport,
		.dport = 443,
		.tcp_flags = flags,
		.tcp_seq = seq,
		.payload = copy,
		.payload_len = (uint32_t)len };
	bool passes = stream_segment(c->streams, &p);

	free(copy);
	return passes;
}

static bool
send_next(struct connection *c, const void *data, size_t len)
{
	bool passes = send_at(c, c->seq, TCP_ACK, data, len);

	c->seq += (uint32_t)len;
	return passes;
}

static bool
send_syn(struct connection *c)
{
	return send_at(c, c->seq++, TCP_SYN, "", 0);
}

static struct connection
open_from(struct streams *all, uint16_t sport, uint32_t isn)
{
	struct connection c = { .streams = all, .sport = sport, .seq = isn };

	assert_true(send_syn(&c));
	return c;
}

/* One frame of OpenVPN's: its length, the opcode, the rest. */
static size_t
frame(uint8_t *to, uint8_t opcode, size_t len)
{
	to[0] = (uint8_t)(len >> 8);
	to[1] = (uint8_t)len;
	memset(to + 2, 0xee, len);
	to[2] = (uint8_t)(opcode << 3);
	return 2 + len;
}

/* What a client sends first: hello, ack, control, data. */
struct talk {
	uint8_t bytes[512];
	size_t len;
};

static struct talk
talk(void)
{
	struct talk t = { .len = 0 };

	t.len += frame(t.bytes + t.len, 7, 54);
	t.len += frame(t.bytes + t.len, 5, 26);
	t.len += frame(t.bytes + t.len, 4, 100);
	t.len += frame(t.bytes + t.len, 9, 90);
	t.len += frame(t.bytes + t.len, 9, 24);
	return t;
}

static void
a_connection_of_openvpn_passes(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_from(&all, 40000, 1000);
	struct talk t = talk();

	(void)state;
	assert_true(send_next(&c, "", 0));
	assert_true(send_next(&c, t.bytes, t.len));
	assert_true(send_at(&c, c.seq, TCP_FIN | TCP_ACK, "", 0));
}

static void
frames_may_be_cut_at_any_byte(void **state)
{
	struct talk t = talk();

	(void)state;
	for (size_t first = 1; first < t.len; first++)
		for (size_t rest = 1; rest <= 4; rest++) {
			struct streams all = { 0 };
			struct connection c = open_from(&all, 40000, 7);

			assert_true(send_next(&c, t.bytes, first));
			/* Then a few bytes at a time, to the end. */
			for (size_t at = first; at < t.len; at += rest)
				assert_true(send_next(&c, t.bytes + at,
				    t.len - at < rest ? t.len - at : rest));
		}
}

/* Wherever the bad frame begins, and however it is cut, it does not pass. */
static void
a_bad_frame_is_found_wherever_it_is_cut(void **state)
{
	struct talk t = talk();
	size_t bad = t.len;

	(void)state;
	t.len += frame(t.bytes + t.len, 31, 60);
	for (size_t cut = 1; cut < t.len; cut++) {
		struct streams all = { 0 };
		struct connection c = open_from(&all, 40000, 7);

		/* A length alone says nothing yet; the opcode does. */
		assert_int_equal(send_next(&c, t.bytes, cut), cut <= bad + 2);
		assert_false(send_next(&c, t.bytes + cut, t.len - cut));
	}
}

static void
sequence_numbers_may_wrap_anywhere(void **state)
{
	struct talk t = talk();

	(void)state;
	for (uint32_t before = 0; before <= t.len + 1; before++) {
		struct streams all = { 0 };
		struct connection c = open_from(&all, 40000, 0u - before);

		for (size_t at = 0; at < t.len; at += 50)
			assert_true(send_next(&c, t.bytes + at,
			    t.len - at < 50 ? t.len - at : 50));
	}
}

/* Beyond the wrap, new bytes are no retransmission. */
static void
a_bad_frame_is_found_beyond_the_wrap(void **state)
{
	struct talk t = talk();

	(void)state;
	t.len += frame(t.bytes + t.len, 31, 60);
	for (uint32_t before = 0; before <= t.len; before++) {
		struct streams all = { 0 };
		struct connection c = open_from(&all, 40000, 0u - before);

		assert_true(send_next(&c, t.bytes, 200));
		assert_false(send_next(&c, t.bytes + 200, t.len - 200));
	}
}

static void
a_retransmission_passes_and_is_not_followed_twice(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_from(&all, 40000, 1000);
	uint32_t start = c.seq;
	struct talk t = talk();

	(void)state;
	assert_true(send_next(&c, t.bytes, 100));
	assert_true(send_at(&c, start, TCP_ACK, t.bytes, 100));
	assert_true(send_at(&c, start + 10, TCP_ACK, t.bytes + 10, 30));
	/* Overlapping: what was seen and what is new, in one segment. */
	assert_true(send_at(&c, start + 60, TCP_ACK, t.bytes + 60, 90));
	c.seq = start + 150;
	assert_true(send_next(&c, t.bytes + 150, t.len - 150));
	/* A keepalive: one byte before the next. */
	assert_true(send_at(&c, c.seq - 1, TCP_ACK, "", 1));
}

static void
new_bytes_behind_old_ones_are_judged(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_from(&all, 40000, 1000);
	uint32_t start = c.seq;
	struct talk t = talk();
	size_t good = t.len;

	(void)state;
	t.len += frame(t.bytes + t.len, 31, 60);
	assert_true(send_next(&c, t.bytes, good));
	assert_false(send_at(&c, start, TCP_ACK, t.bytes, t.len));
}

static void
a_gap_does_not_pass_until_it_is_filled(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_from(&all, 40000, 1000);
	struct talk t = talk();

	(void)state;
	assert_true(send_next(&c, t.bytes, 56));
	assert_false(send_at(&c, c.seq + 1, TCP_ACK, t.bytes + 56, 28));
	/* What was missing comes again, and then the rest may. */
	assert_true(send_next(&c, t.bytes + 56, 28));
	/* Saying goodbye needs no bytes. */
	assert_true(send_at(&c, c.seq, TCP_RST, "", 0));
}

/* threats.md: a program that connected before the gate was closed. */
static void
a_connection_whose_beginning_was_not_seen_does_not_pass(void **state)
{
	struct streams all = { 0 };
	struct connection c = { .streams = &all, .sport = 40000, .seq = 5 };
	struct talk t = talk();

	(void)state;
	assert_false(send_next(&c, t.bytes, t.len));
	assert_true(send_next(&c, "", 0));
	(void)open_from(&all, 40001, 0);
	assert_false(send_next(&c, t.bytes, t.len));
}

static void
a_connection_begins_with_a_hello(void **state)
{
	(void)state;
	for (uint8_t opcode = 0; opcode < 32; opcode++) {
		struct streams all = { 0 };
		struct connection c = open_from(&all, 40000, 0);
		uint8_t bytes[128];
		size_t len = frame(bytes, opcode, 100);

		assert_int_equal(send_next(&c, bytes, len),
		    opcode == 7 || opcode == 10);
	}
}

static void
a_frame_of_no_bytes_does_not_pass(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_from(&all, 40000, 0);

	(void)state;
	assert_false(send_next(&c, "\0\0\x38", 3));
}

static void
what_browsers_and_others_say_first_does_not_pass(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} firsts[] = {
		{ "GET / HTTP/1.1\r\nHost: vpn.example.org\r\n\r\n", 41 },
		{ "POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 39 },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11 },
		{ "SSH-2.0-OpenSSH_9.2\r\n", 21 },
		{ "\x13"
		  "BitTorrent protocol",
		    20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct streams all = { 0 };
		struct connection c = open_from(&all, 40000, 0);

		assert_false(send_next(&c, firsts[i].bytes, firsts[i].len));
		/* And nothing after it. */
		assert_false(send_next(&c, firsts[i].bytes, firsts[i].len));
	}
}

static void
a_syn_with_bytes_is_judged_by_them(void **state)
{
	struct streams all = { 0 };
	struct connection c = { .streams = &all, .sport = 40000, .seq = 9 };
	struct talk t = talk();

	(void)state;
	assert_false(send_at(&c, 9, TCP_SYN, "GET / HTTP/1.1", 14));
	assert_true(send_at(&c, 9, TCP_SYN, t.bytes, 100));
	c.seq = 110;
	assert_true(send_next(&c, t.bytes + 100, t.len - 100));
}

/* A client opens connections; it accepts none. */
static void
a_syn_with_another_flag_does_not_pass(void **state)
{
	static const uint8_t flags[] = { TCP_ACK, TCP_RST, TCP_FIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct streams all = { 0 };
		struct connection c = { .streams = &all, .sport = 40000 };

		assert_false(
		    send_at(&c, 0, (uint8_t)(TCP_SYN | flags[i]), "", 0));
	}
}

static void
a_reset_ends_the_connection(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_from(&all, 40000, 0);
	struct talk t = talk();

	(void)state;
	assert_true(send_next(&c, t.bytes, 56));
	assert_true(send_at(&c, c.seq, TCP_RST | TCP_ACK, "", 0));
	assert_false(send_next(&c, t.bytes + 56, 28));
	/* The same port again, from the start. */
	c = open_from(&all, 40000, 77);
	assert_true(send_next(&c, t.bytes, t.len));
}

static void
connections_are_kept_apart_by_their_port(void **state)
{
	struct streams all = { 0 };
	struct connection c[STREAMS_MAX];
	struct talk t = talk();

	(void)state;
	for (uint16_t i = 0; i < STREAMS_MAX; i++)
		c[i] = open_from(&all, (uint16_t)(40000 + i), i * 1000u);
	for (size_t at = 0; at < t.len; at += 33)
		for (int i = 0; i < STREAMS_MAX; i++)
			assert_true(send_next(&c[i], t.bytes + at,
			    t.len - at < 33 ? t.len - at : 33));
}

static void
of_too_many_connections_the_oldest_is_forgotten(void **state)
{
	struct streams all = { 0 };
	struct connection c[STREAMS_MAX + 1];
	struct talk t = talk();

	(void)state;
	for (uint16_t i = 0; i <= STREAMS_MAX; i++) {
		c[i] = open_from(&all, (uint16_t)(40000 + i), i);
		assert_true(send_next(&c[i], t.bytes, 56));
	}
	assert_false(send_next(&c[0], t.bytes + 56, 28));
	for (int i = 1; i <= STREAMS_MAX; i++)
		assert_true(send_next(&c[i], t.bytes + 56, 28));
}

static void
knocking_does_not_push_the_client_out(void **state)
{
	struct streams all = { 0 };
	struct connection client = open_from(&all, 40000, 0);
	struct talk t = talk();

	(void)state;
	assert_true(send_next(&client, t.bytes, 56));
	for (uint16_t i = 0; i < 10 * STREAMS_MAX; i++)
		(void)open_from(&all, (uint16_t)(50000 + i), i);
	assert_true(send_next(&client, t.bytes + 56, t.len - 56));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_of_openvpn_passes),
		cmocka_unit_test(frames_may_be_cut_at_any_byte),
		cmocka_unit_test(a_bad_frame_is_found_wherever_it_is_cut),
		cmocka_unit_test(sequence_numbers_may_wrap_anywhere),
		cmocka_unit_test(a_bad_frame_is_found_beyond_the_wrap),
		cmocka_unit_test(
		    a_retransmission_passes_and_is_not_followed_twice),
		cmocka_unit_test(new_bytes_behind_old_ones_are_judged),
		cmocka_unit_test(a_gap_does_not_pass_until_it_is_filled),
		cmocka_unit_test(
		    a_connection_whose_beginning_was_not_seen_does_not_pass),
		cmocka_unit_test(a_connection_begins_with_a_hello),
		cmocka_unit_test(a_frame_of_no_bytes_does_not_pass),
		cmocka_unit_test(
		    what_browsers_and_others_say_first_does_not_pass),
		cmocka_unit_test(a_syn_with_bytes_is_judged_by_them),
		cmocka_unit_test(a_syn_with_another_flag_does_not_pass),
		cmocka_unit_test(a_reset_ends_the_connection),
		cmocka_unit_test(connections_are_kept_apart_by_their_port),
		cmocka_unit_test(
		    of_too_many_connections_the_oldest_is_forgotten),
		cmocka_unit_test(knocking_does_not_push_the_client_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
