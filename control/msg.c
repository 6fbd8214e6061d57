/* SPDX-License-Identifier: ISC */
#include "control/msg.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct kind {
	const char *name;
	enum msg_side from;
	size_t len;
	bool request; /* while no other is under way */
	bool fd;      /* the connection of who asks comes with it */
	bool secret;
} kinds[MSG_TYPES] = {
	[MSG_NONE] = { .name = "none" },

	[MSG_POLICY] = { .name = "policy", .len = sizeof(struct msg_policy) },
	[MSG_TUN] = { .name = "tun", .len = sizeof(struct msg_tun) },
	[MSG_STATUS] = { .name = "status", .len = sizeof(struct msg_status) },
	[MSG_SERVERS] = { .name = "servers",
	    .len = sizeof(struct msg_servers) },
	[MSG_SERVER] = { .name = "server", .len = sizeof(struct server) },
	[MSG_EAR] = { .name = "ear", .len = sizeof(struct msg_ear) },
	[MSG_DEAF] = { .name = "deaf", .len = sizeof(struct msg_number) },
	[MSG_TUNNEL] = { .name = "tunnel",
	    .len = sizeof(struct msg_tunnel),
	    .secret = true },
	[MSG_PEER] = { .name = "peer",
	    .len = sizeof(struct tunnel_peer),
	    .secret = true },
	[MSG_NETS] = { .name = "nets", .len = sizeof(struct msg_nets) },
	[MSG_PORT] = { .name = "port", .len = sizeof(struct msg_port) },
	[MSG_LINK] = { .name = "link" },
	[MSG_WIRE] = { .name = "wire" },
	[MSG_RENEW] = { .name = "renew", .len = sizeof(struct msg_number) },
	[MSG_REPLY] = { .name = "reply", .len = sizeof(struct msg_reply) },
	[MSG_KERNEL] = { .name = "kernel", .len = sizeof(struct msg_kernel) },
	[MSG_PING] = { .name = "ping", .len = sizeof(struct msg_number) },

	[MSG_IN_FORCE] = { .name = "in-force",
	    .from = MSG_WORKER,
	    .len = sizeof(struct msg_number) },
	[MSG_HEARD] = { .name = "heard",
	    .from = MSG_WORKER,
	    .len = sizeof(struct msg_number) },
	[MSG_SILENT] = { .name = "silent", .from = MSG_WORKER },
	[MSG_WIRE_DOWN] = { .name = "wire-down", .from = MSG_WORKER },
	[MSG_MOVED] = { .name = "moved",
	    .from = MSG_WORKER,
	    .len = sizeof(struct msg_moved) },
	[MSG_TUN_LOST] = { .name = "tun-lost", .from = MSG_WORKER },
	[MSG_PONG] = { .name = "pong",
	    .from = MSG_WORKER,
	    .len = sizeof(struct msg_number) },
	[MSG_CONNECT] = { .name = "connect",
	    .from = MSG_WORKER,
	    .len = sizeof(struct msg_name),
	    .request = true,
	    .fd = true },
	[MSG_DISCONNECT] = { .name = "disconnect",
	    .from = MSG_WORKER,
	    .request = true,
	    .fd = true },
	[MSG_RELEASE] = { .name = "release",
	    .from = MSG_WORKER,
	    .request = true,
	    .fd = true },
	[MSG_BLOCK] = { .name = "block",
	    .from = MSG_WORKER,
	    .request = true,
	    .fd = true },
	[MSG_RELOAD] = { .name = "reload",
	    .from = MSG_WORKER,
	    .request = true,
	    .fd = true },
	[MSG_STATS] = { .name = "stats", .from = MSG_WORKER, .request = true },
};

static const struct kind *
kind_of(enum msg_type t)
{
	return &kinds[(unsigned)t < MSG_TYPES ? t : MSG_NONE];
}

const char *
msg_name_of(enum msg_type t)
{
	return (unsigned)t < MSG_TYPES ? kinds[t].name : "unknown";
}

size_t
msg_len(enum msg_type t)
{
	return kind_of(t)->len;
}

bool
msg_is_secret(enum msg_type t)
{
	return kind_of(t)->secret;
}

static bool
is_name(const char name[SERVER_NAME_MAX])
{
	return name[0] != '\0' && memchr(name, '\0', SERVER_NAME_MAX) != NULL;
}

int
msg_check(const struct msg *m, bool has_fd, const struct msg_now *now)
{
	const struct kind *k = kind_of(m->type);
	uint64_t n = m->body.number.n;
	bool good = false;

	if (m->type == MSG_NONE || k->from != MSG_WORKER || has_fd != k->fd ||
	    (k->request && now->busy))
		return -EPROTO;
	switch (m->type) {
	case MSG_IN_FORCE:
		good = n > now->in_force && n <= now->sent;
		break;
	case MSG_HEARD:
		good = n > 0 && n <= now->ears;
		break;
	case MSG_SILENT:
		good = now->ears > 0;
		break;
	case MSG_WIRE_DOWN:
		good = now->wired;
		break;
	case MSG_MOVED:
		good = m->body.moved.tunnel != 0 &&
		    m->body.moved.tunnel <= now->listening &&
		    m->body.moved.n <= POLICY_ENDPOINTS_MAX;
		break;
	case MSG_TUN_LOST:
		good = now->has_tun;
		break;
	case MSG_PONG:
		good = n != 0 && n == now->ping;
		break;
	case MSG_CONNECT:
		good = is_name(m->body.name.name);
		break;
	case MSG_DISCONNECT:
	case MSG_RELEASE:
	case MSG_BLOCK:
	case MSG_RELOAD:
	case MSG_STATS:
		good = true;
		break;
	default:
		break;
	}
	return good ? 0 : -EPROTO;
}

void
msg_reader_init(struct msg_reader *r, enum msg_side from)
{
	memset(r, 0, sizeof(*r));
	r->from = from;
}

void *
msg_reader_room(struct msg_reader *r, size_t *ret_len)
{
	size_t head = sizeof(r->header), done;

	if (r->got < head) {
		*ret_len = head - r->got;
		return (uint8_t *)&r->header + r->got;
	}
	done = r->got - head;
	*ret_len = r->header.len - done;
	return (uint8_t *)&r->msg.body + done;
}

int
msg_reader_got(struct msg_reader *r, size_t n)
{
	size_t head = sizeof(r->header);

	r->got += n;
	if (r->got < head)
		return 0;
	if (r->got == head) {
		const struct kind *k = kind_of((enum msg_type)r->header.type);

		if (r->header.type == MSG_NONE || r->header.type >= MSG_TYPES ||
		    k->from != r->from || k->len != r->header.len)
			return -EPROTO;
		assert(k->len <= sizeof(r->msg.body));
		memset(&r->msg, 0, sizeof(r->msg));
		r->msg.type = (enum msg_type)r->header.type;
	}
	if (r->got < head + r->header.len)
		return 0;
	r->got = 0;
	return 1;
}

/* An address and a hop have nothing between their fields. */
static_assert(sizeof(struct addr) == 17, "an address has padding");
static_assert(sizeof(struct hop) == 12 + HOP_LINK_MAX, "a hop has padding");

/* Without what is behind its end; to is zeroed, and as large. */
static void
copy_text(char *to, const char *from, size_t size)
{
	memcpy(to, from, strnlen(from, size));
}

static void
copy_endpoints(const struct endpoint *from, unsigned n, struct endpoint *to)
{
	for (unsigned i = 0; i < n && i < POLICY_ENDPOINTS_MAX; i++) {
		to[i].addr = from[i].addr;
		to[i].port = from[i].port;
		to[i].protocol = from[i].protocol;
		to[i].shape = from[i].shape;
		to[i].sealed = from[i].sealed;
	}
}

void
msg_from_server(const struct server *s, struct server *ret)
{
	memset(ret, 0, sizeof(*ret));
	copy_text(ret->name, s->name, sizeof(ret->name));
	ret->protocol = s->protocol;
	copy_endpoints(s->endpoints, s->n_endpoints, ret->endpoints);
	ret->n_endpoints = s->n_endpoints;
	ret->transport = s->transport;
	ret->one_peer = s->one_peer;
	ret->listen = s->listen;
	copy_text(ret->behind, s->behind, sizeof(ret->behind));
	copy_text(ret->interface, s->interface, sizeof(ret->interface));
	copy_text(ret->command, s->command, sizeof(ret->command));
}

static void
copy_link(const struct net_link *from, struct net_link *to)
{
	to->ifindex = from->ifindex;
	copy_text(to->name, from->name, sizeof(to->name));
	to->mtu = from->mtu;
	to->ethernet = from->ethernet;
	memcpy(to->mac, from->mac, sizeof(to->mac));
	to->running = from->running;
}

static void
copy_uplink(const struct net_uplink *from, struct net_uplink *to)
{
	copy_link(&from->link, &to->link);
	to->addr = from->addr;
	to->prefix = from->prefix;
	to->gateway = from->gateway;
}

void
msg_from_view(const struct net_view *v, struct net_view *ret)
{
	memset(ret, 0, sizeof(*ret));
	copy_uplink(&v->v4, &ret->v4);
	copy_uplink(&v->v6, &ret->v6);
	copy_link(&v->tunnel, &ret->tunnel);
	ret->tunnel4 = v->tunnel4;
	ret->tunnel6 = v->tunnel6;
	ret->n_also = v->n_also;
	memcpy(ret->also, v->also, v->n_also * sizeof(v->also[0]));
}

void
msg_from_policy(const struct policy *p, struct msg_policy *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->generation = p->generation;
	ret->state = p->state;
	ret->n_endpoints = p->n_endpoints;
	ret->listens = p->listens;
	ret->source4 = p->source4;
	ret->source6 = p->source6;
	copy_endpoints(p->endpoints, p->n_endpoints, ret->endpoints);
	memcpy(ret->hops, p->hops, sizeof(ret->hops));
}

const struct policy *
msg_to_policy(const struct msg_policy *m)
{
	struct policy *p;

	if ((m->n_endpoints == 0 && m->listens == 0) ||
	    m->n_endpoints > POLICY_ENDPOINTS_MAX)
		return &policy_block_all;
	if ((p = policy_new()) == NULL)
		return NULL;
	p->generation = m->generation;
	p->state = m->state;
	p->n_endpoints = m->n_endpoints;
	p->listens = m->listens != 0;
	p->source4 = m->source4;
	p->source6 = m->source6;
	memcpy(p->endpoints, m->endpoints, sizeof(p->endpoints));
	memcpy(p->hops, m->hops, sizeof(p->hops));
	policy_finish(p);
	return p;
}
