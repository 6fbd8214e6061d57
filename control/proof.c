/* SPDX-License-Identifier: ISC */
#include "control/proof.h"

#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/msg.h"
#include "control/outside.h"
#include "control/own.h"
#include "control/server.h"
#include "control/warden.h"
#include "datapath/policy.h"
#include "src/base/log.h"
#include "src/os/ear.h"
#include "src/os/netmon.h"
#include "src/os/nudge.h"

/* Beyond the times that WireGuard itself tries again: every five seconds. */
#define RENEW_AGAIN_S 20

struct proof {
	struct event_base *base;
	struct warden *warden;
	struct outside *outside;
	struct own *own;
	uint64_t epoch; /* counts the times that it was sought */
	unsigned beats; /* seconds that it was sought */
	bool seeking;
	const struct server *server;
	const struct net_view *view;
	struct event *nudge;
};

/* It is the worker's: our own descriptor is closed again. */
static void
give_ear(struct proof *p, unsigned ifindex)
{
	struct msg_ear about;
	struct addr servers[POLICY_ENDPOINTS_MAX];
	struct ear *ear = NULL;
	int r;

	memset(&about, 0, sizeof(about));
	about.epoch = p->epoch;
	about.ifindex = ifindex;
	msg_from_server(p->server, &about.server);
	msg_from_view(p->view, &about.view);
	for (unsigned n = 0; n < p->server->n_endpoints; n++)
		servers[n] = p->server->endpoints[n].addr;
	if ((r = outside_enter(p->outside)) == 0) {
		r = ear_open(ifindex, servers, p->server->n_endpoints, &ear);
		outside_leave(p->outside);
	}
	if (r < 0 || ear == NULL) {
		log_error("proof: cannot listen on the uplink (%s)",
		    strerror(-r));
		return;
	}
	warden_give_ear(p->warden, &about, ear_fd(ear));
	ear_close(ear);
}

/* One of the server's addresses of that family, or NULL. */
static const struct addr *
server_address(const struct server *s, uint8_t family)
{
	for (unsigned i = 0; i < s->n_endpoints; i++)
		if (s->endpoints[i].addr.family == family)
			return &s->endpoints[i].addr;
	return NULL;
}

/*
 * To the server's own address, if the tunnel carries that family; or else to
 * our own, which the server would send back to us.
 */
static void
nudge(const struct server *s, const struct net_view *v)
{
	const struct addr *from[] = { &v->tunnel4, &v->tunnel6 }, *to;

	for (int i = 0; i < 2; i++) {
		to = server_address(s, from[i]->family);
		if (from[i]->family != ADDR_NONE && to != NULL) {
			(void)nudge_send(v->tunnel.ifindex, from[i], to);
			return;
		}
	}
	to = from[v->tunnel4.family == ADDR_NONE];
	(void)nudge_send(v->tunnel.ifindex, to, to);
}

static void
on_nudge(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { .tv_sec = 1 };
	struct proof *p = arg;
	bool own = p->server->protocol == SERVER_TUNNEL;

	(void)fd;
	(void)what;
	/* Of our own tunnel a finished handshake is the proof. */
	if (own) {
		own_dial(p->own);
		if (p->beats++ % RENEW_AGAIN_S == 0)
			warden_renew(p->warden, p->epoch);
	} else {
		nudge(p->server, p->view);
	}
	if (event_add(p->nudge, &again) < 0)
		log_error("proof: no timer for the next nudge");
}

struct proof *
proof_new(struct event_base *base, struct warden *warden,
    struct outside *outside, struct own *own)
{
	struct proof *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->base = base;
	p->warden = warden;
	p->outside = outside;
	p->own = own;
	if ((p->nudge = evtimer_new(base, on_nudge, p)) == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
proof_free(struct proof *p)
{
	if (p == NULL)
		return;
	event_free(p->nudge);
	free(p);
}

void
proof_seek(struct proof *p, const struct server *server,
    const struct net_view *view)
{
	unsigned v4 = view->v4.link.ifindex, v6 = view->v6.link.ifindex;

	proof_end(p);
	p->epoch++;
	p->beats = 0;
	p->seeking = true;
	p->server = server;
	p->view = view;
	if (server->protocol == SERVER_TUNNEL) {
		/* The way may be another one: so is the connection. */
		own_wire_down(p->own);
		on_nudge(-1, 0, p);
		return;
	}
	if (v4 != 0)
		give_ear(p, v4);
	/* IPv6 may have an uplink of its own. */
	if (v6 != 0 && v6 != v4)
		give_ear(p, v6);
	on_nudge(-1, 0, p);
}

void
proof_end(struct proof *p)
{
	if (p->seeking && p->server->protocol != SERVER_TUNNEL)
		warden_close_ears(p->warden, p->epoch);
	p->seeking = false;
	(void)event_del(p->nudge);
}

bool
proof_heard(struct proof *p, uint64_t epoch)
{
	if (!p->seeking || epoch != p->epoch)
		return false;
	proof_end(p);
	return true;
}
