/* SPDX-License-Identifier: ISC */
#include "control/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "control/conf.h"
#include "control/detail.h"
#include "control/moved.h"
#include "control/msg.h"
#include "control/outside.h"
#include "control/own.h"
#include "control/plan.h"
#include "control/proof.h"
#include "control/supervise.h"
#include "control/view.h"
#include "control/warden.h"
#include "control/ways.h"
#include "datapath/drop.h"
#include "datapath/policy.h"
#include "datapath/pump.h"
#include "src/base/log.h"
#include "src/os/firewall.h"
#include "src/os/forwarding.h"
#include "src/os/isolate.h"
#include "src/os/returnpath.h"
#include "src/os/routes.h"
#include "src/os/tun.h"
#include "src/os/uplink.h"

enum {
	LOOK_AFTER_MS = 5,    /* events come in bursts: look once for all */
	AGAIN_AFTER_MS = 100, /* what failed for want of memory, say */
	TUN_FREE_MS = 2000,   /* a dying worker's, then it is somebody else's */
	NEIGHBOUR_EVERY_MS = 15000, /* the kernel forgets idle neighbours */
};

enum timer { TIMER_LOOK, TIMER_NEIGHBOUR, TIMER_WAY, TIMERS };

/* A way to the server is given up after two handshakes without an answer. */
#define WAY_MS 8000

struct engine {
	struct event_base *base;
	const struct conf *conf;
	const struct server_list *servers;
	char failure[ENGINE_WHY_MAX]; /* empty: all is well */
	int release_error;	      /* of the last release */

	enum gate_state state;
	struct mono since;
	uint64_t epoch;
	struct server server; /* a copy: reload may take the list away */
	bool has_server;
	unsigned given; /* endpoints of its file; behind them: where its peers
			 * spoke from */
	/* Which of the ways to it that is, and in which network. */
	unsigned way;
	struct ways_network network;
	struct ways ways;

	/* What is asked of the system. tun: NULL while OPEN. */
	struct outside *outside;   /* NULL: the uplink is the machine's own */
	struct firewall *firewall; /* NULL: the system has none */
	const char *lacks;	   /* what was said that it cannot do */
	struct routes *routes;
	bool overruled;		       /* by a rule of others */
	struct returnpath *returnpath; /* NULL: the kernel has none */
	struct netmon *netmon;
	struct uplink *uplink;
	struct uplink_sender sender;
	struct tun *tun;
	struct net_view view;
	struct hop hops[POLICY_ENDPOINTS_MAX];
	uint32_t tun_mtu;

	struct proof *proof;
	struct supervise *client; /* another's, or: */
	struct own *own;	  /* our own tunnel */
	struct addr from4, from6; /* the uplink's, that it may have bound to */

	struct engine_worker worker;
	struct warden *warden;
	bool served;			   /* there was a worker already */
	struct pump_memory *memory;	   /* the workers' */
	struct tun_counters kernel_base;   /* when this tun was opened */
	struct tun_counters kernel_before; /* of the tuns before it */

	struct event *timers[TIMERS];
	struct event *on_net, *on_outside;
	struct event *on_firewall;
	struct event *on_dns;
};

/* Is there a server to be with? */
static bool
is_engaged(const struct engine *e)
{
	return e->state == GATE_CONNECTING || e->state == GATE_CONNECTED ||
	    e->state == GATE_RECONNECTING;
}

/* Is the server's tunnel ours, and no client's? */
static bool
has_own(const struct engine *e)
{
	return e->has_server && e->server.protocol == SERVER_TUNNEL;
}

static bool
wants_proof(const struct engine *e)
{
	/* A client that is gone, or going, proves nothing. */
	return (e->state == GATE_CONNECTING || e->state == GATE_RECONNECTING) &&
	    view_has_tunnel(&e->view) &&
	    (has_own(e) ? own_is_up(e->own) : supervise_is_up(e->client));
}

static void
set_timer(struct engine *e, enum timer t, unsigned ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (event_add(e->timers[t], &tv) < 0)
		log_error("engine: a timer cannot be set");
}

/* On the uplinks of now; with patience, if there are other ways. */
static void
seek_proof(struct engine *e)
{
	if (!wants_proof(e)) {
		proof_end(e->proof);
		(void)event_del(e->timers[TIMER_WAY]);
		return;
	}
	proof_seek(e->proof, &e->server, &e->view);
	if (!event_pending(e->timers[TIMER_WAY], EV_TIMEOUT, NULL))
		set_timer(e, TIMER_WAY, WAY_MS);
}

/* The server to be with. */
static const struct server *
engaged_with(const struct engine *e)
{
	return is_engaged(e) ? &e->server : NULL;
}

static void
tell(struct engine *e, bool announce)
{
	struct status s;

	engine_status(e, &s);
	warden_tell(e->warden, &s, announce);
}

/* Ends the process, which leaves the gate closed: see engine_failure(). */
static void
fail(struct engine *e, const char *why)
{
	log_error("engine: %s; ending: what is closed stays closed", why);
	(void)snprintf(e->failure, sizeof(e->failure), "%s", why);
	(void)event_base_loopbreak(e->base);
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
		.allow_lan = e->conf->allow_lan,
		.worker = e->sender.uid,
		.generation = e->epoch + 1 };
}

/* Its number is that of another namespace, and means nothing here. */
static void
leave_out_uplink(unsigned *v4, unsigned *v6)
{
	*v4 = *v6 = 0;
}

/*
 * What the system itself lets through in that state. If it cannot be had,
 * what was there before stays, which lets nothing more through: the worker's
 * policy is asked, too.
 */
static int
apply_firewall(struct engine *e, enum gate_state state)
{
	struct plan_input in = plan_input(e, state);
	struct firewall_plan plan;
	const char *lacks;
	int r;

	/* OPEN, and to stay so: nothing of ours is there. */
	if (e->firewall == NULL || (state == GATE_OPEN && e->tun == NULL))
		return 0;
	plan_firewall(&in, &plan);
	if (e->outside != NULL)
		leave_out_uplink(&plan.uplink4_ifindex, &plan.uplink6_ifindex);
	r = firewall_apply(e->firewall, &plan);
	if (r == 0 && e->outside != NULL)
		r = outside_firewall(e->outside, &plan);
	if (r < 0) {
		log_error("firewall: cannot be set (%s); it is tried again",
		    r == -EPROTO ? "a probe frame was not stopped"
				 : strerror(-r));
		set_timer(e, TIMER_LOOK, AGAIN_AFTER_MS);
		return r;
	}
	lacks = firewall_lacks(e->firewall);
	if (lacks != NULL && lacks != e->lacks)
		log_warn("firewall: this kernel can do less than it should: "
			 "%s",
		    lacks);
	e->lacks = lacks;
	return 0;
}

static uint32_t
uplink_mtu(const struct engine *e)
{
	uint32_t mtu = 1500;
	const struct net_view *v = &e->view;

	if (v->v4.link.ifindex != 0)
		mtu = v->v4.link.mtu;
	if (v->v6.link.ifindex != 0 &&
	    (v->v4.link.ifindex == 0 || v->v6.link.mtu < mtu))
		mtu = v->v6.link.mtu;
	return mtu;
}

/* A packet that fits the gate, or the tunnel, must fit the uplink, too. */
static void
fit_mtu(struct engine *e)
{
	uint32_t mtu = uplink_mtu(e);

	own_fit(e->own, mtu);
	if (mtu == e->tun_mtu)
		return;
	if (tun_set_mtu(e->tun, mtu) == 0)
		e->tun_mtu = mtu;
}

/* Meanwhile what is not set is stopped by the firewall. */
static void
failed_routes(struct engine *e, int r)
{
	log_error("routes: not all could be set (%s); it is tried again",
	    strerror(-r));
	set_timer(e, TIMER_LOOK, AGAIN_AFTER_MS);
}

/* Everything that is not said to go elsewhere goes into the gate. */
static void
apply_routes(struct engine *e, bool repairing)
{
	const struct addr own[2] = { e->view.v4.addr, e->view.v6.addr };
	struct plan_input in = plan_input(e, e->state);
	struct routes_found found = { 0 };
	struct routes_plan plan;
	int r;

	plan_routes(&in, &plan);
	if (e->outside != NULL) {
		leave_out_uplink(&plan.uplink4_ifindex, &plan.uplink6_ifindex);
		/* What leaves by the gate bears the uplink's addresses. */
		if (e->tun != NULL &&
		    (r = tun_set_addresses(e->tun, own, 2)) < 0)
			log_error("%s: the uplink's address cannot be set (%s)",
			    tun_name(e->tun), strerror(-r));
	}
	if ((r = routes_apply(e->routes, &plan, &found)) < 0)
		failed_routes(e, r);
	else if (repairing && found.changed)
		log_warn("routes: were changed by someone else, repaired");
	if (found.overruled && !e->overruled)
		log_warn("routes: a rule of someone else comes before ours: "
			 "what it leads elsewhere is stopped by the firewall");
	e->overruled = found.overruled;
}

static void
apply_returnpath(struct engine *e)
{
	struct addr servers[POLICY_ENDPOINTS_MAX];
	struct returnpath_plan plan = { .servers = servers };
	int r;

	plan.ifindex = e->view.v4.link.ifindex;
	memcpy(plan.name, e->view.v4.link.name, sizeof(plan.name));
	plan.answers = is_engaged(e);
	/* The last server's stay: its client may still be ending. */
	plan.gate_ifindex = tun_ifindex(e->tun);
	plan.n_servers = e->server.n_endpoints;
	plan.listen = is_engaged(e) ? e->server.listen : 0;
	for (unsigned i = 0; i < plan.n_servers; i++)
		servers[i] = e->server.endpoints[i].addr;
	if (e->returnpath != NULL && e->outside == NULL &&
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
	(void)apply_firewall(e, e->state);
	apply_routes(e, false);
	apply_returnpath(e);
	seek_proof(e);
}

/*
 * Looking at the network.
 */

static struct netmon *
uplink_netmon(const struct engine *e)
{
	return e->outside != NULL ? outside_netmon(e->outside) : e->netmon;
}

static void
find_hops(struct engine *e, struct hop hops[POLICY_ENDPOINTS_MAX])
{
	memset(hops, 0, sizeof(e->hops));
	/* Where the uplink is; if we cannot go there, no hop is ready. */
	if (outside_enter(e->outside) < 0)
		return;
	for (unsigned i = 0; i < e->server.n_endpoints; i++) {
		const struct addr *to = &e->server.endpoints[i].addr;

		if (!view_can_be_server(&e->view, to))
			continue;
		netmon_hop(uplink_netmon(e),
		    to->family == ADDR_V4 ? &e->view.v4 : &e->view.v6, to,
		    &hops[i]);
	}
	outside_leave(e->outside);
}

/* Look, and remember. A look that fails sees no uplink: nothing passes. */
static void
look(struct engine *e)
{
	const char *tunnel = e->has_server ? e->server.interface : NULL;
	int r = netmon_view(e->netmon,
	    e->tun != NULL ? tun_name(e->tun) : e->conf->tun, tunnel, &e->view);

	if (e->outside != NULL && r == 0)
		r = outside_view(e->outside, &e->view);
	if (r < 0)
		log_error("network: cannot be looked at (%s)", strerror(-r));
	/* Before the kernel asks for a new router, and is not let. */
	if (e->tun != NULL)
		(void)apply_firewall(e, e->state);
	if (e->has_server)
		find_hops(e, e->hops);
}

/*
 * Taking the default route, and giving it back.
 */

/*
 * Of a worker that cannot be made to go nobody knows what it lets pass; that
 * its device goes with us is all that is left.
 */
static void
must(int r)
{
	if (r == 0)
		return;
	log_error("engine: the worker cannot be ended; ending, the gate stays "
		  "closed");
	_exit(1);
}

/*
 * The worker of a daemon that was killed has it until it is gone, too: some
 * milliseconds, in which it lets pass what passed before.
 */
static int
open_tun(struct engine *e)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };
	struct mono start = mono_now();
	int r;

	while ((r = tun_open(e->conf->tun, TUN_GATE, &e->tun)) == -EBUSY &&
	    mono_ms_between(start, mono_now()) < TUN_FREE_MS)
		(void)nanosleep(&pause, NULL);
	return r;
}

/* 0 also while there is no such interface: it may come. */
static int
take_uplink(struct engine *e)
{
	int r = e->outside != NULL ? outside_take(e->outside) : 0;

	if (r == -ENODEV) {
		log_warn("uplink: there is no interface %s yet",
		    e->conf->uplink.name);
		r = 0;
	}
	if (r == 0 && e->outside != NULL)
		look(e);
	return r;
}

/* The firewall and the kernel's refusal first: they need no device. */
static int
take(struct engine *e, char why[ENGINE_WHY_MAX])
{
	static const struct routes_plan closed = { 0 };
	int r;

	look(e);
	if ((r = apply_firewall(e, GATE_BLOCKED)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the firewall cannot be closed (%s)", strerror(-r));
		return r;
	}
	if ((r = routes_apply(e->routes, &closed, NULL)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the default route cannot be taken (%s)", strerror(-r));
		return r;
	}
	if ((r = take_uplink(e)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "%s cannot be put into a namespace of its own (%s)",
		    e->conf->uplink.name, strerror(-r));
		return r;
	}
	if ((r = open_tun(e)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    r == -EBUSY ? "%s is in use: is another tungated running?"
				: "%s cannot be opened",
		    e->conf->tun);
		return r;
	}
	(void)tun_counters(e->tun, &e->kernel_base);
	e->tun_mtu = 0;
	must(warden_give_tun(e->warden, tun_fd(e->tun)));
	return 0;
}

/* Stop moving packets. The device stays, and what is routed to it is lost. */
static void
let_go(struct engine *e)
{
	struct tun_counters now;

	if (e->tun == NULL)
		return;
	must(warden_give_tun(e->warden, -1));
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
	if ((r = routes_release(e->routes)) < 0)
		first = r;
	if (e->outside != NULL && (r = outside_give_back(e->outside)) < 0)
		first = r;
	/* Last: this is what opens. */
	if (e->firewall != NULL && (r = firewall_release(e->firewall)) < 0)
		first = r;
	if (first < 0)
		log_error("release: something of ours is left (%s): run "
			  "tungated --release",
		    strerror(-first));
	return first;
}

/*
 * The state machine's edges, carried out.
 */

static void
hang_up(struct engine *e)
{
	must(own_stop(e->own));
	e->has_server = false;
	proof_end(e->proof);
	memset(e->hops, 0, sizeof(e->hops));
	/* Nothing is routed into its interface any more, even if it stays. */
	memset(&e->view.tunnel, 0, sizeof(e->view.tunnel));
	e->view.tunnel4 = e->view.tunnel6 = (struct addr){ 0 };
	e->view.n_also = 0;
	supervise_stop(e->client);
}

/* Its device comes as any client's interface: with the next look. */
static void
start_own(struct engine *e)
{
	const struct tunnel_conf *conf =
	    server_list_tunnel(e->servers, e->server.name);
	int r;

	if (conf == NULL)
		return;
	if ((r = own_start(e->own, &e->server, conf, uplink_mtu(e))) == -EIO)
		must(r);
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
		}
		replan(e);
		return;
	case ACT_DIAL:
		supervise_stop(e->client);
		must(own_stop(e->own));
		(void)event_del(e->timers[TIMER_WAY]);
		replan(e);
		e->from4 = e->view.v4.addr;
		e->from6 = e->view.v6.addr;
		if (has_own(e))
			start_own(e);
		else
			supervise_start(e->client, &e->server);
		/* Of a client that the user started there may be no more news.
		 */
		seek_proof(e);
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

/*
 * The one place where a policy comes into force; consumes it. When this
 * returns, nothing passes that it does not let pass. The firewall of that
 * state first: the worker's word is worth more with it.
 */
static void
publish(struct engine *e, enum gate_state state, const struct policy *pol)
{
	struct msg_policy m;

	(void)apply_firewall(e, state);
	msg_from_policy(pol, &m);
	policy_free(pol);
	must(warden_publish(e->warden, &m));
}

/*
 * The only function that changes the state. 0, or a negative errno if it was
 * not the event's edge that was taken: then the gate is closed.
 */
static int
change(struct engine *e, enum gate_event ev)
{
	struct gate_edge edge = gate_edge(e->state, ev);
	struct plan_input in = plan_input(e, edge.to);
	enum gate_state from = e->state;
	const struct policy *pol;
	int r = 0;

	if (e->failure[0] != '\0')
		return -EIO;
	if ((pol = plan_policy(&in)) == NULL) {
		r = -ENOMEM;
		/* No memory for the new rules. Closing needs none. */
		log_error("engine: no memory for a policy, closing");
		edge = (struct gate_edge){ GATE_BLOCKED, ACT_CLOSE };
		pol = &policy_block_all;
	}

	/* Policy first: the gate is right before anything else moves. */
	publish(e, edge.to, pol);
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
	/* What could not be done is not announced. */
	if (e->failure[0] != '\0')
		return -EIO;
	tell(e, true);
	return r;
}

/*
 * Peers that speak first: where they are is an endpoint from now on, and where
 * they were is none any more. The state is the same.
 */
static void
on_moved(const struct msg *m, void *arg)
{
	struct engine *e = arg;
	struct plan_input in;
	const struct policy *pol;

	if (!is_engaged(e) || e->server.listen == 0)
		return;
	moved_take(&m->body.moved, &e->view, e->given, &e->server);
	find_hops(e, e->hops);
	in = plan_input(e, e->state);
	if ((pol = plan_policy(&in)) == NULL) {
		/* Which closes, as there is no memory for anything else. */
		(void)change(e, EV_NEIGHBOUR_CHANGED);
		return;
	}
	publish(e, e->state, pol);
	e->epoch++;
	apply_routes(e, false);
	apply_returnpath(e);
	tell(e, false);
}

/* 0, or -EINVAL with a word: in this network that is nobody's address. */
static int
check_addresses(const struct engine *e, const struct server *s,
    char why[ENGINE_WHY_MAX])
{
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < s->n_endpoints; i++) {
		const struct addr *a = &s->endpoints[i].addr;

		if (view_can_be_server(&e->view, a))
			continue;
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "%s cannot be a server here: it is this machine's own, or "
		    "the broadcast address of its network",
		    addr_print(a, text));
		return -EINVAL;
	}
	return 0;
}

/* What a server that listens needs of this machine. As check_addresses(). */
static int
check_listening(const struct engine *e, const struct server *s,
    char why[ENGINE_WHY_MAX])
{
	const struct net_view *v = &e->view;
	char what[FORWARDING_WHY_MAX];

	/* What comes in there is handed over by the server's addresses. */
	if (s->listen != 0 && e->outside != NULL) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "Listen is not for uplink = namespace");
		return -EINVAL;
	}
	if (s->behind[0] == '\0')
		return 0;
	if (strcmp(s->behind, v->v4.link.name) == 0 ||
	    strcmp(s->behind, v->v6.link.name) == 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "Forward: %s is the uplink, where nothing goes in plain "
		    "text",
		    s->behind);
		return -EINVAL;
	}
	/* Nothing else keeps what is forwarded from the uplink. */
	if (e->firewall == NULL) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "Forward: this system has no firewall");
		return -EINVAL;
	}
	if (forwarding_check(s->behind, what) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX, "Forward: %s", what);
		return -EINVAL;
	}
	return 0;
}

/*
 * Ways to the server.
 */

static void
take_way(struct engine *e, const struct server *s, unsigned way)
{
	e->way = way;
	ways_network_of(&e->view, &e->network);
	/* The policy of the edge is made from these. */
	ways_take(s, way, &e->server);
	e->given = e->server.n_endpoints;
	e->has_server = true;
	look(e);
}

/* It is a change of server: nothing of the old way passes before the new. */
static void
try_way(struct engine *e, const struct server *s, unsigned way)
{
	char text[ADDR_TEXT_MAX];

	take_way(e, s, way);
	log_info("tunnel: %s to %s is tried",
	    tunnel_transport_name(e->server.transport),
	    addr_print(&e->server.endpoints[0].addr, text));
	(void)change(e, EV_CONNECT);
}

/* The server as its file says; NULL: there is one way, or a reload took it. */
static const struct server *
server_with_ways(const struct engine *e)
{
	const struct server *s;

	if (!is_engaged(e) || !has_own(e))
		return NULL;
	s = server_list_find(e->servers, e->server.name);
	return s != NULL && ways_count(s) > 1 ? s : NULL;
}

static void
on_way(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	const struct server *s = server_with_ways(e);
	char why[ENGINE_WHY_MAX];
	unsigned next;

	(void)fd;
	(void)what;
	if (s == NULL || !wants_proof(e))
		return;
	next = ways_next(s, &e->view, e->way);
	/* Without an uplink it is no way's fault. */
	if (next == e->way || !ways_is_open(s, &e->view, next) ||
	    check_addresses(e, s, why) < 0)
		set_timer(e, TIMER_WAY, WAY_MS);
	else
		try_way(e, s, next);
}

/*
 * In another network first what worked there; or from the first way on, unless
 * the tunnel goes on: then only what else the uplink has is another.
 */
static void
follow_network(struct engine *e)
{
	const struct server *s = server_with_ways(e);
	struct ways_network here;
	char why[ENGINE_WHY_MAX];
	unsigned first;

	ways_network_of(&e->view, &here);
	if (s == NULL || ways_is_same_network(&here, &e->network))
		return;
	first = ways_first(&e->ways, s, &e->view);
	if (!ways_is_open(s, &e->view, first))
		return;
	e->network = here;
	if (first == e->way || check_addresses(e, s, why) < 0 ||
	    (e->state == GATE_CONNECTED && !ways_knows(&e->ways, &e->view)))
		return;
	try_way(e, s, first);
}

/*
 * What happens.
 */

/* Is the address another than the last that there was? */
static bool
has_moved(struct addr *last, const struct addr *now)
{
	bool moved = last->family != ADDR_NONE && now->family != ADDR_NONE &&
	    !addr_equal(last, now);

	if (now->family != ADDR_NONE)
		*last = *now;
	return moved;
}

/*
 * Clients go on sending from the address they began with: wireguard-go for
 * half a minute, a TCP connection for longer. The gate drops that.
 */
static void
follow_address(struct engine *e)
{
	bool moved4 = has_moved(&e->from4, &e->view.v4.addr),
	     moved6 = has_moved(&e->from6, &e->view.v6.addr);

	if ((moved4 && view_uses(engaged_with(e), ADDR_V4)) ||
	    (moved6 && view_uses(engaged_with(e), ADDR_V6)))
		supervise_restart(e->client);
}

static void
mind_uplink(struct engine *e)
{
	const char *name = e->conf->uplink.name;
	int r;

	if (e->outside == NULL || e->tun == NULL)
		return;
	outside_hold(e->outside);
	/* It came back, or was plugged in. */
	if (if_nametoindex(name) != 0 && (r = take_uplink(e)) < 0)
		log_error("uplink: %s cannot be put into its namespace (%s)",
		    name, strerror(-r));
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	struct net_view old = e->view;
	struct hop old_hops[POLICY_ENDPOINTS_MAX];
	struct view_look before = { &old, old_hops },
			 now = { &e->view, e->hops };
	enum gate_event ev;

	(void)fd;
	(void)what;
	memcpy(old_hops, e->hops, sizeof(old_hops));
	mind_uplink(e);
	look(e);
	if (view_event(&before, &now, engaged_with(e), &ev))
		(void)change(e, ev);
	if (is_engaged(e))
		follow_address(e);
	follow_network(e);
	tell(e, false);
	if (e->tun == NULL)
		return;
	/* Routes that went with an address or a device are no one's tampering.
	 */
	(void)tun_raise(e->tun);
	apply_routes(e,
	    view_is_same_uplink(&old, &e->view) &&
		view_is_same_tunnel(&old, &e->view));
	/* BLOCKED replans nothing, but its router asks, too. */
	if (!view_is_same_uplink(&old, &e->view))
		apply_returnpath(e);
}

static void
on_net(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	int r = netmon_drain(
	    fd == netmon_fd(e->netmon) ? e->netmon : uplink_netmon(e));

	(void)what;
	if (r < 0)
		log_error("network: its messages cannot be read (%s)",
		    strerror(-r));
	if (r > 0 && !event_pending(e->timers[TIMER_LOOK], EV_TIMEOUT, NULL))
		set_timer(e, TIMER_LOOK, LOOK_AFTER_MS);
}

static void
on_firewall(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;

	(void)fd;
	(void)what;
	if (firewall_drain(e->firewall) == 0 || e->tun == NULL)
		return;
	if (apply_firewall(e, e->state) == 0)
		log_warn("firewall: was changed by someone else, repaired");
	apply_returnpath(e);
}

static void
on_neighbour(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;

	if (is_engaged(e) && has_own(e) && own_mind(e->own) < 0) {
		log_warn("tunnel: its device is gone, made again");
		start_own(e);
	}
	if (is_engaged(e))
		on_look(fd, what, arg);
	else
		mind_uplink(e);
	set_timer(e, TIMER_NEIGHBOUR, NEIGHBOUR_EVERY_MS);
}

static void
on_dns(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;

	(void)fd;
	(void)what;
	own_mind_dns(e->own);
}

static void
on_client_start(void *arg)
{
	seek_proof(arg);
	tell(arg, false);
}

static void
on_client_loss(void *arg)
{
	(void)change(arg, EV_TUNNEL_LOST);
}

/*
 * The worker.
 */

static int
run_worker(int channel, void *arg)
{
	struct engine *e = arg;

	own_forget(e->own);
	return e->worker.run(channel, e->worker.arg);
}

/* Packets that the last worker had read, and did not come to count. */
static void
on_worker_start(void *arg)
{
	struct engine *e = arg;
	struct counters *c = &e->memory->counters;
	uint64_t handed_over, dropped, counted = 0;

	engine_kernel(e, &handed_over, &dropped);
	for (int i = 0; i < DROP_REASONS; i++)
		counted += atomic_load(&c->packets[i]);
	if (handed_over > counted)
		atomic_fetch_add(&c->packets[DROP_WORKER_ENDED],
		    handed_over - counted);
}

/* The proof was that of the one before. */
static void
on_worker_ready(void *arg)
{
	struct engine *e = arg;

	/* Where peers spoke from was the word of the one before. */
	if (e->has_server)
		e->server.n_endpoints = e->given;
	if (e->served)
		(void)change(e, EV_WORKER_STARTED);
	e->served = true;
}

static void
on_request(const struct msg *m, int fd, struct msg *ret_answer, void *arg)
{
	struct engine *e = arg;

	e->worker.on_request(m, fd, ret_answer, e->worker.arg);
}

static void
on_heard(uint64_t epoch, void *arg)
{
	struct engine *e = arg;

	if (!proof_heard(e->proof, epoch))
		return;
	supervise_proven(e->client);
	if (has_own(e))
		ways_remember(&e->ways, &e->server, &e->view);
	(void)change(e, EV_PROVEN);
}

static void
on_silent(void *arg)
{
	struct engine *e = arg;

	if (e->state == GATE_CONNECTED && has_own(e))
		(void)change(e, EV_TUNNEL_LOST);
}

static void
on_wire_down(void *arg)
{
	struct engine *e = arg;

	own_wire_down(e->own);
	on_silent(e);
}

/* The worker's word alone does not end the daemon. */
static void
on_tun_lost(void *arg)
{
	struct engine *e = arg;
	struct tun_counters now;

	if (e->tun == NULL)
		return;
	if (tun_counters(e->tun, &now) == 0)
		warden_distrust(e->warden, "could not read the device");
	else
		fail(e, "the gate's device was taken away");
}

int
engine_serve(struct engine *e, const struct engine_worker *worker)
{
	e->worker = *worker;
	tell(e, false);
	return warden_start(e->warden);
}

struct pump_memory *
engine_memory(const struct engine *e)
{
	return e->memory;
}

struct inlet *
engine_inlet(const struct engine *e)
{
	return e->outside != NULL ? outside_inlet(e->outside) : NULL;
}

struct uplink *
engine_uplink(const struct engine *e)
{
	return e->uplink;
}

/*
 * Commands.
 */

static int
command(struct engine *e, enum gate_event ev, char why[ENGINE_WHY_MAX])
{
	int r;

	if (gate_edge(e->state, ev).act == ACT_REFUSE) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the gate is open: close "
		    "it first with: tungatectl block");
		return -EPERM;
	}
	r = change(e, ev);
	if (e->failure[0] != '\0') {
		memcpy(why, e->failure, ENGINE_WHY_MAX);
		return -EIO;
	}
	if (r < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "there is no memory for what may pass: the gate is closed");
		return r;
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
	int r;

	if (s == NULL) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "there is no server "
		    "\"%.64s\": see tungatectl servers",
		    server);
		return -ENOENT;
	}
	if (gate_edge(e->state, EV_CONNECT).act != ACT_REFUSE) {
		if ((r = check_addresses(e, s, why)) < 0 ||
		    (r = check_listening(e, s, why)) < 0)
			return r;
		take_way(e, s, ways_first(&e->ways, s, &e->view));
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
	/* The local network's word may be another: it closes before it is
	 * told. */
	replan(e);
	warden_tell_servers(e->warden, servers, conf->log_level);
	tell(e, false);
}

/*
 * What is told.
 */

void
engine_status(const struct engine *e, struct status *ret)
{
	struct detail_input in = { .state = e->state,
		.server = &e->server,
		.view = &e->view,
		.hops = e->hops };

	/* All of it: two that say the same are the same, and it is sent. */
	memset(ret, 0, sizeof(*ret));
	ret->state = e->state;
	ret->epoch = e->epoch;
	ret->since = e->since;
	ret->has_server = e->has_server;
	if (e->has_server)
		msg_from_server(&e->server, &ret->server);
	msg_from_view(&e->view, &ret->view);
	ret->allow_lan = e->conf->allow_lan;
	ret->open_on_stop = e->conf->open_on_stop;
	in.client_ended = supervise_has_ended(e->client, &in.client_code);
	detail_print(&in, ret->detail, sizeof(ret->detail));
}

const char *
engine_failure(const struct engine *e)
{
	return e->failure[0] != '\0' ? e->failure : NULL;
}

void
engine_kernel(const struct engine *e, uint64_t *ret_packets,
    uint64_t *ret_dropped)
{
	struct tun_counters now;

	*ret_packets = e->kernel_before.handed_over;
	*ret_dropped = e->kernel_before.dropped;
	if (e->tun == NULL || tun_counters(e->tun, &now) < 0)
		return;
	*ret_packets += now.handed_over - e->kernel_base.handed_over;
	*ret_dropped += now.dropped - e->kernel_base.dropped;
}

/*
 * A life.
 */

static int
make_events(struct engine *e)
{
	static const event_callback_fn calls[TIMERS] = {
		[TIMER_LOOK] = on_look,
		[TIMER_NEIGHBOUR] = on_neighbour,
		[TIMER_WAY] = on_way,
	};
	const struct warden_calls worker_calls = { .run = run_worker,
		.on_start = on_worker_start,
		.on_ready = on_worker_ready,
		.on_request = on_request,
		.on_heard = on_heard,
		.on_silent = on_silent,
		.on_wire_down = on_wire_down,
		.on_tun_lost = on_tun_lost,
		.on_moved = on_moved,
		.arg = e };

	for (int i = 0; i < TIMERS; i++)
		if ((e->timers[i] = evtimer_new(e->base, calls[i], e)) == NULL)
			return -ENOMEM;
	e->client = supervise_new(e->base,
	    (struct supervise_calls){ on_client_start, on_client_loss, e });
	e->warden = warden_new(e->base, &worker_calls);
	e->own = e->warden != NULL ? own_new(e->warden, e->sender.uid) : NULL;
	e->proof = proof_new(e->base, e->warden, e->outside, e->own);
	if (e->client == NULL || e->warden == NULL || e->proof == NULL ||
	    e->own == NULL || (e->memory = pump_memory_new()) == NULL)
		return -ENOMEM;
	e->on_net = event_new(e->base, netmon_fd(e->netmon),
	    EV_READ | EV_PERSIST, on_net, e);
	if (e->on_net == NULL || event_add(e->on_net, NULL) < 0)
		return -ENOMEM;
	if (e->outside != NULL) {
		e->on_outside =
		    event_new(e->base, netmon_fd(outside_netmon(e->outside)),
			EV_READ | EV_PERSIST, on_net, e);
		if (e->on_outside == NULL || event_add(e->on_outside, NULL) < 0)
			return -ENOMEM;
	}
	if (own_fd(e->own) >= 0) {
		e->on_dns = event_new(e->base, own_fd(e->own),
		    EV_READ | EV_PERSIST, on_dns, e);
		if (e->on_dns == NULL || event_add(e->on_dns, NULL) < 0)
			return -ENOMEM;
	}
	if (e->firewall == NULL || firewall_fd(e->firewall) < 0)
		return 0;
	e->on_firewall = event_new(e->base, firewall_fd(e->firewall),
	    EV_READ | EV_PERSIST, on_firewall, e);
	if (e->on_firewall == NULL || event_add(e->on_firewall, NULL) < 0)
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
	if (e->on_outside != NULL)
		event_free(e->on_outside);
	if (e->on_dns != NULL)
		event_free(e->on_dns);
	if (e->on_firewall != NULL)
		event_free(e->on_firewall);
	supervise_free(e->client);
	proof_free(e->proof);
	warden_free(e->warden);
	own_free(e->own);
	pump_memory_free(e->memory);
	if (e->outside == NULL)
		uplink_close(e->uplink);
	outside_close(e->outside);
	netmon_close(e->netmon);
	returnpath_close(e->returnpath);
	routes_close(e->routes);
	firewall_close(e->firewall);
	free(e);
}

/* Another mark each time: what was learnt of the last one is worth nothing. */
static int
choose_sender(const struct conf *conf, struct uplink_sender *ret)
{
	ret->uid = isolate_account(conf->user).uid;
	do
		if (getentropy(&ret->mark, sizeof(ret->mark)) < 0)
			return -errno;
	while (ret->mark == 0 || ret->mark == RETURNPATH_MARK);
	return 0;
}

static int
open_uplink(struct engine *e)
{
	const struct uplink_sender *sender = &e->sender;
	int r;

	if (!e->conf->uplink_namespace) {
		outside_warn(e->conf->run_dir);
		return uplink_open(sender, &e->uplink);
	}
	if ((r = outside_open(e->base, e->conf, sender, &e->outside)) < 0)
		return r;
	e->uplink = outside_uplink(e->outside);
	return 0;
}

/* 0, or a negative errno after a word in why. */
static int
open_system(struct engine *e, char why[ENGINE_WHY_MAX])
{
	int r;

	if ((r = choose_sender(e->conf, &e->sender)) < 0 ||
	    (r = routes_open(&e->routes)) < 0 ||
	    (r = netmon_open(&e->netmon)) < 0 || (r = open_uplink(e)) < 0) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    r == -EOPNOTSUPP
			? "uplink = namespace: not on this system (%s)"
			: "the network cannot be opened (%s): tungated needs "
			  "root",
		    strerror(-r));
		return r;
	}
	r = firewall_open(&e->sender, true, &e->firewall);
	if (r < 0 && r != -EPROTONOSUPPORT) {
		(void)snprintf(why, ENGINE_WHY_MAX,
		    "the firewall cannot be opened (%s)", strerror(-r));
		return r;
	}
	if (r < 0)
		log_warn("firewall: not in this system (%s): sockets that are "
			 "bound to an interface, packet sockets and multicast "
			 "are not stopped, nor is what comes in",
		    strerror(-r));
	if ((r = returnpath_open(&e->returnpath)) < 0)
		log_warn("returnpath: not in this kernel (%s): where rp_filter "
			 "is 1 the server's answers will be dropped",
		    strerror(-r));
	return 0;
}

int
engine_new(struct event_base *base, const struct conf *conf,
    const struct server_list *servers, struct engine **ret,
    char why[ENGINE_WHY_MAX])
{
	struct engine *e = calloc(1, sizeof(*e));
	int r;

	(void)snprintf(why, ENGINE_WHY_MAX, "no memory");
	if (e == NULL)
		return -ENOMEM;
	e->base = base;
	e->conf = conf;
	e->servers = servers;
	e->since = mono_now();

	if ((r = open_system(e, why)) < 0)
		goto fail;
	(void)snprintf(why, ENGINE_WHY_MAX, "no memory");
	if ((r = make_events(e)) < 0 || (r = take(e, why)) < 0)
		goto fail;
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
		(void)change(e, EV_RELEASE);
	else if (e->failure[0] == '\0' && e->state != GATE_OPEN)
		(void)change(e, EV_DISCONNECT);
	supervise_free(e->client);
	e->client = NULL;
	/* Released, and not all of it went: a last try, with its word. */
	if (open && e->failure[0] == '\0')
		r = give_back(e);
	let_go(e);
	destroy(e);
	return r;
}
