/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "datapath/outer.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "src/os/ipchecksum.h"
#include "src/os/pktbuf.h"
#include "tests/unit/packet.h"

enum { UDP = 8, PAYLOAD = 4000 };

static uint8_t room[OUTER_ROOM + PKTBUF_MAX], rest_room[PKTBUF_MAX];

static struct outer
flow(bool v4)
{
	return (struct outer){
		.from = packet_addr(v4 ? "192.0.2.10" : "2001:db8:1::10"),
		.to = packet_addr(v4 ? "203.0.113.5" : "2001:db8:5::5"),
		.sport = 40000,
		.dport = 51820,
		.id = 65535,
	};
}

static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}

static struct pktbuf
payload(size_t len)
{
	struct pktbuf b = { .data = room + OUTER_ROOM, .len = (uint32_t)len };

	for (size_t i = 0; i < len; i++)
		b.data[i] = pattern(i);
	return b;
}

static size_t
get16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

/* Of a whole datagram: RFC 768, with the pseudo header. */
static uint16_t
udp_sum(const struct outer *o, const uint8_t *udp, size_t len)
{
	const uint8_t rest[4] = { 0, PROTO_UDP, (uint8_t)(len >> 8),
		(uint8_t)len };
	uint32_t sum = ipchecksum_add(0, o->from.bytes, addr_len(&o->from));

	sum = ipchecksum_add(sum, o->to.bytes, addr_len(&o->to));
	sum = ipchecksum_add(sum, rest, sizeof(rest));
	return ipchecksum_fold(ipchecksum_add(sum, udp, len));
}

static void
assert_headers(const struct pktbuf *b, const struct outer *o)
{
	struct pkt p;

	assert_int_equal(parse_ip(b->data, b->len, &p), PASSED);
	assert_true(addr_equal(&p.src, &o->from));
	assert_true(addr_equal(&p.dst, &o->to));
	assert_int_equal(p.protocol, PROTO_UDP);
	if (o->from.family == ADDR_V4)
		assert_int_equal(
		    ipchecksum_fold(ipchecksum_add(0, b->data, 20)), 0);
}

static void
one_datagram_is_whole_but_for_its_sum(void **state)
{
	(void)state;
	for (int v4 = 0; v4 < 2; v4++) {
		struct outer o = flow(v4 != 0);
		size_t ip = outer_len(&o) - UDP;
		struct pktbuf b = payload(148);
		struct pkt p;

		outer_wrap(&o, &b, 0);
		assert_ptr_equal(b.data, room + OUTER_ROOM - outer_len(&o));
		assert_int_equal(b.len, outer_len(&o) + 148);
		assert_headers(&b, &o);
		assert_int_equal(parse_ip(b.data, b.len, &p), PASSED);
		assert_int_equal(p.dport, 51820);
		assert_int_equal(get16(b.data + ip), 40000);
		assert_int_equal(get16(b.data + ip + 4), UDP + 148);
		assert_int_equal(b.offload.gso_type, OFFLOAD_GSO_NONE);
		assert_int_equal(b.offload.flags, OFFLOAD_NEEDS_CSUM);
		assert_int_equal(b.offload.csum_start, ip);
		assert_int_equal(b.offload.csum_offset, 6);
		/* As who sends goes on: sum from there, store the result. */
		{
			uint16_t sum = ipchecksum_fold(
			    ipchecksum_add(0, b.data + ip, b.len - ip));

			b.data[ip + 6] = (uint8_t)(sum >> 8);
			b.data[ip + 7] = (uint8_t)sum;
		}
		assert_int_equal(udp_sum(&o, b.data + ip, b.len - ip), 0);
		assert_int_equal(o.id, 0);
		for (size_t i = 0; i < 148; i++)
			assert_int_equal(room[OUTER_ROOM + i], pattern(i));
	}
}

static void
a_row_says_where_it_is_cut_and_each_has_a_number(void **state)
{
	static const struct {
		size_t len, segment;
		int cut;
		uint16_t id;
	} rows[] = {
		{ 96, 96, 0, 0 },   /* one is no row */
		{ 80, 96, 0, 0 },   /* nor is less than one */
		{ 192, 96, 1, 1 },  /* ids 65535 and 0 */
		{ 200, 96, 1, 2 },  /* the last may have less */
		{ 6144, 96, 1, 63 } /* as many as the kernel cuts */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int v4 = 0; v4 < 2; v4++) {
			struct outer o = flow(v4 != 0);
			struct pktbuf b = payload(rows[i].len);

			outer_wrap(&o, &b, (uint16_t)rows[i].segment);
			assert_int_equal(b.offload.gso_type,
			    rows[i].cut ? OFFLOAD_GSO_UDP_L4
					: OFFLOAD_GSO_NONE);
			assert_int_equal(b.offload.gso_size,
			    rows[i].cut ? rows[i].segment : 0);
			assert_int_equal(b.offload.hdr_len,
			    rows[i].cut ? outer_len(&o) : 0);
			assert_int_equal(o.id, rows[i].id);
		}
}

/* Where a fragment's bytes belong, and whether there are more. */
static size_t
fragment_at(const struct pktbuf *b, bool v4, bool *ret_more, uint32_t *ret_id)
{
	const uint8_t *f = b->data + 40;

	if (v4) {
		*ret_more = (b->data[6] & 0x20) != 0;
		*ret_id = (uint32_t)get16(b->data + 4);
		return (get16(b->data + 6) & 0x1fff) * 8;
	}
	assert_int_equal(b->data[6], 44);
	assert_int_equal(f[0], PROTO_UDP);
	assert_int_equal(f[1], 0);
	*ret_more = (f[3] & 1) != 0;
	*ret_id = (uint32_t)(get16(f + 4) << 16 | get16(f + 6));
	return get16(f + 2) & 0xfff8;
}

static void
assert_cut(bool v4, size_t len, uint32_t mtu)
{
	struct outer o = flow(v4), as = o;
	struct pktbuf b = payload(len), second = { .data = rest_room };
	size_t headers = v4 ? 20 : 48, n1, n2;
	uint8_t whole[UDP + PAYLOAD];
	bool more1, more2;
	uint32_t id1, id2;

	outer_wrap(&o, &b, 0);
	assert_int_equal(outer_cut(&o, &b, mtu, &second), 0);
	assert_true(b.len <= mtu && second.len <= mtu);
	assert_headers(&b, &as);
	assert_headers(&second, &as);
	assert_int_equal(b.offload.flags, 0);
	assert_int_equal(second.offload.flags, 0);
	assert_int_equal(fragment_at(&b, v4, &more1, &id1), 0);
	n1 = b.len - headers;
	assert_int_equal(fragment_at(&second, v4, &more2, &id2), n1);
	n2 = second.len - headers;
	assert_true(more1 && !more2 && id1 == id2);
	assert_int_equal(n1 % 8, 0);
	assert_int_equal(n1 + n2, UDP + len);
	memcpy(whole, b.data + headers, n1);
	memcpy(whole + n1, second.data + headers, n2);
	assert_int_equal(udp_sum(&as, whole, n1 + n2), 0);
	assert_int_not_equal(get16(whole + 6), 0);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(whole[UDP + i], pattern(i));
}

static void
two_fragments_make_the_datagram_again(void **state)
{
	(void)state;
	for (uint32_t mtu = 1280; mtu <= 1500; mtu += 11)
		for (size_t len = mtu - 27; len <= (size_t)mtu + mtu - 128;
		     len += 13) {
			assert_cut(true, len, mtu);
			if (len + 48 > mtu)
				assert_cut(false, len, mtu);
		}
}

static void
what_two_do_not_hold_is_refused(void **state)
{
	(void)state;
	for (int v4 = 0; v4 < 2; v4++)
		for (size_t len = 1300; len < PAYLOAD; len++) {
			struct outer o = flow(v4 != 0);
			struct pktbuf b = payload(len);
			struct pktbuf second = { .data = rest_room };
			size_t headers = v4 ? 20 : 48;
			size_t first = (1280 - headers) & ~(size_t)7;
			bool fits = UDP + len <= first + 1280 - headers;

			outer_wrap(&o, &b, 0);
			assert_int_equal(outer_cut(&o, &b, 1280, &second),
			    fits ? 0 : -EMSGSIZE);
		}
}

/* RFC 768: a sum of 0 is sent as all ones. */
static void
no_sum_is_none(void **state)
{
	unsigned ones = 0;

	(void)state;
	for (unsigned v = 0; v < 65536; v++) {
		struct outer o = flow(true);
		struct pktbuf b = payload(1300);
		struct pktbuf second = { .data = rest_room };

		b.data[0] = (uint8_t)(v >> 8);
		b.data[1] = (uint8_t)v;
		outer_wrap(&o, &b, 0);
		assert_int_equal(outer_cut(&o, &b, 1280, &second), 0);
		assert_int_not_equal(get16(b.data + 26), 0);
		ones += get16(b.data + 26) == 0xffff;
	}
	assert_true(ones > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_datagram_is_whole_but_for_its_sum),
		cmocka_unit_test(
		    a_row_says_where_it_is_cut_and_each_has_a_number),
		cmocka_unit_test(two_fragments_make_the_datagram_again),
		cmocka_unit_test(what_two_do_not_hold_is_refused),
		cmocka_unit_test(no_sum_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
