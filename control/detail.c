/* SPDX-License-Identifier: ISC */
#include "control/detail.h"

#include <stdio.h>

#include "control/server.h"
#include "control/view.h"
#include "src/os/netmon.h"
#include "src/os/uplink.h"

/* Is the next hop to one of the endpoints known? */
static bool
is_ready(const struct detail_input *in)
{
	for (unsigned i = 0; i < in->server->n_endpoints; i++)
		if (in->hops[i].ready != 0)
			return true;
	return false;
}

static void
print_tunnel(const struct detail_input *in, char to[], size_t size)
{
	const struct server *s = in->server;

	if (in->view->tunnel.ethernet)
		(void)snprintf(to, size,
		    "%s is a network card, not a tunnel: see the Interface "
		    "line of the server's file",
		    s->interface);
	else if (in->client_ended)
		(void)snprintf(to, size,
		    "the client ended with status %d and is started again; its "
		    "output is in the log",
		    in->client_code);
	else if (s->protocol == SERVER_TUNNEL)
		(void)snprintf(to, size, "making the tunnel's interface %s",
		    s->interface);
	else if (s->command[0] == '\0')
		(void)snprintf(to, size,
		    "waiting for you to start the client: its interface %s is "
		    "not there",
		    s->interface);
	else
		(void)snprintf(to, size,
		    "waiting for the client's interface %s", s->interface);
}

void
detail_print(const struct detail_input *in, char to[], size_t size)
{
	const struct net_view *v = in->view;
	char text[ADDR_TEXT_MAX];

	to[0] = '\0';
	if (in->state != GATE_CONNECTING && in->state != GATE_RECONNECTING)
		return;
	if (!view_has_way_out(v, in->server))
		(void)snprintf(to, size,
		    "there is no network: no interface with an address and a "
		    "default route for the server's addresses");
	else if (in->server->n_endpoints > 0 && !is_ready(in))
		(void)snprintf(to, size,
		    "the router %s does not answer (no link address)",
		    addr_print(v->v4.link.ifindex != 0 ? &v->v4.gateway
						       : &v->v6.gateway,
			text));
	else if (!view_has_tunnel(v))
		print_tunnel(in, to, size);
	else if (in->server->listen != 0)
		(void)snprintf(to, size,
		    "waiting for a peer's handshake, at port %u",
		    in->server->listen);
	else
		(void)snprintf(to, size,
		    "waiting for the server's first answer");
}
