/* SPDX-License-Identifier: ISC */
#include "tests/unit/wg_lab.h"

#include <string.h>

#include "datapath/wireguard/noise.h"

/* xorshift64* (Vigna): any seed but 0. */
uint64_t
lab_random(struct lab *lab)
{
	lab->seed ^= lab->seed >> 12;
	lab->seed ^= lab->seed << 25;
	lab->seed ^= lab->seed >> 27;
	return lab->seed * UINT64_C(0x2545f4914f6cdd1d);
}

struct wg_crypto *
lab_crypto(void)
{
	static struct wg_crypto *crypto;

	if (crypto == NULL)
		crypto = wg_crypto_new();
	assert_non_null(crypto);
	return crypto;
}

static int
fill(void *arg, void *ret, size_t len)
{
	const struct lab_end *e = arg;
	uint8_t *bytes = ret;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(lab_random(e->lab) >> 40);
	return 0;
}

static void
put_on_wire(void *arg, const struct wg_endpoint *to, const uint8_t *msg,
    size_t len)
{
	struct lab_end *e = arg;
	struct lab *lab = e->lab;
	struct lab_message *m;

	assert_int_not_equal(to->addr.family, ADDR_NONE);
	e->said[wg_type_of(msg, len)]++;
	e->last_len = len;
	if (lab->tap != NULL)
		lab->tap(e, msg, len);
	/* A full wire loses, and so does who speaks to where nobody is. */
	if (lab->n == LAB_WIRE ||
	    !addr_equal(&to->addr, &lab->ends[!e->number].at.addr))
		return;
	m = &lab->wire[lab->n++];
	assert_true(len <= sizeof(m->bytes));
	m->to = !e->number;
	m->from = e->at;
	m->len = len;
	memcpy(m->bytes, msg, len);
}

static void
note_event(void *arg, uint32_t peer, enum wg_event event)
{
	struct lab_end *e = arg;

	assert_int_equal(peer, e->peer);
	e->events[event]++;
}

static const struct wg_ops ops = {
	.random = fill,
	.send = put_on_wire,
	.event = note_event,
};

void
lab_restart(struct lab_end *e)
{
	struct prefix net = { { ADDR_V4, { 10, (uint8_t)!e->number } }, 16 };

	wg_device_free(e->device);
	e->device = wg_device_new(&e->config);
	assert_non_null(e->device);
	wg_device_set_time(e->device, e->lab->now, e->lab->unix_ns);
	assert_int_equal(wg_device_add_peer(e->device, &e->other, &e->peer), 0);
	assert_int_equal(wg_device_allow(e->device, e->peer, &net), 0);
	net = (struct prefix){ { ADDR_V6, { 0xfd, (uint8_t)!e->number } }, 16 };
	assert_int_equal(wg_device_allow(e->device, e->peer, &net), 0);
}

void
lab_new(struct lab *lab, uint64_t seed)
{
	memset(lab, 0, sizeof(*lab));
	lab->seed = seed;
	lab->now = 1000 * LAB_SECOND;
	lab->unix_ns = 1700000000 * LAB_SECOND;
	for (unsigned i = 0; i < 2; i++) {
		struct lab_end *e = &lab->ends[i], *o = &lab->ends[!i];
		struct wg_self self = { 0 };

		e->lab = lab;
		e->number = i;
		e->at.addr =
		    (struct addr){ ADDR_V4, { 192, 0, 2, (uint8_t)(i + 1) } };
		e->at.port = (uint16_t)(51820 + i);
		e->config = (struct wg_config){ .crypto = lab_crypto(),
			.max_peers = 4,
			.mtu = LAB_MTU,
			.enough = 1000000,
			.ops = &ops,
			.arg = e };
		(void)fill(e, e->config.private, WG_KEY_LEN);
		assert_int_equal(
		    wg_self_set(lab_crypto(), &self, e->config.private), 0);
		memcpy(o->other.public, self.public, WG_KEY_LEN);
		memset(e->other.psk, 0x17, WG_KEY_LEN);
		wg_self_clear(&self);
	}
	lab->ends[0].other.endpoint = lab->ends[1].at;
	for (int i = 0; i < 2; i++)
		lab_restart(&lab->ends[i]);
}

void
lab_free(struct lab *lab)
{
	for (int i = 0; i < 2; i++)
		wg_device_free(lab->ends[i].device);
}

static void
go_to(struct lab *lab, uint64_t now)
{
	lab->unix_ns += now - lab->now;
	lab->now = now;
}

void
lab_pass(struct lab *lab, uint64_t ns)
{
	uint64_t end = lab->now + ns;

	for (;;) {
		uint64_t next = end;

		for (int i = 0; i < 2; i++) {
			uint64_t t = wg_device_next_tick(lab->ends[i].device);

			next = t < next ? t : next;
		}
		go_to(lab, next > lab->now ? next : lab->now);
		for (int i = 0; i < 2; i++)
			wg_device_tick(lab->ends[i].device, lab->now);
		if (lab->now == end)
			return;
	}
}

void
lab_packet(const struct lab_end *from, uint8_t *ret, size_t len, uint64_t id)
{
	const uint8_t header[20] = { 0x45, 0, (uint8_t)(len >> 8), (uint8_t)len,
		0, 0, 0, 0, 64, 17, 0, 0, 10, (uint8_t)from->number, 0, 1, 10,
		(uint8_t)!from->number, 0, 1 };

	assert_true(len >= sizeof(header) + sizeof(id));
	memset(ret, 0x42, len);
	memcpy(ret, header, sizeof(header));
	memcpy(ret + sizeof(header), &id, sizeof(id));
}

uint64_t
lab_packet_id(const uint8_t *packet)
{
	uint64_t id;

	memcpy(&id, packet + 20, sizeof(id));
	return id;
}

int
lab_send(struct lab_end *from, size_t len, uint64_t id)
{
	uint8_t msg[LAB_MESSAGE_MAX + 100];
	struct wg_endpoint to;
	size_t n;
	int r;

	lab_packet(from, msg + WG_TRANSPORT_HEADER, len, id);
	assert_int_equal(
	    wg_device_route(from->device, msg + WG_TRANSPORT_HEADER, len),
	    from->peer);
	r = wg_device_seal(from->device, from->lab->now, from->peer, msg, len,
	    &n, &to);
	if (r == 0)
		put_on_wire(from, &to, msg, n);
	return r;
}

enum wg_verdict
lab_hand(struct lab *lab, const struct lab_message *m, struct wg_packet *ret)
{
	static struct lab_message copy;

	copy = *m;
	return wg_device_receive(lab->ends[m->to].device, lab->now, &m->from,
	    copy.bytes, copy.len, ret);
}

void
lab_take(struct lab *lab, unsigned i, struct lab_message *ret)
{
	assert_true(i < lab->n);
	*ret = lab->wire[i];
	lab->n--;
	memmove(&lab->wire[i], &lab->wire[i + 1],
	    (lab->n - i) * sizeof(lab->wire[0]));
}

unsigned
lab_said(struct lab_end *e, enum wg_type type)
{
	unsigned n = e->said[type];

	assert_int_equal(e->said[WG_NO_TYPE], 0);
	e->said[type] = 0;
	return n;
}

enum wg_verdict
lab_pass_one(struct lab_end *from, size_t len, struct wg_packet *ret)
{
	struct lab_message m;

	assert_int_equal(from->lab->n, 0);
	assert_int_equal(lab_send(from, len, 5), 0);
	assert_int_equal(from->lab->n, 1);
	lab_take(from->lab, 0, &m);
	return lab_hand(from->lab, &m, ret);
}

void
lab_settle(struct lab *lab)
{
	struct lab_message m;
	struct wg_packet packet;

	while (lab->n > 0) {
		lab_take(lab, 0, &m);
		(void)lab_hand(lab, &m, &packet);
	}
}

bool
lab_is_established(const struct lab_end *e)
{
	struct wg_peer_status s;

	assert_int_equal(wg_device_status(e->device, e->lab->now, e->peer, &s),
	    0);
	return s.is_established;
}

void
lab_connect(struct lab *lab)
{
	wg_device_connect(lab->ends[0].device, lab->now, lab->ends[0].peer);
	lab_settle(lab);
	assert_true(lab_is_established(&lab->ends[0]));
	assert_true(lab_is_established(&lab->ends[1]));
}
