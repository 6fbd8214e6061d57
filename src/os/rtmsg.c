/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * A message is a header of 92 bytes and then the addresses whose bits are set
 * in `addrs`, lowest bit first, each rounded up to 4 bytes, an empty one too
 * (FreeBSD rounds to 8; xnu, bsd/net/rtsock.c, ROUNDUP32).
 *
 *   0 length    2 version  3 type    4 index    8 flags   12 addrs
 *  16 pid      20 seq     24 errno  28 use     32 metrics ...      92
 *
 * Addresses come as struct sockaddr_in, _in6 and _dl. Masks come as the
 * kernel's tree keeps them: cut off after the last byte that is not zero, with
 * any family byte. A link-local IPv6 address carries its interface in its
 * third and fourth byte.
 */
#include "src/os/rtmsg.h"

#include <errno.h>
#include <string.h>

#include "src/os/darwin.h"

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)(p[0] | p[1] << 8);
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/*
 * Writing.
 */

static size_t
put_addr(uint8_t *p, enum addr_family family, const uint8_t *bytes)
{
	bool v6 = family == ADDR_V6;
	size_t len = v6 ? DARWIN_SOCKADDR_IN6 : DARWIN_SOCKADDR_IN;

	memset(p, 0, len);
	p[0] = (uint8_t)len;
	p[1] = v6 ? DARWIN_AF_INET6 : DARWIN_AF_INET;
	memcpy(p + (v6 ? 8 : 4), bytes, v6 ? 16 : 4);
	return len;
}

/* By index alone: the kernel finds the rest. */
static size_t
put_link(uint8_t *p, unsigned ifindex)
{
	memset(p, 0, DARWIN_SOCKADDR_DL);
	p[0] = DARWIN_SOCKADDR_DL;
	p[1] = DARWIN_AF_LINK;
	put16(p + 2, ifindex);
	return DARWIN_SOCKADDR_DL;
}

size_t
rtmsg_write(const struct rtmsg_request *q, uint8_t out[RTMSG_MAX])
{
	unsigned bits = 8 * (unsigned)addr_len(&q->dst);
	uint32_t addrs = DARWIN_RTA_DST;
	uint32_t flags = q->flags | DARWIN_RTF_UP | DARWIN_RTF_STATIC;
	uint8_t mask[16] = { 0 }, *p = out + DARWIN_RTM_HEADER;

	if (bits == 0 || q->dst_len > bits || q->ifindex > UINT16_MAX)
		return 0;
	memset(out, 0, DARWIN_RTM_HEADER);
	p += put_addr(p, q->dst.family, q->dst.bytes);
	if (q->ifindex != 0) {
		addrs |= DARWIN_RTA_GATEWAY;
		p += put_link(p, q->ifindex);
	}
	if (q->dst_len == bits) {
		flags |= DARWIN_RTF_HOST;
	} else {
		addrs |= DARWIN_RTA_NETMASK;
		for (unsigned i = 0; i < q->dst_len; i++)
			mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
		p += put_addr(p, q->dst.family, mask);
	}
	put16(out, (unsigned)(p - out));
	out[2] = DARWIN_RTM_VERSION;
	out[3] = q->type;
	put32(out + 8, flags);
	put32(out + 12, addrs);
	put32(out + 20, (uint32_t)q->seq);
	return (size_t)(p - out);
}

/*
 * Reading.
 */

size_t
rtmsg_length(const uint8_t *m, size_t len)
{
	size_t n;

	if (len < 4)
		return 0;
	n = get16(m);
	return n < 4 || n > len ? 0 : n;
}

/* sa: n bytes. ADDR_NONE if it is not an IP address, or too short for one. */
static struct addr
read_addr(const uint8_t *sa, size_t n)
{
	struct addr a = { 0 };

	if (n >= 8 && sa[1] == DARWIN_AF_INET)
		return addr_from_bytes(ADDR_V4, sa + 4);
	if (n < 24 || sa[1] != DARWIN_AF_INET6)
		return a;
	a = addr_from_bytes(ADDR_V6, sa + 8);
	/* The interface is not part of a link-local address on the wire. */
	if (a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80)
		a.bytes[2] = a.bytes[3] = 0;
	return a;
}

/*
 * The prefix length of a mask that may be cut off anywhere. Without the bits
 * being in one run it is none: -EINVAL.
 */
static int
read_mask(const uint8_t *sa, size_t n, enum addr_family family)
{
	size_t from = family == ADDR_V6 ? 8 : 4;
	size_t to = from + (family == ADDR_V6 ? 16 : 4);
	int prefix = 0;
	bool ended = false;

	for (size_t i = from; i < to && i < n; i++)
		for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
			if ((sa[i] & bit) == 0)
				ended = true;
			else if (ended)
				return -EINVAL;
			else
				prefix++;
		}
	return prefix;
}

/* struct sockaddr_dl: the name (nlen bytes), then the address. */
static void
read_mac(const uint8_t *sa, size_t n, struct rtmsg_route *ret)
{
	size_t at;

	if (n < 8 || sa[1] != DARWIN_AF_LINK || sa[6] != sizeof(ret->mac))
		return;
	at = 8u + sa[5];
	if (at + sizeof(ret->mac) > n)
		return;
	memcpy(ret->mac, sa + at, sizeof(ret->mac));
	ret->has_mac = true;
}

static int
read_addrs(const uint8_t *p, size_t left, uint32_t addrs,
    struct rtmsg_route *ret)
{
	int prefix = -1;

	for (uint32_t bit = 1; bit != 0 && left > 0; bit <<= 1) {
		size_t n = p[0], step = n == 0 ? 4 : (n + 3) & ~(size_t)3;

		if ((addrs & bit) == 0)
			continue;
		if (n > left)
			return -EINVAL;
		if (bit == DARWIN_RTA_DST) {
			ret->dst = read_addr(p, n);
		} else if (bit == DARWIN_RTA_GATEWAY) {
			ret->gateway = read_addr(p, n);
			read_mac(p, n, ret);
		} else if (bit == DARWIN_RTA_NETMASK) {
			prefix = read_mask(p, n, ret->dst.family);
			if (prefix < 0)
				return prefix;
		} else if (bit == DARWIN_RTA_IFA) {
			ret->source = read_addr(p, n);
		}
		/* The last one need not be rounded up. */
		if (step > left)
			break;
		p += step;
		left -= step;
	}
	if (ret->dst.family == ADDR_NONE)
		return -EINVAL;
	if (prefix < 0 || (ret->flags & DARWIN_RTF_HOST) != 0)
		prefix = 8 * (int)addr_len(&ret->dst);
	ret->dst_len = (unsigned)prefix;
	return 0;
}

static int
read_route(const uint8_t *m, size_t len, struct rtmsg_route *ret)
{
	size_t n = rtmsg_length(m, len);

	if (n < DARWIN_RTM_HEADER || m[2] != DARWIN_RTM_VERSION)
		return -EINVAL;
	ret->type = m[3];
	if (ret->type < DARWIN_RTM_ADD || ret->type > DARWIN_RTM_GET)
		return -EINVAL;
	ret->ifindex = get16(m + 4);
	ret->flags = get32(m + 8);
	ret->pid = (int32_t)get32(m + 16);
	ret->seq = (int32_t)get32(m + 20);
	ret->error = (int32_t)get32(m + 24);
	return read_addrs(m + DARWIN_RTM_HEADER, n - DARWIN_RTM_HEADER,
	    get32(m + 12), ret);
}

int
rtmsg_read(const uint8_t *m, size_t len, struct rtmsg_route *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = read_route(m, len, ret)) < 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

bool
rtmsg_is_change(const uint8_t *m, size_t len)
{
	size_t n = rtmsg_length(m, len);

	/* Rather once too often than not at all. */
	if (n == 0 || m[2] != DARWIN_RTM_VERSION)
		return true;
	switch (m[3]) {
	case DARWIN_RTM_ADD:
	case DARWIN_RTM_DELETE:
	case DARWIN_RTM_CHANGE:
		/* Everyone hears everyone's attempts, ours too. */
		return n < DARWIN_RTM_HEADER || get32(m + 24) == 0;
	case DARWIN_RTM_REDIRECT:
	case DARWIN_RTM_NEWADDR:
	case DARWIN_RTM_DELADDR:
	case DARWIN_RTM_IFINFO:
	case DARWIN_RTM_IFINFO2:
		return true;
	default:
		return false;
	}
}
