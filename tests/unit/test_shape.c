/* SPDX-License-Identifier: ISC */
/*
 * The rules, at their boundaries; then what the real clients sent, recorded
 * by tests/net/record-captures.sh: SHAPE-PORT.pcap holds a conversation of
 * that shape with a server at that port.
 */
#include "tests/unit/unit.h"

#include <glob.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/parse.h"
#include "datapath/shape.h"
#include "datapath/stream.h"
#include "tests/unit/packet.h"

/* Has a payload that begins so, and has that length, the shape? */
static bool
is_like(enum shape s, const uint8_t *head, size_t n_head, size_t len)
{
	uint8_t *payload = malloc(len > 0 ? len : 1);
	bool is;

	assert_non_null(payload);
	memset(payload, 0x5a, len);
	memcpy(payload, head, n_head < len ? n_head : len);
	is = shape_matches(s, payload, len);
	free(payload);
	return is;
}

static void
every_shape_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < SHAPES; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(shape_name((enum shape)i),
			    shape_name((enum shape)k));
	assert_string_equal(shape_name(SHAPES), "none");
}

static void
nothing_has_no_shape_nor_the_one_of_a_stream(void **state)
{
	static const uint8_t head[] = { 4, 0, 0, 0 };

	(void)state;
	for (size_t len = 0; len < 200; len++) {
		assert_false(is_like(SHAPE_NONE, head, sizeof(head), len));
		assert_false(
		    is_like(SHAPE_OPENVPN_TCP, head, sizeof(head), len));
		assert_false(is_like(SHAPES, head, sizeof(head), len));
	}
}

static bool
is_wireguard(uint8_t type, size_t len)
{
	const uint8_t head[] = { type, 0, 0, 0 };

	return is_like(SHAPE_WIREGUARD, head, sizeof(head), len);
}

static void
wireguard_messages_have_the_length_of_their_type(void **state)
{
	(void)state;
	for (size_t len = 0; len < 2000; len++) {
		assert_int_equal(is_wireguard(1, len), len == 148);
		assert_int_equal(is_wireguard(2, len), len == 92);
		assert_int_equal(is_wireguard(3, len), len == 64);
		assert_int_equal(is_wireguard(4, len),
		    len >= 32 && (len % 16 == 0 || len >= 608));
	}
}

static void
wireguard_has_four_types_and_three_zero_bytes(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(is_wireguard((uint8_t)type, 64),
		    type == 3 || type == 4);
	for (size_t at = 1; at <= 3; at++) {
		uint8_t head[4] = { 4 };

		head[at] = 1;
		assert_false(is_like(SHAPE_WIREGUARD, head, sizeof(head), 128));
	}
}

static void
openvpn_packets_have_an_opcode_and_what_it_needs(void **state)
{
	/* The least bytes of each of the client's opcodes; 0: not its. */
	static const size_t least[32] = { [3] = 14,
		[4] = 14,
		[5] = 22,
		[6] = 21,
		[7] = 14,
		[9] = 24,
		[10] = 14,
		[11] = 14 };

	(void)state;
	for (unsigned opcode = 0; opcode < 32; opcode++)
		for (unsigned key = 0; key < 8; key++)
			for (size_t len = 0; len < 40; len++) {
				const uint8_t head[] = { (
				    uint8_t)(opcode << 3 | key) };
				bool reset = opcode == 7 || opcode == 10;

				assert_int_equal(
				    is_like(SHAPE_OPENVPN, head, 1, len),
				    least[opcode] != 0 &&
					len >= least[opcode] &&
					(!reset || key == 0));
			}
}

static void
an_openvpn_hello_is_short(void **state)
{
	static const uint8_t head[] = { 7 << 3 };

	(void)state;
	assert_true(is_like(SHAPE_OPENVPN, head, 1, 2048));
	assert_false(is_like(SHAPE_OPENVPN, head, 1, 2049));
}

static void
only_a_hello_opens_an_openvpn_connection(void **state)
{
	(void)state;
	for (unsigned opcode = 0; opcode < 32; opcode++) {
		const uint8_t head[] = { (uint8_t)(opcode << 3) };

		assert_int_equal(shape_is_openvpn_packet(head, 1, 100, true),
		    opcode == 7 || opcode == 10);
	}
	assert_false(shape_is_openvpn_packet(NULL, 0, 100, false));
}

struct ike {
	uint8_t bytes[100];
};

static struct ike
ike(size_t len)
{
	return (struct ike){ { [7] = 1,
	    [17] = 0x20,
	    [18] = 34,
	    [26] = (uint8_t)(len >> 8),
	    [27] = (uint8_t)len } };
}

static void
ike_has_a_header_that_tells_its_length(void **state)
{
	(void)state;
	for (size_t len = 0; len < 100; len++) {
		struct ike m = ike(len);

		assert_int_equal(is_like(SHAPE_IKE, m.bytes, 28, len),
		    len >= 28);
		m = ike(len + 1);
		assert_false(is_like(SHAPE_IKE, m.bytes, 28, len));
		m = ike(len);
		m.bytes[24] = 1;
		assert_false(is_like(SHAPE_IKE, m.bytes, 28, len));
	}
}

static void
ike_has_an_spi_version_2_and_an_exchange(void **state)
{
	struct ike m;

	(void)state;
	m = ike(60);
	m.bytes[7] = 0;
	assert_false(is_like(SHAPE_IKE, m.bytes, 28, 60));
	m.bytes[0] = 1;
	assert_true(is_like(SHAPE_IKE, m.bytes, 28, 60));
	m = ike(60);
	m.bytes[17] = 0x10;
	assert_false(is_like(SHAPE_IKE, m.bytes, 28, 60));
	m.bytes[17] = 0x2f;
	assert_true(is_like(SHAPE_IKE, m.bytes, 28, 60));
	m = ike(60);
	m.bytes[18] = 33;
	assert_false(is_like(SHAPE_IKE, m.bytes, 28, 60));
}

static void
esp_has_an_spi_above_the_reserved_and_whole_words(void **state)
{
	static const uint8_t first[] = { 0, 0, 1, 0 };
	static const uint8_t reserved[] = { 0, 0, 0, 255 };

	(void)state;
	for (size_t len = 0; len < 100; len++) {
		assert_int_equal(is_like(SHAPE_ESP, first, 4, len),
		    len >= 24 && len % 4 == 0);
		assert_false(is_like(SHAPE_ESP, reserved, 4, len));
	}
}

/* RFC 3948: the same port carries ESP, IKE behind a marker, keepalives. */
static void
port_4500_carries_esp_marked_ike_and_keepalives(void **state)
{
	static const uint8_t first[] = { 0, 0, 1, 0 };
	struct ike m = ike(60);
	uint8_t marked[4 + 28] = { 0 };

	(void)state;
	assert_true(is_like(SHAPE_IKE_NAT, (const uint8_t *)"\xff", 1, 1));
	assert_false(is_like(SHAPE_IKE_NAT, (const uint8_t *)"\xfe", 1, 1));
	assert_false(is_like(SHAPE_IKE_NAT, (const uint8_t *)"\xff\xff", 2, 2));
	assert_true(is_like(SHAPE_IKE_NAT, first, 4, 24));
	assert_false(is_like(SHAPE_IKE_NAT, first, 4, 26));

	memcpy(marked + 4, m.bytes, 28);
	assert_true(is_like(SHAPE_IKE_NAT, marked, sizeof(marked), 64));
	assert_false(is_like(SHAPE_IKE_NAT, marked, sizeof(marked), 60));
	for (size_t len = 0; len < 32; len++)
		assert_false(
		    is_like(SHAPE_IKE_NAT, marked, sizeof(marked), len));
	/* On port 500 there is no marker, on 4500 always. */
	assert_false(is_like(SHAPE_IKE, marked, sizeof(marked), 64));
}

static void
plain_traffic_has_no_shape(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: 203.0.113.5\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello ...",
		"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
		/* A DNS question; its zeros would end a C string. */
		"\x12\x34\x01\x20\xff\x01\xff\xff\xff\xff\xff\xff\x03www",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (int s = 0; s < SHAPES; s++) {
			/* ESP is but random bytes: it has no shape to miss. */
			if (s == SHAPE_ESP || s == SHAPE_IKE_NAT)
				continue;
			assert_false(shape_matches((enum shape)s,
			    (const uint8_t *)texts[i], strlen(texts[i])));
		}
}

/*
 * The recordings.
 */

/* Where IP begins in a captured frame; NULL: not IP. */
static const uint8_t *
ip_of(int link, const uint8_t *frame, size_t *len)
{
	size_t skip = link == DLT_EN10MB ? 14 : link == DLT_LINUX_SLL ? 16 : 0;

	if (*len < skip)
		return NULL;
	*len -= skip;
	return frame + skip;
}

/* How many payloads of the client's a recording holds; each has the shape. */
static unsigned
check_recording(const char *path, enum shape s, uint16_t port)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	struct streams streams = { 0 };
	struct pcap_pkthdr *h;
	const u_char *frame;
	unsigned n = 0;

	if (pcap == NULL)
		fail_msg("%s: %s", path, error);
	while (pcap_next_ex(pcap, &h, &frame) == 1) {
		size_t len = h->caplen;
		const uint8_t *ip = ip_of(pcap_datalink(pcap), frame, &len);
		struct pkt p;
		bool passes;

		if (ip == NULL || parse_ip(ip, len, &p) != PASSED ||
		    p.dport != port)
			continue;
		passes = s == SHAPE_OPENVPN_TCP
		    ? stream_segment(&streams, &p, SHAPE_OPENVPN_TCP)
		    : shape_matches(s, p.payload, p.payload_len);
		if (!passes)
			fail_msg("%s: payload %u (%u bytes) is refused", path,
			    n + 1, p.payload_len);
		n += p.payload_len > 0;
	}
	pcap_close(pcap);
	return n;
}

/* "…/openvpn-tcp-1195.pcap": the shape is before the last '-'. */
static void
check_recordings_of(enum shape s)
{
	size_t n_name = strlen(shape_name(s));
	unsigned files = 0;
	char pattern[512];
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/%s-[0-9]*.pcap", CAPTURES,
	    shape_name(s));
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *name = strrchr(found.gl_pathv[i], '/') + 1;
			unsigned long port =
			    strtoul(name + n_name + 1, NULL, 10);
			unsigned n = check_recording(found.gl_pathv[i], s,
			    (uint16_t)port);

			print_message("%s: %u payloads\n", name, n);
			/* A handshake and some data. */
			assert_true(n >= 5);
			files++;
		}
	globfree(&found);
	if (files == 0)
		fail_msg("no %s: run tests/net/record-captures.sh", pattern);
}

static void
what_wireguard_sent_has_its_shape(void **state)
{
	(void)state;
	check_recordings_of(SHAPE_WIREGUARD);
}

static void
what_openvpn_sent_over_udp_has_its_shape(void **state)
{
	(void)state;
	check_recordings_of(SHAPE_OPENVPN);
}

static void
what_openvpn_sent_over_tcp_has_its_shape(void **state)
{
	(void)state;
	check_recordings_of(SHAPE_OPENVPN_TCP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_has_a_name_of_its_own),
		cmocka_unit_test(nothing_has_no_shape_nor_the_one_of_a_stream),
		cmocka_unit_test(
		    wireguard_messages_have_the_length_of_their_type),
		cmocka_unit_test(wireguard_has_four_types_and_three_zero_bytes),
		cmocka_unit_test(
		    openvpn_packets_have_an_opcode_and_what_it_needs),
		cmocka_unit_test(an_openvpn_hello_is_short),
		cmocka_unit_test(only_a_hello_opens_an_openvpn_connection),
		cmocka_unit_test(ike_has_a_header_that_tells_its_length),
		cmocka_unit_test(ike_has_an_spi_version_2_and_an_exchange),
		cmocka_unit_test(
		    esp_has_an_spi_above_the_reserved_and_whole_words),
		cmocka_unit_test(
		    port_4500_carries_esp_marked_ike_and_keepalives),
		cmocka_unit_test(plain_traffic_has_no_shape),
		cmocka_unit_test(what_wireguard_sent_has_its_shape),
		cmocka_unit_test(what_openvpn_sent_over_udp_has_its_shape),
		cmocka_unit_test(what_openvpn_sent_over_tcp_has_its_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
