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
	enum shape shape;
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
	bool passes = stream_segment(c->streams, &p, c->shape);

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
	struct connection c = { .streams = all,
		.sport = sport,
		.seq = isn,
		.shape = SHAPE_OPENVPN_TCP };

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
	struct connection c = { .streams = &all,
		.sport = 40000,
		.seq = 5,
		.shape = SHAPE_OPENVPN_TCP };
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
	struct connection c = { .streams = &all,
		.sport = 40000,
		.seq = 9,
		.shape = SHAPE_OPENVPN_TCP };
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
		struct connection c = { .streams = &all,
			.sport = 40000,
			.shape = SHAPE_OPENVPN_TCP };

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

/*
 * The other shapes over TCP.
 */

static struct connection
open_as(struct streams *all, enum shape shape)
{
	struct connection c = { .streams = all,
		.sport = 50000,
		.seq = 1000,
		.shape = shape };

	assert_true(send_syn(&c));
	return c;
}

/* A frame of WireGuard's: type of framing, type of message, length. */
static size_t
wg_frame(uint8_t *to, uint8_t framing, uint8_t type, size_t len)
{
	memset(to, 0, 2 + len);
	to[0] = (uint8_t)((size_t)framing << 6 | len >> 8);
	to[1] = (uint8_t)len;
	to[2] = type;
	return 2 + len;
}

static size_t
tls_record(uint8_t *to, uint8_t type, uint8_t minor, uint8_t message,
    size_t len)
{
	memset(to, 0, 5 + len);
	to[0] = type;
	to[1] = 3;
	to[2] = minor;
	to[3] = (uint8_t)(len >> 8);
	to[4] = (uint8_t)len;
	to[5] = message;
	return 5 + len;
}

/* In pieces of any size, each frame after the other. */
static void
a_client_of_each_shape_passes_in_any_pieces(void **state)
{
	static uint8_t wg[4096], tls[4096];
	size_t n_wg = 0, n_tls = 0;

	(void)state;
	n_wg += wg_frame(wg + n_wg, 0, 1, 148);
	n_wg += wg_frame(wg + n_wg, 0, 4, 32);
	n_wg += wg_frame(wg + n_wg, 2, 99, 1400);
	n_wg += wg_frame(wg + n_wg, 0, 2, 92);
	n_wg += wg_frame(wg + n_wg, 0, 3, 64);
	n_wg += wg_frame(wg + n_wg, 2, 0, 16);
	n_tls += tls_record(tls + n_tls, 22, 1, 1, 517);
	n_tls += tls_record(tls + n_tls, 20, 3, 1, 1);
	n_tls += tls_record(tls + n_tls, 23, 3, 0xaa, 1500);
	n_tls += tls_record(tls + n_tls, 21, 3, 2, 2);
	for (size_t piece = 1; piece < 1500; piece = piece * 2 + 1) {
		struct streams all = { 0 };
		struct connection c = open_as(&all, SHAPE_WIREGUARD_TCP);

		for (size_t at = 0; at < n_wg; at += piece)
			assert_true(send_next(&c, wg + at,
			    n_wg - at < piece ? n_wg - at : piece));
		c = open_as(&all, SHAPE_TLS);
		for (size_t at = 0; at < n_tls; at += piece)
			assert_true(send_next(&c, tls + at,
			    n_tls - at < piece ? n_tls - at : piece));
	}
}

static void
what_such_a_client_does_not_send_ends_its_connection(void **state)
{
	static const struct {
		uint8_t framing, type;
		size_t len;
		bool later; /* also after an initiation */
	} wg[] = { { 0, 2, 92, false }, { 0, 4, 64, false },
		{ 2, 0, 100, false }, { 0, 1, 147, true }, { 0, 4, 31, true },
		{ 0, 0, 32, true }, { 0, 5, 148, true }, { 1, 1, 148, true },
		{ 3, 1, 148, true }, { 2, 0, 15, true },
		{ 0, 'G', 148, true } };
	static const struct {
		uint8_t type, minor, message;
		size_t len;
		bool later;
	} tls[] = { { 23, 3, 1, 100, false }, { 22, 1, 2, 100, false },
		{ 22, 0, 1, 100, true }, { 22, 4, 1, 100, true },
		{ 19, 3, 1, 100, true }, { 24, 3, 1, 100, true },
		{ 'G', 3, 1, 100, true } };
	static uint8_t bytes[1024];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wg); i++)
		for (int later = 0; later < 2; later++) {
			struct streams all = { 0 };
			struct connection c =
			    open_as(&all, SHAPE_WIREGUARD_TCP);

			n = wg_frame(bytes, 0, 1, 148);
			assert_true(later == 0 || send_next(&c, bytes, n));
			n = wg_frame(bytes, wg[i].framing, wg[i].type,
			    wg[i].len);
			assert_int_equal(send_next(&c, bytes, n),
			    later != 0 && !wg[i].later);
			if (later != 0 && !wg[i].later)
				continue;
			n = wg_frame(bytes, 0, 1, 148);
			assert_false(send_next(&c, bytes, n));
		}
	for (size_t i = 0; i < ARRAY_LEN(tls); i++)
		for (int later = 0; later < 2; later++) {
			struct streams all = { 0 };
			struct connection c = open_as(&all, SHAPE_TLS);

			n = tls_record(bytes, 22, 1, 1, 100);
			assert_true(later == 0 || send_next(&c, bytes, n));
			n = tls_record(bytes, tls[i].type, tls[i].minor,
			    tls[i].message, tls[i].len);
			assert_int_equal(send_next(&c, bytes, n),
			    later != 0 && !tls[i].later);
		}
}

/* The server's file says another shape now. */
static void
a_connection_is_of_the_shape_it_was_opened_with(void **state)
{
	struct streams all = { 0 };
	struct connection c = open_as(&all, SHAPE_TLS);
	uint8_t bytes[200];
	size_t n = wg_frame(bytes, 0, 1, 148);

	(void)state;
	c.shape = SHAPE_WIREGUARD_TCP;
	assert_false(send_next(&c, bytes, n));
	c.shape = SHAPE_WIREGUARD;
	assert_false(send_syn(&c));
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
		cmocka_unit_test(a_client_of_each_shape_passes_in_any_pieces),
		cmocka_unit_test(
		    what_such_a_client_does_not_send_ends_its_connection),
		cmocka_unit_test(
		    a_connection_is_of_the_shape_it_was_opened_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
