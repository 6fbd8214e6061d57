/* SPDX-License-Identifier: ISC */
#include "tests/unit/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/policy.h"

struct addr
packet_addr(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0) {
		(void)fprintf(stderr, "packet: %s: no address\n", text);
		abort();
	}
	return a;
}

void
packet_put16(struct packet *p, size_t at, size_t n)
{
	p->data[at] = (uint8_t)(n >> 8);
	p->data[at + 1] = (uint8_t)n;
}

static void
append(struct packet *p, const void *bytes, size_t len)
{
	if (len > PACKET_MAX - p->len)
		abort();
	if (len > 0)
		memcpy(p->data + p->len, bytes, len);
	p->len += len;
}

static void
set_length(struct packet *p)
{
	if (p->data[0] >> 4 == 4)
		packet_put16(p, 2, p->len);
	else
		packet_put16(p, 4, p->len - 40);
}

struct packet
packet_ip(struct flow f, uint8_t protocol, const void *payload, size_t len)
{
	struct addr src = packet_addr(f.src), dst = packet_addr(f.dst);
	struct packet p = { 0 };

	if (src.family == ADDR_V4) {
		p.data[0] = 0x45;
		p.data[8] = 64;
		p.data[9] = protocol;
		memcpy(p.data + 12, src.bytes, 4);
		memcpy(p.data + 16, dst.bytes, 4);
		p.len = 20;
	} else {
		p.data[0] = 0x60;
		p.data[6] = protocol;
		p.data[7] = 64;
		memcpy(p.data + 8, src.bytes, 16);
		memcpy(p.data + 24, dst.bytes, 16);
		p.len = 40;
	}
	append(&p, payload, len);
	set_length(&p);
	return p;
}

struct packet
packet_udp(struct flow f, const void *payload, size_t len)
{
	static const uint8_t header[8];
	struct packet p = packet_ip(f, PROTO_UDP, header, sizeof(header));
	size_t udp = p.len - sizeof(header);

	packet_put16(&p, udp, f.sport);
	packet_put16(&p, udp + 2, f.dport);
	packet_put16(&p, udp + 4, sizeof(header) + len);
	append(&p, payload, len);
	set_length(&p);
	return p;
}

struct packet
packet_tcp(struct flow f, uint32_t seq, uint8_t flags, const void *payload,
    size_t len)
{
	static const uint8_t header[20] = { [12] = 0x50 };
	struct packet p = packet_ip(f, PROTO_TCP, header, sizeof(header));
	size_t tcp = p.len - sizeof(header);

	packet_put16(&p, tcp, f.sport);
	packet_put16(&p, tcp + 2, f.dport);
	packet_put16(&p, tcp + 4, seq >> 16);
	packet_put16(&p, tcp + 6, seq & 0xffff);
	p.data[tcp + 13] = flags;
	append(&p, payload, len);
	set_length(&p);
	return p;
}

struct packet
packet_wireguard(struct flow f, uint8_t type, size_t len)
{
	uint8_t payload[PACKET_MAX - 64] = { type };

	memset(payload + 4, 0xa5, sizeof(payload) - 4);
	return packet_udp(f, payload, len);
}

void
packet_insert(struct packet *p, size_t at, const void *bytes, size_t len)
{
	if (len > PACKET_MAX - p->len || at > p->len)
		abort();
	memmove(p->data + at + len, p->data + at, p->len - at);
	memcpy(p->data + at, bytes, len);
	p->len += len;
	set_length(p);
}

void
packet_add_options(struct packet *p, size_t words)
{
	uint8_t nop[40];

	memset(nop, 1, sizeof(nop));
	packet_insert(p, 20, nop, words * 4);
	p->data[0] = (uint8_t)(p->data[0] + words);
}

void
packet_add_extension(struct packet *p, uint8_t type, size_t size)
{
	uint8_t header[PACKET_MAX] = { p->data[6], (uint8_t)(size / 8 - 1) };

	p->data[6] = type;
	packet_insert(p, 40, header, size);
}

void
packet_fragment(struct packet *p, uint16_t offset, bool more)
{
	if (p->data[0] >> 4 == 4) {
		packet_put16(p, 6, offset | (more ? 0x2000u : 0u));
		return;
	}
	packet_add_extension(p, 44, 8);
	p->data[41] = 0;
	packet_put16(p, 42, (size_t)offset << 3 | (more ? 1u : 0u));
}

uint8_t *
packet_exact(const void *data, size_t len)
{
	/* Nothing to copy still needs an address of its own. */
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}
