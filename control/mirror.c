/* SPDX-License-Identifier: ISC */
#include "control/mirror.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/answer.h"
#include "control/channel.h"
#include "datapath/carrier/carrier.h"
#include "datapath/policy.h"
#include "datapath/pump.h"
#include "datapath/tunnel.h"
#include "datapath/tunnel_conf.h"
#include "datapath/worker.h"
#include "src/base/log.h"
#include "src/os/ear.h"
#include "src/os/link.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"
#include "src/os/udp.h"

enum {
	EARS = 2,	   /* IPv6 may have an uplink of its own */
	HEARD_A_TURN = 64, /* packets of strangers, then others' turn */
	SEND_MS = 5000,	   /* a parent that does not read for so long hangs */
	REST_US = 20000,   /* between two moves: each costs a new policy */
};

/* An ear, and what proves something to it. */
struct listening {
	struct ear *ear; /* NULL: none */
	struct event *on_ear;
	struct msg_ear about;
};

/* Our own tunnel, as it comes in. */
struct making {
	struct tunnel_conf *conf; /* NULL: nothing came yet */
	unsigned n_peers, n_nets; /* so many will come */
	uint32_t mtu;
	int tun; /* -1: none */
};

struct mirror {
	struct event_base *base;
	struct channel channel;
	struct event *on_channel, *on_worker;
	struct worker *worker;
	struct uplink *uplink;
	struct drop_ring *drops;
	struct pump_memory *memory;
	mirror_changed *on_change;
	void *arg;

	struct status status;
	bool has_status;
	struct server_list list; /* what is told of it */
	struct server_list own;	 /* after a reload, as it comes in */
	unsigned wanted;	 /* so many will come */
	struct tun *tun;
	struct tunnel *tunnel; /* our own; NULL: none */
	int link; /* its link's other end, which we have while it has one */
	struct carrier *carrier; /* of its messages; NULL: none */
	struct carrier_conf carrier_conf;
	struct carrier_tls *tls; /* NULL: there is none */
	bool carried;		 /* it is up */
	struct making making;	 /* the next */
	uint64_t epoch;		 /* that is to be heard of; 0: none */
	uint64_t last_epoch;	 /* that was, or is */
	uint64_t unanswered;	 /* of the tunnel, last seen */
	uint64_t moves;		 /* likewise, and told */
	uint64_t tunnel_number;	 /* the sequence of its PORT */
	bool moving;		 /* it was told, a moment ago at most, or no
				  * policy came since */
	struct event *on_rest;	 /* that moment is over */
	struct listening ears[EARS];
	uint8_t heard[PKTBUF_MAX];

	bool waiting; /* for the answer to a request */
	struct msg answer;
	int failure; /* 0, or the errno for which the process is to end */
};

static void
fail(struct mirror *m, int r, const char *what)
{
	if (m->failure == 0 && r != -EPIPE)
		log_error("worker: %s (%s), ending", what, strerror(-r));
	if (m->failure == 0)
		m->failure = r;
	(void)event_base_loopbreak(m->base);
}

static void
tell_parent(struct mirror *m, enum msg_type type, const void *body, int fd)
{
	int r;

	if (m->failure != 0)
		return;
	if ((r = channel_send(&m->channel, type, body, fd, SEND_MS)) < 0)
		fail(m, r == -ECONNRESET ? -EPIPE : r, "cannot speak");
}

static void
tell_number(struct mirror *m, enum msg_type type, uint64_t n)
{
	struct msg_number number = { .n = n };

	tell_parent(m, type, &number, -1);
}

/*
 * Ears.
 */

static void
close_ears(struct mirror *m)
{
	for (int i = 0; i < EARS; i++) {
		struct listening *l = &m->ears[i];

		if (l->on_ear != NULL)
			event_free(l->on_ear);
		ear_close(l->ear);
		l->on_ear = NULL;
		l->ear = NULL;
	}
}

static void
on_ear(evutil_socket_t fd, short what, void *arg)
{
	struct mirror *m = arg;
	struct listening *l = m->ears;
	size_t len;

	(void)what;
	while (l < m->ears + EARS && (l->ear == NULL || ear_fd(l->ear) != fd))
		l++;
	if (l == m->ears + EARS)
		return;
	for (int n = 0; n < HEARD_A_TURN &&
	     ear_read(l->ear, m->heard, sizeof(m->heard), &len) == 0;
	     n++) {
		if (!answer_proves(&l->about.server, &l->about.view,
			worker_answer_port(m->worker), m->heard, len))
			continue;
		tell_number(m, MSG_HEARD, l->about.epoch);
		close_ears(m);
		return;
	}
}

static void
open_ear(struct mirror *m, const struct msg_ear *about, int fd)
{
	struct addr servers[POLICY_ENDPOINTS_MAX];
	struct listening *l = m->ears;

	/* Another interface has another index: the second is IPv6's. */
	while (l < m->ears + EARS && l->ear != NULL)
		l++;
	if (fd < 0 || l == m->ears + EARS) {
		fail(m, -EPROTO, "an ear too many");
		if (fd >= 0)
			close(fd);
		return;
	}
	for (unsigned i = 0; i < about->server.n_endpoints; i++)
		servers[i] = about->server.endpoints[i].addr;
	l->about = *about;
	if (ear_adopt(fd, (unsigned)about->ifindex, servers,
		about->server.n_endpoints, &l->ear) < 0) {
		log_error("proof: cannot listen on the uplink");
		return;
	}
	l->on_ear =
	    event_new(m->base, ear_fd(l->ear), EV_READ | EV_PERSIST, on_ear, m);
	if (l->on_ear == NULL || event_add(l->on_ear, NULL) < 0)
		log_error("proof: cannot listen on the uplink (no memory)");
}

/*
 * What the parent says.
 */

/*
 * Where peers spoke from, if there is news. One at a time: each is answered
 * with a policy, and what moves meanwhile is told a moment after that.
 */

struct places {
	const struct tunnel *tunnel;
	struct msg_moved *moved;
};

static void
look_at_places(void *arg)
{
	const struct places *p = arg;

	p->moved->n =
	    tunnel_places(p->tunnel, p->moved->at, POLICY_ENDPOINTS_MAX);
}

static void
tell_moved(struct mirror *m)
{
	struct msg_moved moved = { .tunnel = m->tunnel_number };
	struct places p = { m->tunnel, &moved };
	uint64_t moves;

	if (m->tunnel == NULL || m->moving ||
	    (moves = tunnel_moves(m->tunnel)) == m->moves)
		return;
	m->moves = moves;
	m->moving = true;
	if (worker_let_look(m->worker, look_at_places, &p) < 0)
		_exit(1);
	tell_parent(m, MSG_MOVED, &moved, -1);
}

static void
on_rest(evutil_socket_t fd, short what, void *arg)
{
	struct mirror *m = arg;

	(void)fd;
	(void)what;
	m->moving = false;
	tell_moved(m);
}

static void
take_policy(struct mirror *m, const struct msg_policy *p)
{
	static const struct timeval rest = { .tv_usec = REST_US };
	const struct policy *pol = msg_to_policy(p);

	/* Without an answer we are ended, which closes the gate. */
	if (pol == NULL) {
		fail(m, -ENOMEM, "no memory for a policy");
		return;
	}
	/* Its thread cannot be waited for: it goes with the process, now. */
	if (worker_publish(m->worker, pol) < 0)
		_exit(1);
	tell_number(m, MSG_IN_FORCE, p->sequence);
	if (m->moving && event_add(m->on_rest, &rest) < 0)
		fail(m, -ENOMEM, "no memory for a timer");
}

static void
take_tun(struct mirror *m, const struct msg_tun *t, int fd)
{
	struct tun *new = NULL;

	if (t->on != 0 && (fd < 0 || tun_adopt(fd, &new) < 0)) {
		fail(m, -ENOMEM, "no memory for the device");
		return;
	}
	if (worker_use(m->worker, new) < 0)
		_exit(1);
	tun_close(m->tun);
	m->tun = new;
	tell_number(m, MSG_IN_FORCE, t->sequence);
}

static void
forget_making(struct mirror *m)
{
	tunnel_conf_free(m->making.conf);
	if (m->making.tun >= 0)
		close(m->making.tun);
	m->making = (struct making){ .tun = -1 };
}

static void
take_tunnel(struct mirror *m, const struct msg_tunnel *t, int fd)
{
	forget_making(m);
	m->making = (struct making){ .conf = tunnel_conf_new(),
		.n_peers = t->n_peers,
		.n_nets = t->n_nets,
		.mtu = t->mtu,
		.tun = fd };
	if (m->making.conf == NULL || fd < 0)
		fail(m, -ENOMEM, "no memory for the tunnel");
	else
		memcpy(&m->making.conf->interface, &t->interface,
		    sizeof(t->interface));
}

static void
take_peer(struct mirror *m, const struct tunnel_peer *p)
{
	struct tunnel_peer *peer;

	if (m->making.conf == NULL ||
	    (peer = tunnel_conf_add_peer(m->making.conf)) == NULL)
		fail(m, -EPROTO, "a peer too many");
	else
		*peer = *p;
}

static void
take_nets(struct mirror *m, const struct msg_nets *n)
{
	for (unsigned i = 0; i < n->n && i < MSG_NETS_MAX; i++)
		if (m->making.conf == NULL ||
		    tunnel_conf_give(m->making.conf, &n->nets[i]) < 0) {
			fail(m, -EPROTO, "a network too many");
			return;
		}
}

/* NULL, after a word, if there cannot be one: then nothing goes into it. */
static struct tunnel *
make_tunnel(struct mirror *m, uint16_t port, int fd)
{
	struct tunnel_parts parts = { .conf = m->making.conf,
		.mtu = m->making.mtu,
		.uplink = m->uplink,
		.drops = m->drops,
		.memory = m->memory };
	struct tunnel *t = NULL;
	int r = -ENOMEM;

	if (parts.conf == NULL || parts.conf->n_peers != m->making.n_peers ||
	    parts.conf->n_allowed != m->making.n_nets) {
		fail(m, -EPROTO, "a tunnel of which something lacks");
		close(fd);
		return NULL;
	}
	parts.link = fd;
	if (port != 0 && udp_adopt(fd, port, &parts.udp) < 0) {
		close(fd);
	} else if ((r = tun_adopt(m->making.tun, &parts.tun)) < 0) {
		udp_close(parts.udp);
		if (port == 0)
			close(fd);
	} else {
		m->making.tun = -1;
		r = tunnel_new(&parts, &t);
	}
	if (r < 0)
		log_error("tunnel: cannot be made (%s)", strerror(-r));
	return r < 0 ? NULL : t;
}

/*
 * What carries the tunnel's messages over TCP.
 */

static void
hang_up(struct mirror *m)
{
	carrier_close(m->carrier);
	m->carrier = NULL;
	m->carried = false;
}

static void
let_go_of_link(struct mirror *m)
{
	hang_up(m);
	if (m->link >= 0)
		close(m->link);
	m->link = -1;
}

static void
on_wire_up(void *arg)
{
	struct mirror *m = arg;
	char old[2048];

	/*
	 * Handshakes from while it was on its way would be answered, and of
	 * two within 20 ms a server takes the first: it has to be the last.
	 */
	while (link_receive(m->link, old, sizeof(old)) >= 0)
		continue;
	m->carried = true;
	worker_renew(m->worker, m->last_epoch);
}

static void
on_wire_down(void *arg, const char *why)
{
	struct mirror *m = arg;

	log_info("tunnel: its connection is down: %s", why);
	hang_up(m);
	tell_parent(m, MSG_WIRE_DOWN, NULL, -1);
}

static void
take_link(struct mirror *m, int fd)
{
	let_go_of_link(m);
	m->link = fd;
}

static void
set_carrier(struct mirror *m, const struct tunnel_interface *i)
{
	m->carrier_conf =
	    (struct carrier_conf){ .framing = (enum carrier_framing)i->framing,
		    .initiation_first = true,
		    .tls = i->transport == TUNNEL_TLS,
		    .server = i->tls };
}

static void
take_wire(struct mirror *m, int fd)
{
	const struct carrier_calls calls = { .on_up = on_wire_up,
		.on_down = on_wire_down,
		.arg = m };
	int r = -ENOTCONN;

	hang_up(m);
	if (m->link >= 0 && fd >= 0)
		r = carrier_open(m->base, &m->carrier_conf, m->tls, fd, m->link,
		    &calls, &m->carrier);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		log_error("tunnel: nothing can carry it (%s)",
		    r == -ENOENT ? "TLSVerify = system: there are no roots"
				 : strerror(-r));
	}
}

static void
take_port(struct mirror *m, const struct msg_port *p, int fd)
{
	struct tunnel *new = NULL;

	if (m->making.conf != NULL)
		set_carrier(m, &m->making.conf->interface);

	if (p->used != 0 && fd >= 0)
		new = make_tunnel(m, p->port, fd);
	if (new == NULL || p->port != 0)
		let_go_of_link(m);
	forget_making(m);
	if (worker_use_tunnel(m->worker, new) < 0)
		_exit(1);
	tunnel_free(m->tunnel);
	m->tunnel = new;
	m->epoch = m->unanswered = m->moves = 0;
	m->tunnel_number = p->sequence;
	m->moving = false;
	(void)event_del(m->on_rest);
	tell_number(m, MSG_IN_FORCE, p->sequence);
}

static void
renew(struct mirror *m, uint64_t epoch)
{
	if (m->tunnel == NULL)
		return;
	m->epoch = m->last_epoch = epoch;
	/* Else once it is up: of two within 20 ms a server takes the first. */
	if (m->link < 0 || m->carried)
		worker_renew(m->worker, epoch);
}

static void
look_at_tunnel(struct mirror *m)
{
	uint64_t unanswered = tunnel_unanswered(m->tunnel);

	if (m->epoch != 0 && tunnel_renewed(m->tunnel) == m->epoch) {
		tell_number(m, MSG_HEARD, m->epoch);
		m->epoch = 0;
	}
	if (unanswered != m->unanswered)
		tell_parent(m, MSG_SILENT, NULL, -1);
	m->unanswered = unanswered;
	tell_moved(m);
}

static void
take_status(struct mirror *m, const struct msg_status *s)
{
	m->status = s->status;
	m->has_status = true;
	if (s->announce != 0 && m->on_change != NULL)
		m->on_change(m->arg);
}

static void
take_servers(struct mirror *m, const struct msg_servers *s)
{
	log_set_level((enum log_level)s->log_level);
	server_list_free(&m->own);
	m->own = (struct server_list){ 0 };
	m->wanted = s->n;
	m->list = m->own;
	if (s->n == 0)
		return;
	m->own.servers = calloc(s->n, sizeof(*m->own.servers));
	if (m->own.servers == NULL)
		fail(m, -ENOMEM, "no memory for the servers");
}

static void
take_server(struct mirror *m, const struct server *s)
{
	if (m->own.servers == NULL || m->own.n == m->wanted) {
		fail(m, -EPROTO, "a server too many");
		return;
	}
	m->own.servers[m->own.n++] = *s;
	m->list = m->own;
}

static void
take_answer(struct mirror *m, const struct msg *msg)
{
	if (!m->waiting) {
		fail(m, -EPROTO, "an answer to nothing");
		return;
	}
	m->answer = *msg;
	m->waiting = false;
}

static void
handle(struct mirror *m, const struct msg *msg, int fd)
{
	switch (msg->type) {
	case MSG_POLICY:
		take_policy(m, &msg->body.policy);
		break;
	case MSG_TUN:
		take_tun(m, &msg->body.tun, fd);
		break;
	case MSG_STATUS:
		take_status(m, &msg->body.status);
		break;
	case MSG_SERVERS:
		take_servers(m, &msg->body.servers);
		break;
	case MSG_SERVER:
		take_server(m, &msg->body.server);
		break;
	case MSG_EAR:
		open_ear(m, &msg->body.ear, fd);
		break;
	case MSG_DEAF:
		close_ears(m);
		break;
	case MSG_TUNNEL:
		take_tunnel(m, &msg->body.tunnel, fd);
		break;
	case MSG_PEER:
		take_peer(m, &msg->body.peer);
		break;
	case MSG_NETS:
		take_nets(m, &msg->body.nets);
		break;
	case MSG_LINK:
		take_link(m, fd);
		break;
	case MSG_WIRE:
		take_wire(m, fd);
		break;
	case MSG_PORT:
		take_port(m, &msg->body.port, fd);
		break;
	case MSG_RENEW:
		renew(m, msg->body.number.n);
		break;
	case MSG_REPLY:
	case MSG_KERNEL:
		take_answer(m, msg);
		break;
	case MSG_PING:
		tell_number(m, MSG_PONG, msg->body.number.n);
		break;
	default:
		fail(m, -EPROTO, "the parent says what makes no sense");
		break;
	}
}

/* One message, if there is one. 1, 0, or a negative errno. */
static int
hear(struct mirror *m)
{
	const struct msg *msg;
	int fd, r;

	if (m->failure != 0)
		return m->failure;
	if ((r = channel_read(&m->channel, &msg, &fd)) < 0)
		fail(m, r, "the parent cannot be heard");
	else if (r > 0) {
		handle(m, msg, fd);
		channel_forget(&m->channel);
	}
	return m->failure != 0 ? m->failure : r;
}

static void
on_channel(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	while (hear(arg) > 0)
		continue;
}

static void
on_worker(evutil_socket_t fd, short what, void *arg)
{
	struct mirror *m = arg;

	(void)fd;
	(void)what;
	if (worker_failure(m->worker) < 0 && m->tun != NULL)
		tell_parent(m, MSG_TUN_LOST, NULL, -1);
	if (m->tunnel != NULL)
		look_at_tunnel(m);
}

/* Hear until it is so. */
static int
hear_until(struct mirror *m, const bool *what, bool is)
{
	int r;

	while (*what != is)
		if ((r = hear(m)) < 0 ||
		    (r == 0 && (r = channel_wait(&m->channel, -1)) < 0))
			return r;
	return 0;
}

/*
 * Requests.
 */

static int
ask(struct mirror *m, enum msg_type type, const void *body, int fd)
{
	m->waiting = true;
	tell_parent(m, type, body, fd);
	return hear_until(m, &m->waiting, false);
}

int
mirror_command(struct mirror *m, enum msg_type command, const char *server,
    int fd, char why[STATUS_WHY_MAX])
{
	struct msg_name name = { 0 };
	int r;

	if (server != NULL && strlen(server) >= sizeof(name.name)) {
		(void)snprintf(why, STATUS_WHY_MAX,
		    "there is no server \"%.64s\": see tungatectl servers",
		    server);
		return -ENOENT;
	}
	if (server != NULL)
		memcpy(name.name, server, strlen(server));
	if ((r = ask(m, command, &name, fd)) < 0) {
		(void)snprintf(why, STATUS_WHY_MAX, "the daemon is ending");
		return r;
	}
	if (m->answer.type != MSG_REPLY) {
		fail(m, -EPROTO, "another answer than asked for");
		return -EPROTO;
	}
	memcpy(why, m->answer.body.reply.why, STATUS_WHY_MAX);
	return (int)m->answer.body.reply.code;
}

static void
count(const struct counters *c, struct mirror_counts *ret)
{
	for (int i = 0; i < DROP_REASONS; i++) {
		ret->packets[i] =
		    atomic_load_explicit(&c->packets[i], memory_order_relaxed);
		ret->total += ret->packets[i];
	}
	ret->bytes_passed =
	    atomic_load_explicit(&c->bytes_passed, memory_order_relaxed);
}

void
mirror_stats(struct mirror *m, struct mirror_stats *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (ask(m, MSG_STATS, NULL, -1) == 0 && m->answer.type == MSG_KERNEL) {
		ret->kernel_packets = m->answer.body.kernel.packets;
		ret->kernel_dropped = m->answer.body.kernel.dropped;
	}
	count(&m->memory->counters, &ret->gate);
	count(&m->memory->tunnel, &ret->tunnel);
}

/* On the worker's thread. */
struct peers {
	const struct tunnel *tunnel;
	struct wg_peer_status *list;
	unsigned n;
};

static void
look_at_peers(void *arg)
{
	struct peers *p = arg;
	uint64_t now = mono_now().ns;

	for (unsigned i = 0; i < p->n; i++)
		(void)tunnel_status(p->tunnel, now, i, &p->list[i]);
}

struct wg_peer_status *
mirror_peers(const struct mirror *m, unsigned *ret_n)
{
	struct peers p = { .tunnel = m->tunnel };

	*ret_n = 0;
	if (m->tunnel == NULL || (p.n = tunnel_peers(m->tunnel)) == 0 ||
	    (p.list = calloc(p.n, sizeof(*p.list))) == NULL)
		return NULL;
	/* A thread that hangs: the parent sees to it that nothing passes. */
	if (worker_let_look(m->worker, look_at_peers, &p) < 0)
		_exit(1);
	*ret_n = p.n;
	return p.list;
}

const struct status *
mirror_status(const struct mirror *m)
{
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
	return m->tun != NULL ? worker_policy(m->worker) : &policy_block_all;
}

struct drop_ring *
mirror_drops(struct mirror *m)
{
	return m->drops;
}

/*
 * A life.
 */

struct mirror *
mirror_new(struct event_base *base, int channel,
    const struct mirror_parts *parts)
{
	struct mirror *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->base = base;
	m->making.tun = -1;
	m->link = -1;
	m->worker = parts->worker;
	m->uplink = parts->uplink;
	m->drops = parts->drops;
	m->memory = parts->memory;
	m->tls = parts->tls;
	m->list = *parts->servers;
	channel_init(&m->channel, channel, MSG_PARENT);
	m->on_channel =
	    event_new(base, channel, EV_READ | EV_PERSIST, on_channel, m);
	m->on_worker = event_new(base, worker_fd(m->worker),
	    EV_READ | EV_PERSIST, on_worker, m);
	m->on_rest = evtimer_new(base, on_rest, m);
	if (m->on_channel == NULL || m->on_worker == NULL ||
	    m->on_rest == NULL || event_add(m->on_channel, NULL) < 0 ||
	    event_add(m->on_worker, NULL) < 0) {
		mirror_free(m);
		return NULL;
	}
	return m;
}

void
mirror_free(struct mirror *m)
{
	if (m == NULL)
		return;
	close_ears(m);
	if (m->on_channel != NULL)
		event_free(m->on_channel);
	if (m->on_worker != NULL)
		event_free(m->on_worker);
	if (m->on_rest != NULL)
		event_free(m->on_rest);
	channel_done(&m->channel);
	forget_making(m);
	let_go_of_link(m);
	tunnel_free(m->tunnel);
	server_list_free(&m->own);
	free(m);
}

int
mirror_start(struct mirror *m)
{
	return hear_until(m, &m->has_status, true);
}

void
mirror_set_listener(struct mirror *m, mirror_changed *on_change, void *arg)
{
	m->on_change = on_change;
	m->arg = arg;
}
