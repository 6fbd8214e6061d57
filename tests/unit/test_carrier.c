/* SPDX-License-Identifier: ISC */
/*
 * Carriers on loopback. At the other end is tests/net/relay.py, which shares
 * no code with them and answers each message with itself; or a listener that
 * says what a test says.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datapath/carrier/carrier.h"
#include "datapath/wireguard/message.h"
#include "src/base/mono.h"
#include "src/os/isolate.h"
#include "src/os/tcpsocket.h"
#include "tests/unit/tlscert.h"

#define NAME   "vpn.example.org"
#define WINDOW 16 /* messages on their way */

static struct event_base *base;
static struct carrier_tls *tls;
static char pem[64];
static uint8_t pin[CARRIER_PIN_LEN];

/*
 * The other end.
 */

struct relay {
	pid_t pid;
	int held; /* it lives as long as this is open */
	FILE *says;
	int port;
};

/* As in relay.py's usage; PEM: the test's certificate. */
static struct relay
start_relay_to(const char *target, const char *options)
{
	static const char listening[] = "listening 127.0.0.1 ";
	struct relay r;
	char command[512], line[64];
	int in[2], out[2];

	(void)snprintf(command, sizeof(command),
	    "exec %s --until-eof %s 127.0.0.1:0 %s", RELAY, options, target);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(setenv("PEM", pem, 1), 0);
	r.pid = fork();
	assert_true(r.pid >= 0);
	if (r.pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	r.held = in[1];
	r.says = fdopen(out[0], "r");
	assert_non_null(r.says);
	assert_non_null(fgets(line, sizeof(line), r.says));
	assert_int_equal(strncmp(line, listening, strlen(listening)), 0);
	r.port = (int)strtol(line + strlen(listening), NULL, 10);
	return r;
}

static struct relay
start_relay(const char *options)
{
	return start_relay_to("echo", options);
}

static void
stop_relay(struct relay *r)
{
	close(r->held);
	assert_int_equal(waitpid(r->pid, NULL, 0), r->pid);
	(void)fclose(r->says);
}

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
listen_on(int backlog, int *ret_port)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* On its way, or refused already. */
static int
dial(int port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(tcpsocket_prepare(fd, CARRIER_PATIENCE_S), 0);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	return fd;
}

/*
 * Our end.
 */

struct link {
	struct carrier *carrier;
	int device;  /* what the device would have */
	int carried; /* what the carrier has */
	int echo;    /* a UDP server behind the relay; 0: there is none */
	bool up;
	bool down;
	bool close_up; /* closes the carrier when it is up */
	char why[200];
	struct mono since;
	uint64_t ms; /* from since until it was down */
	/* of what came back from a flood */
	uint64_t back;
	uint64_t last; /* its number */
};

static void
on_up(void *arg)
{
	struct link *l = arg;

	l->up = true;
	if (l->close_up) {
		carrier_close(l->carrier);
		l->carrier = NULL;
	}
	(void)event_base_loopbreak(base);
}

static void
on_down(void *arg, const char *why)
{
	struct link *l = arg;

	if (l->down)
		abort();
	l->down = true;
	l->ms = mono_ms_between(l->since, mono_now());
	(void)snprintf(l->why, sizeof(l->why), "%s", why);
	carrier_close(l->carrier);
	l->carrier = NULL;
	(void)event_base_loopbreak(base);
}

static void
make_pair(struct link *l)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	l->device = fds[0];
	l->carried = fds[1];
}

static int
try_link(struct link *l, const struct carrier_conf *conf, int tcp)
{
	const struct carrier_calls calls = { on_up, on_down, l };

	l->since = mono_now();
	return carrier_open(base, conf, tls, tcp, l->carried, &calls,
	    &l->carrier);
}

static void
open_link(struct link *l, const struct carrier_conf *conf, int port)
{
	*l = (struct link){ 0 };
	make_pair(l);
	assert_int_equal(try_link(l, conf, dial(port)), 0);
}

static void
close_link(struct link *l)
{
	carrier_close(l->carrier);
	close(l->device);
	close(l->carried);
}

/* Or until something is up or down. */
static void
let_pass(unsigned ms)
{
	const struct timeval soon = { .tv_usec = 10000 };
	struct mono since = mono_now();

	do {
		(void)event_base_loopexit(base, &soon);
		(void)event_base_dispatch(base);
	} while (mono_ms_between(since, mono_now()) < ms &&
	    !event_base_got_break(base));
}

/* Until it is up or down, at most so long. */
static bool
await_up(struct link *l)
{
	for (int i = 0; i < 300 && !l->up && !l->down; i++)
		let_pass(50);
	return l->up && !l->down;
}

static bool
await_down(struct link *l)
{
	for (int i = 0; i < 300 && !l->down; i++)
		let_pass(50);
	return l->down;
}

/* Message i of a connection: some are of the handshake, most are data. */
static size_t
message(unsigned i, uint8_t *m)
{
	size_t len = WG_TRANSPORT_MIN + i * 7919 % 1400;

	if (i % 23 == 0) {
		len = i % 2 == 0 ? WG_INITIATION_LEN : WG_RESPONSE_LEN;
		memset(m, (int)i, len);
		le_put32(m, i % 2 == 0 ? WG_INITIATION : WG_RESPONSE);
		return len;
	}
	memset(m, (int)i, len);
	le_put32(m, WG_TRANSPORT);
	le_put32(m + WG_INDEX, i / 50);
	/* One is lost on the way now and then. */
	le_put64(m + WG_TRANSPORT_COUNTER, i + i / 31);
	return len;
}

/* What a UDP server got goes back. */
static void
echo_one(int fd)
{
	uint8_t m[2048];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, m, sizeof(m), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &from_len);

	if (len > 0)
		(void)sendto(fd, m, (size_t)len, 0, (struct sockaddr *)&from,
		    from_len);
}

/* Messages that come back, each as it was, in order. For a child, too. */
static bool
exchange(struct link *l, unsigned n)
{
	uint8_t m[2048], back[2048];
	unsigned sent = 0, got = 0;

	for (int idle = 0; got < n && idle < 4000 && !l->down;) {
		ssize_t len;

		for (; sent < n && sent < got + WINDOW; sent++) {
			size_t out = message(sent, m);

			if (send(l->device, m, out, MSG_DONTWAIT) < 0)
				break;
		}
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		if (l->echo > 0)
			echo_one(l->echo);
		len = recv(l->device, back, sizeof(back), MSG_DONTWAIT);
		if (len < 0) {
			idle++;
			(void)poll(NULL, 0, 1);
			continue;
		}
		idle = 0;
		if ((size_t)len != message(got, m) ||
		    memcmp(back, m, (size_t)len) != 0)
			return false;
		got++;
	}
	return got == n;
}

static struct carrier_conf
over_tls(enum carrier_verify verify)
{
	struct carrier_conf c = { .tls = true, .server.verify = verify };

	memcpy(c.server.pin, pin, sizeof(pin));
	return c;
}

/*
 * Tests.
 */

static const struct carrier_conf tunsafe = { .framing = CARRIER_TUNSAFE };

/* Each of them with each framing. */
static void
messages_go_there_and_back(void **state)
{
	static const struct {
		const char *options;
		bool tls;
		unsigned n;
	} ways[] = {
		{ "", false, 2000 },
		{ "--bytewise", false, 30 },
		{ "--receiver proton", false, 2000 },
		{ "--tls $PEM", true, 2000 },
		{ "--tls $PEM --tls12only", true, 2000 },
		{ "--tls $PEM --tls13only", true, 2000 },
		{ "--tls $PEM --bytewise", true, 30 },
	};
	char options[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		for (unsigned f = 0; f < CARRIER_FRAMINGS; f++) {
			struct carrier_conf conf =
			    over_tls(CARRIER_VERIFY_NONE);
			struct relay r;
			struct link l;

			(void)snprintf(options, sizeof(options),
			    "--framing %s %s",
			    f == CARRIER_TUNSAFE ? "tunsafe" : "plain",
			    ways[i].options);
			conf.tls = ways[i].tls;
			conf.framing = f;
			r = start_relay(options);
			open_link(&l, &conf, r.port);
			assert_true(await_up(&l));
			assert_true(exchange(&l, ways[i].n));
			assert_int_equal(carrier_counts(l.carrier)->sent,
			    ways[i].n);
			assert_int_equal(carrier_counts(l.carrier)->received,
			    ways[i].n);
			close_link(&l);
			stop_relay(&r);
		}
}

static void
messages_reach_a_server_behind_the_relay(void **state)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	char target[32];
	struct relay r;
	struct link l;

	(void)state;
	assert_int_equal(bind(udp, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(udp, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(target, sizeof(target), "127.0.0.1:%d",
	    ntohs(at.sin_port));
	r = start_relay_to(target, "");
	open_link(&l, &tunsafe, r.port);
	l.echo = udp;
	assert_true(exchange(&l, 1000));
	close(udp);
	close_link(&l);
	stop_relay(&r);
}

static void
a_refused_connection_is_down(void **state)
{
	struct link l;
	int port, fd = listen_on(1, &port);

	(void)state;
	close(fd);
	open_link(&l, &tunsafe, port);
	assert_true(await_down(&l));
	assert_string_equal(l.why, "connect: Connection refused");
	assert_false(l.up);
	close_link(&l);
}

static void
a_connection_that_ends_is_down(void **state)
{
	static const struct {
		const char *options;
		bool tls;
		bool closed; /* not reset */
	} ways[] = {
		{ "--reset-after 3000", false, false },
		{ "--reset-after 3000 --tls $PEM", true, false },
		{ "--close-after 3000", false, true },
		{ "--close-after 3000 --tls $PEM", true, true },
		{ "--close-after 3000 --tls12only --tls $PEM", true, true },
		{ "--refuse 1", false, false },
		{ "--refuse 1 --tls $PEM", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct carrier_conf conf = over_tls(CARRIER_VERIFY_NONE);
		struct relay r = start_relay(ways[i].options);
		struct link l;

		conf.tls = ways[i].tls;
		open_link(&l, &conf, r.port);
		if (await_up(&l))
			assert_false(exchange(&l, 2000));
		assert_true(await_down(&l));
		/* What is closed while we speak answers with a reset. */
		assert_true(strstr(l.why, "reset by peer") != NULL ||
		    strstr(l.why, "Broken pipe") != NULL ||
		    (ways[i].closed &&
			strcmp(l.why, "closed by the server") == 0));
		assert_true(l.ms < 5000);
		close_link(&l);
		stop_relay(&r);
	}
}

static void
a_new_connection_begins_anew(void **state)
{
	struct relay r = start_relay("--close-after 3001");
	struct link l;
	struct carrier_conf conf = tunsafe;

	(void)state;
	open_link(&l, &conf, r.port);
	for (int i = 0; i < 3; i++) {
		assert_true(await_up(&l));
		/* It ends in the middle of something, some of it unread. */
		assert_false(exchange(&l, 2000));
		assert_true(await_down(&l));
		while (recv(l.device, l.why, sizeof(l.why), MSG_DONTWAIT) >= 0)
			continue;
		l.up = l.down = false;
		assert_int_equal(try_link(&l, &conf, dial(r.port)), 0);
	}
	assert_true(await_up(&l));
	assert_true(exchange(&l, 3));
	close_link(&l);
	stop_relay(&r);
}

static void
take_back(struct link *l)
{
	uint8_t m[2048];
	ssize_t len;

	while ((len = recv(l->device, m, sizeof(m), MSG_DONTWAIT)) > 0) {
		uint64_t n = le_64(m + WG_TRANSPORT_COUNTER);

		assert_int_equal(len, 1400);
		assert_true(l->back++ == 0 || n > l->last);
		l->last = n;
	}
}

/* As much as it takes, of n; all of it, unless it goes down. */
static void
flood(struct link *l, unsigned n)
{
	uint8_t m[1400] = { WG_TRANSPORT };

	for (unsigned i = 0; i < n; i++) {
		le_put64(m + WG_TRANSPORT_COUNTER, i);
		while (send(l->device, m, sizeof(m), MSG_DONTWAIT) < 0) {
			(void)event_base_loop(base, EVLOOP_NONBLOCK);
			take_back(l);
			assert_false(l->down);
		}
	}
	let_pass(50);
}

/* At once, as each takes all the patience there is. */
static void
what_is_dead_is_given_up_and_stalls_nothing_else(void **state)
{
	struct relay deaf = start_relay("--deaf");
	struct relay stalled = start_relay("--stall-after 10000");
	struct relay stalled_tls =
	    start_relay("--stall-after 10000 --tls $PEM");
	struct relay well = start_relay("");
	const struct carrier_conf secret = over_tls(CARRIER_VERIFY_NONE);
	const struct carrier_counts *counts;
	struct link l[4], ok;
	int port, full = listen_on(0, &port), first[4];

	(void)state;
	/* Its queue is full: who comes later gets no answer. */
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		first[i] = dial(port);
	open_link(&l[0], &tunsafe, port);
	open_link(&l[1], &secret, deaf.port);
	open_link(&l[2], &tunsafe, stalled.port);
	open_link(&l[3], &secret, stalled_tls.port);
	open_link(&ok, &tunsafe, well.port);
	assert_true(await_up(&l[2]));
	assert_true(await_up(&l[3]));
	assert_true(await_up(&ok));
	for (int i = 2; i < 4; i++) {
		(void)exchange(&l[i], 10);
		l[i].since = mono_now();
		/* Far more than anything keeps for it. */
		flood(&l[i], 20000);
		counts = carrier_counts(l[i].carrier);
		assert_true(counts->sent_dropped > 1000);
		assert_true(counts->sent_dropped + counts->sent >= 20000);
	}
	assert_true(exchange(&ok, 1000));
	for (int i = 0; i < 4; i++) {
		assert_true(await_down(&l[i]));
		assert_true(l[i].ms < CARRIER_PATIENCE_S * 1000 + 2000);
		close_link(&l[i]);
	}
	assert_string_equal(l[1].why, "TLS: no handshake within 10 s");
	/* The system's word or ours, whichever comes first. */
	assert_true(strstr(l[0].why, "no answer") != NULL ||
	    strstr(l[0].why, "timed out") != NULL);
	assert_true(strstr(l[2].why, "took nothing") != NULL ||
	    strstr(l[2].why, "timed out") != NULL);
	assert_true(strstr(l[3].why, "took nothing") != NULL ||
	    strstr(l[3].why, "timed out") != NULL);
	close_link(&ok);
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		close(first[i]);
	close(full);
	stop_relay(&deaf);
	stop_relay(&stalled);
	stop_relay(&stalled_tls);
	stop_relay(&well);
}

static void
what_does_not_fit_is_dropped_and_counted(void **state)
{
	static const char *const ways[] = { "", "--tls $PEM" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
		struct carrier_conf conf = over_tls(CARRIER_VERIFY_NONE);
		struct relay r = start_relay(ways[i]);
		const struct carrier_counts *counts;
		struct link l;
		uint8_t m[2048];
		uint64_t back;

		conf.tls = i > 0;
		open_link(&l, &conf, r.port);
		assert_true(await_up(&l));
		flood(&l, 20000);
		do {
			back = l.back;
			let_pass(300);
			take_back(&l);
		} while (l.back > back);
		counts = carrier_counts(l.carrier);
		assert_int_equal(counts->sent + counts->sent_dropped, 20000);
		assert_int_equal(counts->received, back);
		assert_true(counts->received + counts->received_dropped <=
		    counts->sent);
		assert_true(back > 100);
		/* Nothing is the worse for it. */
		assert_true(exchange(&l, 200));
		/* What is no message of WireGuard's does not go. */
		memset(m, 0x77, 100);
		assert_int_equal(send(l.device, m, 100, 0), 100);
		let_pass(20);
		assert_int_equal(counts->sent_refused, 1);
		close_link(&l);
		stop_relay(&r);
	}
}

struct beat {
	struct mono last;
	uint64_t longest_ms;
	unsigned n;
};

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct beat *b = arg;
	struct mono now = mono_now();
	uint64_t ms = mono_ms_between(b->last, now);

	(void)fd;
	(void)what;
	if (ms > b->longest_ms)
		b->longest_ms = ms;
	b->last = now;
	b->n++;
}

/* The worker has other things to do. */
static void
a_server_that_never_stops_does_not_keep_the_loop(void **state)
{
	static const char *const ways[] = { "--flood", "--flood --tls $PEM" };
	static const struct timeval every = { .tv_usec = 10000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
		struct carrier_conf conf = over_tls(CARRIER_VERIFY_NONE);
		struct relay r = start_relay(ways[i]);
		struct beat beat = { .last = mono_now() };
		struct event *e =
		    event_new(base, -1, EV_PERSIST, on_beat, &beat);
		struct link l;

		conf.tls = i > 0;
		open_link(&l, &conf, r.port);
		assert_true(await_up(&l));
		beat = (struct beat){ .last = mono_now() };
		assert_int_equal(event_add(e, &every), 0);
		let_pass(2000);
		assert_true(beat.n > 20 && beat.longest_ms < 1000);
		event_free(e);
		close_link(&l);
		stop_relay(&r);
	}
}

static void
the_server_is_verified_as_configured(void **state)
{
	static const struct {
		enum carrier_verify verify;
		const char *sni;
		bool wrong_pin;
		const char *why; /* NULL: it is up */
	} ways[] = {
		{ CARRIER_VERIFY_ROOTS, NAME, false, NULL },
		{ CARRIER_VERIFY_ROOTS, "www.example.org", false,
		    "TLS: hostname mismatch" },
		{ CARRIER_VERIFY_PIN, "", false, NULL },
		{ CARRIER_VERIFY_PIN, "www.example.org", false, NULL },
		{ CARRIER_VERIFY_PIN, NAME, true,
		    "TLS: the server's key is not the one configured" },
		{ CARRIER_VERIFY_NONE, "", true, NULL },
		{ CARRIER_VERIFY_NONE, "www.example.org", true, NULL },
	};
	static const char *const versions[] = { "--tls12only", "--tls13only" };

	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		char options[64];
		struct relay r;

		(void)snprintf(options, sizeof(options), "--tls $PEM %s",
		    versions[v]);
		r = start_relay(options);
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			struct carrier_conf conf = over_tls(ways[i].verify);
			struct link l;

			(void)snprintf(conf.server.sni, sizeof(conf.server.sni),
			    "%s", ways[i].sni);
			conf.server.pin[31] ^= ways[i].wrong_pin;
			open_link(&l, &conf, r.port);
			/* On its way before anybody was verified. */
			assert_int_equal(send(l.device, pem, 32, 0), 32);
			if (ways[i].why == NULL) {
				assert_true(await_up(&l));
				assert_true(exchange(&l, 20));
			} else {
				assert_true(await_down(&l));
				assert_false(l.up);
				assert_string_equal(l.why, ways[i].why);
			}
			close_link(&l);
		}
		stop_relay(&r);
	}
}

static void
a_server_that_no_root_vouches_for_is_refused(void **state)
{
	struct carrier_conf conf = over_tls(CARRIER_VERIFY_ROOTS);
	char good[sizeof(pem)];
	uint8_t key[32];
	struct relay r;
	struct link l;

	(void)state;
	(void)snprintf(conf.server.sni, sizeof(conf.server.sni), NAME);
	memcpy(good, pem, sizeof(good));
	pem[strlen(pem) - 1] ^= 1;
	tlscert_write(pem, NAME, "RSA", key);
	r = start_relay("--tls $PEM");
	open_link(&l, &conf, r.port);
	assert_true(await_down(&l));
	assert_true(strstr(l.why, "self-signed") != NULL);
	close_link(&l);
	stop_relay(&r);
	(void)unlink(pem);
	memcpy(pem, good, sizeof(good));
}

static void
names_are_made_up_as_protons_clients_do(void **state)
{
	const struct carrier_conf conf = over_tls(CARRIER_VERIFY_NONE);
	struct relay r = start_relay("--tls $PEM");
	char names[8][64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[256], alpn[16];
		struct link l;
		size_t n;

		open_link(&l, &conf, r.port);
		assert_true(await_up(&l));
		do
			assert_non_null(fgets(line, sizeof(line), r.says));
		while (sscanf(line, "accepted %*d %*s %63s %15s", names[i],
			   alpn) != 2);
		/* Browsers offer it. */
		assert_string_equal(alpn, "h2");
		n = strspn(names[i], "abcdefghijklmnopqrstuvwxyz");
		assert_true(n >= 3 && n <= 12 && names[i][n] == '.');
		n += 1 + strspn(names[i] + n + 1, "abcdefghijklmnopqrstuvwxyz");
		assert_int_equal(names[i][n], '\0');
		if (i > 0)
			assert_string_not_equal(names[i], names[i - 1]);
		close_link(&l);
	}
	stop_relay(&r);
}

static void
a_conf_that_cannot_be_used_is_refused(void **state)
{
	static const char *const names[] = { "192.0.2.1", ".example.org",
		"a..b", "a b", "example.org.", "b\xc3\xbc\x63her.example" };
	struct carrier_conf conf = over_tls(CARRIER_VERIFY_ROOTS);
	struct link l = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	make_pair(&l);
	/* Whose name would it be? */
	assert_int_equal(try_link(&l, &conf, fd), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(conf.server.sni, sizeof(conf.server.sni), "%s",
		    names[i]);
		assert_int_equal(try_link(&l, &conf, fd), -EINVAL);
	}
	memset(conf.server.sni, 'a', sizeof(conf.server.sni));
	assert_int_equal(try_link(&l, &conf, fd), -EINVAL);
	conf = tunsafe;
	conf.framing = CARRIER_FRAMINGS;
	assert_int_equal(try_link(&l, &conf, fd), -EINVAL);
	/* It is still ours. */
	assert_int_equal(close(fd), 0);
	close_link(&l);
}

static void
what_is_no_frame_ends_the_connection(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} ways[] = {
		{ "HTTP/1.1 400 Bad Request", 24,
		    "received a frame of an unknown type" },
		{ "\0\0", 2, "received a frame of an impossible length" },
		{ "\x80\x10", 2, "received a frame that continues nothing" },
		{ "\0\x20"
		  "01234567890123456789012345678901",
		    34, "received a frame that is no WireGuard message" },
	};
	int port, fd = listen_on(4, &port);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct link l;
		int server;

		open_link(&l, &tunsafe, port);
		server = accept(fd, NULL, NULL);
		assert_true(await_up(&l));
		assert_int_equal(send(server, ways[i].bytes, ways[i].len, 0),
		    (ssize_t)ways[i].len);
		assert_true(await_down(&l));
		assert_string_equal(l.why, ways[i].why);
		close(server);
		close_link(&l);
	}
	close(fd);
}

/* Of an old connection: nobody answers it any more. */
static void
what_waited_before_is_dropped(void **state)
{
	struct relay r = start_relay("");
	struct link l = { 0 };
	uint8_t m[64];

	(void)state;
	make_pair(&l);
	memset(m, 0, sizeof(m));
	le_put32(m, WG_TRANSPORT);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send(l.device, m, sizeof(m), 0), 64);
	assert_int_equal(try_link(&l, &tunsafe, dial(r.port)), 0);
	assert_int_equal(carrier_counts(l.carrier)->sent_dropped, 5);
	/* What comes while it is made waits. */
	assert_true(exchange(&l, 20));
	assert_int_equal(carrier_counts(l.carrier)->sent, 20);
	close_link(&l);
	stop_relay(&r);
}

/* Data of an old session may not begin a connection: nobody would take it. */
static void
what_comes_before_an_initiation_is_dropped(void **state)
{
	static const struct carrier_conf conf = { .initiation_first = true };
	struct relay r = start_relay("");
	uint8_t m[2048], back[2048];
	size_t len;
	struct link l;

	(void)state;
	open_link(&l, &conf, r.port);
	assert_true(await_up(&l));
	for (unsigned i = 1; i < 5; i++) {
		len = message(i, m);
		assert_int_equal(send(l.device, m, len, 0), len);
	}
	len = message(46, m); /* an initiation */
	assert_int_equal(send(l.device, m, len, 0), len);
	let_pass(200);
	assert_int_equal(recv(l.device, back, sizeof(back), MSG_DONTWAIT), len);
	assert_memory_equal(back, m, len);
	assert_int_equal(recv(l.device, back, sizeof(back), MSG_DONTWAIT), -1);
	assert_int_equal(carrier_counts(l.carrier)->sent, 1);
	assert_int_equal(carrier_counts(l.carrier)->sent_dropped, 4);
	/* From then on all pass. */
	assert_true(exchange(&l, 100));
	close_link(&l);
	stop_relay(&r);
}

static void
a_device_that_is_gone_ends_it(void **state)
{
	struct relay r = start_relay("");
	struct link l;

	(void)state;
	open_link(&l, &tunsafe, r.port);
	assert_true(await_up(&l));
	close(l.device);
	assert_true(await_down(&l));
	assert_string_equal(l.why, "datagrams: the other end is closed");
	l.device = -1;
	close_link(&l);
	stop_relay(&r);
}

static void
it_may_be_closed_at_any_time(void **state)
{
	struct relay r = start_relay("--tls $PEM");
	const struct carrier_conf conf = over_tls(CARRIER_VERIFY_PIN);
	struct link l;

	(void)state;
	/* At once, in the middle of the handshake, when it is up. */
	for (unsigned steps = 0; steps < 8; steps++) {
		open_link(&l, &conf, r.port);
		let_pass(2 * steps);
		close_link(&l);
	}
	open_link(&l, &conf, r.port);
	l.close_up = true;
	assert_true(await_up(&l));
	let_pass(20);
	close_link(&l);
	stop_relay(&r);
}

/*
 * Where there are no files, no new sockets and few system calls.
 */

/* How a process ends that isolates itself, as the worker does, and then this.
 */
static int
end_of(const struct carrier_conf *conf, int port, bool ends)
{
	const struct isolate_account a = isolate_account("no such account");
	struct link l = { 0 };
	const char *lacks;
	int status, tcp;
	pid_t child;

	make_pair(&l);
	tcp = dial(port);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		if (event_reinit(base) < 0 ||
		    isolate_process(&a, "/tmp", &lacks) < 0 ||
		    isolate_calls(&lacks) < 0)
			_exit(99);
		if (try_link(&l, conf, tcp) < 0)
			_exit(1);
		if (exchange(&l, 2000) == ends)
			_exit(2);
		if (ends && !await_down(&l))
			_exit(3);
		carrier_close(l.carrier);
		event_base_free(base);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(tcp);
	close(l.device);
	close(l.carried);
	return status;
}

static void
it_works_where_the_worker_is(void **state)
{
	static const struct {
		const char *options;
		enum carrier_verify verify;
		bool tls;
		bool ends;
	} ways[] = {
		{ "", CARRIER_VERIFY_NONE, false, false },
		{ "--tls $PEM --tls13only", CARRIER_VERIFY_ROOTS, true, false },
		{ "--tls $PEM --tls12only", CARRIER_VERIFY_ROOTS, true, false },
		{ "--tls $PEM --tls13only", CARRIER_VERIFY_PIN, true, false },
		{ "--tls $PEM --tls12only", CARRIER_VERIFY_NONE, true, false },
		{ "--tls $PEM --reset-after 9000", CARRIER_VERIFY_NONE, true,
		    true },
		{ "--tls $PEM --close-after 9000", CARRIER_VERIFY_PIN, true,
		    true },
		{ "--refuse 1", CARRIER_VERIFY_NONE, true, true },
		{ "--reset-after 9000", CARRIER_VERIFY_NONE, false, true },
	};
	static const char *const algorithms[] = { "EC", "RSA", "ED25519" };

	(void)state;
	if (getuid() != 0)
		skip();
	for (size_t a = 0; a < ARRAY_LEN(algorithms); a++) {
		struct carrier_tls *old = tls;
		uint8_t old_pin[sizeof(pin)];

		memcpy(old_pin, pin, sizeof(pin));
		tlscert_write(pem, NAME, algorithms[a], pin);
		tls = carrier_tls_new();
		assert_non_null(tls);
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			struct carrier_conf conf = over_tls(ways[i].verify);
			struct relay r = start_relay(ways[i].options);
			int status;

			conf.tls = ways[i].tls;
			if (ways[i].verify == CARRIER_VERIFY_ROOTS)
				(void)snprintf(conf.server.sni,
				    sizeof(conf.server.sni), NAME);
			status = end_of(&conf, r.port, ways[i].ends);
			if (status != 0)
				print_message("%s, %s: status %x\n",
				    algorithms[a], ways[i].options,
				    (unsigned)status);
			assert_int_equal(status, 0);
			stop_relay(&r);
		}
		carrier_tls_free(tls);
		tls = old;
	}
}

static int
set_up(void **state)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(pem, sizeof(pem), "%s/tungate-XXXXXX",
	    dir != NULL && strlen(dir) < 40 ? dir : "/tmp");
	if ((fd = mkstemp(pem)) < 0)
		return -1;
	close(fd);
	tlscert_write(pem, NAME, "EC", pin);
	/* The only root there is. */
	(void)setenv("SSL_CERT_FILE", pem, 1);
	base = event_base_new();
	tls = carrier_tls_new();
	return base != NULL && tls != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(pem);
	event_base_free(base);
	carrier_tls_free(tls);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_go_there_and_back),
		cmocka_unit_test(messages_reach_a_server_behind_the_relay),
		cmocka_unit_test(a_refused_connection_is_down),
		cmocka_unit_test(a_connection_that_ends_is_down),
		cmocka_unit_test(a_new_connection_begins_anew),
		cmocka_unit_test(
		    what_is_dead_is_given_up_and_stalls_nothing_else),
		cmocka_unit_test(what_does_not_fit_is_dropped_and_counted),
		cmocka_unit_test(
		    a_server_that_never_stops_does_not_keep_the_loop),
		cmocka_unit_test(the_server_is_verified_as_configured),
		cmocka_unit_test(a_server_that_no_root_vouches_for_is_refused),
		cmocka_unit_test(names_are_made_up_as_protons_clients_do),
		cmocka_unit_test(a_conf_that_cannot_be_used_is_refused),
		cmocka_unit_test(what_is_no_frame_ends_the_connection),
		cmocka_unit_test(what_waited_before_is_dropped),
		cmocka_unit_test(what_comes_before_an_initiation_is_dropped),
		cmocka_unit_test(a_device_that_is_gone_ends_it),
		cmocka_unit_test(it_may_be_closed_at_any_time),
		cmocka_unit_test(it_works_where_the_worker_is),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
