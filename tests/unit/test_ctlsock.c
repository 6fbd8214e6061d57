/* SPDX-License-Identifier: ISC */
/*
 * The control socket with its methods, over a real socket. The mirror is
 * this file's: a fake with the same names. Clients and daemon share one thread:
 * the clients never block, and the daemon has its turns by turn().
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/ctlsock.h"
#include "control/listen.h"
#include "control/mirror.h"
#include "control/permit.h"
#include "control/rpc.h"
#include "control/server.h"
#include "datapath/drop_ring.h"
#include "datapath/policy.h"
#include "datapath/wireguard/device.h"
#include "src/base/mono.h"
#include "tests/unit/packet.h"

/*
 * The mirror.
 */
static struct mirror {
	struct status status;
	unsigned status_calls;
	struct server servers[2];
	struct server_list list;
	struct drop_ring drops;
	const struct policy *policy;
	int asked_by; /* the connection that came with the last command */
} mirror;

static int
connect_to(struct mirror *m, const char *name, char why[STATUS_WHY_MAX])
{
	const struct server *s = server_list_find(&m->list, name);

	if (s == NULL) {
		(void)snprintf(why, STATUS_WHY_MAX, "no server %s", name);
		return -ENOENT;
	}
	m->status.server = *s;
	m->status.has_server = true;
	m->status.state = GATE_CONNECTING;
	return 0;
}

int
mirror_command(struct mirror *m, enum msg_type command, const char *server,
    int fd, char why[STATUS_WHY_MAX])
{
	m->asked_by = fd;
	why[0] = '\0';
	switch (command) {
	case MSG_CONNECT:
		return connect_to(m, server, why);
	case MSG_RELEASE:
		m->status.state = GATE_OPEN;
		return 0;
	case MSG_RELOAD:
		(void)snprintf(why, STATUS_WHY_MAX, "x.conf:1: broken");
		return -1;
	default:
		m->status.state = GATE_BLOCKED;
		m->status.has_server = false;
		return 0;
	}
}

const struct status *
mirror_status(const struct mirror *m)
{
	mirror.status_calls++;
	return &m->status;
}

const struct server_list *
mirror_servers(const struct mirror *m)
{
	return &m->list;
}

const struct policy *
mirror_policy(const struct mirror *m)
{
	return m->policy;
}

struct drop_ring *
mirror_drops(struct mirror *m)
{
	return &m->drops;
}

void
mirror_stats(struct mirror *m, struct mirror_stats *ret)
{
	(void)m;
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < DROP_REASONS; i++)
		ret->gate.total += ret->gate.packets[i] = i + 1;
}

struct wg_peer_status *
mirror_peers(const struct mirror *m, unsigned *ret_n)
{
	struct wg_peer_status *p = calloc(2, sizeof(*p));

	(void)m;
	assert_non_null(p);
	memset(p[0].public, 0xff, sizeof(p[0].public));
	p[0].handshake = mono_now().ns - 7 * UINT64_C(1000000000);
	p[0].round_trip = 1234567;
	p[0].at = (struct wg_endpoint){ packet_addr("203.0.113.5"), 51820 };
	p[0].sent = 4096;
	p[0].received = 8192;
	*ret_n = 2;
	return p;
}

/*
 * Who connects: who it is, unless a test pretends that it is somebody in the
 * group.
 */
static bool pretend_group;

int
peer_of(int fd, uid_t *ret_uid, gid_t *ret_gid, pid_t *ret_pid)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0)
		return -errno;
	*ret_uid = pretend_group ? 12345 : c.uid;
	*ret_gid = pretend_group ? 12345 : c.gid;
	*ret_pid = c.pid;
	return 0;
}

bool
peer_is_in(int fd, gid_t group)
{
	(void)fd;
	return pretend_group && group == 0;
}

/*
 * The daemon.
 */
static struct {
	struct event_base *base;
	struct ctlsock *sock;
	int listener;
	struct event *enough;
	bool busy; /* the last turn() did not end by itself */
	char dir[64], path[96];
} d;

static void
on_enough(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	d.busy = true;
	(void)event_base_loopbreak(d.base);
}

static int
start(void **state)
{
	struct permit permit = permit_of("root");

	(void)state;
	memset(&mirror, 0, sizeof(mirror));
	pretend_group = false;
	mirror.policy = &policy_block_all;
	mirror.status.epoch = 3;
	memcpy(mirror.status.detail, "waiting", 8);
	memcpy(mirror.servers[0].name, "bern", 5);
	memcpy(mirror.servers[1].name, "zurich", 7);
	for (int i = 0; i < 2; i++) {
		mirror.servers[i].protocol = SERVER_WIREGUARD;
		mirror.servers[i].n_endpoints = 1;
		mirror.servers[i].endpoints[0] =
		    (struct endpoint){ .addr = packet_addr("203.0.113.5"),
			    .port = 51820,
			    .protocol = PROTO_UDP,
			    .shape = SHAPE_WIREGUARD };
	}
	mirror.list = (struct server_list){ .servers = mirror.servers, .n = 2 };
	d.base = event_base_new();
	d.enough = event_new(d.base, -1, 0, on_enough, NULL);
	(void)snprintf(d.dir, sizeof(d.dir),
	    "/tmp/tungate-test-ctlsock-XXXXXX");
	if (d.base == NULL || mkdtemp(d.dir) == NULL)
		return -1;
	(void)snprintf(d.path, sizeof(d.path), "%s/run/control.sock", d.dir);
	if (listen_open(d.path, &permit, &d.listener) < 0)
		return -1;
	return ctlsock_open(d.base, d.listener, &permit, &mirror, &d.sock);
}

static int
stop(void **state)
{
	char run[80];

	(void)state;
	ctlsock_close(d.sock);
	(void)unlink(d.path);
	event_free(d.enough);
	event_base_free(d.base);
	(void)snprintf(run, sizeof(run), "%s/run", d.dir);
	/* Nothing is left in it, or this fails. */
	return rmdir(run) < 0 || rmdir(d.dir) < 0 ? -1 : 0;
}

/* The daemon's turn: all that it can do now, or 50 ms of it. */
static void
turn(void)
{
	static const struct timeval long_enough = { .tv_usec = 50000 };

	d.busy = false;
	(void)event_add(d.enough, &long_enough);
	(void)event_base_loop(d.base, EVLOOP_NONBLOCK);
	(void)event_del(d.enough);
}

/*
 * Clients.
 */
static int
dial(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", d.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* All of it, unless the daemon hangs up: false. */
static bool
send_all(int fd, const char *data, size_t len)
{
	for (unsigned idle = 0; len > 0 && idle < 5000; turn()) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0) {
			idle++;
			(void)usleep(1000);
			continue;
		}
		data += n;
		len -= (size_t)n;
	}
	return len == 0;
}

/* One line without its newline; false: the daemon hung up, or is silent. */
static bool
recv_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	for (unsigned idle = 0; idle < 5000 && n < size;) {
		ssize_t r = recv(fd, line + n, 1, 0);

		if (r == 1 && line[n++] == '\n') {
			line[n - 1] = '\0';
			return true;
		}
		if (r == 0 || (r < 0 && errno != EAGAIN))
			return false;
		if (r < 0) {
			turn();
			/* At once, mostly; a timer takes its time. */
			(void)usleep(idle++ == 0 ? 0 : 1000);
		}
	}
	return false;
}

/* The next line as JSON, to be released; NULL: there is none. */
static json_t *
recv_json(int fd)
{
	static char line[1 << 20];

	return recv_line(fd, line, sizeof(line)) ? json_loads(line, 0, NULL)
						 : NULL;
}

static json_t *
ask(int fd, const char *line)
{
	assert_true(send_all(fd, line, strlen(line)));
	return recv_json(fd);
}

static json_t *
call(int fd, const char *method, const char *params)
{
	char line[512];

	(void)snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}\n",
	    method, params);
	return ask(fd, line);
}

/* The code of the error that it is; 0: it is a result. Releases it. */
static int
code_of(json_t *answer)
{
	int code;

	assert_non_null(answer);
	code = (int)json_integer_value(
	    json_object_get(json_object_get(answer, "error"), "code"));
	assert_int_equal(code == 0, json_object_get(answer, "result") != NULL);
	json_decref(answer);
	return code;
}

static void
check_served(int fd)
{
	assert_int_equal(code_of(call(fd, "status", "{}")), RPC_OK);
}

/* Does the daemon hang up, after what it still has to say? */
static bool
hangs_up(int fd)
{
	char junk[4096];

	for (unsigned idle = 0; idle < 1000; idle++) {
		ssize_t n = recv(fd, junk, sizeof(junk), 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
		turn();
		(void)usleep(n < 0 ? 1000 : 0);
	}
	return false;
}

static const char status[] =
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"status\"}\n";

static void
a_request_is_answered(void **state)
{
	int fd = dial();
	json_t *a = ask(fd, status), *result = json_object_get(a, "result");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(a, "id")), 7);
	assert_string_equal(json_string_value(json_object_get(result, "state")),
	    "blocked");
	assert_string_equal(
	    json_string_value(json_object_get(result, "detail")), "waiting");
	assert_true(json_is_null(json_object_get(result, "server")));
	json_decref(a);
	close(fd);
}

static void
commands_are_carried_out_and_refusals_explained(void **state)
{
	int fd = dial();
	json_t *a;

	(void)state;
	a = call(fd, "connect", "{\"server\":\"basel\"}");
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(a, "error"), "message")),
	    "no server basel");
	assert_int_equal(code_of(a), RPC_REFUSED);
	a = call(fd, "connect", "{\"server\":\"bern\"}");
	assert_string_equal(mirror.status.server.name, "bern");
	assert_string_equal(
	    json_string_value(json_object_get(
		json_object_get(json_object_get(a, "result"), "server"),
		"name")),
	    "bern");
	assert_int_equal(code_of(a), RPC_OK);
	assert_int_equal(code_of(call(fd, "release", "{}")), RPC_OK);
	assert_int_equal(mirror.status.state, GATE_OPEN);
	assert_int_equal(code_of(call(fd, "block", "{}")), RPC_OK);
	assert_int_equal(mirror.status.state, GATE_BLOCKED);
	a = call(fd, "reload", "{}");
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(a, "error"), "message")),
	    "x.conf:1: broken");
	assert_int_equal(code_of(a), RPC_REFUSED);
	close(fd);
}

static void
servers_and_statistics_are_told(void **state)
{
	int fd = dial();
	json_t *a = call(fd, "servers", "{}"), *result;

	(void)state;
	result = json_object_get(json_object_get(a, "result"), "servers");
	assert_int_equal(json_array_size(result), 2);
	json_decref(a);
	a = call(fd, "stats", "{}");
	result = json_object_get(a, "result");
	assert_int_equal(json_integer_value(json_object_get(result, "passed")),
	    PASSED + 1);
	result = json_object_get(result, "dropped");
	assert_int_equal(json_object_size(result), DROP_REASONS - 1);
	for (int i = 0; i < DROP_REASONS; i++)
		if (i != PASSED)
			assert_int_equal(json_integer_value(json_object_get(
					     result, drop_name((enum drop)i))),
			    i + 1);
	json_decref(a);
	close(fd);
}

/* What wg(8) shows. */
static void
the_tunnels_peers_are_in_the_status(void **state)
{
	int fd = dial();
	json_t *a = call(fd, "status", "{}"), *list, *p;

	(void)state;
	list = json_object_get(json_object_get(a, "result"), "peers");
	assert_int_equal(json_array_size(list), 2);
	p = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(p, "public_key")),
	    "//////////////////////////////////////////8=");
	assert_string_equal(json_string_value(json_object_get(p, "endpoint")),
	    "203.0.113.5:51820");
	assert_int_equal(
	    json_integer_value(json_object_get(p, "latest_handshake")), 7);
	assert_int_equal(
	    json_integer_value(json_object_get(p, "round_trip_us")), 1234);
	assert_int_equal(json_integer_value(json_object_get(p, "sent")), 4096);
	assert_int_equal(json_integer_value(json_object_get(p, "received")),
	    8192);
	/* One that was never heard of. */
	p = json_array_get(list, 1);
	assert_true(json_is_null(json_object_get(p, "endpoint")));
	assert_true(json_is_null(json_object_get(p, "latest_handshake")));
	assert_true(json_is_null(json_object_get(p, "round_trip_us")));
	json_decref(a);
	close(fd);
}

static void
explain_gives_the_verdict_on_the_policy_in_force(void **state)
{
	static const struct flow f = { "192.0.2.10", "203.0.113.5", 40000,
		51820 };
	struct packet p = packet_wireguard(f, 4, 32);
	struct policy *pol = policy_new();
	char params[300] = "{\"packet\":\"", *hex = params + strlen(params);
	const char *reasons[] = { "blocked", "passed", "open" };
	int fd = dial();

	(void)state;
	assert_non_null(pol);
	pol->source4 = packet_addr("192.0.2.10");
	pol->n_endpoints = 1;
	pol->endpoints[0] = mirror.servers[0].endpoints[0];
	pol->hops[0] = (struct hop){ .ifindex = 3, .mtu = 1500, .ready = 1 };
	policy_finish(pol);
	for (size_t i = 0; i < p.len; i++, hex += 2)
		(void)snprintf(hex, 3, "%02x", p.data[i]);
	(void)snprintf(hex, 3, "\"}");
	for (int i = 0; i < 3; i++) {
		json_t *a;

		mirror.policy = i == 0 ? &policy_block_all : pol;
		mirror.status.state = i == 2 ? GATE_OPEN : GATE_CONNECTED;
		a = call(fd, "explain", params);
		assert_string_equal(
		    json_string_value(json_object_get(
			json_object_get(a, "result"), "reason")),
		    reasons[i]);
		assert_int_equal(code_of(a), RPC_OK);
	}
	policy_free(pol);
	close(fd);
}

/* The same packet, as its way is another, or its payload is not known. */
static void
explain_looks_at_the_way_and_at_what_is_known(void **state)
{
	static const struct flow f = { "192.0.2.10", "203.0.113.5", 40000,
		51820 };
	static const struct {
		struct hop hop;
		uint8_t type;
		const char *known, *verdict, *reason;
	} rows[] = {
		{ { 3, 1500, 0, 1, 0, { 0 } }, 4, "true", "pass", "passed" },
		{ { 3, 59, 0, 1, 0, { 0 } }, 4, "true", "drop", "too-big" },
		{ { 3, 1500, 0, 0, 0, { 0 } }, 4, "true", "drop",
		    "no-neighbour" },
		{ { 0, 0, 0, 0, 0, { 0 } }, 4, "true", "drop", "no-uplink" },
		{ { 3, 1500, 0, 1, 0, { 0 } }, 9, "true", "drop",
		    "wrong-shape" },
		{ { 3, 1500, 0, 1, 0, { 0 } }, 9, "false", "depends", "shape" },
	};
	struct policy *pol = policy_new();
	int fd = dial();

	(void)state;
	assert_non_null(pol);
	pol->source4 = packet_addr("192.0.2.10");
	pol->n_endpoints = 1;
	pol->endpoints[0] = mirror.servers[0].endpoints[0];
	policy_finish(pol);
	mirror.policy = pol;
	mirror.status.state = GATE_CONNECTED;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct packet p = packet_wireguard(f, rows[i].type, 32);
		char params[300] = "{\"packet\":\"";
		char *end = params + strlen(params);
		const json_t *result;
		json_t *a;

		pol->hops[0] = rows[i].hop;
		for (size_t k = 0; k < p.len; k++, end += 2)
			(void)snprintf(end, 3, "%02x", p.data[k]);
		(void)snprintf(end, 40, "\",\"payload_known\":%s}",
		    rows[i].known);
		a = call(fd, "explain", params);
		result = json_object_get(a, "result");
		assert_string_equal(
		    json_string_value(json_object_get(result, "verdict")),
		    rows[i].verdict);
		assert_string_equal(
		    json_string_value(json_object_get(result, "reason")),
		    rows[i].reason);
		json_decref(a);
	}
	policy_free(pol);
	close(fd);
}

/* What cannot be parsed is explained, too. */
static void
explain_takes_any_bytes(void **state)
{
	int fd = dial();
	json_t *a = call(fd, "explain", "{\"packet\":\"ff\"}");
	const json_t *result = json_object_get(a, "result");

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(result, "reason")), "not-ip");
	assert_true(json_is_null(json_object_get(result, "flow")));
	json_decref(a);
	close(fd);
}

static void
requests_may_come_in_any_pieces(void **state)
{
	int fd = dial();

	(void)state;
	for (size_t i = 0; i < sizeof(status) - 1; i++) {
		assert_true(send_all(fd, status + i, 1));
		turn();
	}
	assert_int_equal(code_of(recv_json(fd)), RPC_OK);
	/* Three in one, an empty line, a carriage return. */
	assert_true(send_all(fd, status, sizeof(status) - 1));
	assert_int_equal(code_of(ask(fd,
			     "\n\n{\"jsonrpc\":\"2.0\",\"id\":8,"
			     "\"method\":\"nonsense\"}\r\n{}\n")),
	    RPC_OK);
	assert_int_equal(code_of(recv_json(fd)), RPC_UNKNOWN_METHOD);
	assert_int_equal(code_of(recv_json(fd)), RPC_INVALID_REQUEST);
	check_served(fd);
	close(fd);
}

static void
malformed_input_gets_an_error_and_the_connection_goes_on(void **state)
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
		{ "connect bern\n", RPC_PARSE_ERROR },
		{ "{\"jsonrpc\":\n", RPC_PARSE_ERROR },
		{ "\xff\xfe\xfd\n", RPC_PARSE_ERROR },
		{ "[]\n", RPC_INVALID_REQUEST },
		{ "{}\n", RPC_INVALID_REQUEST },
	};
	int fd = dial();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(code_of(ask(fd, cases[i].line)),
		    cases[i].code);
	assert_int_equal(code_of(call(fd, "connect", "[]")),
	    RPC_INVALID_PARAMS);
	check_served(fd);
	close(fd);
}

static void
a_notification_is_carried_out_and_not_answered(void **state)
{
	int fd = dial();
	json_t *a = ask(fd,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"release\"}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"status\"}\n");

	(void)state;
	assert_int_equal(mirror.status.state, GATE_OPEN);
	assert_int_equal(json_integer_value(json_object_get(a, "id")), 8);
	json_decref(a);
	close(fd);
}

static void
a_megabyte_without_a_newline_gets_an_error_and_the_end(void **state)
{
	static char many[1 << 20];
	int other = dial(), fd = dial();

	(void)state;
	memset(many, 'x', sizeof(many));
	(void)send_all(fd, many, sizeof(many));
	assert_int_equal(code_of(recv_json(fd)), RPC_TOO_MUCH);
	assert_true(hangs_up(fd));
	check_served(other);
	close(fd);
	close(other);
}

/* Below the limit it is a line like others, however long. */
static void
the_longest_request_is_answered(void **state)
{
	size_t len = RPC_LINE_MAX - 1;
	char *line = malloc(len + 1);
	int fd = dial();

	(void)state;
	assert_non_null(line);
	memset(line, ' ', len);
	memcpy(line, status, sizeof(status) - 2);
	line[len] = '\n';
	assert_true(send_all(fd, line, len + 1));
	assert_int_equal(code_of(recv_json(fd)), RPC_OK);
	free(line);
	close(fd);
}

enum { MANY = 10000 };

static void
ten_thousand_requests_at_once_get_as_many_answers(void **state)
{
	static char in[MANY * (sizeof(status) - 1)], out[65536];
	size_t sent = 0, answers = 0;
	int fd = dial();

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		memcpy(in + i * (sizeof(status) - 1), status,
		    sizeof(status) - 1);
	for (unsigned idle = 0; answers < MANY && idle < 1000; turn()) {
		ssize_t n =
		    send(fd, in + sent, sizeof(in) - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		if ((n = recv(fd, out, sizeof(out), 0)) <= 0) {
			idle++;
			continue;
		}
		for (ssize_t i = 0; i < n; i++)
			answers += out[i] == '\n';
		idle = 0;
	}
	assert_int_equal(answers, MANY);
	assert_int_equal(mirror.status_calls, MANY);
	close(fd);
}

static void
one_with_many_requests_does_not_keep_others_waiting(void **state)
{
	static char many[2000 * (sizeof(status) - 1)];
	int greedy = dial(), fd = dial();
	char c;

	(void)state;
	turn();
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = status[i % (sizeof(status) - 1)];
	assert_true(send(greedy, many, sizeof(many), MSG_NOSIGNAL) > 0);
	assert_true(send(fd, status, sizeof(status) - 1, MSG_NOSIGNAL) > 0);
	/* A few turns of 32 requests each, and the other has its answer. */
	for (int i = 0; i < 5; i++)
		(void)event_base_loop(d.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	assert_int_equal(recv(fd, &c, 1, 0), 1);
	assert_true(mirror.status_calls < 500);
	close(greedy);
	close(fd);
}

/* Ask, and do not read, until nothing more is taken. */
static void
flood(int fd)
{
	static char many[1000 * (sizeof(status) - 1)];
	size_t sent = 0;

	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = status[i % (sizeof(status) - 1)];
	for (int idle = 0; idle < 3; turn()) {
		size_t at = sent % (sizeof(status) - 1);
		ssize_t n =
		    send(fd, many + at, sizeof(many) - at, MSG_NOSIGNAL);

		idle = n < 0 ? idle + 1 : 0;
		sent += n > 0 ? (size_t)n : 0;
		/* Ten thousand is far from all that comes. */
		assert_true(sent < 10000 * sizeof(status));
	}
}

/* It asks and never reads: it gets no more than what its answers may take. */
static void
who_asks_and_never_reads_costs_a_bounded_amount(void **state)
{
	int fd = dial(), other = dial();
	unsigned calls;

	(void)state;
	flood(fd);
	calls = mirror.status_calls;
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(mirror.status_calls, calls);
	/* Its socket holds some, the daemon some: far from all. */
	assert_true(calls < 10000);
	check_served(other);
	close(fd);
	close(other);
}

/* Nobody else's processor: it waits for the reader without asking again. */
static void
while_answers_wait_to_be_read_the_daemon_sleeps(void **state)
{
	int fd = dial();

	(void)state;
	flood(fd);
	for (int i = 0; i < 100; i++) {
		turn();
		if (!d.busy)
			break;
	}
	assert_false(d.busy);
	close(fd);
}

static void
a_subscriber_that_never_reads_is_dropped_and_others_are_served(void **state)
{
	static const char topics[] = "{\"topics\":[\"state\"]}";
	int deaf = dial(), fd = dial();
	unsigned told = 0, heard = 0;

	(void)state;
	assert_int_equal(code_of(call(deaf, "subscribe", topics)), RPC_OK);
	assert_int_equal(code_of(call(fd, "subscribe", topics)), RPC_OK);
	/* More than its socket and the daemon hold for it. */
	while (told < 10000) {
		static char some[65536];
		ssize_t n;

		for (int i = 0; i < 50; i++, told++)
			ctlsock_state_changed(d.sock);
		turn();
		while ((n = recv(fd, some, sizeof(some), 0)) > 0)
			for (turn(); n > 0; n--)
				heard += some[n - 1] == '\n';
	}
	assert_int_equal(heard, told);
	assert_true(hangs_up(deaf));
	check_served(fd);
	close(deaf);
	close(fd);
}

static void
only_subscribers_are_told_and_only_as_long_as_they_wish(void **state)
{
	int fd = dial(), other = dial();
	json_t *a;
	char c;

	(void)state;
	assert_int_equal(
	    code_of(call(fd, "subscribe", "{\"topics\":[\"state\"]}")), RPC_OK);
	check_served(other);
	mirror.status.state = GATE_OPEN;
	ctlsock_state_changed(d.sock);
	a = recv_json(fd);
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(a, "params"), "state")),
	    "open");
	json_decref(a);
	assert_int_equal(code_of(call(fd, "subscribe", "{\"topics\":[]}")),
	    RPC_OK);
	ctlsock_state_changed(d.sock);
	turn();
	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_int_equal(recv(other, &c, 1, 0), -1);
	close(fd);
	close(other);
}

/* Watching costs the hot path something: only while there is a watcher. */
static void
drops_are_watched_while_somebody_is_subscribed(void **state)
{
	static const struct flow f = { "192.0.2.10", "198.51.100.1", 4000, 53 };
	struct packet p = packet_udp(f, "?", 1);
	int fd = dial();
	json_t *a;

	(void)state;
	assert_false(atomic_load(&mirror.drops.watched));
	assert_int_equal(
	    code_of(call(fd, "subscribe", "{\"topics\":[\"drops\"]}")), RPC_OK);
	assert_true(atomic_load(&mirror.drops.watched));
	for (int i = 0; i < DROP_RING_SIZE + 3; i++)
		drop_ring_put(&mirror.drops, p.data, p.len,
		    DROP_NOT_ENCAPSULATED, 9);
	for (int i = 0; i < DROP_RING_SIZE; i++) {
		const json_t *params, *flow;

		a = recv_json(fd);
		params = json_object_get(a, "params");
		flow = json_object_get(params, "flow");
		assert_string_equal(
		    json_string_value(json_object_get(a, "method")), "drop");
		assert_string_equal(
		    json_string_value(json_object_get(params, "reason")),
		    "not-encapsulated");
		assert_string_equal(
		    json_string_value(json_object_get(flow, "destination")),
		    "198.51.100.1");
		json_decref(a);
	}
	a = recv_json(fd);
	assert_string_equal(json_string_value(json_object_get(a, "method")),
	    "drops_not_shown");
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(a, "params"), "packets")),
	    3);
	json_decref(a);
	close(fd);
	for (int i = 0; i < 10; i++)
		turn();
	assert_false(atomic_load(&mirror.drops.watched));
}

static void
one_connection_too_many_is_told_so_and_a_place_is_used_again(void **state)
{
	int fd[CTLSOCK_CONNECTIONS_MAX], late;

	(void)state;
	for (int i = 0; i < CTLSOCK_CONNECTIONS_MAX; i++) {
		fd[i] = dial();
		check_served(fd[i]);
	}
	late = dial();
	assert_int_equal(code_of(recv_json(late)), RPC_TOO_MUCH);
	assert_true(hangs_up(late));
	close(late);
	for (int i = 0; i < CTLSOCK_CONNECTIONS_MAX; i++)
		check_served(fd[i]);
	close(fd[5]);
	turn();
	fd[5] = dial();
	check_served(fd[5]);
	for (int i = 0; i < CTLSOCK_CONNECTIONS_MAX; i++)
		close(fd[i]);
}

/* As many of the group as there are places do not lock root out. */
static void
root_has_places_of_its_own(void **state)
{
	enum { OTHERS = CTLSOCK_CONNECTIONS_MAX - CTLSOCK_ROOTS_OWN };
	int fd[OTHERS], late, root[CTLSOCK_ROOTS_OWN];

	(void)state;
	if (geteuid() != 0)
		skip();
	pretend_group = true;
	for (int i = 0; i < OTHERS; i++) {
		fd[i] = dial();
		check_served(fd[i]);
	}
	late = dial();
	assert_int_equal(code_of(recv_json(late)), RPC_TOO_MUCH);
	close(late);
	pretend_group = false;
	for (int i = 0; i < CTLSOCK_ROOTS_OWN; i++) {
		root[i] = dial();
		check_served(root[i]);
	}
	for (int i = 0; i < OTHERS; i++)
		close(fd[i]);
	for (int i = 0; i < CTLSOCK_ROOTS_OWN; i++)
		close(root[i]);
}

/* printf ... | nc -U -N: it sends no more, and waits for its answers. */
static void
who_sends_no_more_still_gets_all_its_answers(void **state)
{
	int fd = dial();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(
		    send(fd, status, sizeof(status) - 1, MSG_NOSIGNAL),
		    sizeof(status) - 1);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(code_of(recv_json(fd)), RPC_OK);
	assert_true(hangs_up(fd));
	close(fd);
}

static void
who_hangs_up_in_the_middle_leaves_nothing_behind(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * CTLSOCK_CONNECTIONS_MAX; i++) {
		int fd = dial();

		for (int k = 0; k < i % 50; k++)
			(void)send(fd, status, sizeof(status) - 1,
			    MSG_NOSIGNAL);
		(void)send(fd, status, 10, MSG_NOSIGNAL);
		if (i % 2 == 0)
			turn();
		close(fd);
		turn();
	}
}

static void
a_user_who_may_not_is_told_so(void **state)
{
	int result = 0;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	/* Others may knock: what counts is who they are. */
	assert_int_equal(chmod(d.dir, 0755), 0);
	assert_int_equal(chmod(d.path, 0666), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sockaddr_un at = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char line[512] = "";

		(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", d.path);
		if (setgid(65534) < 0 || setuid(65534) < 0 ||
		    connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		    read(fd, line, sizeof(line) - 1) <= 0)
			_exit(2);
		_exit(strstr(line, "may not control") != NULL ? 0 : 1);
	}
	for (int i = 0; i < 5000 && waitpid(child, &result, WNOHANG) == 0;
	     i++) {
		turn();
		(void)usleep(1000);
	}
	assert_int_equal(result, 0);
	assert_int_equal(mirror.status_calls, 0);
}

static void
the_socket_is_its_users_and_groups_only(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void
a_second_daemon_is_refused_a_dead_ones_socket_replaced(void **state)
{
	const struct permit permit = permit_of("root");
	char dead[100], longer[200];
	int fd, second = -1;

	(void)state;
	assert_int_equal(listen_open(d.path, &permit, &second), -EADDRINUSE);
	assert_int_equal(second, -1);
	fd = dial();
	check_served(fd);
	close(fd);

	(void)snprintf(dead, sizeof(dead), "%s/run/dead.sock", d.dir);
	{
		struct sockaddr_un at = { .sun_family = AF_UNIX };

		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", dead);
		assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)),
		    0);
		close(fd);
	}
	assert_int_equal(listen_open(dead, &permit, &second), 0);
	listen_close(second, dead);
	assert_int_equal(access(dead, F_OK), -1);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(listen_open(longer, &permit, &second), -ENAMETOOLONG);
}

/* The parent believes a connection, and nothing that looks like one. */
static void
only_a_connection_to_the_socket_is_one(void **state)
{
	int fd = dial(), pair[2];

	(void)state;
	assert_int_equal(code_of(call(fd, "release", "{}")), RPC_OK);
	assert_true(permit_is_connection(mirror.asked_by, d.path));
	assert_false(permit_is_connection(mirror.asked_by, "/run/other"));
	assert_false(permit_is_connection(d.listener, d.path));
	assert_false(permit_is_connection(fd, d.path));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_false(permit_is_connection(pair[0], d.path));
	assert_false(permit_is_connection(-1, d.path));
	/* Who hung up does not ask any more; who only sends no more, does. */
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_true(permit_is_connection(mirror.asked_by, d.path));
	close(fd);
	assert_false(permit_is_connection(mirror.asked_by, d.path));
	close(pair[0]);
	close(pair[1]);
}

#define WITH_SOCKET(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOCKET(a_request_is_answered),
		WITH_SOCKET(commands_are_carried_out_and_refusals_explained),
		WITH_SOCKET(servers_and_statistics_are_told),
		WITH_SOCKET(the_tunnels_peers_are_in_the_status),
		WITH_SOCKET(explain_gives_the_verdict_on_the_policy_in_force),
		WITH_SOCKET(explain_looks_at_the_way_and_at_what_is_known),
		WITH_SOCKET(explain_takes_any_bytes),
		WITH_SOCKET(requests_may_come_in_any_pieces),
		WITH_SOCKET(
		    malformed_input_gets_an_error_and_the_connection_goes_on),
		WITH_SOCKET(a_notification_is_carried_out_and_not_answered),
		WITH_SOCKET(
		    a_megabyte_without_a_newline_gets_an_error_and_the_end),
		WITH_SOCKET(the_longest_request_is_answered),
		WITH_SOCKET(ten_thousand_requests_at_once_get_as_many_answers),
		WITH_SOCKET(
		    one_with_many_requests_does_not_keep_others_waiting),
		WITH_SOCKET(who_asks_and_never_reads_costs_a_bounded_amount),
		WITH_SOCKET(while_answers_wait_to_be_read_the_daemon_sleeps),
		WITH_SOCKET(
		    a_subscriber_that_never_reads_is_dropped_and_others_are_served),
		WITH_SOCKET(
		    only_subscribers_are_told_and_only_as_long_as_they_wish),
		WITH_SOCKET(drops_are_watched_while_somebody_is_subscribed),
		WITH_SOCKET(
		    one_connection_too_many_is_told_so_and_a_place_is_used_again),
		WITH_SOCKET(root_has_places_of_its_own),
		WITH_SOCKET(who_sends_no_more_still_gets_all_its_answers),
		WITH_SOCKET(who_hangs_up_in_the_middle_leaves_nothing_behind),
		WITH_SOCKET(a_user_who_may_not_is_told_so),
		WITH_SOCKET(the_socket_is_its_users_and_groups_only),
		WITH_SOCKET(only_a_connection_to_the_socket_is_one),
		WITH_SOCKET(
		    a_second_daemon_is_refused_a_dead_ones_socket_replaced),
	};

	/* As the daemon does. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
