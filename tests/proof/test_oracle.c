/* SPDX-License-Identifier: ISC */
/*
 * oracle: a million packets, judged by classify() and by a filter of libpcap's
 * that was written from the same policy; and by classify_slowly().
 *
 * test_oracle [SEED [PACKETS]]
 *
 * The filter is the rules of STATES.md and of the protocols, put down in
 * tcpdump's language; it is not derived from the code. What it cannot say is
 * left out of the packets: a payload over TCP needs to know the connection, so
 * to a TCP endpoint go only segments without one. Offsets from udp[] and tcp[]
 * do not work over IPv6 in that language: they are counted from ip6[].
 */
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datapath/classify.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/stream.h"

#define ROOM 512

static uint64_t state;

/* xorshift64*: the same packets from the same seed, everywhere. */
static uint32_t
dice(uint32_t sides)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1du) >> 32) % sides;
}

static struct addr
address(const char *text)
{
	struct addr a = { 0 };

	if (addr_parse(text, &a) < 0)
		abort();
	return a;
}

static const char *const ours[] = { "192.0.2.10", "2001:db8:1::10" };
static const char *const servers[] = { "203.0.113.5", "2001:db8:5::5",
	"203.0.113.6" };

struct row {
	const char *server;
	uint16_t port;
	uint8_t protocol;
	enum shape shape;
	bool sealed;
};

/* What is connected to; a family without an uplink, too. */
static const struct trial {
	bool source4, source6;
	unsigned n;
	struct row rows[6];
} trials[] = {
	{ true, true, 2,
	    { { "203.0.113.5", 51820, PROTO_UDP, SHAPE_WIREGUARD, false },
		{ "2001:db8:5::5", 51820, PROTO_UDP, SHAPE_WIREGUARD,
		    false } } },
	{ true, true, 6,
	    { { "203.0.113.5", 1194, PROTO_UDP, SHAPE_OPENVPN, false },
		{ "203.0.113.5", 443, PROTO_TCP, SHAPE_OPENVPN_TCP, false },
		{ "203.0.113.6", 51820, PROTO_UDP, SHAPE_WIREGUARD, false },
		{ "203.0.113.6", 53, PROTO_UDP, SHAPE_WIREGUARD, false },
		{ "2001:db8:5::5", 1194, PROTO_UDP, SHAPE_OPENVPN, false },
		{ "2001:db8:5::5", 443, PROTO_TCP, SHAPE_OPENVPN_TCP,
		    false } } },
	{ true, true, 6,
	    { { "203.0.113.5", 500, PROTO_UDP, SHAPE_IKE, false },
		{ "203.0.113.5", 4500, PROTO_UDP, SHAPE_IKE_NAT, false },
		{ "203.0.113.5", 0, PROTO_ESP, SHAPE_ESP, false },
		{ "2001:db8:5::5", 500, PROTO_UDP, SHAPE_IKE, false },
		{ "2001:db8:5::5", 4500, PROTO_UDP, SHAPE_IKE_NAT, false },
		{ "2001:db8:5::5", 0, PROTO_ESP, SHAPE_ESP, false } } },
	{ true, false, 2,
	    { { "203.0.113.5", 51820, PROTO_UDP, SHAPE_WIREGUARD, false },
		{ "2001:db8:5::5", 51820, PROTO_UDP, SHAPE_WIREGUARD,
		    false } } },
	{ true, true, 3,
	    { { "203.0.113.5", 51820, PROTO_UDP, SHAPE_WIREGUARD, true },
		{ "203.0.113.6", 51820, PROTO_UDP, SHAPE_WIREGUARD, false },
		{ "2001:db8:5::5", 51820, PROTO_UDP, SHAPE_WIREGUARD,
		    true } } },
	{ true, true, 0, { { 0 } } },
};
#define TRIALS (sizeof(trials) / sizeof(trials[0]))

/*
 * The rules, as text. `ip` is ip or ip6, `at` where the payload begins, `len`
 * an expression for its length.
 */

static void
add_shape(char *t, size_t size, enum shape s, const char *ip, unsigned at,
    const char *len)
{
	char *end = t + strlen(t);

	size -= strlen(t);
	switch (s) {
	case SHAPE_WIREGUARD:
		(void)snprintf(end, size,
		    " and ((%s[%u:4] = 0x01000000 and %s = 148)"
		    " or (%s[%u:4] = 0x02000000 and %s = 92)"
		    " or (%s[%u:4] = 0x03000000 and %s = 64)"
		    " or (%s[%u:4] = 0x04000000 and %s >= 32"
		    " and ((%s) & 15 = 0 or %s >= 608)))",
		    ip, at, len, ip, at, len, ip, at, len, ip, at, len, len,
		    len);
		break;
	case SHAPE_OPENVPN:
		(void)snprintf(end, size,
		    " and (((%s[%u] = 0x38 or %s[%u] = 0x50) and %s >= 14"
		    " and %s <= 2048)"
		    " or ((%s[%u] & 0xf8 = 0x18 or %s[%u] & 0xf8 = 0x20"
		    " or %s[%u] & 0xf8 = 0x58) and %s >= 14)"
		    " or (%s[%u] & 0xf8 = 0x28 and %s >= 22)"
		    " or (%s[%u] & 0xf8 = 0x30 and %s >= 21)"
		    " or (%s[%u] & 0xf8 = 0x48 and %s >= 24))",
		    ip, at, ip, at, len, len, ip, at, ip, at, ip, at, len, ip,
		    at, len, ip, at, len, ip, at, len);
		break;
	case SHAPE_IKE:
		(void)snprintf(end, size,
		    " and %s >= 28 and (%s[%u:4] != 0 or %s[%u:4] != 0)"
		    " and %s[%u] & 0xf0 = 0x20 and %s[%u] >= 34"
		    " and %s[%u:4] = %s",
		    len, ip, at, ip, at + 4, ip, at + 17, ip, at + 18, ip,
		    at + 24, len);
		break;
	case SHAPE_IKE_NAT:
		(void)snprintf(end, size,
		    " and ((%s = 1 and %s[%u] = 0xff)"
		    " or (%s >= 32 and %s[%u:4] = 0 and (%s[%u:4] != 0 or "
		    "%s[%u:4] != 0) and %s[%u] & 0xf0 = 0x20 and %s[%u] >= 34"
		    " and %s[%u:4] = %s - 4)"
		    " or (%s >= 24 and (%s) & 3 = 0 and %s[%u:4] >= 256))",
		    len, ip, at, len, ip, at, ip, at + 4, ip, at + 8, ip,
		    at + 21, ip, at + 22, ip, at + 28, len, len, len, ip, at);
		break;
	case SHAPE_ESP:
		(void)snprintf(end, size,
		    " and %s >= 24 and (%s) & 3 = 0 and %s[%u:4] >= 256", len,
		    len, ip, at);
		break;
	default:
		break;
	}
}

static void
add_row(char *t, size_t size, const struct row *r)
{
	bool v6 = strchr(r->server, ':') != NULL;
	const char *ip = v6 ? "ip6" : "ip";
	/* IP's payload, and where it begins. */
	const char *rest = v6 ? "ip6[4:2]" : "(ip[2:2] - 20)";
	unsigned l4 = v6 ? 40 : 20;
	char len[64], *end = t + strlen(t);
	size_t room = size - strlen(t);

	(void)snprintf(end, room,
	    "%s(%s and %s and src host %s and dst host %s and %s[%u] = %u",
	    t[0] != '\0' ? " or " : "", ip,
	    v6 ? "ip6[4:2] + 40 = len"
	       : "ip[0] = 0x45 and ip[2:2] = len and ip[6:2] & 0x3fff = 0",
	    ours[v6], r->server, ip, v6 ? 6 : 9, r->protocol);
	end = t + strlen(t);
	room = size - strlen(t);
	if (r->protocol == PROTO_UDP) {
		(void)snprintf(end, room,
		    " and %s[%u:2] = %u and %s[%u:2] = %s and %s >= 8", ip,
		    l4 + 2, r->port, ip, l4 + 4, rest, rest);
		(void)snprintf(len, sizeof(len), "(%s - 8)", rest);
		add_shape(t, size, r->shape, ip, l4 + 8, len);
	} else if (r->protocol == PROTO_TCP) {
		/* No payload; no answer to a SYN of the server's. */
		(void)snprintf(end, room,
		    " and %s[%u:2] = %u and %s[%u] >> 4 >= 5"
		    " and (%s[%u] >> 4) * 4 = %s"
		    " and (%s[%u] & 2 = 0 or %s[%u] & 0x15 = 0)",
		    ip, l4 + 2, r->port, ip, l4 + 12, ip, l4 + 12, rest, ip,
		    l4 + 13, ip, l4 + 13);
	} else {
		add_shape(t, size, r->shape, ip, l4, rest);
	}
	(void)strncat(t, ")", size - strlen(t) - 1);
}

static void
compile(const struct trial *trial, struct bpf_program *ret)
{
	pcap_t *p = pcap_open_dead(DLT_RAW, 65535);
	char text[16384] = "";

	for (unsigned i = 0; i < trial->n; i++)
		if (!trial->rows[i].sealed &&
		    (strchr(trial->rows[i].server, ':') != NULL
			    ? trial->source6
			    : trial->source4))
			add_row(text, sizeof(text), &trial->rows[i]);
	/* Nothing may pass: a filter that nothing fits. */
	if (text[0] == '\0')
		(void)snprintf(text, sizeof(text), "len < 0");
	if (p == NULL || pcap_compile(p, ret, text, 1, 0) < 0) {
		(void)fprintf(stderr, "oracle: %s: %s\n", text,
		    p != NULL ? pcap_geterr(p) : "no memory");
		exit(1);
	}
	pcap_close(p);
}

static void
fill_policy(const struct trial *trial, struct policy *pol)
{
	memset(pol, 0, sizeof(*pol));
	if (trial->source4)
		pol->source4 = address(ours[0]);
	if (trial->source6)
		pol->source6 = address(ours[1]);
	pol->n_endpoints = trial->n;
	for (unsigned i = 0; i < trial->n; i++)
		pol->endpoints[i] =
		    (struct endpoint){ .addr = address(trial->rows[i].server),
			    .port = trial->rows[i].port,
			    .protocol = trial->rows[i].protocol,
			    .shape = (uint8_t)trial->rows[i].shape,
			    .sealed = trial->rows[i].sealed };
	policy_finish(pol);
}

/*
 * Packets.
 */

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A payload of a shape, or nearly. Its length. */
static size_t
payload(uint8_t *p, enum shape s)
{
	static const uint8_t opcodes[] = { 0x38, 0x50, 0x20, 0x28, 0x30, 0x48,
		0x4f, 0x58, 0x18, 0x08, 0x40, 0x39 };
	static const size_t wireguard[] = { 148, 92, 64, 32, 128, 148 };
	size_t len = dice(120);

	for (size_t i = 0; i < ROOM - 100; i++)
		p[i] = (uint8_t)dice(256);
	switch (s) {
	case SHAPE_WIREGUARD:
		put16(p, (1 + dice(4)) << 8);
		put16(p + 2, 0);
		len = wireguard[p[0] - 1 + dice(2)];
		if (p[0] == 4)
			len = 32 + 16 * dice(10);
		break;
	case SHAPE_OPENVPN:
	case SHAPE_OPENVPN_TCP:
		p[0] = opcodes[dice(sizeof(opcodes))];
		len = 10 + dice(40);
		break;
	case SHAPE_IKE:
	case SHAPE_IKE_NAT:
		if (s == SHAPE_IKE_NAT && dice(3) == 0) {
			/* ESP in UDP, or a keepalive */
			if (dice(4) == 0) {
				p[0] = 0xff;
				return 1;
			}
			return 24 + 4 * dice(10);
		}
		if (s == SHAPE_IKE_NAT)
			memset(p, 0, 4);
		p += s == SHAPE_IKE_NAT ? 4 : 0;
		len = 28 + dice(60);
		p[17] = 0x20;
		p[18] = (uint8_t)(33 + dice(5));
		memset(p + 24, 0, 4);
		put16(p + 26, len);
		len += s == SHAPE_IKE_NAT ? 4 : 0;
		break;
	case SHAPE_ESP:
		len = 16 + 4 * dice(12);
		break;
	default:
		break;
	}
	/* Off by a little, now and then. */
	if (dice(8) == 0 && len > 0)
		len += dice(2) != 0 ? 1 : (size_t)-1;
	return len;
}

/* Headers around it: sound, to one of the endpoints, or nearly. */
static size_t
packet(uint8_t *p, const struct trial *trial)
{
	static const struct row none = { "203.0.113.5", 80, PROTO_UDP,
		SHAPE_WIREGUARD, false };
	const struct row *r =
	    trial->n > 0 ? &trial->rows[dice(trial->n)] : &none;
	const char *to = dice(12) == 0 ? servers[dice(3)] : r->server;
	bool v6 = strchr(to, ':') != NULL;
	struct addr dst = address(to),
		    src = address(dice(20) == 0 ? servers[v6] : ours[v6]);
	uint8_t protocol = dice(20) == 0 ? (uint8_t)dice(256) : r->protocol;
	uint16_t port = dice(12) == 0 ? (uint16_t)dice(65536) : r->port;
	size_t ip = v6 ? 40 : 20, l4 = 0, n;
	uint8_t *t = p + ip;

	if (protocol == PROTO_UDP)
		l4 = 8;
	else if (protocol == PROTO_TCP)
		l4 = 20;
	n = protocol == PROTO_TCP ? 0 : payload(t + l4, r->shape);
	memset(t, 0, l4);
	if (l4 > 0) {
		put16(t, dice(65536));
		put16(t + 2, port);
	}
	if (protocol == PROTO_UDP) {
		put16(t + 4, 8 + n);
	} else if (protocol == PROTO_TCP) {
		t[12] = 5 << 4;
		t[13] = dice(2) != 0 ? 0x10 : (uint8_t)dice(64);
	}
	memset(p, 0, ip);
	if (v6) {
		p[0] = 0x60;
		put16(p + 4, l4 + n);
		p[6] = protocol;
		memcpy(p + 8, src.bytes, 16);
		memcpy(p + 24, dst.bytes, 16);
	} else {
		p[0] = 0x45;
		put16(p + 2, ip + l4 + n);
		p[9] = protocol;
		memcpy(p + 12, src.bytes, 4);
		memcpy(p + 16, dst.bytes, 4);
	}
	return ip + l4 + n;
}

/* Break it in one of the ways that packets are broken. */
static size_t
damage(uint8_t *p, size_t len)
{
	bool v6 = p[0] >> 4 == 6;

	switch (dice(10)) {
	case 0: /* cut short */
		return dice((uint32_t)len + 1);
	case 1: /* a bit turned, anywhere */
		p[dice((uint32_t)len)] ^= (uint8_t)(1u << dice(8));
		return len;
	case 2: /* turned in the headers */
		p[dice(len < 48 ? (uint32_t)len : 48)] ^=
		    (uint8_t)(1u << dice(8));
		return len;
	case 3: /* a length that lies */
		put16(p + (v6 ? 4 : 2), dice((uint32_t)len + 40));
		return len;
	case 4: /* UDP's length lies */
		put16(p + (v6 ? 44 : 24), dice((uint32_t)len));
		return len;
	case 5: /* bytes behind it */
		return len + 1 + dice(20);
	case 6: /* a fragment */
		if (!v6) {
			put16(p + 6, dice(2) != 0 ? 0x2000 : dice(0x4000));
			return len;
		}
		/* FALLTHROUGH */
	case 7: /* options, or an extension header */
		if (v6) {
			static const uint8_t types[] = { 0, 43, 44, 51, 60,
				135 };
			uint8_t type = types[dice(sizeof(types))];

			memmove(p + 48, p + 40, len - 40);
			memset(p + 40, 0, 8);
			p[40] = p[6];
			p[6] = type;
			if (type == 44 && dice(2) != 0)
				put16(p + 42, dice(2) != 0 ? 1 : 8 * dice(9));
			put16(p + 4, len + 8 - 40);
			return len + 8;
		}
		memmove(p + 24, p + 20, len - 20);
		memset(p + 20, 1, 4);
		p[0] = 0x46;
		put16(p + 2, len + 4);
		return len + 4;
	case 8: /* another version */
		p[0] = (uint8_t)dice(256);
		return len;
	default: /* noise */
		for (size_t i = 0; i < len; i++)
			p[i] = (uint8_t)dice(256);
		return len;
	}
}

static bool
is_tcp_payload(const uint8_t *p, size_t len)
{
	struct pkt k;

	return parse_ip(p, len, &k) == PASSED && k.protocol == PROTO_TCP &&
	    k.payload_len > 0;
}

static void
show(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)fprintf(stderr, "%02x", p[i]);
	(void)fprintf(stderr, "\n");
}

int
main(int argc, char *argv[])
{
	uint64_t seed =
	    argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
	unsigned long ends[DROP_REASONS] = { 0 }, skipped = 0;
	struct bpf_program filters[TRIALS];
	static struct policy policies[TRIALS];
	int status = 0;

	state = seed != 0 ? seed : 1;
	(void)printf("oracle: seed %llu, %lu packets\n",
	    (unsigned long long)seed, n);
	for (size_t i = 0; i < TRIALS; i++) {
		compile(&trials[i], &filters[i]);
		fill_policy(&trials[i], &policies[i]);
	}
	for (unsigned long i = 0; i < n; i++) {
		size_t t = i % 50 == 0 ? TRIALS - 1 : i % (TRIALS - 1), len;
		struct streams a = { 0 }, b = { 0 };
		unsigned at = 99, also = 99;
		uint8_t p[ROOM + 64] = { 0 };
		enum drop why, slow;
		bool filter;

		len = packet(p, &trials[t]);
		if (dice(3) == 0)
			len = damage(p, len);
		if (is_tcp_payload(p, len)) {
			skipped++;
			continue;
		}
		why = classify(p, len, 0, &policies[t], &a, &at);
		slow = classify_slowly(p, len, 0, &policies[t], &b, &also);
		filter = bpf_filter(filters[t].bf_insns, p, (unsigned)len,
			     (unsigned)len) != 0;
		ends[why]++;
		if (why != slow || at != also || (why == PASSED) != filter) {
			(void)fprintf(stderr,
			    "oracle: packet %lu, trial %zu: classify %s, "
			    "slowly %s, the filter %s\n",
			    i, t, drop_name(why), drop_name(slow),
			    filter ? "passes" : "drops");
			show(p, len);
			return 1;
		}
	}
	for (int i = 0; i < DROP_REASONS; i++)
		if (ends[i] > 0)
			(void)printf("  %-18s %8lu\n", drop_name((enum drop)i),
			    ends[i]);
	(void)printf("  %-18s %8lu\n", "(tcp payload)", skipped);
	/* A test that saw none of a kind has shown nothing about it. */
	for (int i = 0; i <= DROP_NO_UPLINK; i++)
		if (n >= 100000 && ends[i] < 50) {
			(void)fprintf(stderr, "oracle: too few %s\n",
			    drop_name((enum drop)i));
			status = 1;
		}
	if (ends[PASSED] < n / 20) {
		(void)fprintf(stderr, "oracle: too few passed\n");
		status = 1;
	}
	for (size_t i = 0; i < TRIALS; i++)
		pcap_freecode(&filters[i]);
	return status;
}
