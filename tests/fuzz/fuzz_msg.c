/* SPDX-License-Identifier: ISC */
/*
 * fuzz_msg: no bytes of a worker's, in whatever pieces, make the parent read
 * past a message's end, or let through what may not be said; and no place that
 * it names is an endpoint that nobody can have.
 */
#include "control/moved.h"
#include "control/msg.h"
#include "tests/fuzz/exact.h"

/* As the engine takes it, for a server with one endpoint of its file. */
static void
move(const struct msg_moved *m)
{
	static const struct net_view view = {
		.v4 = { .addr = { ADDR_V4, { 192, 0, 2, 10 } }, .prefix = 24 }
	};
	struct server s = { .listen = 51820, .n_endpoints = 1 };

	s.endpoints[0] =
	    (struct endpoint){ .addr = { ADDR_V4, { 203, 0, 113, 5 } },
		    .port = 51820 };
	moved_take(m, &view, 1, &s);
	if (s.n_endpoints < 1 || s.n_endpoints > POLICY_ENDPOINTS_MAX ||
	    s.endpoints[0].port != 51820)
		abort();
	for (unsigned i = 1; i < s.n_endpoints; i++)
		if (!addr_is_usable_server(&s.endpoints[i].addr) ||
		    addr_equal(&s.endpoints[i].addr, &view.v4.addr) ||
		    s.endpoints[i].port == 0 || s.endpoints[i].sealed == 0)
			abort();
}

/* The parent's side of it, as the warden keeps it. */
static void
follow(const struct msg *m, struct msg_now *now)
{
	switch (m->type) {
	case MSG_IN_FORCE:
		if (m->body.number.n <= now->in_force ||
		    m->body.number.n > now->sent)
			abort();
		now->in_force = m->body.number.n;
		break;
	case MSG_HEARD:
		if (m->body.number.n > now->ears)
			abort();
		break;
	case MSG_PONG:
		if (m->body.number.n != now->ping || now->ping == 0)
			abort();
		now->ping = 0;
		break;
	case MSG_CONNECT:
		if (strlen(m->body.name.name) >= SERVER_NAME_MAX)
			abort();
		now->busy = !now->busy;
		break;
	case MSG_MOVED:
		if (m->body.moved.tunnel > now->listening)
			abort();
		move(&m->body.moved);
		break;
	default:
		break;
	}
}

/* Most times the one that belongs to it, or none. */
static bool
has_fd(enum msg_type t, uint8_t how)
{
	bool wants = t >= MSG_CONNECT && t <= MSG_RELOAD;

	return (how & 128) != 0 ? !wants : wants;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct msg_now now = { .sent = 8,
		.ears = 3,
		.ping = 5,
		.tunnel = 6,
		.listening = 6 };
	struct msg_reader *r;
	uint8_t *bytes;
	size_t at = 1;
	int got = 0;

	if (len < 1)
		return 0;
	/* Of its own size, so that a write past its end is seen. */
	if ((r = malloc(sizeof(*r))) == NULL)
		abort();
	bytes = exact(data, len);
	now.has_tun = (data[0] & 1) != 0;
	now.busy = (data[0] & 2) != 0;
	msg_reader_init(r, MSG_WORKER);
	while (at < len && got >= 0) {
		size_t room, n = (size_t)(data[0] >> 2) + 1;
		void *to = msg_reader_room(r, &room);

		if (room == 0)
			abort();
		if (n > room)
			n = room;
		if (n > len - at)
			n = len - at;
		memcpy(to, bytes + at, n);
		at += n;
		got = msg_reader_got(r, n);
		if (got == 1 &&
		    msg_check(&r->msg, has_fd(r->msg.type, data[0]), &now) == 0)
			follow(&r->msg, &now);
	}
	free(bytes);
	free(r);
	return 0;
}
