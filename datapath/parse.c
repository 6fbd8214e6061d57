/* SPDX-License-Identifier: ISC */
#include "datapath/parse.h"

#include <string.h>

#include "datapath/bytes.h"
#include "datapath/policy.h"

/* IPv6 next-header values that are extensions (IANA, RFC 8200 section 4). */
enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_AUTH = 51,
	EXT_DESTINATION = 60,
	EXT_MOBILITY = 135,
	EXT_HIP = 139,
	EXT_SHIM6 = 140,
};

/*
 * The transport's header: p->payload is where it begins, p->payload_len what
 * is there of it. In a first fragment UDP's length speaks of the whole
 * datagram, so it cannot be held against what is here.
 */
static enum drop
parse_transport(struct pkt *p)
{
	const uint8_t *h = p->payload;
	uint32_t len = p->payload_len, header;

	switch (p->protocol) {
	case PROTO_UDP:
		if (len < 8)
			return DROP_TRUNCATED;
		header = 8;
		if (p->fragment == PKT_WHOLE && bytes_be16(h + 4) != len)
			return bytes_be16(h + 4) > len ? DROP_TRUNCATED
						       : DROP_BAD_HEADER;
		break;
	case PROTO_TCP:
		if (len < 20)
			return DROP_TRUNCATED;
		header = (uint32_t)(h[12] >> 4) * 4;
		if (header < 20)
			return DROP_BAD_HEADER;
		if (header > len)
			return DROP_TRUNCATED;
		p->tcp_flags = h[13];
		p->tcp_seq = bytes_be32(h + 4);
		break;
	default:
		return PASSED;
	}
	p->ports = true;
	p->sport = bytes_be16(h);
	p->dport = bytes_be16(h + 2);
	p->payload = h + header;
	p->payload_len = len - header;
	return PASSED;
}

static enum drop
parse_v4(const uint8_t *d, size_t len, struct pkt *p)
{
	uint32_t header, total, frag;

	if (len < 20)
		return DROP_TRUNCATED;
	p->src = addr_from_bytes(ADDR_V4, d + 12);
	p->dst = addr_from_bytes(ADDR_V4, d + 16);
	p->protocol = d[9];

	header = (uint32_t)(d[0] & 0x0f) * 4;
	total = bytes_be16(d + 2);
	if (header < 20 || total < header || total < len)
		return DROP_BAD_HEADER;
	if (total > len)
		return DROP_TRUNCATED;
	p->options = header > 20;
	p->payload = d + header;
	p->payload_len = total - header;

	frag = bytes_be16(d + 6);
	if ((frag & 0x1fff) != 0) {
		p->fragment = PKT_LATER_FRAGMENT;
		return PASSED;
	}
	if ((frag & 0x2000) != 0)
		p->fragment = PKT_FIRST_FRAGMENT;
	return parse_transport(p);
}

static enum drop
parse_v6(const uint8_t *d, size_t len, struct pkt *p)
{
	uint32_t at = 40, total;
	uint8_t next;

	if (len < 40)
		return DROP_TRUNCATED;
	p->src = addr_from_bytes(ADDR_V6, d + 8);
	p->dst = addr_from_bytes(ADDR_V6, d + 24);
	p->protocol = next = d[6];

	total = 40 + (uint32_t)bytes_be16(d + 4);
	if (total > len)
		return DROP_TRUNCATED;
	if (total < len)
		return DROP_BAD_HEADER;

	for (unsigned n = 0;; n++) {
		uint32_t size;

		switch (next) {
		case EXT_HOP_BY_HOP:
			/* Only ever the first (RFC 8200 section 4.1). */
			if (n != 0)
				return DROP_BAD_HEADER;
			/* FALLTHROUGH */
		case EXT_ROUTING:
		case EXT_FRAGMENT:
		case EXT_AUTH:
		case EXT_DESTINATION:
		case EXT_MOBILITY:
		case EXT_HIP:
		case EXT_SHIM6:
			break;
		default:
			p->protocol = next;
			p->payload = d + at;
			p->payload_len = total - at;
			return parse_transport(p);
		}
		p->options = true;
		if (n == PARSE_EXTENSIONS_MAX)
			return DROP_BAD_HEADER;
		if (total - at < 8)
			return DROP_TRUNCATED;
		if (next == EXT_FRAGMENT)
			size = 8;
		else if (next == EXT_AUTH)
			/* Counted in 4-byte units, less 2 (RFC 4302). */
			size = ((uint32_t)d[at + 1] + 2) * 4;
		else
			size = ((uint32_t)d[at + 1] + 1) * 8;
		if (size > total - at)
			return DROP_TRUNCATED;
		if (next == EXT_FRAGMENT) {
			uint32_t frag = bytes_be16(d + at + 2);

			if ((frag & 0xfff8) != 0) {
				p->protocol = d[at];
				p->fragment = PKT_LATER_FRAGMENT;
				p->payload = d + at + 8;
				p->payload_len = total - at - 8;
				return PASSED;
			}
			if ((frag & 1) != 0)
				p->fragment = PKT_FIRST_FRAGMENT;
		}
		next = d[at];
		at += size;
	}
}

enum drop
parse_ip(const uint8_t *data, size_t len, struct pkt *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (len == 0)
		return DROP_TRUNCATED;
	switch (data[0] >> 4) {
	case 4:
		return parse_v4(data, len, ret);
	case 6:
		return parse_v6(data, len, ret);
	default:
		return DROP_NOT_IP;
	}
}
