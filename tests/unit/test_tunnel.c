/* SPDX-License-Identifier: ISC */
/*
 * Our tunnel, and a WireGuard device as its peer. The tun and the port are
 * lists; the uplink looks at each packet as the one who waits for leaks would,
 * and hands what is the peer's to the peer.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "datapath/drop_ring.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/pump.h"
#include "datapath/tunnel.h"
#include "datapath/tunnel_conf.h"
#include "datapath/wireguard/crypto.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"
#include "src/os/udp.h"
#include "src/os/uplink.h"
#include "tests/unit/packet.h"

#define OURS4  "192.0.2.10"
#define PEER4  "203.0.113.5"
#define INNER4 "10.64.0.2"
#define DNS4   "10.64.0.1"
#define INNER6 "fd64::2"
#define SECOND UINT64_C(1000000000)

enum { PORT = 40000, PEER_PORT = 51820, MTU = 1420, LIST = 512 };

struct list {
	unsigned n, at;
	struct packet packets[LIST];
};

struct tun {
	struct list out, in; /* of the machine; to the machine */
	bool gone;
};

struct udp {
	struct list in;
	uint32_t segment; /* of the next row */
	uint32_t narrow;  /* what a router said; 0: nothing */
};

struct uplink {
	unsigned calls, packets, rows, fragments;
	size_t longest; /* of what was no row */
	int result;
	bool refuses_rows;
};

static struct tun tun;
static struct udp udp;
static struct uplink uplink;
static unsigned closed;
static struct drop_ring drops;
static struct pump_memory *memory;
static struct wg_crypto *crypto;
static struct wg_device *peer;
static uint32_t peers_peer;
static struct list heard; /* by the peer: inner packets */
static struct tunnel *tunnel;
static struct policy *pol;
static uint64_t now;
static bool deaf;	   /* what is sent to the peer is lost */
static bool listening;	   /* the peer has no endpoint, and speaks first */
static uint16_t peer_port; /* that it speaks from */

static struct packet *
list_put(struct list *l, const void *data, size_t len)
{
	struct packet *p = &l->packets[l->n++];

	assert_true(l->n <= LIST && len <= PACKET_MAX);
	memcpy(p->data, data, len);
	p->len = len;
	return p;
}

/*
 * What the system has.
 */

int
tun_fd(const struct tun *t)
{
	(void)t;
	return 7;
}

void
tun_close(struct tun *t)
{
	assert_ptr_equal(t, &tun);
	closed++;
}

int
tun_read(struct tun *t, struct pktbuf *b)
{
	const struct packet *p = &t->out.packets[t->out.at];

	if (t->gone)
		return -EBADFD;
	if (t->out.at == t->out.n)
		return -EAGAIN;
	t->out.at++;
	memcpy(b->data, p->data, p->len);
	b->len = (uint32_t)p->len;
	memset(&b->offload, 0, sizeof(b->offload));
	return 0;
}

int
tun_write(struct tun *t, struct pktbuf *b)
{
	(void)list_put(&t->in, b->data, b->len);
	return 0;
}

int
udp_fd(const struct udp *u)
{
	(void)u;
	return 8;
}

uint16_t
udp_port(const struct udp *u)
{
	(void)u;
	return PORT;
}

void
udp_close(struct udp *u)
{
	assert_ptr_equal(u, &udp);
	closed++;
}

int
udp_read(struct udp *u, struct udp_in in[], unsigned n)
{
	unsigned i;

	for (i = 0; i < n && u->in.at < u->in.n; i++) {
		const struct packet *p = &u->in.packets[u->in.at++];

		memcpy(in[i].data, p->data, p->len);
		in[i].len = (uint32_t)p->len;
		in[i].segment = u->segment;
		in[i].from = packet_addr(PEER4);
		in[i].port = peer_port;
	}
	return (int)i;
}

int
udp_take_error(struct udp *u, struct addr *ret_to, uint32_t *ret_mtu)
{
	*ret_to = packet_addr(PEER4);
	*ret_mtu = u->narrow;
	u->narrow = 0;
	return *ret_mtu != 0 ? 1 : -EAGAIN;
}

/* A message arrives at the peer. */
static void
peer_hears(uint8_t *msg, size_t len)
{
	const struct wg_endpoint from = { packet_addr(OURS4), PORT };
	struct wg_packet p;

	if (wg_device_receive(peer, now, &from, msg, len, &p) == WG_PACKET)
		(void)list_put(&heard, p.data, p.len);
}

bool
uplink_cuts_rows(const struct uplink *u)
{
	return !u->refuses_rows;
}

void
uplink_send(struct uplink *u, struct uplink_out *out, unsigned n)
{
	u->calls++;
	for (unsigned i = 0; i < n; i++) {
		struct pktbuf *b = out[i].packet;
		size_t step = b->offload.gso_size;
		struct pkt p;

		u->packets++;
		out[i].result = u->result;
		assert_int_equal(out[i].hop->ifindex, 3);
		assert_int_equal(parse_ip(b->data, b->len, &p), PASSED);
		assert_true(addr_equal(&p.src, &pol->source4));
		assert_true(addr_equal(&p.dst, &pol->endpoints[0].addr));
		assert_int_equal(p.protocol, PROTO_UDP);
		if (p.fragment != PKT_WHOLE) {
			u->fragments++;
			u->longest = b->len > u->longest ? b->len : u->longest;
			continue;
		}
		assert_int_equal(p.dport, peer_port);
		assert_int_equal(b->data[20] << 8 | b->data[21], PORT);
		if (b->offload.gso_type == OFFLOAD_GSO_NONE) {
			assert_true(b->len <= 1500);
			step = b->len - 28;
		} else {
			assert_int_equal(b->offload.gso_type,
			    OFFLOAD_GSO_UDP_L4);
			assert_true(step + 28 <= 1500);
			u->rows++;
		}
		for (size_t at = 28; at < b->len && !deaf; at += step)
			peer_hears(b->data + at,
			    b->len - at < step ? b->len - at : step);
	}
}

/*
 * The peer.
 */

static void
peer_sends(void *arg, const struct wg_endpoint *to, const uint8_t *msg,
    size_t len)
{
	(void)arg;
	assert_int_equal(to->port, PORT);
	(void)list_put(&udp.in, msg, len);
}

static int
peer_random(void *arg, void *ret, size_t len)
{
	(void)arg;
	return wg_random(crypto, ret, len);
}

static const struct wg_ops peer_ops = { .random = peer_random,
	.send = peer_sends };

static struct prefix
prefix(const char *addr, uint8_t bits)
{
	return (struct prefix){ packet_addr(addr), bits };
}

/* A pair of keys that know each other. */
static void
make_keys(uint8_t private[32], uint8_t public[32])
{
	struct wg_private *key;

	assert_int_equal(wg_random(crypto, private, 32), 0);
	assert_non_null(key = wg_private_new(crypto, private));
	wg_private_public(key, public);
	wg_private_free(key);
}

static void
make_peer(const uint8_t private[32], const uint8_t ours[32])
{
	struct wg_config c = { .crypto = crypto,
		.max_peers = 1,
		.mtu = MTU,
		.enough = 1000,
		.ops = &peer_ops };
	struct wg_peer_config p = { .endpoint = { packet_addr(OURS4), PORT } };
	const struct prefix own4 = prefix(INNER4, 32),
			    own6 = prefix(INNER6, 128);

	memcpy(c.private, private, 32);
	memcpy(p.public, ours, 32);
	assert_non_null(peer = wg_device_new(&c));
	wg_device_set_time(peer, now, UINT64_C(1800000000) * SECOND);
	assert_int_equal(wg_device_add_peer(peer, &p, &peers_peer), 0);
	assert_int_equal(wg_device_allow(peer, peers_peer, &own4), 0);
	assert_int_equal(wg_device_allow(peer, peers_peer, &own6), 0);
}

/* One more that nobody is behind: with half of everything, or all of it. */
static enum { NO_DEAD, DEAD_WITH_HALF, DEAD_WITH_ALL } dead_peer;

static int
setup(void **state)
{
	uint8_t our_private[32], our_public[32], their_private[32];
	const struct prefix all4 = prefix("0.0.0.0", 0),
			    half4 = prefix("128.0.0.0", 1),
			    some4 = prefix("198.51.0.0", 16),
			    v6 = prefix("fd64::", 16);
	struct tunnel_conf *conf = tunnel_conf_new();
	struct tunnel_parts parts = { .mtu = MTU,
		.conf = conf,
		.tun = &tun,
		.udp = &udp,
		.uplink = &uplink,
		.drops = &drops };
	struct tunnel_peer *p;

	(void)state;
	memset(&tun, 0, sizeof(tun));
	memset(&udp, 0, sizeof(udp));
	memset(&uplink, 0, sizeof(uplink));
	memset(&heard, 0, sizeof(heard));
	deaf = false;
	peer_port = PEER_PORT;
	closed = 0;
	now = SECOND;
	crypto = wg_crypto_new();
	parts.memory = memory = pump_memory_new();
	pol = policy_new();
	if (conf == NULL || crypto == NULL || memory == NULL || pol == NULL)
		return -1;
	pol->generation = 1;
	pol->source4 = packet_addr(OURS4);
	pol->n_endpoints = 1;
	pol->endpoints[0] = (struct endpoint){ .addr = packet_addr(PEER4),
		.port = PEER_PORT,
		.protocol = PROTO_UDP,
		.shape = SHAPE_WIREGUARD,
		.sealed = 1 };
	pol->hops[0] = (struct hop){ .ifindex = 3, .mtu = 1500, .ready = 1 };
	policy_finish(pol);

	make_keys(our_private, our_public);
	if ((p = tunnel_conf_add_peer(conf)) == NULL)
		return -1;
	make_keys(their_private, p->public);
	if (!listening)
		p->endpoint = packet_addr(PEER4);
	p->port = PEER_PORT;
	conf->interface.listens = listening;
	conf->interface.forwards = listening;
	memcpy(conf->interface.private, our_private, 32);
	conf->interface.n_addresses = 2;
	conf->interface.addresses[0] =
	    (struct tunnel_address){ packet_addr(INNER4), 32 };
	conf->interface.addresses[1] =
	    (struct tunnel_address){ packet_addr(INNER6), 128 };
	conf->interface.n_dns = 1;
	conf->interface.dns[0] = packet_addr(DNS4);
	assert_int_equal(tunnel_conf_allow(conf,
			     dead_peer == DEAD_WITH_ALL ? &some4 : &all4),
	    0);
	assert_int_equal(tunnel_conf_allow(conf, &v6), 0);
	if (dead_peer != NO_DEAD) {
		uint8_t dead[32];

		if ((p = tunnel_conf_add_peer(conf)) == NULL)
			return -1;
		make_keys(dead, p->public);
		p->endpoint = packet_addr("203.0.113.99");
		p->port = PEER_PORT;
		assert_int_equal(
		    tunnel_conf_allow(conf,
			dead_peer == DEAD_WITH_ALL ? &all4 : &half4),
		    0);
	}
	make_peer(their_private, our_public);
	assert_int_equal(tunnel_new(&parts, &tunnel), 0);
	tunnel_conf_free(conf);
	return 0;
}

static int
setup_with_dead_peer(void **state)
{
	int r;

	dead_peer = DEAD_WITH_HALF;
	r = setup(state);
	dead_peer = NO_DEAD;
	return r;
}

/* Nobody is in the policy. */
static int
setup_that_listens(void **state)
{
	int r;

	listening = true;
	r = setup(state);
	listening = false;
	if (r == 0) {
		pol->listens = true;
		pol->n_endpoints = 0;
	}
	return r;
}

static int
setup_with_peer_aside(void **state)
{
	int r;

	dead_peer = DEAD_WITH_ALL;
	r = setup(state);
	dead_peer = NO_DEAD;
	return r;
}

static int
teardown(void **state)
{
	(void)state;
	tunnel_free(tunnel);
	assert_int_equal(closed, 2);
	wg_device_free(peer);
	wg_crypto_free(crypto);
	pump_memory_free(memory);
	policy_free(pol);
	return 0;
}

/*
 * What happens.
 */

static struct packet
inner(const char *to, size_t number, size_t len)
{
	static const uint8_t zeros[1500];
	struct flow f = { strchr(to, ':') != NULL ? INNER6 : INNER4, to, 5000,
		(uint16_t)(1000 + number) };

	return packet_udp(f, zeros, len);
}

static void
machine_sends(const struct packet *p)
{
	(void)list_put(&tun.out, p->data, p->len);
}

/* Both directions, until nothing moves. */
static void
settle(void)
{
	for (int i = 0; i < 50; i++) {
		(void)tunnel_batch_out(tunnel, pol, now);
		tunnel_batch_in(tunnel, pol, now);
	}
	assert_int_equal(udp.in.at, udp.in.n);
	tun.out.at = tun.out.n = udp.in.at = udp.in.n = 0;
}

static void
connect_it(void)
{
	tunnel_renew(tunnel, pol, now, 1);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	memset(&uplink, 0, sizeof(uplink));
}

static uint64_t
ended(enum drop why)
{
	return atomic_load(&memory->tunnel.packets[why]);
}

static void
peer_seals(const struct packet *p)
{
	uint8_t msg[PACKET_MAX + WG_DEVICE_OVERHEAD];
	struct wg_endpoint to;
	size_t len;

	memcpy(msg + WG_TRANSPORT_HEADER, p->data, p->len);
	assert_int_equal(
	    wg_device_seal(peer, now, peers_peer, msg, p->len, &len, &to), 0);
	(void)list_put(&udp.in, msg, len);
}

/*
 * Tests.
 */

static void
what_finds_no_session_waits_for_it_in_order(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 10; i++) {
		struct packet p = inner("198.51.100.1", i, 100U + i * 3);

		machine_sends(&p);
	}
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	assert_int_equal(heard.n, 10);
	for (uint16_t i = 0; i < 10; i++) {
		struct packet p = inner("198.51.100.1", i, 100U + i * 3);

		assert_int_equal(heard.packets[i].len, p.len);
		assert_memory_equal(heard.packets[i].data, p.data, p.len);
	}
	assert_int_equal(ended(PASSED), 10);
}

static void
what_waits_too_long_or_finds_no_room_is_dropped(void **state)
{
	(void)state;
	deaf = true;
	for (uint16_t i = 0; i < 70; i++) {
		struct packet p = inner("198.51.100.1", i, 100);

		machine_sends(&p);
	}
	settle();
	assert_int_equal(ended(DROP_NO_SESSION), 6);
	now += 4 * SECOND;
	tunnel_tick(tunnel, pol, now);
	assert_int_equal(ended(DROP_NO_SESSION), 6);
	now += 2 * SECOND;
	tunnel_tick(tunnel, pol, now);
	assert_int_equal(ended(DROP_NO_SESSION), 70);
	/* What is late in coming brings nothing back. */
	deaf = false;
	now += 6 * SECOND;
	tunnel_tick(tunnel, pol, now);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	assert_int_equal(heard.n, 0);
}

static void
what_is_young_waits_on(void **state)
{
	(void)state;
	deaf = true;
	for (uint16_t i = 0; i < 21; i++) {
		struct packet p = inner("198.51.100.1", i, 100U + i);

		if (i == 1)
			now += 4990 * SECOND / 1000;
		machine_sends(&p);
		settle();
	}
	now += 20 * SECOND / 1000;
	tunnel_tick(tunnel, pol, now);
	assert_int_equal(ended(DROP_NO_SESSION), 1);
	deaf = false;
	now += SECOND;
	tunnel_tick(tunnel, pol, now);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	assert_int_equal(heard.n, 20);
	for (uint16_t i = 0; i < 20; i++) {
		struct packet p = inner("198.51.100.1", i + 1, 101U + i);

		assert_int_equal(heard.packets[i].len, p.len);
		assert_memory_equal(heard.packets[i].data, p.data, p.len);
	}
}

static void
packets_of_one_length_go_as_one_row(void **state)
{
	static const size_t lens[] = { 1000, 1000, 1000, 600, 1000, 1000, 1392,
		1392, 20 };

	(void)state;
	connect_it();
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct packet p = inner("198.51.100.1", i, lens[i]);

		machine_sends(&p);
	}
	settle();
	/* Of three and a shorter one; of two; of two and a shorter one. */
	assert_int_equal(uplink.packets, 3);
	assert_int_equal(uplink.rows, 3);
	assert_int_equal(heard.n, ARRAY_LEN(lens));
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct packet p = inner("198.51.100.1", i, lens[i]);

		assert_int_equal(heard.packets[i].len, p.len);
		assert_memory_equal(heard.packets[i].data, p.data, p.len);
	}
}

/* As long as the uplink takes, to the byte. */
static void
what_fills_the_uplink_goes_as_a_row(void **state)
{
	enum { INNER = 88 * 16, UDP_AND_IP = 28 };

	(void)state;
	pol->hops[0].mtu = INNER + 32 + UDP_AND_IP;
	connect_it();
	for (size_t i = 0; i < 4; i++) {
		struct packet p = inner("198.51.100.1", i, INNER - UDP_AND_IP);

		machine_sends(&p);
	}
	settle();
	assert_int_equal(uplink.rows, 1);
	assert_int_equal(uplink.packets, 1);
	/* A byte less, and each goes alone, in two fragments. */
	pol->hops[0].mtu--;
	for (size_t i = 0; i < 4; i++) {
		struct packet p = inner("198.51.100.1", i, INNER - UDP_AND_IP);

		machine_sends(&p);
	}
	settle();
	assert_int_equal(uplink.rows, 1);
	assert_int_equal(uplink.fragments, 8);
}

static void
an_uplink_that_cuts_no_rows_gets_none(void **state)
{
	(void)state;
	connect_it();
	uplink.refuses_rows = true;
	for (size_t i = 0; i < 4; i++) {
		struct packet p = inner("198.51.100.1", i, 1000);

		machine_sends(&p);
	}
	settle();
	assert_int_equal(uplink.rows, 0);
	assert_int_equal(uplink.packets, 4);
	assert_int_equal(heard.n, 4);
}

/* Whatever the lengths: nothing lost, nothing twice, nothing changed. */
static void
rows_of_any_lengths_come_out_as_they_went_in(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	connect_it();
	for (unsigned round = 0; round < 100; round++) {
		size_t lens[200];

		heard.n = 0;
		for (uint16_t i = 0; i < 200; i++) {
			struct packet p;

			seed = seed * 1103515245 + 12345;
			if (i == 0 || (seed >> 16) % (round + 1) == 0)
				lens[i] = (seed >> 8) % (MTU - 28);
			else
				lens[i] = lens[i - 1];
			p = inner("198.51.100.1", i, lens[i]);
			machine_sends(&p);
		}
		settle();
		assert_int_equal(heard.n, 200);
		for (uint16_t i = 0; i < 200; i++) {
			struct packet p = inner("198.51.100.1", i, lens[i]);

			assert_int_equal(heard.packets[i].len, p.len);
			assert_memory_equal(heard.packets[i].data, p.data,
			    p.len);
		}
	}
	assert_int_equal(ended(PASSED), 20000);
}

static void
only_what_is_the_tunnels_goes_into_it(void **state)
{
	static const struct {
		struct flow flow;
		enum drop why;
	} rows[] = {
		{ { OURS4, "198.51.100.1", 5000, 80 }, DROP_WRONG_SOURCE },
		{ { "fd64::3", "fd64::9", 5000, 80 }, DROP_WRONG_SOURCE },
		{ { INNER4, "9.9.9.9", 5000, 53 }, DROP_OTHER_RESOLVER },
		{ { INNER4, "9.9.9.9", 5000, 853 }, DROP_OTHER_RESOLVER },
		{ { INNER6, "fd64::1", 5000, 53 }, DROP_OTHER_RESOLVER },
		{ { INNER6, "2001:db8::1", 5000, 80 }, DROP_NO_PEER },
		{ { INNER4, DNS4, 5000, 53 }, PASSED },
		{ { INNER6, "fd64::1", 5000, 80 }, PASSED },
	};
	static const uint8_t arp[28] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint64_t sum[DROP_REASONS] = { 0 };

	(void)state;
	connect_it();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct packet p = packet_udp(rows[i].flow, "x", 1);

		machine_sends(&p);
		settle();
		assert_int_equal(ended(rows[i].why), ++sum[rows[i].why]);
		p = packet_tcp(rows[i].flow, 1, 2, "", 0);
		machine_sends(&p);
		settle();
		assert_int_equal(ended(rows[i].why), ++sum[rows[i].why]);
	}
	(void)list_put(&tun.out, arp, sizeof(arp));
	settle();
	assert_int_equal(ended(DROP_NOT_IP), 1);
	assert_int_equal(uplink.packets, sum[PASSED]);
	assert_int_equal(heard.n, sum[PASSED]);
}

/* All that it says by itself, too: handshakes and keepalives. */
static void
nothing_goes_where_the_policy_does_not_say(void **state)
{
	static const struct flow back = { "198.51.100.1", INNER4, 80, 5000 };
	struct packet p = inner("198.51.100.1", 80, 100);
	struct packet answer = packet_udp(back, "answer", 6);

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct policy *other = policy_new();

		assert_non_null(other);
		if (i > 0)
			memcpy(other, pol, sizeof(*pol));
		if (i == 1)
			other->endpoints[0].sealed = 0;
		if (i == 2)
			other->endpoints[0].port++;
		if (i == 3)
			other->endpoints[0].addr = packet_addr("203.0.113.6");
		if (i == 4)
			other->source4 = (struct addr){ ADDR_NONE, { 0 } };
		policy_finish(other);
		for (int s = 0; s < 30; s++) {
			now += 10 * SECOND;
			machine_sends(&p);
			(void)tunnel_batch_out(tunnel, other, now);
			tunnel_batch_in(tunnel, other, now);
			tunnel_tick(tunnel, other, now);
			tunnel_renew(tunnel, other, now, 1);
		}
		tun.out.n = tun.out.at = 0;
		policy_free(other);
	}
	assert_int_equal(uplink.calls, 0);
	/* And with a session that stands. */
	connect_it();
	for (int i = 0; i < 20; i++) {
		now += SECOND;
		machine_sends(&p);
		peer_seals(&answer);
		(void)tunnel_batch_out(tunnel, &policy_block_all, now);
		tunnel_batch_in(tunnel, &policy_block_all, now);
		tunnel_tick(tunnel, &policy_block_all, now);
	}
	assert_int_equal(uplink.calls, 0);
	assert_int_equal(tun.in.n, 0);
	assert_true(ended(DROP_BLOCKED) >= 20);
}

static void
what_comes_in_is_for_us_from_whom_it_says(void **state)
{
	static const struct flow flows[] = {
		{ "198.51.100.1", INNER4, 80, 5000 }, /* good */
		{ "198.51.100.1", OURS4, 80, 5000 },  /* not the tunnel's */
		{ "fd64::9", INNER6, 80, 5000 },      /* good */
		{ "2001:db8::9", INNER6, 80, 5000 },  /* not the peer's */
	};

	(void)state;
	connect_it();
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct packet p = packet_udp(flows[i], "answer", 6);

		/* The peer would not send them; a hostile one does. */
		peer_seals(&p);
		settle();
	}
	assert_int_equal(tun.in.n, 2);
}

/* The kernel puts datagrams together. */
static void
a_row_that_came_in_is_cut(void **state)
{
	const struct flow f = { "198.51.100.1", INNER4, 80, 5000 };
	struct packet row = { 0 };

	(void)state;
	connect_it();
	for (int i = 0; i < 5; i++) {
		struct packet p = packet_udp(f, "an answer of 20 byte", 20);

		peer_seals(&p);
	}
	for (unsigned i = udp.in.at; i < udp.in.n; i++) {
		const struct packet *p = &udp.in.packets[i];

		udp.segment = (uint32_t)p->len;
		memcpy(row.data + row.len, p->data, p->len);
		row.len += p->len;
	}
	udp.in.n = udp.in.at = 0;
	/* And a last one that is cut short, and nonsense. */
	(void)list_put(&udp.in, row.data, row.len - 1);
	(void)list_put(&udp.in, row.data, row.len);
	(void)list_put(&udp.in, "nonsense", 8);
	(void)list_put(&udp.in, "", 0);
	settle();
	assert_int_equal(tun.in.n, 5);
}

static void
a_device_that_is_gone_is_told(void **state)
{
	(void)state;
	connect_it();
	tun.gone = true;
	assert_int_equal(tunnel_batch_out(tunnel, pol, now), -EBADFD);
}

static void
what_the_uplink_does_not_take_is_counted(void **state)
{
	struct packet p = inner("198.51.100.1", 80, 1000);

	(void)state;
	connect_it();
	uplink.result = -ENOBUFS;
	machine_sends(&p);
	machine_sends(&p);
	settle();
	assert_int_equal(ended(DROP_UPLINK_BUSY), 2);
	pol->hops[0].ready = 0;
	machine_sends(&p);
	settle();
	assert_int_equal(ended(DROP_NO_NEIGHBOUR), 1);
	pol->hops[0].ifindex = 0;
	machine_sends(&p);
	settle();
	assert_int_equal(ended(DROP_NO_UPLINK), 1);
	assert_int_equal(ended(PASSED), 0);
}

/* Routers say it; nothing is lost that the tunnel took. */
static void
a_narrow_way_gets_fragments(void **state)
{
	struct packet large = inner("198.51.100.1", 80, 1392);
	struct packet small = inner("198.51.100.1", 80, 1000);

	(void)state;
	connect_it();
	udp.narrow = 1300;
	tunnel_take_errors(tunnel, now);
	for (int i = 0; i < 3; i++)
		machine_sends(&large);
	machine_sends(&small);
	machine_sends(&small);
	settle();
	assert_int_equal(uplink.fragments, 6);
	assert_true(uplink.longest > 1280 && uplink.longest <= 1300);
	assert_int_equal(uplink.rows, 1);
	assert_int_equal(ended(PASSED), 5);
	now += 601 * SECOND;
	tunnel_tick(tunnel, pol, now);
	machine_sends(&large);
	settle();
	assert_int_equal(uplink.fragments, 6);
}

/* The server would answer the first, and we know the second. */
static void
a_handshake_that_is_too_soon_waits(void **state)
{
	struct packet p = inner("198.51.100.1", 80, 100);

	(void)state;
	deaf = true;
	machine_sends(&p);
	(void)tunnel_batch_out(tunnel, pol, now);
	assert_int_equal(uplink.packets, 1);
	now += 10000000;
	tunnel_renew(tunnel, pol, now, 1);
	assert_int_equal(uplink.packets, 1);
	assert_true(tunnel_next_tick(tunnel) <= now + 15000000);
	now += 14999999;
	tunnel_tick(tunnel, pol, now);
	assert_int_equal(uplink.packets, 1);
	now += 1;
	tunnel_tick(tunnel, pol, now);
	assert_int_equal(uplink.packets, 2);
	now += 25000000;
	tunnel_renew(tunnel, pol, now, 1);
	assert_int_equal(uplink.packets, 3);
}

static void
silence_is_told_after_three_initiations(void **state)
{
	(void)state;
	deaf = true;
	tunnel_renew(tunnel, pol, now, 1);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(tunnel_unanswered(tunnel), 0);
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	for (int i = 0; i < 9; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	assert_int_equal(tunnel_unanswered(tunnel), 1);
	/* Once for each silence. */
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	assert_int_equal(tunnel_unanswered(tunnel), 1);
}

/* One that answers is a tunnel; none is silence, of all. */
static void
one_dead_peer_is_not_silence(void **state)
{
	(void)state;
	connect_it();
	for (int i = 0; i < 100; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	assert_int_equal(tunnel_unanswered(tunnel), 0);
	deaf = true;
	tunnel_renew(tunnel, pol, now, 1);
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	assert_int_equal(tunnel_unanswered(tunnel), 1);
}

static void
who_is_aside_is_no_proof_and_no_voice(void **state)
{
	(void)state;
	tunnel_renew(tunnel, pol, now, 1);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	assert_int_equal(tunnel_renewed(tunnel), 0);
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
		settle();
	}
	assert_int_equal(tunnel_unanswered(tunnel), 1);
}

/* The answer to what was asked before is none to what is asked now. */
static void
a_late_answer_is_no_proof(void **state)
{
	(void)state;
	tunnel_renew(tunnel, pol, now, 1);
	assert_int_equal(udp.in.n, 1);
	now += 25000000;
	deaf = true;
	tunnel_renew(tunnel, pol, now, 2);
	settle();
	assert_int_equal(tunnel_renewed(tunnel), 0);
	deaf = false;
	now += 25000000;
	tunnel_renew(tunnel, pol, now, 3);
	settle();
	assert_int_equal(tunnel_renewed(tunnel), 3);
	assert_int_equal(tunnel_established(tunnel), 1);
}

/*
 * Peers that speak first.
 */

/* As control has it, when it was told of the place. */
static void
let_there_be_an_endpoint(uint16_t port)
{
	pol->n_endpoints = 1;
	pol->endpoints[0].port = port;
}

static void
pass(uint64_t ms)
{
	now += ms * 1000000;
	if (tunnel_next_tick(tunnel) <= now)
		tunnel_tick(tunnel, pol, now);
}

static void
an_answer_waits_for_its_way(void **state)
{
	struct wg_endpoint places[4];

	(void)state;
	tunnel_renew(tunnel, pol, now, 1);
	assert_int_equal(tunnel_places(tunnel, places, 4), 0);
	wg_device_connect(peer, now, peers_peer);
	settle();
	assert_int_equal(uplink.calls, 0);
	assert_int_equal(tunnel_moves(tunnel), 2);
	assert_int_equal(tunnel_places(tunnel, places, 4), 1);
	assert_true(addr_equal(&places[0].addr, &pol->endpoints[0].addr));
	assert_int_equal(places[0].port, PEER_PORT);
	pass(100);
	settle();
	assert_int_equal(uplink.calls, 0);
	let_there_be_an_endpoint(PEER_PORT);
	pass(100);
	settle();
	assert_int_equal(uplink.calls, 1);
	/* Its first data came: that is a handshake, and a proof. */
	assert_int_equal(tunnel_established(tunnel), 1);
	assert_int_equal(tunnel_renewed(tunnel), 1);
}

static void
an_answer_without_a_way_is_forgotten(void **state)
{
	(void)state;
	wg_device_connect(peer, now, peers_peer);
	settle();
	pass(1100);
	assert_true(tunnel_next_tick(tunnel) > now + SECOND);
	let_there_be_an_endpoint(PEER_PORT);
	pass(100);
	assert_int_equal(uplink.calls, 0);
	/* The peer asks again, and there is no news in where it is. */
	now += 5 * SECOND;
	wg_device_tick(peer, now);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	assert_int_equal(tunnel_moves(tunnel), 2);
}

static void
who_roams_is_spoken_to_where_the_policy_says(void **state)
{
	const struct flow back = { PEER4, INNER4, 1, 2 };
	struct packet p = inner("198.51.100.7", 1, 100),
		      from = packet_udp(back, "x", 1);
	struct wg_endpoint places[4];

	(void)state;
	let_there_be_an_endpoint(PEER_PORT);
	wg_device_connect(peer, now, peers_peer);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	peer_port = 6000;
	peer_seals(&from);
	settle();
	assert_int_equal(tunnel_places(tunnel, places, 4), 1);
	assert_int_equal(places[0].port, 6000);
	/* Not where it was, and not where nobody said it may be. */
	memset(&uplink, 0, sizeof(uplink));
	machine_sends(&p);
	settle();
	assert_int_equal(uplink.calls, 0);
	assert_int_equal(ended(DROP_BLOCKED), 1);
	let_there_be_an_endpoint(6000);
	machine_sends(&p);
	settle();
	assert_int_equal(uplink.packets, 1);
	assert_int_equal(heard.n, 1);
}

static void
what_peers_send_elsewhere_is_forwarded_both_ways(void **state)
{
	static const struct {
		const char *to;
		bool is;
	} in[] = { { "10.80.0.9", true }, { "198.51.100.7", true },
		{ INNER4, true }, { OURS4, false }, { "127.0.0.1", false },
		{ "224.0.0.1", false }, { "255.255.255.255", false },
		{ "0.0.0.1", false } };
	const struct flow out = { "10.80.0.9", "198.51.100.7", 1, 2 },
			  ours = { OURS4, "198.51.100.7", 1, 2 };
	struct packet p = packet_udp(out, "x", 1), q = packet_udp(ours, "x", 1);

	(void)state;
	let_there_be_an_endpoint(PEER_PORT);
	wg_device_connect(peer, now, peers_peer);
	settle();
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		const struct flow f = { "198.51.100.7", in[i].to, 1, 2 };
		struct packet packet = packet_udp(f, "x", 1);
		unsigned n = tun.in.n;

		peer_seals(&packet);
		settle();
		assert_int_equal(tun.in.n - n, in[i].is);
	}
	memset(&uplink, 0, sizeof(uplink));
	machine_sends(&p);
	machine_sends(&q);
	settle();
	assert_int_equal(uplink.packets, 1);
	assert_int_equal(ended(DROP_WRONG_SOURCE), 1);
}

/* It asks for no answer, so nothing is brought about by it. */
static void
a_strangers_words_bring_nothing_about(void **state)
{
	struct wg_endpoint places[4];
	uint8_t msg[WG_INITIATION_LEN] = { 1 };

	(void)state;
	(void)list_put(&udp.in, msg, sizeof(msg));
	(void)list_put(&udp.in, msg, 20);
	settle();
	assert_int_equal(uplink.calls, 0);
	assert_int_equal(tunnel_moves(tunnel), 0);
	assert_int_equal(tunnel_places(tunnel, places, 4), 0);
}

/* A handshake of its own is under way: ours would be one too many. */
static void
who_speaks_first_is_asked_only_with_a_session(void **state)
{
	(void)state;
	let_there_be_an_endpoint(PEER_PORT);
	tunnel_renew(tunnel, pol, now, 1);
	assert_int_equal(uplink.calls, 0);
	wg_device_connect(peer, now, peers_peer);
	settle();
	assert_int_equal(tunnel_renewed(tunnel), 1);
	memset(&uplink, 0, sizeof(uplink));
	now += SECOND;
	tunnel_renew(tunnel, pol, now, 2);
	assert_int_equal(uplink.calls, 1);
	settle();
	assert_int_equal(tunnel_renewed(tunnel), 2);
}

/* The other is at its place, and dead: that is no loss of the tunnel. */
static void
one_that_spoke_first_is_enough(void **state)
{
	(void)state;
	let_there_be_an_endpoint(PEER_PORT);
	wg_device_connect(peer, now, peers_peer);
	settle();
	assert_int_equal(tunnel_established(tunnel), 1);
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
		settle();
	}
	tunnel_renew(tunnel, pol, now, 1);
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
		settle();
	}
	assert_int_equal(tunnel_renewed(tunnel), 1);
	assert_int_equal(tunnel_unanswered(tunnel), 0);
	/* Until its session is over, too. */
	deaf = true;
	now += 200 * SECOND;
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	tunnel_renew(tunnel, pol, now, 2);
	for (int i = 0; i < 30; i++) {
		now += SECOND;
		tunnel_tick(tunnel, pol, now);
	}
	assert_int_equal(tunnel_unanswered(tunnel), 1);
}

static int
setup_that_listens_with_dead_peer(void **state)
{
	int r;

	dead_peer = DEAD_WITH_HALF;
	r = setup_that_listens(state);
	dead_peer = NO_DEAD;
	return r;
}

#define LISTENING(test) \
	cmocka_unit_test_setup_teardown(test, setup_that_listens, teardown)
#define WITH_TUNNEL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TUNNEL(what_finds_no_session_waits_for_it_in_order),
		WITH_TUNNEL(what_waits_too_long_or_finds_no_room_is_dropped),
		WITH_TUNNEL(what_is_young_waits_on),
		WITH_TUNNEL(packets_of_one_length_go_as_one_row),
		WITH_TUNNEL(what_fills_the_uplink_goes_as_a_row),
		WITH_TUNNEL(an_uplink_that_cuts_no_rows_gets_none),
		WITH_TUNNEL(rows_of_any_lengths_come_out_as_they_went_in),
		WITH_TUNNEL(only_what_is_the_tunnels_goes_into_it),
		WITH_TUNNEL(nothing_goes_where_the_policy_does_not_say),
		WITH_TUNNEL(what_comes_in_is_for_us_from_whom_it_says),
		WITH_TUNNEL(a_row_that_came_in_is_cut),
		WITH_TUNNEL(a_device_that_is_gone_is_told),
		WITH_TUNNEL(what_the_uplink_does_not_take_is_counted),
		WITH_TUNNEL(a_narrow_way_gets_fragments),
		WITH_TUNNEL(a_handshake_that_is_too_soon_waits),
		WITH_TUNNEL(silence_is_told_after_three_initiations),
		cmocka_unit_test_setup_teardown(one_dead_peer_is_not_silence,
		    setup_with_dead_peer, teardown),
		cmocka_unit_test_setup_teardown(
		    who_is_aside_is_no_proof_and_no_voice,
		    setup_with_peer_aside, teardown),
		WITH_TUNNEL(a_late_answer_is_no_proof),
		LISTENING(an_answer_waits_for_its_way),
		LISTENING(an_answer_without_a_way_is_forgotten),
		LISTENING(who_roams_is_spoken_to_where_the_policy_says),
		LISTENING(a_strangers_words_bring_nothing_about),
		LISTENING(what_peers_send_elsewhere_is_forwarded_both_ways),
		LISTENING(who_speaks_first_is_asked_only_with_a_session),
		cmocka_unit_test_setup_teardown(one_that_spoke_first_is_enough,
		    setup_that_listens_with_dead_peer, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
