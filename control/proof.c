/* SPDX-License-Identifier: ISC */
#include "control/proof.h"

#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/answer.h"
#include "control/server.h"
#include "datapath/policy.h"
#include "src/base/log.h"
#include "src/os/ear.h"
#include "src/os/netmon.h"
#include "src/os/nudge.h"
#include "src/os/pktbuf.h"

/* Packets of strangers, before others have their turn. */
#define HEARD_A_TURN 64

struct proof {
	struct event_base *base;
	proof_found *on_found;
	void *arg;
	const struct server *server;
	const struct net_view *view;
	struct ear *ears[2]; /* IPv6 may have an uplink of its own */
	struct event *on_ear[2], *nudge;
	uint8_t heard[PKTBUF_MAX];
};

static void
on_ear(evutil_socket_t fd, short what, void *arg)
{
	struct proof *p = arg;
	size_t len;

	(void)what;
	for (int i = 0; i < 2; i++) {
		if (p->ears[i] == NULL || ear_fd(p->ears[i]) != fd)
			continue;
		for (int n = 0; n < HEARD_A_TURN &&
		     ear_read(p->ears[i], p->heard, sizeof(p->heard), &len) ==
			 0;
		     n++) {
			if (!answer_proves(p->server, p->view, p->heard, len))
				continue;
			proof_end(p);
			p->on_found(p->arg);
			return;
		}
	}
}

static void
open_ear(struct proof *p, int i, unsigned ifindex)
{
	struct addr servers[POLICY_ENDPOINTS_MAX];
	int r;

	for (unsigned n = 0; n < p->server->n_endpoints; n++)
		servers[n] = p->server->endpoints[n].addr;
	r = ear_open(ifindex, servers, p->server->n_endpoints, &p->ears[i]);
	if (r < 0) {
		log_error("proof: cannot listen on the uplink (%s)",
		    strerror(-r));
		return;
	}
	p->on_ear[i] = event_new(p->base, ear_fd(p->ears[i]),
	    EV_READ | EV_PERSIST, on_ear, p);
	if (p->on_ear[i] == NULL || event_add(p->on_ear[i], NULL) < 0)
		log_error("proof: cannot listen on the uplink (no memory)");
}

/* One of the server's addresses that the tunnel can carry a packet to. */
static const struct addr *
nudge_target(const struct server *s, const struct addr *from)
{
	for (unsigned i = 0; i < s->n_endpoints; i++)
		if (s->endpoints[i].addr.family == from->family)
			return &s->endpoints[i].addr;
	return from;
}

static void
on_nudge(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { .tv_sec = 1 };
	struct proof *p = arg;
	const struct net_view *v = p->view;
	const struct addr *from =
	    v->tunnel4.family != ADDR_NONE ? &v->tunnel4 : &v->tunnel6;

	(void)fd;
	(void)what;
	(void)nudge_send(v->tunnel.ifindex, from,
	    nudge_target(p->server, from));
	if (event_add(p->nudge, &again) < 0)
		log_error("proof: no timer for the next nudge");
}

struct proof *
proof_new(struct event_base *base, proof_found *on_found, void *arg)
{
	struct proof *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->base = base;
	p->on_found = on_found;
	p->arg = arg;
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
	proof_end(p);
	event_free(p->nudge);
	free(p);
}

void
proof_seek(struct proof *p, const struct server *server,
    const struct net_view *view)
{
	unsigned v4 = view->v4.link.ifindex, v6 = view->v6.link.ifindex;

	proof_end(p);
	p->server = server;
	p->view = view;
	if (v4 != 0)
		open_ear(p, 0, v4);
	if (v6 != 0 && v6 != v4)
		open_ear(p, 1, v6);
	on_nudge(-1, 0, p);
}

void
proof_end(struct proof *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->on_ear[i] != NULL)
			event_free(p->on_ear[i]);
		p->on_ear[i] = NULL;
		ear_close(p->ears[i]);
		p->ears[i] = NULL;
	}
	(void)event_del(p->nudge);
}
