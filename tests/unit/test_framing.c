/* SPDX-License-Identifier: ISC */
/*
 * Streams that are written out by hand, and random messages in random cuts.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/carrier/framing.h"
#include "datapath/wireguard/message.h"

static struct framing_in in;
static struct framing_out out;

static uint64_t seed = 1;

static uint64_t
some(uint64_t below)
{
	/* xorshift64 */
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static void
new_connection(enum carrier_framing framing)
{
	framing_in_init(&in, framing);
	framing_out_init(&out, framing);
}

/* A transport message; what is sealed are bytes of `fill`. */
static size_t
transport(uint8_t *m, uint32_t index, uint64_t counter, size_t len, int fill)
{
	le_put32(m, WG_TRANSPORT);
	le_put32(m + WG_INDEX, index);
	le_put64(m + WG_TRANSPORT_COUNTER, counter);
	memset(m + WG_TRANSPORT_HEADER, fill, len - WG_TRANSPORT_HEADER);
	return len;
}

static size_t
handshake(uint8_t *m, enum wg_type type)
{
	size_t len = type == WG_INITIATION ? WG_INITIATION_LEN
	    : type == WG_RESPONSE	   ? WG_RESPONSE_LEN
					   : WG_COOKIE_REPLY_LEN;

	memset(m, 0xee, len);
	le_put32(m, type);
	return len;
}

/* All of data at once; what becomes of the first message or fault in it. */
static enum framing_result
read_all(const void *data, size_t len)
{
	const uint8_t *p = data;

	return framing_read(&in, &p, &len);
}

/* A frame of len bytes with this header. */
static enum framing_result
read_frame(unsigned header, const uint8_t *payload, size_t len)
{
	uint8_t bytes[FRAMING_HEADER] = { (uint8_t)(header >> 8),
		(uint8_t)header };
	enum framing_result r = read_all(bytes, sizeof(bytes));

	return r == FRAMING_MORE && len > 0 ? read_all(payload, len) : r;
}

static void
a_message_that_continues_the_last_goes_without_its_header(void **state)
{
	uint8_t m[64], frame[66];

	(void)state;
	new_connection(CARRIER_TUNSAFE);
	/* Length 48: whole. */
	transport(m, 0x11223344, 7, 48, 0xaa);
	assert_int_equal(framing_write(&out, m, 48, frame), 50);
	assert_memory_equal(frame,
	    "\x00\x30\x04\0\0\0\x44\x33\x22\x11\x07\0\0\0\0\0\0\0\xaa", 19);
	/* A keepalive after it: its 16 sealed bytes. */
	transport(m, 0x11223344, 8, 32, 0xbb);
	assert_int_equal(framing_write(&out, m, 32, frame), 18);
	assert_memory_equal(frame, "\x80\x10\xbb\xbb", 4);
	/* A counter left out, another index, the same again: whole. */
	transport(m, 0x11223344, 10, 32, 0xbb);
	assert_int_equal(framing_write(&out, m, 32, frame), 34);
	transport(m, 0x11223345, 11, 32, 0xbb);
	assert_int_equal(framing_write(&out, m, 32, frame), 34);
	assert_int_equal(framing_write(&out, m, 32, frame), 34);
}

/* Whichever way the receiver counts. */
static void
after_a_handshake_message_a_header_is_sent(void **state)
{
	uint8_t m[256], frame[258];

	(void)state;
	new_connection(CARRIER_TUNSAFE);
	framing_write(&out, m, transport(m, 1, 10, 32, 0), frame);
	assert_int_equal(
	    framing_write(&out, m, handshake(m, WG_RESPONSE), frame), 94);
	assert_int_equal(
	    framing_write(&out, m, transport(m, 1, 11, 32, 0), frame), 34);
	assert_int_equal(
	    framing_write(&out, m, transport(m, 1, 12, 32, 0), frame), 18);
}

/* TunSafe's sender does not look at what is between. */
static void
a_handshake_message_does_not_count(void **state)
{
	uint8_t m[256], sealed[16] = { 0xcc };

	(void)state;
	new_connection(CARRIER_TUNSAFE);
	transport(m, 5, 10, 32, 0);
	assert_int_equal(read_frame(0x0020, m, 32), FRAMING_MESSAGE);
	handshake(m, WG_RESPONSE);
	assert_int_equal(read_frame(0x005c, m, 92), FRAMING_MESSAGE);
	assert_int_equal(read_frame(0x8010, sealed, 16), FRAMING_MESSAGE);
	assert_int_equal(in.len, 32);
	assert_int_equal(le_32(in.msg), WG_TRANSPORT);
	assert_int_equal(le_32(in.msg + WG_INDEX), 5);
	assert_int_equal(le_64(in.msg + WG_TRANSPORT_COUNTER), 11);
	assert_memory_equal(in.msg + WG_TRANSPORT_HEADER, sealed, 16);
	assert_int_equal(read_frame(0x8010, sealed, 16), FRAMING_MESSAGE);
	assert_int_equal(le_64(in.msg + WG_TRANSPORT_COUNTER), 12);
}

static void
what_is_no_frame_ends_the_stream(void **state)
{
	static const struct {
		unsigned header;
		enum framing_result r;
	} bad[] = {
		{ 0x4020, FRAMING_BAD_TYPE },
		{ 0xc020, FRAMING_BAD_TYPE },
		{ 0x0000, FRAMING_BAD_LENGTH },
		{ 0x001f, FRAMING_BAD_LENGTH },
		{ 0x8000, FRAMING_BAD_LENGTH },
		{ 0x800f, FRAMING_BAD_LENGTH },
		/* 16 bytes more are longer than 14 bits can say. */
		{ 0xbff0, FRAMING_BAD_LENGTH },
		{ 0xbfff, FRAMING_BAD_LENGTH },
		{ 0x8010, FRAMING_NO_HEADER },
		{ 0xbfef, FRAMING_NO_HEADER },
	};
	uint8_t m[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		new_connection(CARRIER_TUNSAFE);
		assert_int_equal(read_frame(bad[i].header, NULL, 0), bad[i].r);
		/* And stays so. */
		transport(m, 1, 1, 32, 0);
		assert_int_equal(read_frame(0x0020, m, 32), bad[i].r);
		assert_true(strlen(framing_result_name(bad[i].r)) > 0);
	}
}

static void
what_is_framed_must_be_a_message(void **state)
{
	uint8_t m[148] = { 0 };

	(void)state;
	for (unsigned f = 0; f < CARRIER_FRAMINGS; f++) {
		for (uint8_t type = 0; type < 8; type++) {
			enum framing_result wanted =
			    type == WG_INITIATION || type == WG_TRANSPORT
			    ? FRAMING_MESSAGE
			    : FRAMING_NOT_MESSAGE;

			new_connection(f);
			m[0] = type;
			assert_int_equal(read_frame(0x0094, m, 148), wanted);
		}
		m[0] = WG_TRANSPORT;
		m[1] = 1;
		assert_int_equal(read_frame(0x0094, m, 148),
		    FRAMING_NOT_MESSAGE);
		m[1] = 0;
	}
}

static void
plain_frames_have_a_length_and_nothing_else(void **state)
{
	uint8_t m[64], frame[66];

	(void)state;
	new_connection(CARRIER_PLAIN);
	for (uint64_t counter = 0; counter < 3; counter++) {
		transport(m, 9, counter, 32, 0);
		assert_int_equal(framing_write(&out, m, 32, frame), 34);
		assert_memory_equal(frame, "\x00\x20", 2);
		assert_memory_equal(frame + 2, m, 32);
	}
	/* Empty ones are nothing. */
	assert_int_equal(read_all("\0\0\0\0", 4), FRAMING_MORE);
	assert_int_equal(read_all("\0", 1), FRAMING_MORE);
	assert_int_equal(read_all("\0", 1), FRAMING_MORE);
	assert_int_equal(read_all(frame, 34), FRAMING_MESSAGE);
	assert_int_equal(read_all("\x80\x10", 2), FRAMING_BAD_LENGTH);
	new_connection(CARRIER_PLAIN);
	assert_int_equal(read_all("\0\x1f", 2), FRAMING_BAD_LENGTH);
	new_connection(CARRIER_PLAIN);
	/* What a web server says. */
	assert_int_equal(read_all("HTTP/1.1", 8), FRAMING_BAD_LENGTH);
}

static void
what_is_no_message_is_not_sent(void **state)
{
	static uint8_t m[FRAMING_MESSAGE_MAX + 1], frame[FRAMING_FRAME_MAX];

	(void)state;
	new_connection(CARRIER_TUNSAFE);
	transport(m, 1, 1, FRAMING_MESSAGE_MAX, 0);
	assert_int_equal(framing_write(&out, m, FRAMING_MESSAGE_MAX + 1, frame),
	    0);
	assert_int_equal(framing_write(&out, m, 31, frame), 0);
	assert_int_equal(framing_write(&out, m, 0, frame), 0);
	assert_int_equal(framing_write(&out, m, FRAMING_MESSAGE_MAX, frame),
	    FRAMING_FRAME_MAX);
	assert_int_equal(read_all(frame, sizeof(frame)), FRAMING_MESSAGE);
	/* It does not change what is said of the next. */
	m[0] = 7;
	assert_int_equal(framing_write(&out, m, 100, frame), 0);
	transport(m, 1, 2, 32, 0);
	assert_int_equal(framing_write(&out, m, 32, frame), 18);
}

static void
a_new_connection_knows_nothing_of_the_old(void **state)
{
	uint8_t m[64], frame[66];

	(void)state;
	new_connection(CARRIER_TUNSAFE);
	framing_write(&out, m, transport(m, 1, 1, 32, 0), frame);
	assert_int_equal(read_all(frame, 34), FRAMING_MESSAGE);
	/* In the middle of a frame. */
	assert_int_equal(read_all(frame, 20), FRAMING_MORE);
	new_connection(CARRIER_TUNSAFE);
	transport(m, 1, 2, 32, 0);
	assert_int_equal(framing_write(&out, m, 32, frame), 34);
	assert_int_equal(read_all("\x80\x10", 2), FRAMING_NO_HEADER);
}

#define MESSAGES 64
#define LONGEST	 600

struct stream {
	uint8_t msgs[MESSAGES][LONGEST];
	size_t lens[MESSAGES];
	uint8_t bytes[MESSAGES * (LONGEST + FRAMING_HEADER)];
	size_t len;
};

static size_t
some_message(uint8_t *m)
{
	static uint64_t counter;
	static uint32_t index;

	switch (some(10)) {
	case 0:
		return handshake(m, (enum wg_type)(1 + some(3)));
	case 1:
		index = (uint32_t)some(UINT32_MAX);
		break;
	case 2:
		counter = some(UINT64_MAX);
		break;
	default:
		break;
	}
	return transport(m, index, counter++,
	    WG_TRANSPORT_MIN + some(LONGEST - WG_TRANSPORT_MIN),
	    (int)some(256));
}

static void
any_messages_come_out_of_any_cuts(void **state)
{
	static struct stream s;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		size_t at = 0, n = 0;

		new_connection(round % CARRIER_FRAMINGS);
		s.len = 0;
		for (size_t i = 0; i < MESSAGES; i++) {
			s.lens[i] = some_message(s.msgs[i]);
			s.len += framing_write(&out, s.msgs[i], s.lens[i],
			    s.bytes + s.len);
		}
		while (at < s.len) {
			/* One at a time in every third. */
			size_t cut = round % 3 == 0 ? 1 : 1 + some(1500);
			size_t len = cut < s.len - at ? cut : s.len - at;
			const uint8_t *p = s.bytes + at;

			at += len;
			while (len > 0) {
				enum framing_result r =
				    framing_read(&in, &p, &len);

				if (r == FRAMING_MORE)
					break;
				assert_int_equal(r, FRAMING_MESSAGE);
				assert_int_equal(in.len, s.lens[n]);
				assert_memory_equal(in.msg, s.msgs[n], in.len);
				n++;
			}
			assert_int_equal(len, 0);
		}
		assert_int_equal(n, MESSAGES);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_message_that_continues_the_last_goes_without_its_header),
		cmocka_unit_test(after_a_handshake_message_a_header_is_sent),
		cmocka_unit_test(a_handshake_message_does_not_count),
		cmocka_unit_test(what_is_no_frame_ends_the_stream),
		cmocka_unit_test(what_is_framed_must_be_a_message),
		cmocka_unit_test(plain_frames_have_a_length_and_nothing_else),
		cmocka_unit_test(what_is_no_message_is_not_sent),
		cmocka_unit_test(a_new_connection_knows_nothing_of_the_old),
		cmocka_unit_test(any_messages_come_out_of_any_cuts),
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0) | 1;
	printf("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
