/* SPDX-License-Identifier: ISC */
/*
 * One device with many peers: each is who it is, goes where it is, and cannot
 * send as another.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "datapath/wireguard/device.h"
#include "datapath/wireguard/noise.h"

#define PEERS  200
#define SERVER PEERS
#define NOW    UINT64_C(1000000000000)

static struct end {
	struct wg_device *device;
	uint8_t private[WG_KEY_LEN], public[WG_KEY_LEN];
	struct wg_endpoint at;
	uint32_t peer; /* the server; and at the server, this end */
	uint32_t there;
} ends[PEERS + 1];

static struct wg_crypto *crypto;

/* One message at a time is on its way. */
static uint8_t wire[2048];
static size_t on_wire;
static struct wg_endpoint from, to;

static int
get_random(void *arg, void *ret, size_t len)
{
	(void)arg;
	return wg_random(crypto, ret, len);
}

static void
put_on_wire(void *arg, const struct wg_endpoint *where, const uint8_t *msg,
    size_t len)
{
	const struct end *e = arg;

	assert_int_equal(on_wire, 0);
	memcpy(wire, msg, len);
	on_wire = len;
	from = e->at;
	to = *where;
}

static const struct wg_ops ops = { get_random, put_on_wire, NULL };

/* To who is there: an end's number is in its address. */
static enum wg_verdict
deliver(struct wg_packet *ret)
{
	struct end *e = &ends[to.addr.bytes[2] << 8 | to.addr.bytes[3]];
	size_t len = on_wire;
	struct wg_endpoint source = from;
	static uint8_t msg[sizeof(wire)];

	assert_true(len > 0);
	assert_int_equal(e->at.port, to.port);
	memcpy(msg, wire, len);
	on_wire = 0;
	return wg_device_receive(e->device, NOW, &source, msg, len, ret);
}

static struct prefix
network(unsigned i)
{
	return (
	    struct prefix){ { ADDR_V4, { 10, (uint8_t)(i >> 8), (uint8_t)i } },
		24 };
}

static int
set_up(void **state)
{
	const struct prefix all = { .net = { .family = ADDR_V4 } };

	(void)state;
	crypto = wg_crypto_new();
	assert_non_null(crypto);
	for (unsigned i = 0; i <= PEERS; i++) {
		struct end *e = &ends[i];
		struct wg_config c = { .crypto = crypto,
			.max_peers = i == SERVER ? PEERS : 1,
			.mtu = 1420,
			.enough = 1000000,
			.ops = &ops,
			.arg = e };
		struct wg_self self = { 0 };

		e->at = (struct wg_endpoint){
			{ ADDR_V4, { 198, 18, (uint8_t)(i >> 8), (uint8_t)i } },
			(uint16_t)(1000 + i)
		};
		assert_int_equal(wg_random(crypto, e->private, WG_KEY_LEN), 0);
		assert_int_equal(wg_self_set(crypto, &self, e->private), 0);
		memcpy(e->public, self.public, WG_KEY_LEN);
		wg_self_clear(&self);
		memcpy(c.private, e->private, WG_KEY_LEN);
		e->device = wg_device_new(&c);
		assert_non_null(e->device);
		wg_device_set_time(e->device, NOW, NOW);
	}
	for (unsigned i = 0; i < PEERS; i++) {
		struct wg_peer_config c = { .endpoint = ends[SERVER].at };
		struct prefix net = network(i);

		memcpy(c.public, ends[SERVER].public, WG_KEY_LEN);
		assert_int_equal(
		    wg_device_add_peer(ends[i].device, &c, &ends[i].peer), 0);
		assert_int_equal(
		    wg_device_allow(ends[i].device, ends[i].peer, &all), 0);
		c.endpoint = (struct wg_endpoint){ .port = 0 };
		memcpy(c.public, ends[i].public, WG_KEY_LEN);
		assert_int_equal(
		    wg_device_add_peer(ends[SERVER].device, &c, &ends[i].there),
		    0);
		assert_int_equal(
		    wg_device_allow(ends[SERVER].device, ends[i].there, &net),
		    0);
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= PEERS; i++)
		wg_device_free(ends[i].device);
	wg_crypto_free(crypto);
	return 0;
}

/* From a network, to one, sent by an end. */
static int
send_packet(unsigned by, unsigned source, unsigned destination)
{
	struct end *e = &ends[by];
	uint8_t msg[WG_TRANSPORT_HEADER + 20 + WG_DEVICE_OVERHEAD] = { 0 };
	uint8_t *p = msg + WG_TRANSPORT_HEADER;
	const struct prefix a = network(source), b = network(destination);
	struct wg_endpoint where;
	size_t len;
	int r;

	p[0] = 0x45;
	p[3] = 20;
	memcpy(p + 12, a.net.bytes, 4);
	memcpy(p + 16, b.net.bytes, 4);
	r = wg_device_seal(e->device, NOW, wg_device_route(e->device, p, 20),
	    msg, 20, &len, &where);
	if (r == 0)
		put_on_wire(e, &where, msg, len);
	return r;
}

static void
each_is_who_it_is(void **state)
{
	struct wg_packet p;

	(void)state;
	for (unsigned i = 0; i < PEERS; i++) {
		assert_int_equal(send_packet(SERVER, 0, i), -EDESTADDRREQ);
		assert_int_equal(send_packet(i, i, 0), -EAGAIN);
		for (int k = 0; k < 3; k++)
			assert_int_equal(deliver(&p), WG_DONE);
		assert_int_equal(on_wire, 0);
	}
	for (unsigned i = 0; i < PEERS; i++) {
		unsigned other = (i * 7 + 3) % PEERS;

		assert_int_equal(send_packet(i, i, 0), 0);
		assert_int_equal(deliver(&p), WG_PACKET);
		assert_int_equal(p.peer, ends[i].there);
		if (other != i) {
			assert_int_equal(send_packet(i, other, 0), 0);
			assert_int_equal(deliver(&p), WG_NOT_ALLOWED);
		}
		assert_int_equal(send_packet(SERVER, 0, i), 0);
		assert_int_equal(to.port, ends[i].at.port);
		assert_int_equal(deliver(&p), WG_PACKET);
	}
	assert_int_equal(send_packet(SERVER, 0, PEERS + 1), -ENOENT);
}

static void
who_was_removed_is_nobody(void **state)
{
	struct wg_packet p;

	(void)state;
	for (unsigned i = 0; i < PEERS; i += 2)
		wg_device_remove_peer(ends[SERVER].device, ends[i].there);
	for (unsigned i = 0; i < PEERS; i++) {
		assert_int_equal(send_packet(i, i, 0), 0);
		assert_int_equal(deliver(&p), i % 2 ? WG_PACKET : WG_UNKNOWN);
		assert_int_equal(send_packet(SERVER, 0, i),
		    i % 2 ? 0 : -ENOENT);
		on_wire = 0;
	}
	/* Nor does it get an answer. */
	for (unsigned i = 0; i < PEERS; i += 2) {
		uint64_t later = NOW + 200 * UINT64_C(1000000000);

		wg_device_connect(ends[i].device, later, ends[i].peer);
		assert_int_equal(deliver(&p), WG_UNKNOWN);
		assert_int_equal(on_wire, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_who_it_is),
		cmocka_unit_test(who_was_removed_is_nobody),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
