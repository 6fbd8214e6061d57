/* SPDX-License-Identifier: ISC */
#include "datapath/tunnel_conf.h"

#include <errno.h>
#include <string.h>

#include "src/os/secret.h"

static const char *const transports[TUNNEL_TRANSPORTS] = {
	[TUNNEL_NOT] = "none",
	[TUNNEL_UDP] = "udp",
	[TUNNEL_TCP] = "tcp",
	[TUNNEL_TLS] = "tls",
	[TUNNEL_AUTO] = "auto",
};

const char *
tunnel_transport_name(unsigned t)
{
	return t < TUNNEL_TRANSPORTS ? transports[t] : transports[TUNNEL_NOT];
}

struct tunnel_conf *
tunnel_conf_new(void)
{
	return secret_new(sizeof(struct tunnel_conf));
}

/* Room doubles, when the number is a power of two. */
static size_t
room_for(unsigned n)
{
	size_t room = n > 0 ? 1 : 0;

	while (room < n)
		room *= 2;
	return room;
}

/*
 * Room for one more of `size` bytes; what is left behind is wiped, which
 * realloc() would not do.
 */
static void *
make_room(void *items, unsigned n, size_t size)
{
	void *more;

	if (room_for(n + 1) == room_for(n))
		return items;
	if ((more = secret_new(room_for(n + 1) * size)) == NULL)
		return NULL;
	if (n > 0)
		memcpy(more, items, n * size);
	secret_free(items, room_for(n) * size);
	return more;
}

struct tunnel_peer *
tunnel_conf_add_peer(struct tunnel_conf *c)
{
	void *more;

	if (c->n_peers == TUNNEL_PEERS_MAX ||
	    (more = make_room(c->peers, c->n_peers, sizeof(*c->peers))) == NULL)
		return NULL;
	c->peers = more;
	return &c->peers[c->n_peers++];
}

int
tunnel_conf_give(struct tunnel_conf *c, const struct tunnel_allowed *allowed)
{
	void *more;

	if (allowed->peer >= c->n_peers || c->n_allowed == TUNNEL_ALLOWED_MAX)
		return -ENOSPC;
	more = make_room(c->allowed, c->n_allowed, sizeof(*c->allowed));
	if (more == NULL)
		return -ENOMEM;
	c->allowed = more;
	c->allowed[c->n_allowed++] = *allowed;
	return 0;
}

int
tunnel_conf_allow(struct tunnel_conf *c, const struct prefix *net)
{
	return tunnel_conf_give(c,
	    &(struct tunnel_allowed){ .peer = c->n_peers - 1, .net = *net });
}

struct tunnel_conf *
tunnel_conf_copy(const struct tunnel_conf *c)
{
	struct tunnel_conf *copy = tunnel_conf_new();

	if (copy == NULL)
		return NULL;
	copy->interface = c->interface;
	memcpy(copy->domains, c->domains, sizeof(c->domains));
	copy->n_domains = c->n_domains;
	for (unsigned i = 0; i < c->n_peers; i++) {
		struct tunnel_peer *p = tunnel_conf_add_peer(copy);

		if (p == NULL)
			goto no_memory;
		*p = c->peers[i];
	}
	for (unsigned i = 0; i < c->n_allowed; i++)
		if (tunnel_conf_give(copy, &c->allowed[i]) < 0)
			goto no_memory;
	return copy;

no_memory:
	tunnel_conf_free(copy);
	return NULL;
}

void
tunnel_conf_free(struct tunnel_conf *c)
{
	if (c == NULL)
		return;
	secret_free(c->peers, room_for(c->n_peers) * sizeof(*c->peers));
	secret_free(c->allowed, room_for(c->n_allowed) * sizeof(*c->allowed));
	secret_free(c, sizeof(*c));
}
