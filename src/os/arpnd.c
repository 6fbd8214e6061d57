/* SPDX-License-Identifier: ISC */
#include "src/os/arpnd.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "src/os/ipchecksum.h"

enum {
	ETHER = 14,
	ARP = 28,
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
	IPV6 = 40,
	PROTOCOL_ICMPV6 = 58,
	/* Type, code, checksum, flags, then the address in question. */
	ND = 24,
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
	ND_SOLICITED = 0x40,
	ND_OPTION = 8,
	ND_OPTION_SOURCE = 1,
	ND_OPTION_TARGET = 2,
	/* No router lowers it: the sender is on this link. */
	HOP_LIMIT = 255,
};

/* Of Ethernet and IPv4, up to the operation's lower byte. */
static const uint8_t arp_head[7] = { 0, 1, 8, 0, 6, 4, 0 };

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static size_t
write_arp(uint8_t *out, const uint8_t mac[6], const struct addr *me,
    const struct addr *who)
{
	uint8_t *arp = out + ETHER;

	memset(out, 0xff, 6);
	put16(out + 12, ARPND_ETHERTYPE_ARP);
	memcpy(arp, arp_head, sizeof(arp_head));
	arp[7] = ARP_REQUEST;
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 14, me->bytes, 4);
	memcpy(arp + 24, who->bytes, 4);
	return ETHER + ARP;
}

/* ICMPv6's checksum, with the one that is in the packet: 0 if it is right. */
static uint16_t
icmp6_checksum(const uint8_t *ip, size_t len)
{
	uint8_t pseudo[4] = { (uint8_t)(len >> 8), (uint8_t)len, 0,
		PROTOCOL_ICMPV6 };
	uint32_t sum = ipchecksum_add(0, ip + 8, 32);

	sum = ipchecksum_add(sum, pseudo, sizeof(pseudo));
	return ipchecksum_fold(ipchecksum_add(sum, ip + IPV6, len));
}

static size_t
write_nd(uint8_t *out, const uint8_t mac[6], const struct addr *me,
    const struct addr *who)
{
	/* The solicited-node group (RFC 4291), and Ethernet's (RFC 2464). */
	static const uint8_t group[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 0xff };
	uint8_t *ip = out + ETHER, *nd = ip + IPV6, *dst = ip + 24;

	memcpy(dst, group, sizeof(group));
	memcpy(dst + sizeof(group), who->bytes + 13, 3);
	out[0] = out[1] = 0x33;
	memcpy(out + 2, dst + 12, 4);
	put16(out + 12, ARPND_ETHERTYPE_IPV6);
	ip[0] = 0x60;
	put16(ip + 4, ND + ND_OPTION);
	ip[6] = PROTOCOL_ICMPV6;
	ip[7] = HOP_LIMIT;
	memcpy(ip + 8, me->bytes, 16);
	nd[0] = ND_SOLICITATION;
	memcpy(nd + 8, who->bytes, 16);
	nd[ND] = ND_OPTION_SOURCE;
	nd[ND + 1] = 1;
	memcpy(nd + ND + 2, mac, 6);
	put16(nd + 2, icmp6_checksum(ip, ND + ND_OPTION));
	return ETHER + IPV6 + ND + ND_OPTION;
}

size_t
arpnd_write(uint8_t out[ARPND_MAX], const uint8_t mac[6], const struct addr *me,
    const struct addr *who)
{
	if (me->family != who->family || addr_len(who) == 0)
		return 0;
	memset(out, 0, ARPND_MAX);
	memcpy(out + 6, mac, 6);
	return me->family == ADDR_V4 ? write_arp(out, mac, me, who)
				     : write_nd(out, mac, me, who);
}

static int
read_arp(const uint8_t *arp, size_t len, struct arpnd_answer *ret)
{
	if (len < ARP || memcmp(arp, arp_head, sizeof(arp_head)) != 0 ||
	    arp[7] != ARP_REPLY)
		return -EINVAL;
	memcpy(ret->mac, arp + 8, 6);
	ret->who = addr_from_bytes(ADDR_V4, arp + 14);
	ret->to = addr_from_bytes(ADDR_V4, arp + 24);
	return 0;
}

/* RFC 4861, 7.1.2: what an advertisement must be to be believed. */
static int
read_nd(const uint8_t *ip, size_t len, struct arpnd_answer *ret)
{
	const uint8_t *nd = ip + IPV6, *option = nd + ND;
	size_t n;

	if (len < IPV6 + ND || ip[0] >> 4 != 6 || ip[6] != PROTOCOL_ICMPV6 ||
	    ip[7] != HOP_LIMIT)
		return -EINVAL;
	n = (size_t)(ip[4] << 8 | ip[5]);
	if (n < ND || n > len - IPV6 || nd[0] != ND_ADVERTISEMENT ||
	    nd[1] != 0 || (nd[4] & ND_SOLICITED) == 0 ||
	    icmp6_checksum(ip, n) != 0)
		return -EINVAL;
	for (size_t left = n - ND; left >= ND_OPTION;) {
		size_t step = (size_t)option[1] * 8;

		if (step == 0 || step > left)
			return -EINVAL;
		if (option[0] == ND_OPTION_TARGET) {
			memcpy(ret->mac, option + 2, 6);
			ret->who = addr_from_bytes(ADDR_V6, nd + 8);
			ret->to = addr_from_bytes(ADDR_V6, ip + 24);
			return 0;
		}
		option += step;
		left -= step;
	}
	return -EINVAL;
}

int
arpnd_read(uint16_t ethertype, const uint8_t *data, size_t len,
    struct arpnd_answer *ret)
{
	int r = -EINVAL;

	memset(ret, 0, sizeof(*ret));
	if (ethertype == ARPND_ETHERTYPE_ARP)
		r = read_arp(data, len, ret);
	else if (ethertype == ARPND_ETHERTYPE_IPV6)
		r = read_nd(data, len, ret);
	/* A group, or nobody, is no neighbour. */
	if (r == 0 &&
	    ((ret->mac[0] & 1) != 0 ||
		memcmp(ret->mac, (uint8_t[6]){ 0 }, 6) == 0))
		r = -EINVAL;
	if (r < 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}
