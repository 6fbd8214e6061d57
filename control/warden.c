/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 *     parent                                        worker
 *        | POLICY 7 ------------------------------->  |
 *        |   (waits, a second at most)                | its pump takes it
 *        |  <-------------------------- IN_FORCE 7    |
 *        | announces the state                        |
 *
 * Each thing that must be in force before the parent goes on has the next
 * sequence number, and the worker does them in order: so what it said last is
 * all there is to know. What else it says while the parent waits is queued.
 *
 * A worker that does not answer in time, sends what it may not, or closes the
 * channel, is killed and waited for: then it is as sure as with an answer that
 * nothing passes by an old policy. So the parent never depends on the worker,
 * but for opening.
 *
 * The worker is forked and not started anew: it needs what the parent has
 * read (servers, configuration), and there is one thread here, so all of it
 * is in a sound state. What this costs: all workers have the same addresses
 * in memory. Hence the pause after many deaths.
 */
#include "control/warden.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/channel.h"
#include "control/msg.h"
#include "datapath/tunnel_conf.h"
#include "datapath/wireguard/crypto.h"
#include "src/base/log.h"
#include "src/base/mono.h"

enum {
	ANSWER_MS = 1000, /* a batch takes microseconds */
	START_MS = 5000,  /* isolation takes ten, under valgrind a second */
	PING_EVERY_MS = 500,
	PINGS_MISSED = 5, /* a sign of life every three seconds */
	GONE_MS = 5000,	  /* what SIGKILL takes at most, in the kernel */
	LEAVE_MS = 1000,  /* to end by itself, when it is not wanted any more */

	AGAIN_MS = 10, /* after a death */
	AGAIN_MAX_MS = 5000,
	AT_ONCE = 24,	  /* so many deaths in a row; from then on it doubles */
	LIVED_MS = 10000, /* ends the row */

	A_TURN = 32, /* messages, then others have theirs */
	QUEUE_MAX = 16,
};

struct queued {
	struct msg msg;
	int fd;
};

struct warden {
	struct event_base *base;
	struct warden_calls calls;
	pid_t pid; /* 0: there is none */
	struct channel channel;
	struct msg_now now;
	bool ready;	  /* it has answered */
	bool ready_due;	  /* and on_ready() is still to be called */
	unsigned missed;  /* times that the ping was due and not answered */
	struct mono born; /* the worker */
	unsigned deaths;  /* in a row */
	struct event *on_channel, *ping, *again;

	/* What a new worker is told first. */
	struct msg_policy policy;
	int tun;		     /* -1: none */
	struct warden_tunnel tunnel; /* conf NULL: none */
	struct msg_status status;
	bool has_status;

	/* What came while the parent waited for something else. */
	struct queued queue[QUEUE_MAX];
	unsigned queued;
};

static void
set_timer(struct event *timer, unsigned ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (event_add(timer, &tv) < 0)
		log_error("worker: a timer cannot be set");
}

/*
 * Death.
 */

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Wait until it is gone. False: it is still there after so many ms. */
static bool
reap(struct warden *w, unsigned ms, int *ret_status)
{
	static const struct timespec pause = { .tv_nsec = 500000 };
	struct mono start = mono_now();
	pid_t r;

	while ((r = waitpid(w->pid, ret_status, WNOHANG)) == 0 ||
	    (r < 0 && errno == EINTR)) {
		if (mono_ms_between(start, mono_now()) >= ms)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	w->pid = 0;
	return true;
}

static unsigned
next_pause(struct warden *w)
{
	unsigned ms = AGAIN_MS;

	if (mono_ms_between(w->born, mono_now()) >= LIVED_MS)
		w->deaths = 0;
	w->deaths++;
	for (unsigned i = AT_ONCE; i < w->deaths && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	return ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS;
}

static void
forget(struct warden *w)
{
	if (w->on_channel != NULL)
		event_free(w->on_channel);
	w->on_channel = NULL;
	channel_done(&w->channel);
	for (unsigned i = 0; i < w->queued; i++)
		close_fd(w->queue[i].fd);
	w->queued = 0;
	(void)event_del(w->ping);
	w->ready = w->ready_due = false;
	memset(&w->now, 0, sizeof(w->now));
}

/*
 * It is over with this one; there will be another. 0, or a negative errno if
 * it cannot be made to go.
 */
static int
end(struct warden *w, const char *why)
{
	int pid = (int)w->pid, status = 0;
	unsigned ms;

	if (w->pid == 0)
		return 0;
	(void)kill(w->pid, SIGKILL);
	if (!reap(w, GONE_MS, &status)) {
		log_error("worker: %d does not go", pid);
		return -EBUSY;
	}
	forget(w);
	ms = next_pause(w);
	log_warn("worker: %d %s (%s %d): nothing passes; started again in %u "
		 "ms",
	    pid, why, WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), ms);
	set_timer(w->again, ms);
	return 0;
}

/*
 * Hearing it.
 */

/* The channel's handler is to run soon, if nothing comes, too. */
static void
come_back(struct warden *w)
{
	event_active(w->on_channel, EV_READ, 0);
}

static void
note_in_force(struct warden *w, uint64_t n)
{
	w->now.in_force = n;
	if (n == w->now.sent) {
		w->now.has_tun = w->tun >= 0;
		if (!w->ready) {
			w->ready = w->ready_due = true;
			come_back(w);
		}
	}
}

/*
 * The next message that is not about the channel itself, into *ret, with its
 * descriptor. 1; 0 none; or a negative errno: the worker was ended.
 */
static int
next(struct warden *w, struct queued *ret)
{
	const struct msg *m;
	int fd, r;

	for (;;) {
		if ((r = channel_read(&w->channel, &m, &fd)) == 0)
			return 0;
		if (r < 0) {
			(void)end(w,
			    r == -EPIPE ? "ended" : "said what makes no sense");
			return r;
		}
		if ((r = msg_check(m, fd >= 0, &w->now)) < 0) {
			close_fd(fd);
			(void)end(w, "said what it may not");
			return r;
		}
		if (m->type == MSG_IN_FORCE) {
			note_in_force(w, m->body.number.n);
			return 0;
		}
		if (m->type != MSG_PONG)
			break;
		w->now.ping = 0;
		w->missed = 0;
	}
	if (m->type >= MSG_CONNECT && m->type <= MSG_STATS)
		w->now.busy = true;
	*ret = (struct queued){ .msg = *m, .fd = fd };
	return 1;
}

static void
send_to(struct warden *w, enum msg_type type, const void *body, int fd)
{
	int r;

	if (w->pid == 0)
		return;
	r = channel_send(&w->channel, type, body, fd,
	    w->ready ? ANSWER_MS : START_MS);
	/* Not ended here: its last words may be worth reading. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		(void)end(w, "does not listen");
}

static void
answer(struct warden *w, const struct queued *q)
{
	struct msg answer = { .type = MSG_REPLY };
	pid_t pid = w->pid;

	w->calls.on_request(&q->msg, q->fd, &answer, w->calls.arg);
	/* It may be another one now, who has asked nothing. */
	if (w->pid != pid)
		return;
	w->now.busy = false;
	send_to(w, answer.type, &answer.body, -1);
}

static void
handle(struct warden *w, const struct queued *q)
{
	switch (q->msg.type) {
	case MSG_HEARD:
		w->calls.on_heard(q->msg.body.number.n, w->calls.arg);
		break;
	case MSG_WIRE_DOWN:
		w->calls.on_wire_down(w->calls.arg);
		break;
	case MSG_SILENT:
		w->calls.on_silent(w->calls.arg);
		break;
	case MSG_MOVED:
		/* Of a tunnel before this one it is no news. */
		if (q->msg.body.moved.tunnel == w->now.tunnel)
			w->calls.on_moved(&q->msg, w->calls.arg);
		break;
	case MSG_TUN_LOST:
		w->calls.on_tun_lost(w->calls.arg);
		break;
	default:
		answer(w, q);
		break;
	}
	close_fd(q->fd);
}

static bool
take_queued(struct warden *w, struct queued *ret)
{
	if (w->queued == 0)
		return false;
	*ret = w->queue[0];
	w->queued--;
	memmove(w->queue, w->queue + 1, w->queued * sizeof(w->queue[0]));
	return true;
}

static void
on_channel(evutil_socket_t fd, short what, void *arg)
{
	struct warden *w = arg;
	struct queued q;

	(void)fd;
	(void)what;
	for (int i = 0; i < A_TURN && w->pid != 0; i++) {
		if (w->ready_due) {
			w->ready_due = false;
			w->calls.on_ready(w->calls.arg);
			continue;
		}
		if (!take_queued(w, &q) && next(w, &q) <= 0)
			return;
		handle(w, &q);
	}
	if (w->pid != 0 && (w->queued > 0 || w->ready_due))
		come_back(w);
}

/* Until all that was sent is in force. As warden_publish(). */
static int
await(struct warden *w)
{
	struct mono start = mono_now();

	while (w->pid != 0 && w->now.in_force != w->now.sent) {
		uint64_t passed = mono_ms_between(start, mono_now());
		uint64_t limit = w->ready ? ANSWER_MS : START_MS;
		struct queued q;

		if (passed >= limit)
			return end(w, "does not take what it is told");
		if (channel_wait(&w->channel, (int)(limit - passed)) <= 0 ||
		    next(w, &q) <= 0)
			continue;
		if (w->queued == QUEUE_MAX) {
			close_fd(q.fd);
			return end(w, "talks too much");
		}
		w->queue[w->queued++] = q;
		come_back(w);
	}
	return 0;
}

/*
 * Life.
 */

static void
send_policy(struct warden *w)
{
	w->policy.sequence = ++w->now.sent;
	send_to(w, MSG_POLICY, &w->policy, -1);
}

static void
send_tun(struct warden *w)
{
	struct msg_tun m = { .sequence = ++w->now.sent, .on = w->tun >= 0 };

	if (w->tun >= 0)
		w->now.has_tun = true;
	send_to(w, MSG_TUN, &m, w->tun);
}

static void
send_nets(struct warden *w, const struct tunnel_conf *c)
{
	for (unsigned i = 0; i < c->n_allowed;) {
		struct msg_nets m = { 0 };

		for (; m.n < MSG_NETS_MAX && i < c->n_allowed; i++)
			m.nets[m.n++] = c->allowed[i];
		send_to(w, MSG_NETS, &m, -1);
	}
}

static void
send_tunnel(struct warden *w)
{
	const struct tunnel_conf *c = w->tunnel.conf;
	struct msg_port port = { .sequence = ++w->now.sent };
	struct msg_tunnel m = { 0 };

	w->now.tunnel = port.sequence;
	if (c != NULL && c->interface.listens != 0)
		w->now.listening = port.sequence;
	if (c == NULL) {
		send_to(w, MSG_PORT, &port, -1);
		return;
	}
	m.mtu = w->tunnel.mtu;
	m.n_peers = c->n_peers;
	m.n_nets = c->n_allowed;
	memcpy(&m.interface, &c->interface, sizeof(m.interface));
	send_to(w, MSG_TUNNEL, &m, w->tunnel.tun);
	wg_wipe(&m, sizeof(m));
	for (unsigned i = 0; i < c->n_peers; i++)
		send_to(w, MSG_PEER, &c->peers[i], -1);
	send_nets(w, c);
	if (w->tunnel.port == 0)
		send_to(w, MSG_LINK, NULL, w->tunnel.carrier_fd);
	port.used = 1;
	port.port = w->tunnel.port;
	send_to(w, MSG_PORT, &port, w->tunnel.port_fd);
}

/* The signals' handlers are the parent's, and so is what they write to. */
static void
be_worker(struct warden *w, int fd, const sigset_t *mask)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

	/* A terminal's Ctrl-C reaches all: the parent says when to end. */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(w->calls.run(fd, w->calls.arg));
}

static int
spawn(struct warden *w)
{
	int fds[2], r;
	sigset_t all, before;

	w->calls.on_start(w->calls.arg);
	if ((r = channel_pair(fds)) < 0)
		return r;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	if ((w->pid = fork()) == 0)
		be_worker(w, fds[1], &before);
	r = -errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	close(fds[1]);
	if (w->pid < 0) {
		w->pid = 0;
		close(fds[0]);
		return r;
	}
	w->born = mono_now();
	channel_init(&w->channel, fds[0], MSG_WORKER);
	w->on_channel =
	    event_new(w->base, fds[0], EV_READ | EV_PERSIST, on_channel, w);
	if (w->on_channel == NULL || event_add(w->on_channel, NULL) < 0) {
		(void)end(w, "cannot be heard for want of memory");
		return 0;
	}
	w->missed = 0;
	/* Policy first: with the device it has packets to judge. */
	send_policy(w);
	if (w->tun >= 0)
		send_tun(w);
	if (w->tunnel.conf != NULL)
		send_tunnel(w);
	if (w->has_status)
		send_to(w, MSG_STATUS, &w->status, -1);
	set_timer(w->ping, PING_EVERY_MS);
	return 0;
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct warden *w = arg;
	int r;

	(void)fd;
	(void)what;
	if (w->pid != 0)
		return;
	if ((r = spawn(w)) < 0) {
		w->born = mono_now();
		log_error("worker: cannot be started (%s): nothing passes",
		    strerror(-r));
		set_timer(w->again, next_pause(w));
	} else if (w->pid != 0) {
		log_info("worker: started: %d", (int)w->pid);
	}
}

/* A stopped worker keeps the gate as it is, and its users waiting. */
static void
on_ping(evutil_socket_t fd, short what, void *arg)
{
	static uint64_t number;
	struct warden *w = arg;
	unsigned limit =
	    w->ready ? PINGS_MISSED : PINGS_MISSED + START_MS / PING_EVERY_MS;

	(void)fd;
	(void)what;
	if (w->pid == 0)
		return;
	if (w->now.ping == 0) {
		struct msg_number m = { .n = ++number };

		w->missed = 0;
		w->now.ping = number;
		send_to(w, MSG_PING, &m, -1);
	} else if (++w->missed >= limit) {
		(void)end(w, "does not answer");
	}
	if (w->pid != 0)
		set_timer(w->ping, PING_EVERY_MS);
}

struct warden *
warden_new(struct event_base *base, const struct warden_calls *calls)
{
	struct warden *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->base = base;
	w->calls = *calls;
	w->tun = -1;
	channel_init(&w->channel, -1, MSG_WORKER);
	w->ping = evtimer_new(base, on_ping, w);
	w->again = evtimer_new(base, on_again, w);
	if (w->ping == NULL || w->again == NULL) {
		warden_free(w);
		return NULL;
	}
	return w;
}

void
warden_free(struct warden *w)
{
	int status;

	if (w == NULL)
		return;
	/* Its end of file is the worker's order to leave. */
	if (w->ping != NULL && w->again != NULL)
		forget(w);
	if (w->pid != 0 && !reap(w, LEAVE_MS, &status)) {
		(void)kill(w->pid, SIGKILL);
		(void)reap(w, GONE_MS, &status);
	}
	if (w->ping != NULL)
		event_free(w->ping);
	if (w->again != NULL)
		event_free(w->again);
	free(w);
}

int
warden_start(struct warden *w)
{
	int r = spawn(w);

	if (r < 0)
		set_timer(w->again, AGAIN_MS);
	return r;
}

int
warden_publish(struct warden *w, struct msg_policy *p)
{
	w->policy = *p;
	if (w->pid == 0)
		return 0;
	send_policy(w);
	p->sequence = w->policy.sequence;
	return await(w);
}

int
warden_give_tun(struct warden *w, int fd)
{
	w->tun = fd;
	if (w->pid == 0)
		return 0;
	send_tun(w);
	return await(w);
}

int
warden_give_tunnel(struct warden *w, const struct warden_tunnel *t)
{
	w->tunnel = t != NULL ? *t : (struct warden_tunnel){ 0 };
	if (w->pid == 0)
		return 0;
	send_tunnel(w);
	return await(w);
}

void
warden_give_wire(struct warden *w, int fd)
{
	if (w->pid == 0)
		return;
	w->now.wired = true;
	send_to(w, MSG_WIRE, NULL, fd);
}

/* What lies between fields is zero in both, or they are sent once more. */
static bool
is_same(const void *a, const void *b, size_t len)
{
	return memcmp(a, b, len) == 0;
}

void
warden_tell(struct warden *w, const struct status *s, bool announce)
{
	if (w->has_status && !announce &&
	    is_same(&w->status.status, s, sizeof(*s)))
		return;
	w->has_status = true;
	memcpy(&w->status.status, s, sizeof(*s));
	w->status.announce = announce;
	send_to(w, MSG_STATUS, &w->status, -1);
}

void
warden_tell_servers(struct warden *w, const struct server_list *l,
    int log_level)
{
	struct msg_servers m = { .n = l->n, .log_level = log_level };

	send_to(w, MSG_SERVERS, &m, -1);
	for (unsigned i = 0; i < l->n; i++) {
		struct server s;

		msg_from_server(&l->servers[i], &s);
		send_to(w, MSG_SERVER, &s, -1);
	}
}

void
warden_give_ear(struct warden *w, const struct msg_ear *ear, int fd)
{
	if (w->pid == 0)
		return;
	w->now.ears = ear->epoch;
	send_to(w, MSG_EAR, ear, fd);
}

void
warden_close_ears(struct warden *w, uint64_t epoch)
{
	struct msg_number m = { .n = epoch };

	send_to(w, MSG_DEAF, &m, -1);
}

void
warden_renew(struct warden *w, uint64_t epoch)
{
	struct msg_number m = { .n = epoch };

	if (w->pid == 0)
		return;
	w->now.ears = epoch;
	send_to(w, MSG_RENEW, &m, -1);
}

void
warden_distrust(struct warden *w, const char *why)
{
	(void)end(w, why);
}
