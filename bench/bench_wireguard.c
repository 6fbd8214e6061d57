/* SPDX-License-Identifier: ISC */
/*
 * bench_wireguard: what our own tunnel costs: packets, handshakes, and what an
 * attacker may make us do.
 *
 * Two ends in one process, without a socket. Each round seals so many packets,
 * each into a place of its own, and then opens them; so what is opened comes
 * from the second cache or beyond, as it does from a socket.
 */
#include "bench/bench.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "bench/samples.h"
#include "datapath/wireguard/device.h"
#include "src/base/mono.h"

enum { MTU = 1420, ROOM = MTU + WG_DEVICE_OVERHEAD };
enum { BATCH = 1024, HANDSHAKES = 32 };
enum { PREFIXES = 20000, PEERS = 1000 };

/* Issue 4: a handshake message with a wrong mac1. */
#define GOAL_WRONG_MAC1_NS 2000.0

enum work {
	SEAL_64,
	OPEN_64,
	SEAL_1420,
	OPEN_1420,
	HANDSHAKE,
	WRONG_MAC1,
	ASK_COOKIE,
	UNKNOWN_INDEX,
	FIND_PEER,
	WORKS
};

static const struct {
	const char *group, *name;
} works[WORKS] = {
	[SEAL_64] = { "packets", "seal, 64 bytes" },
	[OPEN_64] = { "packets", "open, 64 bytes" },
	[SEAL_1420] = { "packets", "seal, 1,420 bytes" },
	[OPEN_1420] = { "packets", "open, 1,420 bytes" },
	[HANDSHAKE] = { "handshakes", "a whole one, both sides" },
	[WRONG_MAC1] = { "from an attacker", "initiation with a wrong mac1" },
	[ASK_COOKIE] = { "from an attacker",
	    "under load: an initiation, answered with a cookie" },
	[UNKNOWN_INDEX] = { "from an attacker", "data of no session" },
	[FIND_PEER] = { "peers", "1 of 1,000 by 1 of 20,000 prefixes" },
};

/* What an end said last, until the other has heard it. */
struct end {
	struct wg_device *device;
	uint32_t peer;
	struct wg_endpoint at;
	struct wg_crypto *crypto;
	uint8_t said[ROOM];
	size_t said_len; /* 0: nothing */
};

struct bench {
	struct wg_crypto *crypto;
	struct end ends[2];
	uint64_t now; /* moved by hand */
	uint8_t (*slots)[ROOM];
	size_t len[BATCH];
	uint8_t initiation[WG_INITIATION_LEN];
	struct wg_allowed *allowed;
	struct addr probes[BATCH];
	struct samples ns[WORKS];
};

static int
fill(void *arg, void *ret, size_t len)
{
	const struct end *e = arg;

	return wg_random(e->crypto, ret, len);
}

static void
keep(void *arg, const struct wg_endpoint *to, const uint8_t *msg, size_t len)
{
	struct end *e = arg;

	(void)to;
	memcpy(e->said, msg, len);
	e->said_len = len;
}

static int
open_end(struct bench *b, int which)
{
	static const struct wg_ops ops = { .random = fill, .send = keep };
	struct end *e = &b->ends[which];
	struct wg_config conf = { .crypto = b->crypto,
		.max_peers = 1,
		.mtu = MTU,
		.enough = 500,
		.ops = &ops,
		.arg = e };

	e->crypto = b->crypto;
	e->at.addr = addr_from_bytes(ADDR_V4,
	    (uint8_t[]){ 192, 0, 2, (uint8_t)(1 + which) });
	e->at.port = 51820;
	memset(conf.private, 0x31 + which, sizeof(conf.private));
	if ((e->device = wg_device_new(&conf)) == NULL)
		return -1;
	wg_device_set_time(e->device, b->now, mono_wall_ns());
	return 0;
}

static int
introduce(struct bench *b, int which)
{
	struct end *e = &b->ends[which];
	struct wg_peer_config conf = { .endpoint = b->ends[!which].at };
	struct prefix all = { .net = { .family = ADDR_V4 } };
	uint8_t private[WG_KEY_LEN];
	struct wg_private *other;

	memset(private, 0x31 + !which, sizeof(private));
	if ((other = wg_private_new(b->crypto, private)) == NULL)
		return -1;
	wg_private_public(other, conf.public);
	wg_private_free(other);
	if (wg_device_add_peer(e->device, &conf, &e->peer) < 0)
		return -1;
	return wg_device_allow(e->device, e->peer, &all);
}

static enum wg_verdict
pass(struct bench *b, int to, uint8_t *data, size_t len)
{
	struct wg_packet packet;

	return wg_device_receive(b->ends[to].device, b->now, &b->ends[!to].at,
	    data, len, &packet);
}

/* What one end has said is heard by the other. */
static enum wg_verdict
hear(struct bench *b, int to)
{
	struct end *from = &b->ends[!to];
	size_t len = from->said_len;

	from->said_len = 0;
	return pass(b, to, from->said, len);
}

/* False: it was not completed. */
static bool
shake_hands(struct bench *b)
{
	b->now += UINT64_C(100000000);
	wg_device_renew(b->ends[0].device, b->now, b->ends[0].peer);
	memcpy(b->initiation, b->ends[0].said, sizeof(b->initiation));
	/* Initiation, response, and the keepalive that confirms it. */
	return hear(b, 1) == WG_DONE && hear(b, 0) == WG_DONE &&
	    hear(b, 1) == WG_DONE;
}

static int
note(struct bench *b, enum work what, struct mono from, unsigned n)
{
	return samples_add(&b->ns[what], (double)(mono_now().ns - from.ns) / n);
}

static int
measure_packets(struct bench *b, enum work seal, enum work opening, size_t len)
{
	const uint8_t head[20] = { 0x45, 0, (uint8_t)(len >> 8), (uint8_t)len };
	const struct end *e = &b->ends[0];
	struct wg_endpoint to;
	struct mono from;
	int r;

	for (unsigned i = 0; i < BATCH; i++)
		memcpy(b->slots[i] + WG_TRANSPORT_HEADER, head, sizeof(head));
	from = mono_now();
	for (unsigned i = 0; i < BATCH; i++)
		if (wg_device_seal(e->device, b->now, e->peer, b->slots[i], len,
			&b->len[i], &to) < 0)
			return -1;
	if ((r = note(b, seal, from, BATCH)) < 0)
		return r;
	from = mono_now();
	for (unsigned i = 0; i < BATCH; i++)
		if (pass(b, 1, b->slots[i], b->len[i]) != WG_PACKET)
			return -1;
	return note(b, opening, from, BATCH);
}

static int
measure_handshakes(struct bench *b)
{
	struct mono from = mono_now();

	for (unsigned i = 0; i < HANDSHAKES; i++)
		if (!shake_hands(b))
			return -1;
	return note(b, HANDSHAKE, from, HANDSHAKES);
}

/* A message that many send; this is always what becomes of it. */
static int
measure_attack(struct bench *b, enum work what, const uint8_t *msg, size_t len,
    enum wg_verdict wanted)
{
	struct mono from = mono_now();
	uint8_t copy[ROOM];

	for (unsigned i = 0; i < BATCH; i++) {
		memcpy(copy, msg, len);
		copy[len - WG_MAC1_FROM_END - 1] ^=
		    (uint8_t)(wanted == WG_WRONG_MAC);
		if (pass(b, 1, copy, len) != wanted)
			return -1;
	}
	return note(b, what, from, BATCH);
}

static int
measure_finding(struct bench *b)
{
	struct mono from = mono_now();
	unsigned found = 0;

	for (unsigned i = 0; i < BATCH; i++)
		found +=
		    wg_allowed_find(b->allowed, &b->probes[i]) != WG_NOBODY;
	return found < BATCH ? -1 : note(b, FIND_PEER, from, BATCH);
}

/* Until every message is one too many. */
static int
make_load(struct bench *b)
{
	uint8_t copy[WG_INITIATION_LEN];

	for (unsigned i = 0; i < 10000; i++) {
		memcpy(copy, b->initiation, sizeof(copy));
		if (pass(b, 1, copy, sizeof(copy)) == WG_UNDER_LOAD)
			return 0;
	}
	return -1;
}

static int
run_round(struct bench *b)
{
	static const uint8_t data[64] = { WG_TRANSPORT };

	if (measure_handshakes(b) < 0 ||
	    measure_packets(b, SEAL_64, OPEN_64, 64) < 0 ||
	    measure_packets(b, SEAL_1420, OPEN_1420, MTU) < 0 ||
	    measure_attack(b, WRONG_MAC1, b->initiation, sizeof(b->initiation),
		WG_WRONG_MAC) < 0 ||
	    measure_attack(b, UNKNOWN_INDEX, data, sizeof(data), WG_UNKNOWN) <
		0 ||
	    measure_finding(b) < 0 || make_load(b) < 0 ||
	    measure_attack(b, ASK_COOKIE, b->initiation, sizeof(b->initiation),
		WG_UNDER_LOAD) < 0)
		return -1;
	/* The load is over. */
	b->now += UINT64_C(3000000000);
	return 0;
}

/* The upper half of a linear congruence (Knuth, MMIX). */
static uint32_t
next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 32);
}

static int
set_up(struct bench *b)
{
	uint64_t state = 1;

	b->now = mono_now().ns;
	b->slots = calloc(BATCH, sizeof(*b->slots));
	b->crypto = wg_crypto_new();
	b->allowed = wg_allowed_new();
	if (b->slots == NULL || b->crypto == NULL || b->allowed == NULL ||
	    open_end(b, 0) < 0 || open_end(b, 1) < 0 || introduce(b, 0) < 0 ||
	    introduce(b, 1) < 0)
		return -1;
	for (uint32_t i = 0; i < PREFIXES; i++) {
		uint32_t n = next_number(&state);
		struct prefix p = { .bits = 8 + next_number(&state) % 25 };

		p.net = addr_from_bytes(ADDR_V4, &n);
		if (wg_allowed_put(b->allowed, &p, i % PEERS) < 0)
			return -1;
		b->probes[i % BATCH] = p.net;
	}
	return 0;
}

static void
tear_down(struct bench *b)
{
	for (int i = 0; i < WORKS; i++)
		samples_done(&b->ns[i]);
	for (int i = 0; i < 2; i++)
		wg_device_free(b->ends[i].device);
	wg_allowed_free(b->allowed);
	wg_crypto_free(b->crypto);
	free(b->slots);
}

int
bench_wireguard(int argc, char *argv[], struct report *r)
{
	enum { ROUNDS = 256 };
	static const struct option longs[] = {
		{ "rounds", required_argument, NULL, ROUNDS },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long rounds = 50;
	struct bench b = { 0 };
	int c, result;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (c != ROUNDS || bench_number(optarg, 1, 100000, &rounds) < 0)
			return BENCH_USAGE;
	if (optind < argc)
		return BENCH_USAGE;

	result = set_up(&b) < 0 ? BENCH_FAILED : BENCH_DONE;
	for (unsigned long i = 0; i < rounds && result == BENCH_DONE; i++)
		if (run_round(&b) < 0)
			result = BENCH_FAILED;
	if (result == BENCH_DONE) {
		report_fact(r, "rounds", "%lu of %d messages each", rounds,
		    BATCH);
		for (int i = 0; i < WORKS; i++)
			report_figure(r,
			    &(struct figure){ .group = works[i].group,
				.name = works[i].name,
				.unit = "ns",
				.value = samples_sum_up(&b.ns[i]) });
		report_goal(r, works[WRONG_MAC1].name, GOAL_AT_MOST,
		    GOAL_WRONG_MAC1_NS,
		    samples_sum_up(&b.ns[WRONG_MAC1]).median, "ns");
	} else {
		(void)fprintf(stderr, "wireguard: could not be measured\n");
	}
	tear_down(&b);
	return result;
}
