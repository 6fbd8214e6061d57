/* SPDX-License-Identifier: ISC */
/*
 * fuzz_msg: no bytes of a worker's, in whatever pieces, make the parent read
 * past a message's end, or let through what may not be said.
 */
#include "control/msg.h"
#include "tests/fuzz/exact.h"

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
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct msg_now now = { .sent = 8, .ears = 3, .ping = 5 };
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
		if (got == 1 && msg_check(&r->msg, (at & 1) != 0, &now) == 0)
			follow(&r->msg, &now);
	}
	free(bytes);
	free(r);
	return 0;
}
