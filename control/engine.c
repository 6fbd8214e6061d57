/* SPDX-License-Identifier: ISC */
#include "control/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/answer.h"
#include "control/client.h"
#include "control/conf.h"
#include "control/plan.h"
#include "datapath/drop_ring.h"
#include "datapath/policy.h"
#include "datapath/pump.h"
#include "datapath/worker.h"
#include "src/base/log.h"
#include "src/os/ear.h"
#include "src/os/nudge.h"
#include "src/os/pktbuf.h"
#include "src/os/returnpath.h"
#include "src/os/routes.h"
#include "src/os/tun.h"
#include "src/os/uplink.h"

enum {
	LOOK_AFTER_MS = 5, /* events come in bursts: look once for all */
	NUDGE_EVERY_MS = 1000,
	NEIGHBOUR_EVERY_MS = 15000, /* the kernel forgets idle neighbours */
	RESTART_FIRST_MS = 250,	    /* a client that ended, and then doubled */
	RESTART_MAX_MS = 10000,
};

enum timer { TIMER_LOOK, TIMER_NUDGE, TIMER_NEIGHBOUR, TIMER_RESTART, TIMERS };

struct engine {
	struct event_base *base;
	const struct conf *conf;
	const struct server_list *servers;
	engine_changed *on_change;
	void *on_change_arg;
	char failure[ENGINE_WHY_MAX]; /* empty: all is well */
	int release_error;	      /* of the last release */

	enum gate_state state;
	struct mono since;
	uint64_t epoch;
	struct server server; /* a copy: reload may take the list away */
	bool has_server;

	/* What is asked of the system. tun and worker: NULL while OPEN. */
	struct routes *routes;
	struct returnpath *returnpath; /* NULL: the kernel has none */
	struct netmon *netmon;
	struct uplink *uplink;
	struct tun *tun;
	struct worker *worker;
	struct ear *ears[2]; /* IPv6 may have an uplink of its own */
	struct net_view view;
	struct hop hops[POLICY_ENDPOINTS_MAX];
	uint32_t tun_mtu;

	struct client *client;
	bool client_stopping; /* by our word: its end is no failure */
	bool client_ended;    /* once since the connect, with client_code */
	int client_code;
	unsigned restart_ms;

	struct drop_ring drops;
	struct pump_counters counters;
	struct tun_counters kernel_base;   /* when this tun was opened */
	struct tun_counters kernel_before; /* of the tuns before it */

	struct event *timers[TIMERS];
	struct event *on_net, *on_worker, *on_ear[2];
	uint8_t heard[PKTBUF_MAX];
};

static void change(struct engine *e, enum gate_event ev);

static bool
has_tunnel(const struct net_view *v)
{
	/* A network card of that name is no tunnel: it would send in plain. */
	return v->tunnel.running && !v->tunnel.ethernet &&
	    (v->tunnel4.family != ADDR_NONE || v->tunnel6.family != ADDR_NONE);
}

/* Is there a server to be with? */
static bool
is_engaged(const struct engine *e)
{
	return e->state == GATE_CONNECTING || e->state == GATE_CONNECTED ||
	    e->state == GATE_RECONNECTING;
}

static bool
wants_proof(const struct engine *e)
{
	/* A client that is gone, or going, proves nothing. */
	if (e->server.command[0] != '\0' &&
	    (e->client == NULL || e->client_stopping))
		return false;
	return (e->state == GATE_CONNECTING || e->state == GATE_RECONNECTING) &&
	    has_tunnel(&e->view);
}

static void
set_timer(struct engine *e, enum timer t, unsigned ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (event_add(e->timers[t], &tv) < 0)
		log_error("engine: a timer cannot be set");
}

static void
tell(struct engine *e)
{
	if (e->on_change != NULL)
		e->on_change(e->on_change_arg);
}

/* Ends the process, which leaves the gate closed: see engine_failure(). */
static void
fail(struct engine *e, const char *why)
{
	log_error("engine: %s; ending, the gate stays closed", why);
	(void)snprintf(e->failure, sizeof(e->failure), "%s", why);
	(void)event_base_loopbreak(e->base);
}

/*
 * The client.
 */

static void start_client(struct engine *e);
static void seek_proof(struct engine *e);

static void
on_client_end(int code, void *arg)
{
	struct engine *e = arg;

	client_free(e->client);
	e->client = NULL;
	if (!is_engaged(e))
		return;
	if (e->client_stopping) {
		start_client(e);
		return;
	}
	e->client_ended = true;
	e->client_code = code;
	log_warn("client %s: ended with status %d, started again in %u ms",
	    e->server.name, code, e->restart_ms);
	set_timer(e, TIMER_RESTART, e->restart_ms);
	e->restart_ms *= 2;
	if (e->restart_ms > RESTART_MAX_MS)
		e->restart_ms = RESTART_MAX_MS;
	change(e, EV_TUNNEL_LOST);
}

static void
start_client(struct engine *e)
{
	int r;

	/* One that is being stopped: its end calls this again. */
	if (!is_engaged(e) || e->server.command[0] == '\0' || e->client != NULL)
		return;
	r = client_start(e->base, e->server.name, e->server.interface,
	    e->server.command, on_client_end, e, &e->client);
	if (r < 0) {
		log_error("client %s: cannot be started (%s)", e->server.name,
		    strerror(-r));
		set_timer(e, TIMER_RESTART, e->restart_ms);
		return;
	}
	e->client_stopping = false;
	log_info("client %s: started: %s", e->server.name, e->server.command);
	seek_proof(e);
}

static void
stop_client(struct engine *e)
{
	if (e->client == NULL)
		return;
	e->client_stopping = true;
	client_stop(e->client);
}

static void
on_restart(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_client(arg);
}

/*
 * Proof: hear the server, and give the client something to send.
 */

static void
on_ear(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	size_t len;

	(void)what;
	for (int i = 0; i < 2; i++) {
		if (e->ears[i] == NULL || ear_fd(e->ears[i]) != fd)
			continue;
		for (int n = 0; n < 64 &&
		     ear_read(e->ears[i], e->heard, sizeof(e->heard), &len) ==
			 0;
		     n++) {
			if (!answer_proves(&e->server, &e->view, e->heard, len))
				continue;
			/* Closes the ears: nothing after it may touch them. */
			e->restart_ms = RESTART_FIRST_MS;
			change(e, EV_PROVEN);
			return;
		}
	}
}

static void
close_ears(struct engine *e)
{
	for (int i = 0; i < 2; i++) {
		if (e->on_ear[i] != NULL)
			event_free(e->on_ear[i]);
		e->on_ear[i] = NULL;
		ear_close(e->ears[i]);
		e->ears[i] = NULL;
	}
	event_del(e->timers[TIMER_NUDGE]);
}

static void
open_ear(struct engine *e, int i, unsigned ifindex)
{
	struct addr servers[POLICY_ENDPOINTS_MAX];
	int r;

	for (unsigned n = 0; n < e->server.n_endpoints; n++)
		servers[n] = e->server.endpoints[n].addr;
	r = ear_open(ifindex, servers, e->server.n_endpoints, &e->ears[i]);
	if (r < 0) {
		log_error("proof: cannot listen on the uplink (%s)",
		    strerror(-r));
		return;
	}
	e->on_ear[i] = event_new(e->base, ear_fd(e->ears[i]),
	    EV_READ | EV_PERSIST, on_ear, e);
	if (e->on_ear[i] == NULL || event_add(e->on_ear[i], NULL) < 0)
		log_error("proof: cannot listen on the uplink (no memory)");
}

/* One of the server's addresses that the tunnel can carry a packet to. */
static const struct addr *
nudge_target(const struct engine *e, const struct addr *from)
{
	for (unsigned i = 0; i < e->server.n_endpoints; i++)
		if (e->server.endpoints[i].addr.family == from->family)
			return &e->server.endpoints[i].addr;
	return from;
}

static void
on_nudge(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	const struct net_view *v = &e->view;
	const struct addr *from =
	    v->tunnel4.family != ADDR_NONE ? &v->tunnel4 : &v->tunnel6;

	(void)fd;
	(void)what;
	if (!wants_proof(e))
		return;
	(void)nudge_send(v->tunnel.ifindex, from, nudge_target(e, from));
	set_timer(e, TIMER_NUDGE, NUDGE_EVERY_MS);
}

/* Ears are open exactly while proof is wanted, on the uplinks of now. */
static void
seek_proof(struct engine *e)
{
	unsigned v4 = e->view.v4.link.ifindex, v6 = e->view.v6.link.ifindex;

	close_ears(e);
	if (!wants_proof(e))
		return;
	if (v4 != 0)
		open_ear(e, 0, v4);
	if (v6 != 0 && v6 != v4)
		open_ear(e, 1, v6);
	on_nudge(-1, 0, e);
}

/*
 * Routes.
 */

static struct plan_input
plan_input(const struct engine *e, enum gate_state state)
{
	return (struct plan_input){ .state = state,
		.server = e->has_server ? &e->server : NULL,
		.view = &e->view,
		.hops = e->hops,
		.gate_ifindex = e->tun != NULL ? tun_ifindex(e->tun) : 0,
		.generation = e->epoch + 1 };
}

/* A packet that fits the gate must fit the uplink, too. */
static void
fit_mtu(struct engine *e)
{
	uint32_t mtu = 1500;
	const struct net_view *v = &e->view;

	if (v->v4.link.ifindex != 0)
		mtu = v->v4.link.mtu;
	if (v->v6.link.ifindex != 0 &&
	    (v->v4.link.ifindex == 0 || v->v6.link.mtu < mtu))
		mtu = v->v6.link.mtu;
	if (mtu == e->tun_mtu)
		return;
	if (tun_set_mtu(e->tun, mtu) == 0)
		e->tun_mtu = mtu;
}

/* Everything that is not said to go elsewhere goes into the gate. */
static void
apply_routes(struct engine *e, bool repairing)
{
	struct plan_input in = plan_input(e, e->state);
	struct routes_plan plan;
	bool changed = false;
	int r;

	plan_routes(&in, &plan);
	if ((r = routes_apply(e->routes, &plan, &changed)) < 0)
		log_error("routes: not all could be set (%s); what is not set "
			  "is closed",
		    strerror(-r));
	else if (repairing && changed)
		log_warn("routes: were changed by someone else, repaired");
}

static void
apply_returnpath(struct engine *e)
{
	struct addr servers[POLICY_ENDPOINTS_MAX];
	struct returnpath_plan plan = { .servers = servers };
	int r;

	if (is_engaged(e)) {
		plan.ifindex = e->view.v4.link.ifindex;
		memcpy(plan.name, e->view.v4.link.name, sizeof(plan.name));
	}
	/* The last server's stay: its client may still be ending. */
	plan.gate_ifindex = tun_ifindex(e->tun);
	plan.n_servers = e->server.n_endpoints;
	for (unsigned i = 0; i < plan.n_servers; i++)
		servers[i] = e->server.endpoints[i].addr;
	if (e->returnpath != NULL &&
	    (r = returnpath_apply(e->returnpath, &plan)) < 0)
		log_warn("returnpath: the server's answers cannot be marked "
			 "(%s): where rp_filter is 1 they will be dropped",
		    strerror(-r));
}

static void
replan(struct engine *e)
{
	if (e->tun == NULL)
		return;
	fit_mtu(e);
	apply_routes(e, false);
	apply_returnpath(e);
	seek_proof(e);
}

/*
 * Taking the default route, and giving it back.
 */

static void
on_worker(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	int r = worker_failure(e->worker);

	(void)fd;
	(void)what;
	if (r < 0)
		fail(e, "the gate's device was taken away");
}

/* The kernel's refusal first: it needs no device. */
static int
take(struct engine *e, char why[ENGINE_WHY_MAX])
{
	static const struct routes_plan closed = { 0 };
	int r;

	if ((r = routes_apply(e->routes, &closed, NULL)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the default route cannot be taken (%s)", strerror(-r));
		return r;
	}
	if ((r = tun_open(e->conf->tun, &e->tun)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    r == -EBUSY ? "%s is in use: is another tungated running?"
				: "%s cannot be opened",
		    e->conf->tun);
		return r;
	}
	(void)tun_counters(e->tun, &e->kernel_base);
	if ((r = worker_start(e->tun, e->uplink, &e->drops, &e->counters,
		 &e->worker)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX, "no worker (%s)",
		    strerror(-r));
		goto close_tun;
	}
	e->on_worker = event_new(e->base, worker_fd(e->worker),
	    EV_READ | EV_PERSIST, on_worker, e);
	if (e->on_worker == NULL || event_add(e->on_worker, NULL) < 0) {
		r = -ENOMEM;
		goto stop_worker;
	}
	e->tun_mtu = 0;
	return 0;

stop_worker:
	worker_stop(e->worker);
	e->worker = NULL;
close_tun:
	tun_close(e->tun);
	e->tun = NULL;
	return r;
}

/* Stop moving packets. The device stays, and what is routed to it is lost. */
static void
let_go(struct engine *e)
{
	struct tun_counters now;

	if (e->tun == NULL)
		return;
	if (e->on_worker != NULL)
		event_free(e->on_worker);
	e->on_worker = NULL;
	worker_stop(e->worker);
	e->worker = NULL;
	if (tun_counters(e->tun, &now) == 0) {
		e->kernel_before.handed_over +=
		    now.handed_over - e->kernel_base.handed_over;
		e->kernel_before.dropped +=
		    now.dropped - e->kernel_base.dropped;
	}
	tun_close(e->tun);
	e->tun = NULL;
}

static int
give_back(struct engine *e)
{
	int r, first = 0;

	let_go(e);
	if (e->returnpath != NULL &&
	    (r = returnpath_release(e->returnpath)) < 0)
		first = r;
	if ((r = tun_remove(e->conf->tun)) < 0 && first == 0)
		first = r;
	/* Last: this is what opens. */
	if ((r = routes_release(e->routes)) < 0)
		first = r;
	if (first < 0)
		log_error("release: something of ours is left (%s): run "
			  "tungated --release",
		    strerror(-first));
	return first;
}

/*
 * Looking at the network.
 */

static void
find_hops(struct engine *e, struct hop hops[POLICY_ENDPOINTS_MAX])
{
	memset(hops, 0, sizeof(e->hops));
	for (unsigned i = 0; i < e->server.n_endpoints; i++) {
		const struct addr *to = &e->server.endpoints[i].addr;

		netmon_hop(e->netmon,
		    to->family == ADDR_V4 ? &e->view.v4 : &e->view.v6, to,
		    &hops[i]);
	}
}

static bool
is_same_uplink(const struct net_uplink *a, const struct net_uplink *b)
{
	return a->link.ifindex == b->link.ifindex &&
	    addr_equal(&a->addr, &b->addr) &&
	    addr_equal(&a->gateway, &b->gateway);
}

static bool
is_same_tunnel(const struct net_view *a, const struct net_view *b)
{
	return a->tunnel.ifindex == b->tunnel.ifindex &&
	    a->tunnel.running == b->tunnel.running &&
	    addr_equal(&a->tunnel4, &b->tunnel4) &&
	    addr_equal(&a->tunnel6, &b->tunnel6);
}

/* Does the server have an address of the family? Without a server, yes. */
static bool
uses(const struct engine *e, enum addr_family family)
{
	if (!is_engaged(e))
		return true;
	for (unsigned i = 0; i < e->server.n_endpoints; i++)
		if (e->server.endpoints[i].addr.family == family)
			return true;
	return false;
}

static bool
has_way_out(const struct engine *e, const struct net_view *v)
{
	return (v->v4.link.ifindex != 0 && uses(e, ADDR_V4)) ||
	    (v->v6.link.ifindex != 0 && uses(e, ADDR_V6));
}

/* What happened between two views? False: nothing that makes an event. */
static bool
event_of(const struct engine *e, const struct net_view *old,
    const struct hop old_hops[], enum gate_event *ret)
{
	const struct net_view *new = &e->view;

	if (has_way_out(e, old) && !has_way_out(e, new))
		*ret = EV_UPLINK_LOST;
	else if ((uses(e, ADDR_V4) && !is_same_uplink(&old->v4, &new->v4)) ||
	    (uses(e, ADDR_V6) && !is_same_uplink(&old->v6, &new->v6)))
		*ret = EV_UPLINK_CHANGED;
	else if (has_tunnel(old) && !has_tunnel(new))
		*ret = EV_TUNNEL_LOST;
	else if (!is_same_tunnel(old, new))
		*ret = EV_TUNNEL_CHANGED;
	else if (memcmp(old_hops, e->hops, sizeof(e->hops)) != 0)
		*ret = EV_NEIGHBOUR_CHANGED;
	else
		return false;
	return true;
}

/* Look, and remember. A look that fails sees no uplink: nothing passes. */
static void
look(struct engine *e)
{
	const char *tunnel = e->has_server ? e->server.interface : NULL;
	int r = netmon_view(e->netmon,
	    e->tun != NULL ? tun_name(e->tun) : e->conf->tun, tunnel, &e->view);

	if (r < 0)
		log_error("network: cannot be looked at (%s)", strerror(-r));
	if (e->has_server)
		find_hops(e, e->hops);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	struct net_view old = e->view;
	struct hop old_hops[POLICY_ENDPOINTS_MAX];
	enum gate_event ev;

	(void)fd;
	(void)what;
	memcpy(old_hops, e->hops, sizeof(old_hops));
	look(e);
	if (event_of(e, &old, old_hops, &ev))
		change(e, ev);
	if (e->tun == NULL)
		return;
	/* Routes that went with an address or a device are no one's tampering.
	 */
	(void)tun_raise(e->tun);
	apply_routes(e,
	    is_same_uplink(&old.v4, &e->view.v4) &&
		is_same_uplink(&old.v6, &e->view.v6) &&
		is_same_tunnel(&old, &e->view));
}

static void
on_net(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	int r = netmon_drain(e->netmon);

	(void)fd;
	(void)what;
	if (r < 0)
		log_error("network: its messages cannot be read (%s)",
		    strerror(-r));
	if (r > 0 && !event_pending(e->timers[TIMER_LOOK], EV_TIMEOUT, NULL))
		set_timer(e, TIMER_LOOK, LOOK_AFTER_MS);
}

static void
on_neighbour(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;

	if (is_engaged(e))
		on_look(fd, what, arg);
	set_timer(e, TIMER_NEIGHBOUR, NEIGHBOUR_EVERY_MS);
}

/*
 * The state machine's edges, carried out.
 */

static void
hang_up(struct engine *e)
{
	e->has_server = false;
	close_ears(e);
	event_del(e->timers[TIMER_RESTART]);
	memset(e->hops, 0, sizeof(e->hops));
	/* Nothing is routed into its interface any more, even if it stays. */
	memset(&e->view.tunnel, 0, sizeof(e->view.tunnel));
	e->view.tunnel4 = e->view.tunnel6 = (struct addr){ 0 };
	stop_client(e);
}

static void
carry_out(struct engine *e, enum gate_action act)
{
	char why[ENGINE_WHY_MAX] = "no memory";

	switch (act) {
	case ACT_CLOSE:
		hang_up(e);
		if (e->tun == NULL) {
			if (take(e, why) < 0) {
				fail(e, why);
				return;
			}
			look(e);
		}
		replan(e);
		return;
	case ACT_DIAL:
		stop_client(e);
		e->client_ended = false;
		e->restart_ms = RESTART_FIRST_MS;
		replan(e);
		start_client(e);
		return;
	case ACT_REPLAN:
		replan(e);
		return;
	case ACT_GIVE_BACK:
		hang_up(e);
		e->release_error = give_back(e);
		return;
	case ACT_NONE:
		seek_proof(e);
		return;
	case ACT_REFUSE:
		return;
	}
}

/* The only function that changes the state. */
static void
change(struct engine *e, enum gate_event ev)
{
	struct gate_edge edge = gate_edge(e->state, ev);
	struct plan_input in = plan_input(e, edge.to);
	const struct policy *pol = plan_policy(&in);
	enum gate_state from = e->state;

	if (e->failure[0] != '\0')
		return;
	if (pol == NULL) {
		/* No memory for the new rules. Closing needs none. */
		log_error("engine: no memory for a policy, closing");
		edge = (struct gate_edge){ GATE_BLOCKED, ACT_CLOSE };
		pol = &policy_block_all;
	}

	/* Policy first: the gate is right before anything else moves. */
	if (e->worker != NULL) {
		if (worker_publish(e->worker, pol) < 0) {
			/* Its thread cannot be waited for: the process ends
			 * now, and with it the thread and its old policy. */
			log_error("engine: the worker does not take a policy; "
				  "ending, the gate stays closed");
			_exit(1);
		}
	} else {
		policy_free(pol);
	}
	e->epoch++;
	e->state = edge.to;
	if (from != edge.to) {
		e->since = mono_now();
		log_info("gate: %s -> %s on %s", gate_state_name(from),
		    gate_state_name(edge.to), gate_event_name(ev));
	} else {
		log_debug("gate: %s on %s", gate_state_name(from),
		    gate_event_name(ev));
	}
	carry_out(e, edge.act);
	tell(e);
}

/*
 * Commands.
 */

static int
command(struct engine *e, enum gate_event ev, char why[ENGINE_WHY_MAX])
{
	if (gate_edge(e->state, ev).act == ACT_REFUSE) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the gate is open: close "
		    "it first with: tungatectl block");
		return -EPERM;
	}
	change(e, ev);
	if (e->failure[0] != '\0') {
		memcpy(why, e->failure, ENGINE_WHY_MAX);
		return -EIO;
	}
	if (ev == EV_RELEASE && e->release_error < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "something of ours is left (%s): end the daemon and run "
		    "tungated --release",
		    strerror(-e->release_error));
		return -EIO;
	}
	return 0;
}

int
engine_connect(struct engine *e, const char *server, char why[ENGINE_WHY_MAX])
{
	const struct server *s = server_list_find(e->servers, server);

	if (s == NULL) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "there is no server "
		    "\"%.64s\": see tungatectl servers",
		    server);
		return -ENOENT;
	}
	if (gate_edge(e->state, EV_CONNECT).act != ACT_REFUSE) {
		/* The policy of the edge is made from these. */
		e->server = *s;
		e->has_server = true;
		look(e);
	}
	return command(e, EV_CONNECT, why);
}

int
engine_disconnect(struct engine *e, char why[ENGINE_WHY_MAX])
{
	return command(e, EV_DISCONNECT, why);
}

int
engine_release(struct engine *e, char why[ENGINE_WHY_MAX])
{
	return command(e, EV_RELEASE, why);
}

int
engine_block(struct engine *e, char why[ENGINE_WHY_MAX])
{
	return command(e, EV_BLOCK, why);
}

void
engine_reload(struct engine *e, const struct conf *conf,
    const struct server_list *servers)
{
	e->conf = conf;
	e->servers = servers;
}

/*
 * What is told.
 */

static void
say_detail(const struct engine *e, char to[ENGINE_WHY_MAX])
{
	const struct net_view *v = &e->view;
	char text[ADDR_TEXT_MAX];
	bool ready = false;

	to[0] = '\0';
	if (e->state != GATE_CONNECTING && e->state != GATE_RECONNECTING)
		return;
	for (unsigned i = 0; i < e->server.n_endpoints; i++)
		ready |= e->hops[i].ready != 0;
	if (!has_way_out(e, v))
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "there is no network: no "
		    "interface with an address and a default route for the "
		    "server's addresses");
	else if (!ready)
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "the router %s does not "
		    "answer (no link address)",
		    addr_print(v->v4.link.ifindex != 0 ? &v->v4.gateway
						       : &v->v6.gateway,
			text));
	else if (v->tunnel.ethernet)
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "%s is a network card, not a tunnel: see the Interface "
		    "line of the server's file",
		    e->server.interface);
	else if (!has_tunnel(v) && e->client_ended)
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "the client ended with "
		    "status %d and is started again; its output is in the log",
		    e->client_code);
	else if (!has_tunnel(v) && e->server.command[0] == '\0')
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "waiting for you to start "
		    "the client: its interface %s is not there",
		    e->server.interface);
	else if (!has_tunnel(v))
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "waiting for the client's "
		    "interface %s",
		    e->server.interface);
	else
		(void)snprintf(to, ENGINE_WHY_MAX,
		    "waiting for the server's "
		    "first answer");
}

void
engine_status(const struct engine *e, struct engine_status *ret)
{
	ret->state = e->state;
	ret->epoch = e->epoch;
	ret->since = e->since;
	ret->server = e->has_server ? &e->server : NULL;
	ret->view = &e->view;
	say_detail(e, ret->detail);
}

void
engine_set_listener(struct engine *e, engine_changed *on_change, void *arg)
{
	e->on_change = on_change;
	e->on_change_arg = arg;
}

const char *
engine_failure(const struct engine *e)
{
	return e->failure[0] != '\0' ? e->failure : NULL;
}

const struct server_list *
engine_servers(const struct engine *e)
{
	return e->servers;
}

const struct conf *
engine_conf(const struct engine *e)
{
	return e->conf;
}

const struct policy *
engine_policy(const struct engine *e)
{
	return e->worker != NULL ? worker_policy(e->worker) : &policy_block_all;
}

struct drop_ring *
engine_drops(struct engine *e)
{
	return &e->drops;
}

void
engine_stats(struct engine *e, struct engine_stats *ret)
{
	struct tun_counters now;

	memset(ret, 0, sizeof(*ret));
	ret->kernel_packets = e->kernel_before.handed_over;
	ret->kernel_dropped = e->kernel_before.dropped;
	if (e->tun != NULL && tun_counters(e->tun, &now) == 0) {
		ret->kernel_packets +=
		    now.handed_over - e->kernel_base.handed_over;
		ret->kernel_dropped += now.dropped - e->kernel_base.dropped;
	}
	for (int i = 0; i < DROP_REASONS; i++) {
		ret->packets[i] = atomic_load_explicit(&e->counters.packets[i],
		    memory_order_relaxed);
		ret->total += ret->packets[i];
	}
	ret->bytes_passed = atomic_load_explicit(&e->counters.bytes_passed,
	    memory_order_relaxed);
}

/*
 * A life.
 */

static int
make_events(struct engine *e)
{
	static const event_callback_fn calls[TIMERS] = {
		[TIMER_LOOK] = on_look,
		[TIMER_NUDGE] = on_nudge,
		[TIMER_NEIGHBOUR] = on_neighbour,
		[TIMER_RESTART] = on_restart,
	};

	for (int i = 0; i < TIMERS; i++)
		if ((e->timers[i] = evtimer_new(e->base, calls[i], e)) == NULL)
			return -ENOMEM;
	e->on_net = event_new(e->base, netmon_fd(e->netmon),
	    EV_READ | EV_PERSIST, on_net, e);
	if (e->on_net == NULL || event_add(e->on_net, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static void
destroy(struct engine *e)
{
	for (int i = 0; i < TIMERS; i++)
		if (e->timers[i] != NULL)
			event_free(e->timers[i]);
	if (e->on_net != NULL)
		event_free(e->on_net);
	uplink_close(e->uplink);
	netmon_close(e->netmon);
	returnpath_close(e->returnpath);
	routes_close(e->routes);
	free(e);
}

int
engine_new(struct event_base *base, const struct conf *conf,
    const struct server_list *servers, struct engine **ret,
    char why[ENGINE_WHY_MAX])
{
	/* The rings in it want whole cache lines. */
	struct engine *e = aligned_alloc(64, (sizeof(*e) + 63) & ~(size_t)63);
	int r;

	(void)snprintf(why, ENGINE_WHY_MAX, "no memory");
	if (e == NULL)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	e->base = base;
	e->conf = conf;
	e->servers = servers;
	e->since = mono_now();
	e->restart_ms = RESTART_FIRST_MS;

	if ((r = routes_open(&e->routes)) < 0 ||
	    (r = netmon_open(&e->netmon)) < 0 ||
	    (r = uplink_open(&e->uplink)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the network cannot be "
		    "opened (%s): tungated needs root",
		    strerror(-r));
		goto fail;
	}
	if ((r = returnpath_open(&e->returnpath)) < 0)
		log_warn("returnpath: not in this kernel (%s): where rp_filter "
			 "is 1 the server's answers will be dropped",
		    strerror(-r));
	if ((r = make_events(e)) < 0 || (r = take(e, why)) < 0)
		goto fail;
	look(e);
	replan(e);
	set_timer(e, TIMER_NEIGHBOUR, NEIGHBOUR_EVERY_MS);
	log_info("gate: blocked: %s has the default route", tun_name(e->tun));
	*ret = e;
	return 0;

fail:
	destroy(e);
	return r;
}

int
engine_free(struct engine *e, bool open)
{
	int r = 0;

	if (e == NULL)
		return 0;
	if (open && e->failure[0] == '\0' && e->state != GATE_OPEN)
		change(e, EV_RELEASE);
	else if (e->failure[0] == '\0' && e->state != GATE_OPEN)
		change(e, EV_DISCONNECT);
	if (e->client != NULL) {
		client_stop_and_wait(e->client);
		client_free(e->client);
	}
	close_ears(e);
	/* Released, and not all of it went: a last try, with its word. */
	if (open && e->failure[0] == '\0')
		r = give_back(e);
	let_go(e);
	destroy(e);
	return r;
}
