/* SPDX-License-Identifier: ISC */
/*
 * Two devices over a network that loses, repeats, reorders and keeps messages,
 * and changes some, in which either restarts and one moves. One side thinks
 * that few handshakes are many, and sends cookies. Whatever happens:
 *
 *   - no packet is delivered twice, and none that was not sent
 *   - no counter is used twice with a key
 *   - when the network is good again, both sides are in a session, with
 *     packets passing both ways
 *
 *	test_wg_simulation [events [seed]]
 */
#include "tests/unit/wg_lab.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS	 (LAB_SECOND / 1000)
#define KEPT	 64
#define SESSIONS (1 << 16)

static struct lab lab;
static uint64_t events = 1000000, seed = 0;

/* Packets by number: sent and not delivered (1), delivered (2). */
static uint8_t *packets[2];
static uint64_t n_packets[2];

/* The last counter an end used with a session, by the index it sends to. */
static struct session {
	bool in_use;
	uint32_t index;
	uint64_t counter;
} sessions[2][SESSIONS];
static unsigned n_sessions[2];

static struct lab_message kept[KEPT];

static struct {
	uint64_t delivered[2], refused[WG_VERDICTS], restarts, moves, lost;
	uint64_t kept, n_type[5];
} stats;

static void
watch(struct lab_end *from, const uint8_t *msg, size_t len)
{
	enum wg_type type = wg_type_of(msg, len);
	struct session *s;
	uint32_t index;
	uint64_t counter;

	assert_int_not_equal(type, WG_NO_TYPE);
	stats.n_type[type]++;
	if (type != WG_TRANSPORT)
		return;
	index = le_32(msg + WG_INDEX);
	counter = le_64(msg + WG_TRANSPORT_COUNTER);
	s = &sessions[from->number][index % SESSIONS];
	while (s->in_use && s->index != index)
		if (++s == sessions[from->number] + SESSIONS)
			s = sessions[from->number];
	if (s->in_use)
		assert_true(counter > s->counter);
	else
		assert_true(++n_sessions[from->number] < SESSIONS / 2);
	*s = (struct session){ true, index, counter };
}

static unsigned
below(unsigned n)
{
	return (unsigned)(lab_random(&lab) >> 33) % n;
}

static void
hand(const struct lab_message *m)
{
	struct lab_end *from = &lab.ends[!m->to];
	struct wg_packet p = { 0 };
	enum wg_verdict v = lab_hand(&lab, m, &p);
	uint8_t expected[LAB_MTU];
	uint64_t id;

	stats.refused[v]++;
	/* Nothing here is forged. */
	assert_true(v != WG_NO_MESSAGE && v != WG_WRONG_MAC &&
	    v != WG_NOT_ALLOWED && v != WG_NOT_IP && v != WG_FAILED);
	if (v != WG_PACKET)
		return;
	id = lab_packet_id(p.data);
	assert_true(id < n_packets[from->number]);
	assert_int_equal(packets[from->number][id], 1);
	packets[from->number][id] = 2;
	lab_packet(from, expected, p.len, id);
	assert_memory_equal(p.data, expected, p.len);
	stats.delivered[from->number]++;
}

/* One bit changed: whatever becomes of it, there is no packet in it. */
static void
hand_changed(struct lab_message m)
{
	unsigned bit = below(8 * (unsigned)m.len);
	struct wg_packet p;

	m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	assert_int_not_equal(lab_hand(&lab, &m, &p), WG_PACKET);
}

static void
send_one(struct lab_end *from)
{
	uint64_t id = n_packets[from->number];
	int r = lab_send(from, 28 + below(100), id);

	assert_true(r == 0 || r == -EAGAIN || r == -EDESTADDRREQ);
	if (r == 0) {
		packets[from->number][id] = 1;
		n_packets[from->number]++;
	}
}

/* Most arrive in order; some later, some often, some never, some long after. */
static void
deliver_one(void)
{
	struct lab_message m;
	unsigned luck = below(100);

	if (lab.n == 0)
		return;
	lab_take(&lab, luck < 80 ? 0 : below(lab.n), &m);
	if (luck % 10 == 0)
		kept[below(KEPT)] = m;
	if (luck % 10 == 1) {
		stats.lost++;
		return;
	}
	if (luck % 10 == 3)
		hand_changed(m);
	hand(&m);
	if (luck % 10 == 2)
		hand(&m);
}

static void
one_event(void)
{
	unsigned what = below(10000);
	struct lab_end *e = &lab.ends[below(2)];

	if (what < 4200) {
		send_one(e);
	} else if (what < 9000) {
		deliver_one();
	} else if (what < 9400) {
		struct lab_message *m = &kept[below(KEPT)];

		if (m->len > 0) {
			stats.kept++;
			hand(m);
		}
	} else if (what < 9980) {
		lab_pass(&lab, below(3000) * MS);
	} else if (what < 9990) {
		lab_pass(&lab, below(300) * LAB_SECOND);
	} else if (what < 9994) {
		stats.moves++;
		lab.ends[0].at.port++;
	} else if (what < 9998) {
		stats.lost += lab.n;
		lab.n = 0;
	} else {
		stats.restarts++;
		lab_restart(e);
	}
}

static void
all_ends_well(void **state)
{
	uint64_t before[2];

	(void)state;
	lab_new(&lab, seed);
	lab.ends[0].other.persistent = 25 * LAB_SECOND;
	lab_restart(&lab.ends[0]);
	lab.ends[1].config.enough = 1;
	lab_restart(&lab.ends[1]);
	lab.tap = watch;
	for (int i = 0; i < 2; i++)
		assert_non_null(packets[i] = calloc(events + 1000, 1));
	for (uint64_t i = 0; i < events; i++)
		one_event();

	/* From here on nothing is lost. */
	for (int i = 0; i < 300; i++) {
		while (lab.n > 0) {
			struct lab_message m;

			lab_take(&lab, 0, &m);
			hand(&m);
		}
		lab_pass(&lab, LAB_SECOND);
	}
	for (int i = 0; i < 2; i++) {
		assert_true(lab_is_established(&lab.ends[i]));
		before[i] = stats.delivered[i];
	}
	for (int i = 0; i < 200; i++) {
		send_one(&lab.ends[i % 2]);
		while (lab.n > 0) {
			struct lab_message m;

			lab_take(&lab, 0, &m);
			hand(&m);
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(stats.delivered[i] - before[i], 100);
		free(packets[i]);
	}
	lab_free(&lab);
	printf("%" PRIu64 " events, %" PRIu64 " restarts, %" PRIu64
	       " moves, %" PRIu64 " lost, %" PRIu64
	       " brought again much later\n",
	    events, stats.restarts, stats.moves, stats.lost, stats.kept);
	printf("%" PRIu64 " initiations, %" PRIu64 " responses, %" PRIu64
	       " cookies, %u and %u "
	       "sessions; %" PRIu64 " and %" PRIu64 " of %" PRIu64
	       " and %" PRIu64 " packets delivered\n",
	    stats.n_type[WG_INITIATION], stats.n_type[WG_RESPONSE],
	    stats.n_type[WG_COOKIE_REPLY], n_sessions[0], n_sessions[1],
	    stats.delivered[0], stats.delivered[1], n_packets[0], n_packets[1]);
	printf("refused: %" PRIu64 " replayed, %" PRIu64 " unknown, %" PRIu64
	       " forged, %" PRIu64 " expired\n",
	    stats.refused[WG_REPLAYED], stats.refused[WG_UNKNOWN],
	    stats.refused[WG_FORGED], stats.refused[WG_EXPIRED]);
	assert_true(events < 100000 || stats.refused[WG_REPLAYED] > 1000);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_ends_well) };

	if (argc > 1)
		events = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	if (seed == 0) {
		if (wg_random(lab_crypto(), &seed, sizeof(seed)) < 0)
			return 1;
		seed |= 1;
	}
	printf("seed 0x%" PRIx64 "\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
