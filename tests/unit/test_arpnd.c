/* SPDX-License-Identifier: ISC */
/* Needs: src/os/arpnd.c src/os/ipchecksum.c src/base/addr.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/os/arpnd.h"
#include "src/os/ipchecksum.h"

static const uint8_t our_mac[6] = { 2, 0, 0x5e, 0x10, 0, 1 };
static const uint8_t their_mac[6] = { 2, 0, 0x5e, 0x10, 0, 0xfe };

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void
the_ipv4_question_is_a_broadcast_arp_request(void **state)
{
	(void)state;
	struct addr me = addr("192.0.2.10"), who = addr("192.0.2.254");
	static const uint8_t want[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
		0, 0x5e, 0x10, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0x5e,
		0x10, 0, 1, 192, 0, 2, 10, 0, 0, 0, 0, 0, 0, 192, 0, 2, 254 };
	uint8_t out[ARPND_MAX];

	assert_int_equal(arpnd_write(out, our_mac, &me, &who), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
}

static void
the_ipv6_question_goes_to_the_solicited_nodes_group(void **state)
{
	(void)state;
	struct addr me = addr("2001:db8::10"), who = addr("fe80::12:3456");
	struct addr group = addr("ff02::1:ff12:3456");
	static const uint8_t dst[6] = { 0x33, 0x33, 0xff, 0x12, 0x34, 0x56 };
	uint8_t out[ARPND_MAX], pseudo[4] = { 0, 32, 0, 58 };
	uint32_t sum;

	assert_int_equal(arpnd_write(out, our_mac, &me, &who), 86);
	assert_memory_equal(out, dst, 6);
	assert_memory_equal(out + 6, our_mac, 6);
	assert_memory_equal(out + 12, "\x86\xdd\x60", 3);
	assert_int_equal(out[14 + 6], 58);
	assert_int_equal(out[14 + 7], 255);
	assert_memory_equal(out + 22, me.bytes, 16);
	assert_memory_equal(out + 38, group.bytes, 16);
	assert_int_equal(out[54], 135);
	assert_memory_equal(out + 62, who.bytes, 16);
	assert_memory_equal(out + 78, "\1\1", 2);
	assert_memory_equal(out + 80, our_mac, 6);
	sum = ipchecksum_add(0, out + 22, 32);
	sum = ipchecksum_add(sum, pseudo, 4);
	assert_int_equal(ipchecksum_fold(ipchecksum_add(sum, out + 54, 32)), 0);
}

static void
nobody_is_not_asked_for(void **state)
{
	(void)state;
	struct addr none = { 0 }, v4 = addr("192.0.2.1"), v6 = addr("fe80::1");
	uint8_t out[ARPND_MAX];

	assert_int_equal(arpnd_write(out, our_mac, &none, &none), 0);
	assert_int_equal(arpnd_write(out, our_mac, &v4, &v6), 0);
}

/* The answer to the first test's question. */
static const uint8_t reply[28] = { 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0x5e, 0x10, 0,
	0xfe, 192, 0, 2, 254, 2, 0, 0x5e, 0x10, 0, 1, 192, 0, 2, 10 };

static void
an_arp_reply_is_an_answer(void **state)
{
	(void)state;
	struct addr me = addr("192.0.2.10"), who = addr("192.0.2.254");
	struct arpnd_answer a;

	assert_int_equal(
	    arpnd_read(ARPND_ETHERTYPE_ARP, reply, sizeof(reply), &a), 0);
	assert_true(addr_equal(&a.who, &who));
	assert_true(addr_equal(&a.to, &me));
	assert_memory_equal(a.mac, their_mac, 6);
}

static void
an_arp_request_is_none(void **state)
{
	(void)state;
	struct arpnd_answer a;
	uint8_t m[sizeof(reply)];

	memcpy(m, reply, sizeof(m));
	m[7] = 1;
	assert_int_equal(arpnd_read(ARPND_ETHERTYPE_ARP, m, sizeof(m), &a),
	    -EINVAL);
	assert_int_equal(a.who.family, ADDR_NONE);
}

static void
a_group_or_nobody_is_no_neighbour(void **state)
{
	(void)state;
	struct arpnd_answer a;
	uint8_t m[sizeof(reply)];

	memcpy(m, reply, sizeof(m));
	memset(m + 8, 0xff, 6);
	assert_int_equal(arpnd_read(ARPND_ETHERTYPE_ARP, m, sizeof(m), &a),
	    -EINVAL);
	memset(m + 8, 0, 6);
	assert_int_equal(arpnd_read(ARPND_ETHERTYPE_ARP, m, sizeof(m), &a),
	    -EINVAL);
}

#define ADVERTISEMENT (40 + 32)

static void
set_checksum(uint8_t m[ADVERTISEMENT])
{
	uint8_t pseudo[4] = { 0, 32, 0, 58 };
	uint32_t sum = ipchecksum_add(0, m + 8, 32);
	uint16_t folded;

	m[42] = m[43] = 0;
	sum = ipchecksum_add(sum, pseudo, 4);
	folded = ipchecksum_fold(ipchecksum_add(sum, m + 40, 32));
	m[42] = (uint8_t)(folded >> 8);
	m[43] = (uint8_t)folded;
}

static void
make_advertisement(uint8_t m[ADVERTISEMENT])
{
	struct addr me = addr("2001:db8::10"), who = addr("fe80::1");

	memset(m, 0, ADVERTISEMENT);
	m[0] = 0x60;
	m[5] = 32;
	m[6] = 58;
	m[7] = 255;
	memcpy(m + 8, who.bytes, 16);
	memcpy(m + 24, me.bytes, 16);
	m[40] = 136;
	m[44] = 0x60;
	memcpy(m + 48, who.bytes, 16);
	m[64] = 2;
	m[65] = 1;
	memcpy(m + 66, their_mac, 6);
	set_checksum(m);
}

static int
read_nd(const uint8_t *m, size_t len, struct arpnd_answer *ret)
{
	return arpnd_read(ARPND_ETHERTYPE_IPV6, m, len, ret);
}

static void
a_solicited_advertisement_is_an_answer(void **state)
{
	(void)state;
	struct addr me = addr("2001:db8::10"), who = addr("fe80::1");
	uint8_t m[ADVERTISEMENT];
	struct arpnd_answer a;

	make_advertisement(m);
	assert_int_equal(read_nd(m, sizeof(m), &a), 0);
	assert_true(addr_equal(&a.who, &who));
	assert_true(addr_equal(&a.to, &me));
	assert_memory_equal(a.mac, their_mac, 6);
}

static void
an_advertisement_from_beyond_the_link_is_refused(void **state)
{
	(void)state;
	uint8_t m[ADVERTISEMENT];
	struct arpnd_answer a;

	make_advertisement(m);
	m[7] = 254;
	assert_int_equal(read_nd(m, sizeof(m), &a), -EINVAL);
}

static void
an_unasked_advertisement_is_refused(void **state)
{
	(void)state;
	uint8_t m[ADVERTISEMENT];
	struct arpnd_answer a;

	make_advertisement(m);
	m[44] = 0x20;
	set_checksum(m);
	assert_int_equal(read_nd(m, sizeof(m), &a), -EINVAL);
}

static void
an_advertisement_with_a_wrong_checksum_is_refused(void **state)
{
	(void)state;
	uint8_t m[ADVERTISEMENT];
	struct arpnd_answer a;

	make_advertisement(m);
	m[71] ^= 1;
	assert_int_equal(read_nd(m, sizeof(m), &a), -EINVAL);
}

static void
an_option_without_length_ends_the_reading(void **state)
{
	(void)state;
	uint8_t m[ADVERTISEMENT];
	struct arpnd_answer a;

	make_advertisement(m);
	m[64] = 14;
	m[65] = 0;
	set_checksum(m);
	assert_int_equal(read_nd(m, sizeof(m), &a), -EINVAL);
}

static void
an_answer_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	uint8_t m[ADVERTISEMENT];
	struct arpnd_answer a;

	make_advertisement(m);
	for (size_t n = 0; n < sizeof(m); n++) {
		uint8_t *cut = malloc(n + 1);

		assert_non_null(cut);
		memcpy(cut, m, n);
		assert_int_equal(read_nd(cut, n, &a), -EINVAL);
		if (n < sizeof(reply)) {
			memcpy(cut, reply, n);
			assert_int_equal(
			    arpnd_read(ARPND_ETHERTYPE_ARP, cut, n, &a),
			    -EINVAL);
		}
		free(cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ipv4_question_is_a_broadcast_arp_request),
		cmocka_unit_test(
		    the_ipv6_question_goes_to_the_solicited_nodes_group),
		cmocka_unit_test(nobody_is_not_asked_for),
		cmocka_unit_test(an_arp_reply_is_an_answer),
		cmocka_unit_test(an_arp_request_is_none),
		cmocka_unit_test(a_group_or_nobody_is_no_neighbour),
		cmocka_unit_test(a_solicited_advertisement_is_an_answer),
		cmocka_unit_test(
		    an_advertisement_from_beyond_the_link_is_refused),
		cmocka_unit_test(an_unasked_advertisement_is_refused),
		cmocka_unit_test(
		    an_advertisement_with_a_wrong_checksum_is_refused),
		cmocka_unit_test(an_option_without_length_ends_the_reading),
		cmocka_unit_test(an_answer_cut_off_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
