/* SPDX-License-Identifier: ISC */
#include "datapath/outer.h"

#include <errno.h>
#include <string.h>

#include "datapath/policy.h"
#include "src/os/ipchecksum.h"
#include "src/os/pktbuf.h"

enum { IP4 = 20, IP6 = 40, UDP = 8, FRAGMENT = 8, HOPS = 64 };

/* RFC 8200 section 4.5: the header's number; RFC 791: more fragments follow. */
enum { PROTO_FRAGMENT = 44, MORE4 = 0x20, MORE6 = 1 };

static void
put16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static size_t
ip_len(const struct outer *o)
{
	return o->from.family == ADDR_V4 ? IP4 : IP6;
}

size_t
outer_len(const struct outer *o)
{
	return ip_len(o) + UDP;
}

static void
sum_ip4(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, ipchecksum_fold(ipchecksum_add(0, ip, IP4)));
}

/*
 * IPv4 without "don't fragment": a path that is narrower than its first link
 * is no black hole. So each has a number of its own (RFC 6864 section 4).
 */
static void
write_ip(const struct outer *o, uint8_t *ip, size_t len)
{
	size_t n = addr_len(&o->from);

	memset(ip, 0, ip_len(o));
	if (o->from.family == ADDR_V4) {
		ip[0] = 0x45;
		put16(ip + 2, len);
		put16(ip + 4, o->id);
		ip[8] = HOPS;
		ip[9] = PROTO_UDP;
		memcpy(ip + 12, o->from.bytes, n);
		memcpy(ip + 16, o->to.bytes, n);
		sum_ip4(ip);
	} else {
		ip[0] = 0x60;
		put16(ip + 4, len - IP6);
		ip[6] = PROTO_UDP;
		ip[7] = HOPS;
		memcpy(ip + 8, o->from.bytes, n);
		memcpy(ip + 24, o->to.bytes, n);
	}
}

/* RFC 768: over the addresses, the protocol and the length. */
static uint32_t
sum_pseudo(const struct outer *o, size_t len)
{
	const uint8_t rest[4] = { 0, PROTO_UDP, (uint8_t)(len >> 8),
		(uint8_t)len };
	uint32_t sum = ipchecksum_add(0, o->from.bytes, addr_len(&o->from));

	sum = ipchecksum_add(sum, o->to.bytes, addr_len(&o->to));
	return ipchecksum_add(sum, rest, sizeof(rest));
}

void
outer_wrap(struct outer *o, struct pktbuf *b, uint16_t segment)
{
	size_t ip = ip_len(o), payload = b->len;
	uint8_t *udp = b->data - UDP;

	b->data -= ip + UDP;
	b->len += (uint32_t)(ip + UDP);
	write_ip(o, b->data, b->len);
	put16(udp, o->sport);
	put16(udp + 2, o->dport);
	put16(udp + 4, payload + UDP);
	/* The sum so far, which the sender goes on with. */
	put16(udp + 6,
	    (uint16_t)~ipchecksum_fold(sum_pseudo(o, payload + UDP)));
	b->offload = (struct offload){ .flags = OFFLOAD_NEEDS_CSUM,
		.csum_start = (uint16_t)ip,
		.csum_offset = 6 };
	o->id++;
	if (segment == 0 || segment >= payload)
		return;
	b->offload.gso_type = OFFLOAD_GSO_UDP_L4;
	b->offload.gso_size = segment;
	b->offload.hdr_len = (uint16_t)(ip + UDP);
	/* Each datagram of the row gets a number. */
	o->id = (uint16_t)(o->id + (payload - 1) / segment);
}

/* The datagram as a whole, before it is cut. */
static void
finish_checksum(const struct outer *o, uint8_t *udp, size_t len)
{
	uint16_t sum;

	put16(udp + 6, 0);
	sum = ipchecksum_fold(ipchecksum_add(sum_pseudo(o, len), udp, len));
	/* 0 would mean "none". */
	put16(udp + 6, sum != 0 ? sum : 0xffff);
}

static void
write_fragment6(uint8_t *at, size_t offset, bool more, uint32_t id)
{
	memset(at, 0, FRAGMENT);
	at[0] = PROTO_UDP;
	put16(at + 2, offset | (more ? MORE6 : 0));
	put16(at + 4, id >> 16);
	put16(at + 6, id & 0xffff);
}

int
outer_cut(struct outer *o, struct pktbuf *b, uint32_t mtu,
    struct pktbuf *second)
{
	bool v4 = o->from.family == ADDR_V4;
	size_t ip = ip_len(o), more = v4 ? 0 : FRAGMENT, len = b->len - ip;
	size_t first = (mtu - ip - more) & ~(size_t)7, rest = len - first;
	uint8_t *udp = b->data + ip;

	if (ip + more + rest > mtu)
		return -EMSGSIZE;
	finish_checksum(o, udp, len);
	memcpy(second->data, b->data, ip);
	memcpy(second->data + ip + more, udp + first, rest);
	second->len = (uint32_t)(ip + more + rest);
	b->len = (uint32_t)(ip + more + first);
	if (v4) {
		put16(b->data + 2, b->len);
		b->data[6] |= MORE4;
		sum_ip4(b->data);
		put16(second->data + 2, second->len);
		put16(second->data + 6, first / 8);
		sum_ip4(second->data);
	} else {
		memmove(udp + more, udp, first);
		write_fragment6(udp, 0, true, o->id);
		write_fragment6(second->data + ip, first, false, o->id++);
		put16(b->data + 4, b->len - ip);
		put16(second->data + 4, second->len - ip);
		b->data[6] = second->data[6] = PROTO_FRAGMENT;
	}
	memset(&b->offload, 0, sizeof(b->offload));
	memset(&second->offload, 0, sizeof(second->offload));
	return 0;
}
