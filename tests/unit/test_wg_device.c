/* SPDX-License-Identifier: ISC */
/*
 * Two devices and a wire: what passes, and what does not.
 */
#include "tests/unit/wg_lab.h"

#include <errno.h>
#include <string.h>

#define SEED 0x5eed

static struct lab lab;
static struct lab_end *const a = &lab.ends[0], *const b = &lab.ends[1];

static int
set_up(void **state)
{
	(void)state;
	lab_new(&lab, SEED);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	lab_free(&lab);
	return 0;
}

static void
nothing_goes_without_a_session(void **state)
{
	(void)state;
	assert_int_equal(lab_send(a, 100, 1), -EAGAIN);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	/* The other does not know where we are. */
	assert_int_equal(lab_send(b, 100, 1), -EDESTADDRREQ);
	assert_int_equal(lab_said(b, WG_INITIATION), 0);
	/* One initiation is enough. */
	assert_int_equal(lab_send(a, 100, 1), -EAGAIN);
	assert_int_equal(lab_said(a, WG_INITIATION), 0);
	assert_int_equal(lab_said(a, WG_TRANSPORT), 0);
}

static void
packets_pass_both_ways(void **state)
{
	uint8_t sent[LAB_MTU];
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	assert_int_equal(lab_said(b, WG_RESPONSE), 1);
	assert_int_equal(lab_said(a, WG_TRANSPORT), 1); /* confirms */
	assert_int_equal(a->last_len, WG_TRANSPORT_MIN);
	assert_int_equal(a->events[WG_ESTABLISHED], 1);
	assert_int_equal(b->events[WG_ESTABLISHED], 1);
	for (size_t len = 28; len <= LAB_MTU; len++) {
		struct lab_end *from = &lab.ends[len % 2];
		size_t padded = (len + 15) / 16 * 16;

		assert_int_equal(lab_pass_one(from, len, &p), WG_PACKET);
		assert_int_equal(p.peer, lab.ends[!from->number].peer);
		assert_int_equal(p.len, len);
		lab_packet(from, sent, len, 5);
		assert_memory_equal(p.data, sent, len);
		assert_int_equal(from->last_len,
		    WG_TRANSPORT_MIN + (padded < LAB_MTU ? padded : LAB_MTU));
	}
	assert_int_equal(lab_send(a, LAB_MTU + 1, 1), -EMSGSIZE);
}

static void
the_responder_waits_for_the_first_data(void **state)
{
	struct lab_message m;
	struct wg_packet p;

	(void)state;
	wg_device_connect(a->device, lab.now, a->peer);
	for (int i = 0; i < 2; i++) {
		lab_take(&lab, 0, &m);
		assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
		assert_false(lab_is_established(b));
	}
	assert_int_equal(lab_send(b, 100, 1), -EAGAIN);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
	assert_true(lab_is_established(b));
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
}

static void
replays_and_forgeries_are_refused(void **state)
{
	struct lab_message first, answer, m;
	struct wg_packet p;

	(void)state;
	wg_device_connect(a->device, lab.now, a->peer);
	lab_take(&lab, 0, &first);
	assert_int_equal(lab_hand(&lab, &first, &p), WG_DONE);
	assert_int_equal(lab_hand(&lab, &first, &p), WG_REPLAYED);
	lab_take(&lab, 0, &answer);
	m = answer;
	m.bytes[20] ^= 1;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_WRONG_MAC);
	assert_int_equal(lab_hand(&lab, &answer, &p), WG_DONE);
	assert_int_equal(lab_hand(&lab, &answer, &p), WG_UNKNOWN);
	lab_settle(&lab);
	assert_int_equal(lab_send(a, 100, 1), 0);
	lab_take(&lab, 0, &m);
	m.bytes[40] ^= 1;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_FORGED);
	m.bytes[40] ^= 1;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_PACKET);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_REPLAYED);
	/* An index that nobody has; lengths and types that are none. */
	m.bytes[WG_INDEX] ^= 1;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_UNKNOWN);
	m.bytes[1] = 1;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_NO_MESSAGE);
	first.len--;
	assert_int_equal(lab_hand(&lab, &first, &p), WG_NO_MESSAGE);
	first.len = 0;
	assert_int_equal(lab_hand(&lab, &first, &p), WG_NO_MESSAGE);
}

static void
a_later_initiation_may_come_20_ms_later(void **state)
{
	struct lab_message m[3];
	struct wg_packet p;

	(void)state;
	for (int i = 0; i < 3; i++) {
		wg_device_connect(a->device, lab.now, a->peer);
		lab_take(&lab, 0, &m[i]);
		lab_restart(a);
		lab_pass(&lab, LAB_SECOND);
	}
	assert_int_equal(lab_hand(&lab, &m[1], &p), WG_DONE);
	assert_int_equal(lab_hand(&lab, &m[0], &p), WG_REPLAYED);
	assert_int_equal(lab_hand(&lab, &m[2], &p), WG_REPLAYED);
	lab_pass(&lab, LAB_SECOND / 50);
	assert_int_equal(lab_hand(&lab, &m[2], &p), WG_DONE);
	for (int i = 0; i < 3; i++) {
		lab_pass(&lab, LAB_SECOND);
		assert_int_equal(lab_hand(&lab, &m[i], &p), WG_REPLAYED);
	}
}

static void
a_packet_has_to_come_from_its_peers_networks(void **state)
{
	static const uint8_t v6[40] = { 0x60, [5] = 10, 17, 64,
		0xfd, [24] = 0xfd, 1 };
	uint8_t msg[LAB_MESSAGE_MAX];
	struct wg_endpoint to;
	struct lab_message m = { .to = 1 };
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	for (int i = 0; i < 5; i++) {
		static const enum wg_verdict expected[] = { WG_NOT_ALLOWED,
			WG_NOT_IP, WG_NOT_IP, WG_NOT_IP, WG_PACKET };
		uint8_t *inner = msg + WG_TRANSPORT_HEADER;

		lab_packet(a, inner, 100, 1);
		if (i == 0)
			inner[13] = 1; /* their own network */
		else if (i == 1)
			inner[0] = 0x55;
		else if (i == 2)
			inner[3] = 113; /* longer than with the padding */
		else if (i == 3)
			inner[3] = 19; /* shorter than its header */
		assert_int_equal(wg_device_seal(a->device, lab.now, a->peer,
				     msg, 100, &m.len, &to),
		    0);
		memcpy(m.bytes, msg, m.len);
		m.from = a->at;
		assert_int_equal(lab_hand(&lab, &m, &p), expected[i]);
	}
	/* IPv6, too. */
	memset(msg, 0, sizeof(msg));
	memcpy(msg + WG_TRANSPORT_HEADER, v6, sizeof(v6));
	assert_int_equal(wg_device_route(a->device, msg + 16, 50), a->peer);
	assert_int_equal(wg_device_route(a->device, msg + 16, 39), WG_NOBODY);
	assert_int_equal(wg_device_route(a->device, msg + 16, 49), WG_NOBODY);
	assert_int_equal(
	    wg_device_seal(a->device, lab.now, a->peer, msg, 50, &m.len, &to),
	    0);
	memcpy(m.bytes, msg, m.len);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_PACKET);
	assert_int_equal(p.len, 50);
	/* The network goes with its peer. */
	wg_device_remove_peer(a->device, a->peer);
	assert_int_equal(wg_device_route(a->device, msg + 16, 50), WG_NOBODY);
	assert_int_equal(
	    wg_device_seal(a->device, lab.now, a->peer, msg, 50, &m.len, &to),
	    -ENOENT);
}

static struct wg_endpoint
where(const struct lab_end *e)
{
	struct wg_peer_status s;

	assert_int_equal(wg_device_status(e->device, lab.now, e->peer, &s), 0);
	return s.at;
}

static void
both_ends_count_the_same_bytes(void **state)
{
	struct wg_peer_status one, other;
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	for (size_t len = 100; len < 1400; len += 100) {
		assert_int_equal(lab_pass_one(a, len, &p), WG_PACKET);
		assert_int_equal(lab_pass_one(b, LAB_MTU - len, &p), WG_PACKET);
	}
	lab_settle(&lab);
	assert_int_equal(wg_device_status(a->device, lab.now, a->peer, &one),
	    0);
	assert_int_equal(wg_device_status(b->device, lab.now, b->peer, &other),
	    0);
	assert_memory_equal(one.public, a->other.public, WG_KEY_LEN);
	assert_int_equal(one.sent, other.received);
	assert_int_equal(one.received, other.sent);
	/* The handshake among them. */
	assert_true(one.sent > WG_INITIATION_LEN + 14 * WG_TRANSPORT_MIN);
	assert_true(one.received > WG_RESPONSE_LEN + 14 * WG_TRANSPORT_MIN);
}

static void
only_the_responder_follows(void **state)
{
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	assert_int_equal(where(b).port, a->at.port);
	a->at.port++;
	assert_int_equal(lab_pass_one(a, 100, &p), WG_PACKET);
	assert_int_equal(where(b).port, a->at.port);
	assert_int_equal(b->events[WG_MOVED], 2);
	/* We asked for this session: we stay with where we asked. */
	b->at.port++;
	assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	assert_int_equal(where(a).port, b->at.port - 1);
	assert_int_equal(a->events[WG_MOVED], 0);
	/* A forgery moves nobody. */
	a->at.port++;
	assert_int_equal(lab_send(a, 100, 1), 0);
	lab.wire[0].bytes[30] ^= 1;
	lab_settle(&lab);
	assert_int_equal(where(b).port, a->at.port - 1);
	/* And who is fixed stays, even as responder. */
	a->other.is_fixed = true;
	lab_restart(a);
	lab_pass(&lab, 16 * LAB_SECOND);
	lab_settle(&lab);
	assert_true(lab_is_established(a));
	assert_int_equal(where(a).port, b->at.port - 1);
}

static void
under_load_who_shows_where_it_is_is_served(void **state)
{
	struct lab_message m;
	struct wg_packet p;

	(void)state;
	b->config.enough = 0;
	lab_restart(b);
	wg_device_connect(a->device, lab.now, a->peer);
	lab_take(&lab, 0, &m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_UNDER_LOAD);
	assert_int_equal(lab_said(b, WG_COOKIE_REPLY), 1);
	assert_int_equal(lab_said(b, WG_RESPONSE), 0);
	lab_settle(&lab);
	/* Not sooner, but with the second MAC. */
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	lab_pass(&lab, 6 * LAB_SECOND);
	assert_int_equal(lab_said(a, WG_INITIATION), 1);
	lab_take(&lab, 0, &m);
	m.from.port++;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_UNDER_LOAD);
	m.from.port--;
	assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
	lab_settle(&lab);
	assert_true(lab_is_established(a));
	assert_true(lab_is_established(b));
}

/* Take a's initiation off the wire: a new one, whatever was sent lately. */
static void
take_initiation(struct lab_message *ret)
{
	lab.n = 0;
	wg_device_renew(a->device, lab.now, a->peer);
	assert_int_equal(lab.n, 1);
	lab_take(&lab, 0, ret);
}

static void
get_cookie(void)
{
	struct lab_message m;
	struct wg_packet p;

	b->config.enough = 0;
	lab_restart(b);
	take_initiation(&m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_UNDER_LOAD);
	lab_settle(&lab);
}

/* 5 at once, and 20 a second. */
static void
under_load_nobody_is_served_without_end(void **state)
{
	unsigned served = 0, answered;
	struct lab_message m;
	struct wg_packet p;

	(void)state;
	get_cookie();
	(void)lab_said(b, WG_RESPONSE);
	(void)lab_said(b, WG_COOKIE_REPLY);
	for (int i = 0; i < 50; i++) {
		lab_pass(&lab, LAB_SECOND / 1000);
		take_initiation(&m);
		served += lab_hand(&lab, &m, &p) != WG_UNDER_LOAD;
	}
	assert_in_range(served, 5, 6);
	/* Nor is it answered with anything else. */
	answered = lab_said(b, WG_RESPONSE);
	assert_in_range(answered, 1, 6);
	assert_int_equal(lab_said(b, WG_COOKIE_REPLY), 0);
	lab.n = 0;
}

static void
a_cookie_ends_with_the_secret_it_is_made_of(void **state)
{
	struct lab_message early, m;
	struct wg_packet p;

	(void)state;
	get_cookie();
	lab_pass(&lab, 100 * LAB_SECOND);
	take_initiation(&early);
	assert_int_equal(lab_hand(&lab, &early, &p), WG_DONE);
	lab_pass(&lab, 14 * LAB_SECOND);
	take_initiation(&m);
	assert_int_equal(lab_hand(&lab, &m, &p), WG_DONE);
	/* It is known, but it comes too late even to be called a replay. */
	lab_pass(&lab, 5 * LAB_SECOND);
	assert_int_equal(lab_hand(&lab, &early, &p), WG_REPLAYED);
	lab_pass(&lab, LAB_SECOND);
	assert_int_equal(lab_hand(&lab, &early, &p), WG_UNDER_LOAD);
	lab.n = 0;
}

/* What lay in the caller's memory before must not leave. */
static void
the_padding_is_zeros(void **state)
{
	static const uint8_t zeros[12];
	struct wg_endpoint to;
	struct lab_message m;
	struct wg_packet p;
	size_t n;

	(void)state;
	lab_connect(&lab);
	memset(m.bytes, 0xaa, sizeof(m.bytes));
	lab_packet(a, m.bytes + WG_TRANSPORT_HEADER, 36, 1);
	assert_int_equal(
	    wg_device_seal(a->device, lab.now, a->peer, m.bytes, 36, &n, &to),
	    0);
	assert_int_equal(n, 48 + WG_TRANSPORT_MIN);
	assert_int_equal(
	    wg_device_receive(b->device, lab.now, &a->at, m.bytes, n, &p),
	    WG_PACKET);
	assert_int_equal(p.len, 36);
	assert_memory_equal(p.data + 36, zeros, sizeof(zeros));
}

static void
a_removed_peer_has_no_networks(void **state)
{
	uint8_t packet[40];

	(void)state;
	lab_packet(a, packet, sizeof(packet), 1);
	assert_int_equal(wg_device_route(a->device, packet, sizeof(packet)),
	    a->peer);
	wg_device_remove_peer(a->device, a->peer);
	assert_int_equal(wg_device_route(a->device, packet, sizeof(packet)),
	    WG_NOBODY);
}

static void
both_may_ask_at_once(void **state)
{
	struct wg_packet p;

	(void)state;
	lab_connect(&lab);
	lab_pass(&lab, 200 * LAB_SECOND);
	wg_device_connect(a->device, lab.now, a->peer);
	wg_device_connect(b->device, lab.now, b->peer);
	assert_int_equal(lab.n, 2);
	lab_settle(&lab);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lab_pass_one(a, 100, &p), WG_PACKET);
		assert_int_equal(lab_pass_one(b, 100, &p), WG_PACKET);
	}
}

static void
a_clock_that_was_set_back_does_not_lock_us_out(void **state)
{
	(void)state;
	lab_connect(&lab);
	for (int i = 0; i < 5; i++) {
		lab_pass(&lab, 200 * LAB_SECOND);
		lab.unix_ns -= 100000 * LAB_SECOND;
		wg_device_set_time(a->device, lab.now, lab.unix_ns);
		lab_connect(&lab);
	}
}

static void
peers_are_told_apart(void **state)
{
	struct wg_peer_config c = { .public = { 9 } };
	struct wg_peer_status s;
	struct wg_config wrong = a->config;
	uint32_t n = 77;

	(void)state;
	assert_int_equal(wg_device_add_peer(a->device, &a->other, &n), -EEXIST);
	assert_int_equal(wg_device_add_peer(b->device, &a->other, &n), -EINVAL);
	for (int i = 0; i < 3; i++) {
		c.public[1] = (uint8_t)i;
		assert_int_equal(wg_device_add_peer(a->device, &c, &n), 0);
		assert_int_equal(n, i + 1);
	}
	c.public[1]++;
	assert_int_equal(wg_device_add_peer(a->device, &c, &n), -ENOSPC);
	wg_device_remove_peer(a->device, 2);
	wg_device_remove_peer(a->device, 2);
	assert_int_equal(wg_device_status(a->device, lab.now, 2, &s), -ENOENT);
	assert_int_equal(wg_device_add_peer(a->device, &c, &n), 0);
	assert_int_equal(n, 2);
	memset(&c.public, 0, sizeof(c.public));
	wg_device_remove_peer(a->device, 2);
	assert_int_equal(wg_device_add_peer(a->device, &c, &n), -EINVAL);
	lab_connect(&lab);
	wrong.mtu = 575;
	assert_null(wg_device_new(&wrong));
	wrong.mtu = LAB_MTU;
	wrong.max_peers = 0;
	assert_null(wg_device_new(&wrong));
	wg_device_free(NULL);
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(nothing_goes_without_a_session),
		LAB_TEST(packets_pass_both_ways),
		LAB_TEST(the_responder_waits_for_the_first_data),
		LAB_TEST(replays_and_forgeries_are_refused),
		LAB_TEST(a_later_initiation_may_come_20_ms_later),
		LAB_TEST(a_packet_has_to_come_from_its_peers_networks),
		LAB_TEST(both_ends_count_the_same_bytes),
		LAB_TEST(only_the_responder_follows),
		LAB_TEST(under_load_who_shows_where_it_is_is_served),
		LAB_TEST(under_load_nobody_is_served_without_end),
		LAB_TEST(a_cookie_ends_with_the_secret_it_is_made_of),
		LAB_TEST(the_padding_is_zeros),
		LAB_TEST(a_removed_peer_has_no_networks),
		LAB_TEST(both_may_ask_at_once),
		LAB_TEST(a_clock_that_was_set_back_does_not_lock_us_out),
		LAB_TEST(peers_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
