/* SPDX-License-Identifier: ISC */
#include "tests/net/forge.h"

#include <assert.h>
#include <string.h>

enum {
	WIREGUARD_BYTES = 148,
	UDP_HEAD = 8,
	TCP_HEAD = 20,
	ICMP_HEAD = 8,
	ARP_BYTES = 28,
	MORE_FRAGMENTS = 0x2000
};

enum {
	IPV4 = 0x0800,
	ARP = 0x0806,
	VLAN = 0x8100,
	IPV6 = 0x86dd,
	EXPERIMENT = 0x88b5, /* IEEE 802.1, for local experiments */
	EAPOL = 0x888e,
	LLDP = 0x88cc
};

enum {
	HOP_BY_HOP = 0,
	IGMP = 2,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	AH = 51,
	ICMP6 = 58,
	DEST_OPTIONS = 60
};

static void
add(struct packet *p, const void *bytes, size_t len)
{
	assert(p->len + len <= FORGE_MAX);
	if (len > 0)
		memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

static void
add8(struct packet *p, unsigned v)
{
	add(p, &(uint8_t){ (uint8_t)v }, 1);
}

static void
add16(struct packet *p, unsigned v)
{
	add8(p, v >> 8);
	add8(p, v & 0xff);
}

static void
add32(struct packet *p, uint32_t v)
{
	add16(p, v >> 16);
	add16(p, v & 0xffff);
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static size_t
address_len(const struct order *o)
{
	return o->v6 ? 16 : 4;
}

static void
add_address(struct packet *p, const struct order *o, const uint8_t *address)
{
	add(p, address, address_len(o));
}

static uint32_t
sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return s;
}

static uint16_t
folded(uint32_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* The sum over what follows the head at `at`, put where the protocol has it. */
static void
seal_payload(struct packet *p, const struct order *o, unsigned protocol,
    size_t at)
{
	static const struct {
		unsigned protocol;
		size_t where;
	} places[] = { { 1, 2 }, { IGMP, 2 }, { TCP, 16 }, { UDP, 6 },
		{ ICMP6, 2 } };
	uint32_t s = 0;

	if (protocol != 1 && protocol != IGMP) {
		s = sum(sum(s, o->from, address_len(o)), o->to, address_len(o));
		s += protocol + (uint32_t)(p->len - at);
	}
	s = sum(s, p->bytes + at, p->len - at);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].protocol == protocol)
			put16(p->bytes + at + places[i].where, folded(s));
}

/*
 * Heads. What they say of lengths and sums is put right by finish(), after
 * which a forger may spoil it.
 */

static void
begin_v4(struct packet *p, const struct order *o, unsigned protocol,
    unsigned fragment, const uint8_t *options, size_t options_len)
{
	assert(options_len % 4 == 0);
	p->ethertype = IPV4;
	add8(p, 0x45 + (unsigned)options_len / 4);
	add8(p, 0);
	add16(p, 0);
	add16(p, 0x7467);
	add16(p, fragment);
	add8(p, protocol == IGMP ? 1 : 64);
	add8(p, protocol);
	add16(p, 0);
	add_address(p, o, o->from);
	add_address(p, o, o->to);
	add(p, options, options_len);
}

static void
begin_v6(struct packet *p, const struct order *o, unsigned next)
{
	p->ethertype = IPV6;
	add32(p, 0x60000000);
	add16(p, 0);
	add8(p, next);
	/* What neighbours say to each other counts only with 255. */
	add8(p, next == ICMP6 ? 255 : 64);
	add_address(p, o, o->from);
	add_address(p, o, o->to);
}

static void
begin(struct packet *p, const struct order *o, unsigned protocol)
{
	if (o->v6)
		begin_v6(p, o, protocol);
	else
		begin_v4(p, o, protocol, 0, NULL, 0);
}

static void
finish(struct packet *p)
{
	size_t head;

	if (p->ethertype == IPV6) {
		put16(p->bytes + 4, (unsigned)(p->len - 40));
		return;
	}
	head = (size_t)(p->bytes[0] & 15) * 4;
	put16(p->bytes + 2, (unsigned)p->len);
	put16(p->bytes + 10, 0);
	put16(p->bytes + 10, folded(sum(0, p->bytes, head)));
}

static void
add_udp(struct packet *p, const struct order *o, const void *data, size_t len)
{
	size_t at = p->len;

	add16(p, o->sport);
	add16(p, o->port);
	add16(p, (unsigned)(UDP_HEAD + len));
	add16(p, 0);
	add(p, data, len);
	seal_payload(p, o, UDP, at);
}

size_t
forge_wireguard(const uint8_t canary[CANARY_BYTES], uint8_t *ret)
{
	memset(ret, 0, WIREGUARD_BYTES);
	ret[0] = 1;
	for (size_t i = 4; i + CANARY_BYTES <= WIREGUARD_BYTES;
	     i += CANARY_BYTES)
		memcpy(ret + i, canary, CANARY_BYTES);
	return WIREGUARD_BYTES;
}

/* A datagram in the tunnel's shape: all that is wrong is what is around it. */
static void
add_lookalike(struct packet *p, const struct order *o)
{
	uint8_t data[WIREGUARD_BYTES];

	add_udp(p, o, data, forge_wireguard(o->canary, data));
}

/*
 * The kinds, sound ones first.
 */

static void
text(struct packet *p, const struct order *o)
{
	begin(p, o, UDP);
	add_udp(p, o, o->canary, CANARY_BYTES);
	finish(p);
}

static void
lookalike(struct packet *p, const struct order *o)
{
	begin(p, o, UDP);
	add_lookalike(p, o);
	finish(p);
}

static void
tcp(struct packet *p, const struct order *o, unsigned flags)
{
	size_t at;

	begin(p, o, TCP);
	at = p->len;
	add16(p, o->sport);
	add16(p, o->port);
	add32(p, 1);
	add32(p, 1);
	add8(p, TCP_HEAD / 4 << 4);
	add8(p, flags);
	add16(p, 65535);
	add32(p, 0);
	/* A SYN with data is allowed; so is it in whatever else comes. */
	add(p, o->canary, CANARY_BYTES);
	seal_payload(p, o, TCP, at);
	finish(p);
}

static void
tcp_syn(struct packet *p, const struct order *o)
{
	tcp(p, o, 0x02);
}

static void
tcp_syn_ack(struct packet *p, const struct order *o)
{
	tcp(p, o, 0x12);
}

static void
tcp_ack(struct packet *p, const struct order *o)
{
	tcp(p, o, 0x10);
}

static void
icmp(struct packet *p, const struct order *o, unsigned type)
{
	unsigned protocol = o->v6 ? ICMP6 : 1;
	size_t at;

	begin(p, o, protocol);
	at = p->len;
	add8(p, type);
	add8(p, 0);
	add16(p, 0);
	add16(p, 0x7467);
	add16(p, 1);
	add(p, o->canary, CANARY_BYTES);
	seal_payload(p, o, protocol, at);
	finish(p);
}

static void
echo(struct packet *p, const struct order *o)
{
	icmp(p, o, o->v6 ? 128 : 8);
}

/* ICMP's question for the time (v4). */
static void
timestamp(struct packet *p, const struct order *o)
{
	icmp(p, o, 13);
}

/* Another protocol than TCP and UDP, by its number. */
static void
protocol(struct packet *p, const struct order *o)
{
	begin(p, o, o->protocol);
	add(p, o->canary, CANARY_BYTES);
	add(p, o->canary, CANARY_BYTES);
	finish(p);
}

/* IPv4: fragments, options, lies. */

static void
fragment_first(struct packet *p, const struct order *o)
{
	begin_v4(p, o, UDP, MORE_FRAGMENTS, NULL, 0);
	add_lookalike(p, o);
	finish(p);
}

/* Where a careless filter looks for the ports, there they are. */
static void
fragment_later(struct packet *p, const struct order *o)
{
	begin_v4(p, o, UDP, 1, NULL, 0);
	add_lookalike(p, o);
	finish(p);
}

/* So small that the rest of UDP's head is in the next one (RFC 1858). */
static void
fragment_tiny(struct packet *p, const struct order *o)
{
	begin_v4(p, o, UDP, MORE_FRAGMENTS, NULL, 0);
	add16(p, o->sport);
	add16(p, o->port);
	add32(p, 0);
	finish(p);
}

/* Says other ports in place of those of the first. */
static void
fragment_overlap(struct packet *p, const struct order *o)
{
	begin_v4(p, o, TCP, MORE_FRAGMENTS | 1, NULL, 0);
	add(p, o->canary, CANARY_BYTES);
	finish(p);
}

static void
option_source_route(struct packet *p, const struct order *o)
{
	uint8_t option[8] = { 0x83, 7, 4 };

	memcpy(option + 3, o->via, 4);
	begin_v4(p, o, UDP, 0, option, sizeof(option));
	add_lookalike(p, o);
	finish(p);
}

static void
option_record_route(struct packet *p, const struct order *o)
{
	begin_v4(p, o, UDP, 0, (const uint8_t[8]){ 7, 7, 4 }, 8);
	add_lookalike(p, o);
	finish(p);
}

static void
option_nop(struct packet *p, const struct order *o)
{
	begin_v4(p, o, UDP, 0, (const uint8_t[4]){ 1, 1, 1, 1 }, 4);
	add_lookalike(p, o);
	finish(p);
}

/* The head says that there are fewer bytes than there are. */
static void
short_udp(struct packet *p, const struct order *o)
{
	size_t udp = o->v6 ? 40 : 20;

	lookalike(p, o);
	put16(p->bytes + udp + 4, UDP_HEAD);
	put16(p->bytes + udp + 6, 0);
}

static void
short_total(struct packet *p, const struct order *o)
{
	lookalike(p, o);
	p->len -= 64;
	finish(p);
	p->len += 64;
}

static void
long_total(struct packet *p, const struct order *o)
{
	lookalike(p, o);
	p->len += 64;
	finish(p);
	p->len -= 64;
}

/* A version that is not what the frame's type says. */
static void
bad_version(struct packet *p, const struct order *o)
{
	lookalike(p, o);
	p->bytes[0] = (uint8_t)((p->bytes[0] & 15) | 0x50);
}

/* A head of 16 bytes. */
static void
short_head(struct packet *p, const struct order *o)
{
	lookalike(p, o);
	p->bytes[0] = 0x44;
}

/* IPv6: extension headers before the datagram. */

/* One of 8 bytes, of padding. */
static void
add_options(struct packet *p, unsigned next)
{
	add8(p, next);
	add8(p, 0);
	add8(p, 1);
	add8(p, 4);
	add32(p, 0);
}

static void
hop_by_hop(struct packet *p, const struct order *o)
{
	begin_v6(p, o, HOP_BY_HOP);
	add_options(p, UDP);
	add_lookalike(p, o);
	finish(p);
}

static void
dest_options(struct packet *p, const struct order *o)
{
	begin_v6(p, o, DEST_OPTIONS);
	add_options(p, UDP);
	add_lookalike(p, o);
	finish(p);
}

static void
many_headers(struct packet *p, const struct order *o)
{
	begin_v6(p, o, DEST_OPTIONS);
	for (int i = 0; i < 11; i++)
		add_options(p, DEST_OPTIONS);
	add_options(p, UDP);
	add_lookalike(p, o);
	finish(p);
}

/* Type 0, with nowhere left to go. */
static void
routing(struct packet *p, const struct order *o)
{
	begin_v6(p, o, ROUTING);
	add8(p, UDP);
	add8(p, 2);
	add16(p, 0);
	add32(p, 0);
	add_address(p, o, o->via);
	add_lookalike(p, o);
	finish(p);
}

static void
fragment6(struct packet *p, const struct order *o, unsigned offset_and_more)
{
	begin_v6(p, o, FRAGMENT);
	add8(p, UDP);
	add8(p, 0);
	add16(p, offset_and_more);
	add32(p, 0x7467);
	add_lookalike(p, o);
	finish(p);
}

static void
fragment6_first(struct packet *p, const struct order *o)
{
	fragment6(p, o, 1);
}

static void
fragment6_later(struct packet *p, const struct order *o)
{
	fragment6(p, o, 8);
}

/* A fragment that is the whole datagram (RFC 6946). */
static void
fragment6_atomic(struct packet *p, const struct order *o)
{
	fragment6(p, o, 0);
}

static void
authentication(struct packet *p, const struct order *o)
{
	begin_v6(p, o, AH);
	add8(p, UDP);
	add8(p, 4);
	add16(p, 0);
	for (int i = 0; i < 5; i++)
		add32(p, 0);
	add_lookalike(p, o);
	finish(p);
}

/* The link's own. */

static void
arp(struct packet *p, const struct order *o, unsigned operation)
{
	p->ethertype = ARP;
	add16(p, 1);
	add16(p, IPV4);
	add8(p, 6);
	add8(p, 4);
	add16(p, operation);
	add(p, o->mac, 6);
	add_address(p, o, o->from);
	add(p, (const uint8_t[6]){ 0 }, 6);
	add_address(p, o, o->to);
	assert(p->len == ARP_BYTES);
}

static void
arp_request(struct packet *p, const struct order *o)
{
	arp(p, o, 1);
}

static void
arp_reply(struct packet *p, const struct order *o)
{
	arp(p, o, 2);
}

static void
vlan(struct packet *p, const struct order *o)
{
	struct packet inner = { 0 };

	lookalike(&inner, o);
	add16(p, 7);
	add16(p, inner.ethertype);
	add(p, inner.bytes, inner.len);
	p->ethertype = VLAN;
}

static void
other_ethertype(struct packet *p, const struct order *o)
{
	p->ethertype = EXPERIMENT;
	add(p, o->canary, CANARY_BYTES);
	add(p, (const uint8_t[32]){ 0 }, 32);
}

/* What looks like a start (IEEE 802.1X-2020, 11.3), and says more. */
static void
eapol(struct packet *p, const struct order *o)
{
	p->ethertype = EAPOL;
	add8(p, 1);
	add8(p, 1);
	add16(p, CANARY_BYTES + 32);
	add(p, o->canary, CANARY_BYTES);
	add(p, (const uint8_t[32]){ 0 }, 32);
}

static void
lldp(struct packet *p, const struct order *o)
{
	p->ethertype = LLDP;
	/* A chassis id of "locally assigned". */
	add16(p, 1 << 9 | (CANARY_BYTES + 1));
	add8(p, 7);
	add(p, o->canary, CANARY_BYTES);
	add(p, (const uint8_t[32]){ 0 }, 32);
}

/* Who has `via`? (RFC 4861, 4.3) */
static void
solicitation(struct packet *p, const struct order *o)
{
	size_t at;

	begin_v6(p, o, ICMP6);
	at = p->len;
	add8(p, 135);
	add8(p, 0);
	add16(p, 0);
	add32(p, 0);
	add_address(p, o, o->via);
	seal_payload(p, o, ICMP6, at);
	finish(p);
}

/* The same with a hop limit that no neighbour's packet has. */
static void
solicitation_from_afar(struct packet *p, const struct order *o)
{
	solicitation(p, o);
	p->bytes[7] = 64;
}

static void
add_prefix_option(struct packet *p, const struct order *o)
{
	add8(p, 3);
	add8(p, 4);
	add8(p, 64);
	add8(p, 0xc0); /* on the link, and to make an address of */
	add32(p, 600);
	add32(p, 600);
	add32(p, 0);
	add(p, o->via, 8);
	add32(p, 0);
	add32(p, 0);
}

/* A route to `via`/48, with high preference (RFC 4191, 2.3). */
static void
add_route_option(struct packet *p, const struct order *o)
{
	add8(p, 24);
	add8(p, 2);
	add8(p, 48);
	add8(p, 0x08);
	add32(p, 600);
	add(p, o->via, 8);
}

/* A resolver (RFC 8106, 5.1). */
static void
add_resolver_option(struct packet *p, const struct order *o)
{
	add8(p, 25);
	add8(p, 3);
	add16(p, 0);
	add32(p, 600);
	add(p, o->via, 16);
}

/* Whose hardware address is ours (RFC 4861, 4.6.1). */
static void
add_source_option(struct packet *p, const struct order *o)
{
	add8(p, 1);
	add8(p, 1);
	add(p, o->mac, 6);
}

/* A router that wants all: default, prefix, route and resolver. */
static void
advertisement(struct packet *p, const struct order *o)
{
	size_t at;

	begin_v6(p, o, ICMP6);
	at = p->len;
	add8(p, 134);
	add8(p, 0);
	add16(p, 0);
	add8(p, 64);
	add8(p, 0x08); /* preference: high */
	add16(p, 600);
	add32(p, 0);
	add32(p, 0);
	add_source_option(p, o);
	add_prefix_option(p, o);
	add_route_option(p, o);
	add_resolver_option(p, o);
	seal_payload(p, o, ICMP6, at);
	finish(p);
}

/* "For `about`, `via` is the better router." (RFC 792; RFC 4861, 4.5) */
static void
redirect(struct packet *p, const struct order *o)
{
	unsigned protocol = o->v6 ? ICMP6 : 1;
	struct order quoted = *o;
	struct packet quote = { 0 };
	size_t at;

	memcpy(quoted.from, o->to, 16);
	memcpy(quoted.to, o->about, 16);
	/* An echo reply: one that the kernel sent, so it asks no socket. */
	icmp(&quote, &quoted, 0);
	begin(p, o, protocol);
	at = p->len;
	add8(p, o->v6 ? 137 : 5);
	add8(p, o->v6 ? 0 : 1);
	add16(p, 0);
	if (o->v6) {
		add32(p, 0);
		add_address(p, o, o->via);
		add_address(p, o, o->about);
	} else {
		add_address(p, o, o->via);
		add(p, quote.bytes, 28);
	}
	seal_payload(p, o, protocol, at);
	finish(p);
}

static void
multicast_query(struct packet *p, const struct order *o)
{
	size_t at;

	if (o->v6) {
		/* With the router alert that RFC 3810 asks for. */
		begin_v6(p, o, HOP_BY_HOP);
		p->bytes[7] = 1;
		add8(p, ICMP6);
		add8(p, 0);
		add32(p, 0x05020000);
		add16(p, 0x0100);
		at = p->len;
		add8(p, 130);
		add8(p, 0);
		add16(p, 0);
		add16(p, 10);
		add16(p, 0);
		add(p, (const uint8_t[16]){ 0 }, 16);
		seal_payload(p, o, ICMP6, at);
	} else {
		begin_v4(p, o, IGMP, 0, (const uint8_t[4]){ 0x94, 4 }, 4);
		at = p->len;
		add8(p, 0x11);
		add8(p, 1);
		add16(p, 0);
		add32(p, 0);
		seal_payload(p, o, IGMP, at);
	}
	finish(p);
}

/* clang-format off */ /* version 14 mixes tabs into what it aligns */
static const struct kind {
	const char *name;
	bool v4, v6;
	void (*make)(struct packet *p, const struct order *o);
} kinds[] = {
	{ "text", true, true, text },
	{ "lookalike", true, true, lookalike },
	{ "tcp-syn", true, true, tcp_syn },
	{ "tcp-syn-ack", true, true, tcp_syn_ack },
	{ "tcp-ack", true, true, tcp_ack },
	{ "echo", true, true, echo },
	{ "timestamp", true, false, timestamp },
	{ "protocol", true, true, protocol },
	{ "fragment-first", true, false, fragment_first },
	{ "fragment-later", true, false, fragment_later },
	{ "fragment-tiny", true, false, fragment_tiny },
	{ "fragment-overlap", true, false, fragment_overlap },
	{ "option-source-route", true, false, option_source_route },
	{ "option-record-route", true, false, option_record_route },
	{ "option-nop", true, false, option_nop },
	{ "short-udp", true, true, short_udp },
	{ "short-total", true, true, short_total },
	{ "long-total", true, true, long_total },
	{ "bad-version", true, true, bad_version },
	{ "short-head", true, false, short_head },
	{ "hop-by-hop", false, true, hop_by_hop },
	{ "dest-options", false, true, dest_options },
	{ "many-headers", false, true, many_headers },
	{ "routing", false, true, routing },
	{ "fragment6-first", false, true, fragment6_first },
	{ "fragment6-later", false, true, fragment6_later },
	{ "fragment6-atomic", false, true, fragment6_atomic },
	{ "authentication", false, true, authentication },
	{ "arp-request", true, false, arp_request },
	{ "arp-reply", true, false, arp_reply },
	{ "vlan", true, true, vlan },
	{ "other-ethertype", true, true, other_ethertype },
	{ "eapol", true, true, eapol },
	{ "lldp", true, true, lldp },
	{ "solicitation", false, true, solicitation },
	{ "solicitation-from-afar", false, true, solicitation_from_afar },
	{ "advertisement", false, true, advertisement },
	{ "redirect", true, true, redirect },
	{ "multicast-query", true, true, multicast_query },
};
/* clang-format on */

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

bool
forge(const char *kind, const struct order *o, struct packet *ret)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, kind) == 0 &&
		    (o->v6 ? kinds[i].v6 : kinds[i].v4)) {
			*ret = (struct packet){ 0 };
			kinds[i].make(ret, o);
			return true;
		}
	return false;
}

void
forge_list(FILE *out)
{
	for (size_t i = 0; i < KINDS; i++)
		fprintf(out, "	%s%s%s\n", kinds[i].name,
		    kinds[i].v4 ? " v4" : "", kinds[i].v6 ? " v6" : "");
}
