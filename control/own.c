/* SPDX-License-Identifier: ISC */
#include "control/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/server.h"
#include "control/warden.h"
#include "datapath/carrier/carrier.h"
#include "datapath/tunnel_conf.h"
#include "src/base/log.h"
#include "src/base/mono.h"
#include "src/os/dns.h"
#include "src/os/forwarding.h"
#include "src/os/link.h"
#include "src/os/tcpsocket.h"
#include "src/os/tun.h"
#include "src/os/udp.h"

/* What IPv6 asks of any link (RFC 8200 section 5), and what IPv4 does. */
enum { MTU_MIN6 = 1280, MTU_MIN4 = 576, MTU_USUAL = 1500, MTU_MAX = 65460 };

/* What may wait between the tunnel and its carrier. */
enum { LINK_BYTES = 1 << 20 };

/*
 * Before and behind a packet: IP, UDP or TCP with timestamps, WireGuard's 32,
 * a frame's head, a TLS record (1.2's, the longer). Over TCP one that is longer
 * is only cut.
 */
enum { IP4 = 20, IP6 = 40, UDP = 8, TCP = 32, WIREGUARD = 32, HEAD = 2 };
enum { RECORD = 29 };

struct own {
	struct warden *warden;
	uid_t worker;
	struct dns *dns;	  /* NULL: not on this system */
	struct tunnel_conf *conf; /* NULL: no tunnel */
	struct tun *tun;
	struct udp *udp;
	struct endpoint to;    /* by TCP; PROTO_UDP: there is no link */
	int link[2];	       /* the tunnel's end, and its carrier's */
	bool wired;	       /* there is a connection, or one is being made */
	uint32_t mtu, mtu_max; /* now, and what the worker was told */
};

/*
 * The machine's resolvers.
 */

static void
restore_dns(struct own *o)
{
	int r = o->dns != NULL ? dns_restore(o->dns) : 0;

	if (r > 0)
		log_warn("dns: somebody else wrote the resolvers meanwhile: "
			 "they are left as they are");
	if (r < 0)
		log_error("dns: the resolvers cannot be given back (%s): "
			  "tungated --release tries again",
		    strerror(-r));
}

/* What is asked of others is dropped (STATES.md 4), so it is worth a word. */
static void
set_dns(struct own *o, const struct server *server)
{
	const struct tunnel_conf *c = o->conf;
	struct dns_plan plan = { .n_servers = c->interface.n_dns,
		.n_domains = c->n_domains };
	int r;

	if (plan.n_servers == 0)
		return;
	memcpy(plan.interface, server->interface, sizeof(server->interface));
	memcpy(plan.servers, c->interface.dns, sizeof(plan.servers));
	memcpy(plan.domains, c->domains, sizeof(plan.domains));
	if ((r = o->dns != NULL ? dns_apply(o->dns, &plan) : -EOPNOTSUPP) < 0)
		log_error("dns: the tunnel's resolvers cannot be set (%s): "
			  "names will not be found",
		    strerror(-r));
}

struct own *
own_new(struct warden *warden, uid_t worker)
{
	struct own *o = calloc(1, sizeof(*o));
	int r;

	if (o == NULL)
		return NULL;
	o->warden = warden;
	o->worker = worker;
	o->link[0] = o->link[1] = -1;
	if ((r = dns_open(NULL, NULL, &o->dns)) < 0)
		log_warn("dns: the resolvers cannot be set (%s)", strerror(-r));
	restore_dns(o);
	return o;
}

static void
let_go(struct own *o)
{
	tunnel_conf_free(o->conf);
	tun_close(o->tun);
	udp_close(o->udp);
	for (int i = 0; i < 2; i++) {
		if (o->link[i] >= 0)
			close(o->link[i]);
		o->link[i] = -1;
	}
	o->wired = false;
	o->conf = NULL;
	o->tun = NULL;
	o->udp = NULL;
}

void
own_free(struct own *o)
{
	if (o == NULL)
		return;
	let_go(o);
	dns_close(o->dns);
	free(o);
}

void
own_forget(struct own *o)
{
	tunnel_conf_free(o->conf);
	o->conf = NULL;
}

static bool
has_family(const struct tunnel_conf *c, uint8_t family)
{
	for (unsigned i = 0; i < c->interface.n_addresses; i++)
		if (c->interface.addresses[i].addr.family == family)
			return true;
	return false;
}

static uint32_t
around_in(enum tunnel_transport t)
{
	switch (t) {
	case TUNNEL_TCP:
		return TCP + HEAD + WIREGUARD;
	case TUNNEL_TLS:
		return TCP + RECORD + HEAD + WIREGUARD;
	default:
		return UDP + WIREGUARD;
	}
}

/* One that is too large for the uplink's is sent in fragments. */
static uint32_t
fitting_mtu(const struct tunnel_conf *c, uint32_t uplink_mtu)
{
	uint32_t least = has_family(c, ADDR_V6) ? MTU_MIN6 : MTU_MIN4;
	uint32_t around = IP4, mtu;

	for (unsigned i = 0; i < c->n_peers; i++)
		if (c->peers[i].endpoint.family == ADDR_V6 ||
		    c->interface.listens != 0)
			around = IP6;
	around += around_in((enum tunnel_transport)c->interface.transport);
	if (uplink_mtu == 0)
		uplink_mtu = MTU_USUAL;
	mtu = uplink_mtu > around ? uplink_mtu - around : 0;
	if (c->interface.mtu != 0 && c->interface.mtu < mtu)
		mtu = c->interface.mtu;
	if (mtu < least)
		mtu = least;
	return mtu < MTU_MAX ? mtu : MTU_MAX;
}

static int
set_addresses(struct own *o)
{
	const struct tunnel_interface *i = &o->conf->interface;
	struct addr own[TUNNEL_ADDRESSES_MAX];

	for (unsigned n = 0; n < i->n_addresses; n++)
		own[n] = i->addresses[n].addr;
	return tun_set_addresses(o->tun, own, i->n_addresses);
}

static int
make_port(struct own *o, const struct server *server)
{
	o->to = server->endpoints[0];
	if (o->to.protocol == PROTO_TCP)
		return link_open(LINK_BYTES, o->link);
	return udp_open(o->conf->interface.listen_port, &o->udp);
}

static int
make(struct own *o, const struct server *server, const struct tunnel_conf *conf,
    uint32_t uplink_mtu)
{
	int r;

	if ((o->conf = tunnel_conf_copy(conf)) == NULL)
		return -ENOMEM;
	/* What the file leaves open, the way taken says. */
	o->conf->interface.transport = server->transport;
	if (server->one_peer)
		o->conf->peers[0].endpoint = server->endpoints[0].addr;
	o->mtu = o->mtu_max = fitting_mtu(o->conf, uplink_mtu);
	if ((r = make_port(o, server)) < 0 ||
	    (r = tun_open(server->interface, TUN_TUNNEL, &o->tun)) < 0 ||
	    (r = tun_set_mtu(o->tun, o->mtu)) < 0 ||
	    (server->behind[0] != '\0' &&
		(r = forwarding_allow(server->interface)) < 0))
		return r == -EADDRINUSE ? -EBUSY : r;
	return set_addresses(o);
}

int
own_start(struct own *o, const struct server *server,
    const struct tunnel_conf *conf, uint32_t uplink_mtu)
{
	struct warden_tunnel t;
	int r;

	if ((r = own_stop(o)) < 0)
		return r;
	if ((r = make(o, server, conf, uplink_mtu)) < 0) {
		log_error("tunnel: %s cannot be made (%s)", server->interface,
		    strerror(-r));
		let_go(o);
		return r;
	}
	t = (struct warden_tunnel){ .conf = o->conf,
		.mtu = o->mtu,
		.tun = tun_fd(o->tun),
		.port_fd = o->udp != NULL ? udp_fd(o->udp) : o->link[0],
		.carrier_fd = o->link[1],
		.port = o->udp != NULL ? udp_port(o->udp) : 0 };
	if (o->conf->interface.transport == TUNNEL_TLS &&
	    o->conf->interface.tls.verify == CARRIER_VERIFY_NONE)
		log_warn("tunnel: TLS: nobody verifies the server "
			 "(TLSVerify = none); WireGuard alone says who it is");
	if (warden_give_tunnel(o->warden, &t) < 0)
		return -EIO;
	set_dns(o, server);
	return 0;
}

int
own_stop(struct own *o)
{
	if (o->conf == NULL)
		return 0;
	if (warden_give_tunnel(o->warden, NULL) < 0)
		return -EIO;
	/* While the interface is there: who manages them by it has to know it.
	 */
	restore_dns(o);
	let_go(o);
	return 0;
}

int
own_fd(const struct own *o)
{
	return o->dns != NULL ? dns_fd(o->dns) : -1;
}

void
own_mind_dns(struct own *o)
{
	if (o->dns != NULL && dns_drain(o->dns, mono_now()) > 0)
		log_warn("dns: the resolvers were changed by someone else, "
			 "repaired");
}

int
own_mind(struct own *o)
{
	int r;

	if (o->conf == NULL)
		return -ENODEV;
	own_mind_dns(o);
	/* Going down takes its IPv6 addresses away. */
	if ((r = tun_raise(o->tun)) == 0)
		r = set_addresses(o);
	return r;
}

bool
own_is_up(const struct own *o)
{
	return o->conf != NULL;
}

void
own_fit(struct own *o, uint32_t uplink_mtu)
{
	uint32_t mtu;

	if (o->conf == NULL)
		return;
	mtu = fitting_mtu(o->conf, uplink_mtu);
	/* The worker seals nothing larger than it was told. */
	if (mtu > o->mtu_max)
		mtu = o->mtu_max;
	if (mtu != o->mtu && tun_set_mtu(o->tun, mtu) == 0)
		o->mtu = mtu;
}

bool
own_has_wire(const struct own *o)
{
	return o->conf != NULL && o->udp == NULL;
}

/* It is as a client's: into the gate, which lets it through or not. */
void
own_dial(struct own *o)
{
	int fd, r;

	if (!own_has_wire(o) || o->wired)
		return;
	fd = tcpsocket_dial(&o->to.addr, o->to.port, CARRIER_PATIENCE_S,
	    o->worker);
	if (fd < 0) {
		r = fd;
		log_warn("tunnel: no connection can be made (%s)",
		    strerror(-r));
		return;
	}
	o->wired = true;
	warden_give_wire(o->warden, fd);
	close(fd);
}

void
own_wire_down(struct own *o)
{
	o->wired = false;
}
