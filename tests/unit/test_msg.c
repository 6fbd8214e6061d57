/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/channel.h"
#include "control/msg.h"
#include "tests/unit/packet.h"

#define FOR_ALL(t) \
	for (enum msg_type t = (enum msg_type)0; (t) < MSG_TYPES; (t)++)

/* Of the worker's messages; all others are the parent's. */
static bool
is_workers(enum msg_type t)
{
	return t >= MSG_IN_FORCE && t < MSG_TYPES;
}

static bool
is_request(enum msg_type t)
{
	return t >= MSG_CONNECT && t <= MSG_STATS;
}

static bool
wants_fd(enum msg_type t)
{
	return t >= MSG_CONNECT && t <= MSG_RELOAD;
}

/* A parent that has something under way of everything. */
static const struct msg_now full = { .sent = 9,
	.in_force = 7,
	.ears = 4,
	.ping = 12,
	.has_tun = true,
	.wired = true,
	.tunnel = 6,
	.listening = 6 };

/* Sound, to that parent. */
static struct msg
sound(enum msg_type t)
{
	struct msg m = { .type = t };

	if (t == MSG_IN_FORCE)
		m.body.number.n = 8;
	if (t == MSG_HEARD)
		m.body.number.n = 4;
	if (t == MSG_PONG)
		m.body.number.n = 12;
	if (t == MSG_MOVED)
		m.body.moved.tunnel = 6;
	if (t == MSG_CONNECT)
		memcpy(m.body.name.name, "zurich", 7);
	return m;
}

/* Feed a message as `from` would write it, in pieces. */
static int
feed(struct msg_reader *r, struct msg_header h, const void *body, size_t piece)
{
	uint8_t bytes[sizeof(h) + sizeof(union msg_body)];
	size_t len = sizeof(h) + h.len, at = 0;
	int result = 0;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &h, sizeof(h));
	if (len > sizeof(bytes))
		len = sizeof(bytes);
	if (body != NULL)
		memcpy(bytes + sizeof(h), body, len - sizeof(h));
	while (at < len && result == 0) {
		size_t room;
		uint8_t *to = msg_reader_room(r, &room);
		size_t n = room < piece ? room : piece;

		assert_true(n > 0 && at + n <= len);
		memcpy(to, bytes + at, n);
		at += n;
		result = msg_reader_got(r, n);
	}
	return result;
}

static void
a_message_comes_out_as_it_went_in_in_any_pieces(void **state)
{
	struct msg_reader r;

	(void)state;
	for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1)
		FOR_ALL(t)
		{
			struct msg m = sound(t);
			struct msg_header h = { t, (uint32_t)msg_len(t) };

			if (t == MSG_NONE)
				continue;
			msg_reader_init(&r,
			    is_workers(t) ? MSG_WORKER : MSG_PARENT);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(feed(&r, h, &m.body, piece),
				    1);
				assert_int_equal(r.msg.type, t);
				assert_memory_equal(&r.msg.body, &m.body,
				    msg_len(t));
			}
		}
}

/* Judged by the header alone: no byte of the body is waited for. */
static void
a_wrong_length_is_refused_before_the_body(void **state)
{
	struct msg_reader r;

	(void)state;
	FOR_ALL(t)
	for (uint32_t len = 0; len < 6000; len++) {
		struct msg_header h = { t, len };
		enum msg_side from = is_workers(t) ? MSG_WORKER : MSG_PARENT;
		size_t room;

		if (t != MSG_NONE && len == msg_len(t))
			continue;
		msg_reader_init(&r, from);
		memcpy(msg_reader_room(&r, &room), &h, sizeof(h));
		assert_int_equal(room, sizeof(h));
		assert_int_equal(msg_reader_got(&r, sizeof(h)), -EPROTO);
	}
}

static void
a_length_that_no_memory_has_is_refused(void **state)
{
	static const uint32_t lens[] = { UINT32_MAX, INT32_MAX,
		(uint32_t)INT32_MAX + 1, UINT32_MAX - 7 };
	struct msg_reader r;

	(void)state;
	FOR_ALL(t)
	for (size_t i = 0; i < ARRAY_LEN(lens); i++)
		for (int from = 0; from < 2; from++) {
			struct msg_header h = { t, lens[i] };

			msg_reader_init(&r, (enum msg_side)from);
			assert_int_equal(feed(&r, h, NULL, sizeof(h)), -EPROTO);
		}
}

static void
a_type_that_there_is_not_or_of_the_other_side_is_refused(void **state)
{
	static const uint32_t types[] = { MSG_NONE, MSG_TYPES, MSG_TYPES + 1,
		UINT32_MAX, (uint32_t)INT32_MAX + 1 };
	struct msg_reader r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		for (int from = 0; from < 2; from++) {
			struct msg_header h = { types[i], 0 };

			msg_reader_init(&r, (enum msg_side)from);
			assert_int_equal(feed(&r, h, NULL, 8), -EPROTO);
		}
	FOR_ALL(t)
	{
		struct msg_header h = { t, (uint32_t)msg_len(t) };

		msg_reader_init(&r, is_workers(t) ? MSG_PARENT : MSG_WORKER);
		assert_int_equal(feed(&r, h, NULL, 8), -EPROTO);
	}
}

static void
what_is_sound_is_let_through(void **state)
{
	(void)state;
	FOR_ALL(t)
	{
		struct msg m = sound(t);

		assert_int_equal(msg_check(&m, wants_fd(t), &full),
		    is_workers(t) ? 0 : -EPROTO);
	}
}

static void
a_descriptor_comes_with_commands_and_with_nothing_else(void **state)
{
	(void)state;
	FOR_ALL(t)
	{
		struct msg m = sound(t);

		assert_int_equal(msg_check(&m, !wants_fd(t), &full), -EPROTO);
	}
}

/* The worker's child of a parent that has asked it for nothing. */
static void
nothing_is_answered_that_was_not_asked(void **state)
{
	static const struct msg_now nothing = { 0 };

	(void)state;
	FOR_ALL(t)
	{
		struct msg m = sound(t);

		assert_int_equal(msg_check(&m, wants_fd(t), &nothing),
		    is_request(t) ? 0 : -EPROTO);
	}
}

static void
while_a_request_is_under_way_there_is_no_other(void **state)
{
	struct msg_now busy = full;

	(void)state;
	busy.busy = true;
	FOR_ALL(t)
	{
		struct msg m = sound(t);

		assert_int_equal(msg_check(&m, wants_fd(t), &busy),
		    is_workers(t) && !is_request(t) ? 0 : -EPROTO);
	}
}

static void
check_number(enum msg_type t, uint64_t n, bool good)
{
	struct msg m = { .type = t, .body.number.n = n };

	assert_int_equal(msg_check(&m, false, &full), good ? 0 : -EPROTO);
}

static void
numbers_out_of_range_are_refused(void **state)
{
	(void)state;
	/* What is in force already, and what was never sent. */
	check_number(MSG_IN_FORCE, 7, false);
	check_number(MSG_IN_FORCE, 8, true);
	check_number(MSG_IN_FORCE, 9, true);
	check_number(MSG_IN_FORCE, 10, false);
	check_number(MSG_IN_FORCE, 0, false);
	check_number(MSG_IN_FORCE, UINT64_MAX, false);
	/* A past ear is only late. */
	check_number(MSG_HEARD, 0, false);
	check_number(MSG_HEARD, 1, true);
	check_number(MSG_HEARD, 4, true);
	check_number(MSG_HEARD, 5, false);
	check_number(MSG_PONG, 11, false);
	check_number(MSG_PONG, 12, true);
	check_number(MSG_PONG, 13, false);
	check_number(MSG_PONG, 0, false);
}

static void
where_peers_are_is_of_a_tunnel_that_listens_and_no_more_than_fit(void **state)
{
	struct msg m = { .type = MSG_MOVED };

	(void)state;
	m.body.moved.n = POLICY_ENDPOINTS_MAX;
	/* That of a tunnel before is only late. */
	for (uint64_t tunnel = 0; tunnel <= 7; tunnel++) {
		m.body.moved.tunnel = tunnel;
		assert_int_equal(msg_check(&m, false, &full),
		    tunnel >= 1 && tunnel <= 6 ? 0 : -EPROTO);
	}
	m.body.moved.tunnel = 6;
	m.body.moved.n = POLICY_ENDPOINTS_MAX + 1;
	assert_int_equal(msg_check(&m, false, &full), -EPROTO);
}

static void
a_device_that_it_does_not_have_cannot_be_lost(void **state)
{
	struct msg m = { .type = MSG_TUN_LOST };
	struct msg_now now = full;

	(void)state;
	now.has_tun = false;
	assert_int_equal(msg_check(&m, false, &now), -EPROTO);
}

static void
a_name_ends_and_is_not_empty(void **state)
{
	struct msg m = { .type = MSG_CONNECT };

	(void)state;
	assert_int_equal(msg_check(&m, true, &full), -EPROTO);
	memset(m.body.name.name, 'x', sizeof(m.body.name.name));
	assert_int_equal(msg_check(&m, true, &full), -EPROTO);
	m.body.name.name[SERVER_NAME_MAX - 1] = '\0';
	assert_int_equal(msg_check(&m, true, &full), 0);
}

static void
a_type_out_of_range_is_refused(void **state)
{
	(void)state;
	for (int i = -3; i < 200; i++) {
		struct msg m = { .type = (enum msg_type)i };

		if (i >= 0 && i < MSG_TYPES)
			continue;
		assert_int_equal(msg_check(&m, false, &full), -EPROTO);
		assert_int_equal(msg_check(&m, true, &full), -EPROTO);
		assert_string_equal(msg_name_of(m.type), "unknown");
	}
}

static void
every_message_has_a_name_of_its_own(void **state)
{
	(void)state;
	FOR_ALL(t)
	FOR_ALL(u)
	{
		assert_non_null(msg_name_of(t));
		assert_int_equal(strcmp(msg_name_of(t), msg_name_of(u)) == 0,
		    t == u);
	}
}

static void
a_policy_comes_out_as_it_went_in(void **state)
{
	struct policy *p = policy_new();
	const struct policy *q;
	struct msg_policy m;

	(void)state;
	assert_non_null(p);
	p->generation = 5;
	p->state = 3;
	p->source4 = packet_addr("192.0.2.10");
	p->n_endpoints = 2;
	for (int i = 0; i < 2; i++) {
		p->endpoints[i] = (struct endpoint){ packet_addr("203.0.113.5"),
			(uint16_t)(51820 + i), PROTO_UDP, SHAPE_WIREGUARD, 0 };
		p->hops[i] = (struct hop){ .ifindex = 3, .mtu = 1500 };
	}
	policy_finish(p);
	msg_from_policy(p, &m);
	q = msg_to_policy(&m);
	assert_non_null(q);
	assert_memory_equal(p, q, sizeof(*p));
	policy_free(p);
	policy_free(q);
}

/* So that closing needs no memory, on either side. */
static void
the_closed_policy_is_the_static_one(void **state)
{
	struct msg_policy m;

	(void)state;
	msg_from_policy(&policy_block_all, &m);
	assert_ptr_equal(msg_to_policy(&m), &policy_block_all);
	memset(&m, 0, sizeof(m));
	assert_ptr_equal(msg_to_policy(&m), &policy_block_all);
	m.n_endpoints = POLICY_ENDPOINTS_MAX + 1;
	assert_ptr_equal(msg_to_policy(&m), &policy_block_all);
}

/* Nobody is there yet, and who comes is to be heard. */
static void
a_policy_that_listens_needs_no_endpoint(void **state)
{
	struct policy *p = policy_new();
	const struct policy *q;
	struct msg_policy m;

	(void)state;
	assert_non_null(p);
	p->listens = true;
	policy_finish(p);
	msg_from_policy(p, &m);
	q = msg_to_policy(&m);
	assert_non_null(q);
	assert_true(q->listens);
	assert_int_equal(q->n_endpoints, 0);
	policy_free(p);
	policy_free(q);
}

/* Between the fields, and behind a text's end, is nothing of the parent's. */
static void
values_for_messages_hold_nothing_but_their_fields(void **state)
{
	struct net_view views[2], view;
	struct server servers[2], server;

	(void)state;
	for (int i = 0; i < 2; i++) {
		memset(&server, i == 0 ? 0xaa : 0x55, sizeof(server));
		memcpy(server.name, "zurich", 7);
		memcpy(server.interface, "wg0", 4);
		server.command[0] = '\0';
		server.protocol = SERVER_WIREGUARD;
		server.n_endpoints = 1;
		server.endpoints[0].addr = packet_addr("203.0.113.5");
		server.endpoints[0].port = 51820;
		server.endpoints[0].protocol = PROTO_UDP;
		server.endpoints[0].shape = SHAPE_WIREGUARD;
		server.endpoints[0].sealed = 1;
		server.transport = TUNNEL_UDP;
		server.one_peer = true;
		server.listen = 51820;
		memset(server.behind, 0, sizeof(server.behind));
		memcpy(server.behind, "eth1", 5);
		msg_from_server(&server, &servers[i]);

		memset(&view, i == 0 ? 0xaa : 0x55, sizeof(view));
		view.v4 = view.v6 = (struct net_uplink){ 0 };
		view.tunnel = (struct net_link){ .ifindex = 5 };
		memset(view.tunnel.name, i == 0 ? 0xaa : 0x55, NET_NAME_MAX);
		memcpy(view.tunnel.name, "wg0", 4);
		view.tunnel4 = view.tunnel6 = packet_addr("10.64.0.2");
		view.also[0] = packet_addr("10.64.0.3");
		view.n_also = 1;
		msg_from_view(&view, &views[i]);
	}
	assert_memory_equal(&servers[0], &servers[1], sizeof(server));
	assert_memory_equal(&views[0], &views[1], sizeof(view));
	assert_string_equal(servers[0].name, "zurich");
	assert_int_equal(servers[0].endpoints[0].sealed, 1);
	assert_string_equal(views[0].tunnel.name, "wg0");
	assert_int_equal(views[0].n_also, 1);
}

/*
 * The channel: both ends are here.
 */

struct ends {
	struct channel parent, worker;
};

static struct ends
open_ends(void)
{
	struct ends e;
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	channel_init(&e.parent, fds[0], MSG_WORKER);
	channel_init(&e.worker, fds[1], MSG_PARENT);
	return e;
}

static void
close_ends(struct ends *e)
{
	channel_done(&e->parent);
	channel_done(&e->worker);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
messages_and_descriptors_arrive_in_order(void **state)
{
	struct ends e = open_ends();
	struct msg_number ping = { 77 };
	struct msg_tun tun = { 1, 1 };
	const struct msg *m;
	int pipes[2], fd;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(channel_read(&e.worker, &m, &fd), 0);
	assert_int_equal(channel_send(&e.parent, MSG_PING, &ping, -1, 10), 0);
	assert_int_equal(channel_send(&e.parent, MSG_TUN, &tun, pipes[0], 10),
	    0);
	assert_int_equal(channel_send(&e.parent, MSG_PING, &ping, -1, 10), 0);
	assert_int_equal(channel_wait(&e.worker, 0), 1);
	assert_int_equal(channel_read(&e.worker, &m, &fd), 1);
	assert_int_equal(m->type, MSG_PING);
	assert_int_equal(m->body.number.n, 77);
	assert_int_equal(fd, -1);
	assert_int_equal(channel_read(&e.worker, &m, &fd), 1);
	assert_int_equal(m->type, MSG_TUN);
	assert_true(is_open(fd) && fd != pipes[0]);
	close(fd);
	assert_int_equal(channel_read(&e.worker, &m, &fd), 1);
	assert_int_equal(fd, -1);
	assert_int_equal(channel_read(&e.worker, &m, &fd), 0);
	close(pipes[0]);
	close(pipes[1]);
	close_ends(&e);
}

static void
the_end_of_the_other_is_an_end_of_file(void **state)
{
	struct ends e = open_ends();
	struct msg_number n = { 1 };
	const struct msg *m;
	int fd;

	(void)state;
	/* What it said last is heard. */
	assert_int_equal(channel_send(&e.worker, MSG_PONG, &n, -1, 10), 0);
	channel_done(&e.worker);
	channel_done(&e.worker);
	assert_int_equal(channel_read(&e.parent, &m, &fd), 1);
	assert_int_equal(channel_read(&e.parent, &m, &fd), -EPIPE);
	assert_int_equal(channel_send(&e.parent, MSG_PING, &n, -1, 10), -EPIPE);
	close_ends(&e);
}

static void
one_that_does_not_read_is_not_waited_for_long(void **state)
{
	struct ends e = open_ends();
	static struct msg_status s;
	int r = 0;

	(void)state;
	for (int i = 0; i < 10000 && r == 0; i++)
		r = channel_send(&e.parent, MSG_STATUS, &s, -1, 5);
	assert_int_equal(r, -ETIMEDOUT);
	close_ends(&e);
}

/* Send raw bytes, with descriptors. */
static void
send_raw(int fd, const void *bytes, size_t len, const int fds[], size_t n)
{
	char room[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec v = { (void *)(uintptr_t)bytes, len };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(h), fds, n * sizeof(int));
	assert_int_equal(sendmsg(fd, &m, 0), len);
}

static unsigned
count_open(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += is_open(fd);
	return n;
}

/* However many it sends, none stays open in the parent. */
static void
descriptors_too_many_are_closed_and_refused(void **state)
{
	struct msg_header h = { MSG_RELEASE, 0 };

	(void)state;
	for (size_t n = 2; n <= 8; n++) {
		struct ends e = open_ends();
		unsigned before = count_open();
		const struct msg *m;
		int fd, fds[8] = { 0, 1, 2, 0, 1, 2, 0, 1 };

		send_raw(e.worker.fd, &h, sizeof(h), fds, n);
		assert_int_equal(channel_read(&e.parent, &m, &fd), -EPROTO);
		close_ends(&e);
		assert_int_equal(count_open(), before - 2);
	}
}

/* One with each byte of a message. */
static void
descriptors_with_every_byte_are_refused(void **state)
{
	struct ends e = open_ends();
	struct msg_header h = { MSG_RELEASE, 0 };
	unsigned before = count_open();
	const struct msg *m;
	int fd = -1, one = 0, r = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(h); i++)
		send_raw(e.worker.fd, (const char *)&h + i, 1, &one, 1);
	for (int i = 0; i < 16 && r == 0; i++)
		r = channel_read(&e.parent, &m, &fd);
	assert_int_equal(r, -EPROTO);
	close_ends(&e);
	assert_int_equal(count_open(), before - 2);
}

static void
a_message_that_never_ends_leaves_no_descriptor_open(void **state)
{
	struct ends e = open_ends();
	struct msg_header h = { MSG_CONNECT, (uint32_t)msg_len(MSG_CONNECT) };
	unsigned before = count_open();
	const struct msg *m;
	int fd, one = 0;

	(void)state;
	send_raw(e.worker.fd, &h, sizeof(h), &one, 1);
	assert_int_equal(channel_read(&e.parent, &m, &fd), 0);
	close_ends(&e);
	assert_int_equal(count_open(), before - 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_message_comes_out_as_it_went_in_in_any_pieces),
		cmocka_unit_test(a_wrong_length_is_refused_before_the_body),
		cmocka_unit_test(a_length_that_no_memory_has_is_refused),
		cmocka_unit_test(
		    a_type_that_there_is_not_or_of_the_other_side_is_refused),
		cmocka_unit_test(what_is_sound_is_let_through),
		cmocka_unit_test(
		    a_descriptor_comes_with_commands_and_with_nothing_else),
		cmocka_unit_test(nothing_is_answered_that_was_not_asked),
		cmocka_unit_test(
		    while_a_request_is_under_way_there_is_no_other),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(
		    where_peers_are_is_of_a_tunnel_that_listens_and_no_more_than_fit),
		cmocka_unit_test(a_policy_that_listens_needs_no_endpoint),
		cmocka_unit_test(a_device_that_it_does_not_have_cannot_be_lost),
		cmocka_unit_test(a_name_ends_and_is_not_empty),
		cmocka_unit_test(a_type_out_of_range_is_refused),
		cmocka_unit_test(every_message_has_a_name_of_its_own),
		cmocka_unit_test(a_policy_comes_out_as_it_went_in),
		cmocka_unit_test(the_closed_policy_is_the_static_one),
		cmocka_unit_test(
		    values_for_messages_hold_nothing_but_their_fields),
		cmocka_unit_test(messages_and_descriptors_arrive_in_order),
		cmocka_unit_test(the_end_of_the_other_is_an_end_of_file),
		cmocka_unit_test(one_that_does_not_read_is_not_waited_for_long),
		cmocka_unit_test(descriptors_too_many_are_closed_and_refused),
		cmocka_unit_test(descriptors_with_every_byte_are_refused),
		cmocka_unit_test(
		    a_message_that_never_ends_leaves_no_descriptor_open),
	};

	/* As the daemon does. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
