/* SPDX-License-Identifier: ISC */
#include "src/os/netmon.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/netmsg_linux.h"
#include "src/os/uplink.h"

struct netmon {
	int events;		      /* a netlink socket that only listens */
	struct netmsg_socket *socket; /* for asking */
};

static int
open_events(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_NEIGH,
		RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE };
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0)
		goto fail;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			&groups[i], sizeof(groups[i])) < 0)
			goto fail;
	return fd;

fail:
	r = -errno;
	close(fd);
	return r;
}

int
netmon_open(struct netmon **ret)
{
	struct netmon *n = calloc(1, sizeof(*n));
	int r;

	if (n == NULL)
		return -ENOMEM;
	if ((r = n->events = open_events()) < 0)
		goto free_netmon;
	if ((r = netmsg_open(&n->socket)) < 0)
		goto close_events;
	*ret = n;
	return 0;

close_events:
	close(n->events);
free_netmon:
	free(n);
	return r;
}

void
netmon_close(struct netmon *n)
{
	if (n == NULL)
		return;
	netmsg_close(n->socket);
	close(n->events);
	free(n);
}

int
netmon_fd(const struct netmon *n)
{
	return n->events;
}

int
netmon_drain(struct netmon *n)
{
	char junk[8192];
	int heard = 0;

	for (int i = 0; i < 1000; i++) {
		ssize_t r = recv(n->events, junk, sizeof(junk), 0);

		/* Messages that were lost: all the more reason to look. */
		if (r >= 0 || errno == ENOBUFS) {
			heard = 1;
		} else if (errno == EAGAIN) {
			return heard;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return heard;
}

/*
 * A look: links, then routes, then addresses, each a pass over a dump.
 */
struct look {
	const char *gate, *tunnel; /* tunnel: NULL if there is none */
	struct net_view *view;
	struct netmsg_route best4, best6; /* oif 0: none found */
	struct netmsg_link *links;
	size_t n_links, room;
	int error;
};

static void
on_link(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct look *l = arg;
	struct netmsg_link link;

	if (h == NULL) {
		l->n_links = 0;
		return;
	}
	if (netmsg_read_link(h, len, &link) < 0)
		return;
	if (l->n_links == l->room) {
		size_t room = l->room * 2 + 16;
		void *more = realloc(l->links, room * sizeof(*l->links));

		if (more == NULL) {
			l->error = -ENOMEM;
			return;
		}
		l->links = more;
		l->room = room;
	}
	l->links[l->n_links++] = link;
}

static const struct netmsg_link *
link_of(const struct look *l, unsigned ifindex)
{
	for (size_t i = 0; i < l->n_links; i++)
		if (l->links[i].ifindex == ifindex)
			return &l->links[i];
	return NULL;
}

static bool
is_running(const struct netmsg_link *link)
{
	return (link->flags & IFF_UP) != 0 && (link->flags & IFF_RUNNING) != 0;
}

static void
on_route(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct look *l = arg;
	const struct netmsg_link *link;
	struct netmsg_route r, *best;

	if (h == NULL) {
		l->best4.oif = l->best6.oif = 0;
		return;
	}
	if (netmsg_read_route(h, len, &r) < 0 || r.table != RT_TABLE_MAIN ||
	    r.type != RTN_UNICAST || r.dst_len != 0 ||
	    (link = link_of(l, r.oif)) == NULL || !is_running(link))
		return;
	/* A VPN's own interface is not a way out. */
	if (strcmp(link->name, l->gate) == 0 ||
	    (l->tunnel != NULL && strcmp(link->name, l->tunnel) == 0))
		return;
	best = r.family == ADDR_V4 ? &l->best4 : &l->best6;
	if (best->oif == 0 || r.metric < best->metric)
		*best = r;
}

/* Of several addresses, the first; but one that the route asks for wins. */
static void
take_address(struct net_uplink *up, const struct netmsg_route *route,
    const struct netmsg_addr *a)
{
	if (route->oif == 0 || a->ifindex != route->oif ||
	    a->addr.family != route->family || a->scope >= RT_SCOPE_LINK)
		return;
	if (up->addr.family != ADDR_NONE &&
	    !addr_equal(&a->addr, &route->source))
		return;
	up->addr = a->addr;
	up->prefix = a->prefix;
}

static void
on_addr(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct look *l = arg;
	struct net_view *v = l->view;
	struct netmsg_addr a;

	if (h == NULL) {
		v->v4.addr = v->v6.addr = (struct addr){ 0 };
		v->tunnel4 = v->tunnel6 = (struct addr){ 0 };
		v->n_also = 0;
		return;
	}
	if (netmsg_read_addr(h, len, &a) < 0 ||
	    (a.flags &
		(IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) != 0)
		return;
	take_address(&v->v4, &l->best4, &a);
	take_address(&v->v6, &l->best6, &a);
	if (v->tunnel.ifindex == 0 || a.ifindex != v->tunnel.ifindex ||
	    a.scope >= RT_SCOPE_LINK)
		return;
	net_view_add_tunnel(v, &a.addr);
}

static void
fill_link(struct net_link *out, const struct netmsg_link *in)
{
	out->ifindex = in->ifindex;
	memcpy(out->name, in->name, sizeof(out->name));
	out->mtu = in->mtu;
	out->ethernet = in->type == ARPHRD_ETHER && in->has_mac;
	memcpy(out->mac, in->mac, sizeof(out->mac));
	out->running = is_running(in);
}

static void
fill_uplink(const struct look *l, struct net_uplink *up,
    const struct netmsg_route *route)
{
	if (route->oif == 0)
		return;
	fill_link(&up->link, link_of(l, route->oif));
	up->gateway = route->gateway;
}

/* Half an uplink is none. */
static void
check_uplink(struct net_uplink *up)
{
	if (up->addr.family == ADDR_NONE || up->link.ifindex == 0)
		memset(up, 0, sizeof(*up));
}

int
netmon_view(struct netmon *n, const char *gate, const char *tunnel,
    struct net_view *ret)
{
	struct look l = { .gate = gate, .tunnel = tunnel, .view = ret };
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = netmsg_dump(n->socket, RTM_GETLINK, ADDR_NONE, on_link, &l)) <
	    0)
		goto out;
	if ((r = l.error) < 0)
		goto out;
	for (size_t i = 0; tunnel != NULL && i < l.n_links; i++)
		if (strcmp(l.links[i].name, tunnel) == 0)
			fill_link(&ret->tunnel, &l.links[i]);
	if ((r = netmsg_dump(n->socket, RTM_GETROUTE, ADDR_V4, on_route, &l)) <
		0 ||
	    (r = netmsg_dump(n->socket, RTM_GETROUTE, ADDR_V6, on_route, &l)) <
		0)
		goto out;
	fill_uplink(&l, &ret->v4, &l.best4);
	fill_uplink(&l, &ret->v6, &l.best6);
	r = netmsg_dump(n->socket, RTM_GETADDR, ADDR_NONE, on_addr, &l);
	check_uplink(&ret->v4);
	check_uplink(&ret->v6);
out:
	free(l.links);
	if (r < 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

/*
 * The next hop's link address.
 */
struct neighbour {
	unsigned ifindex;
	struct addr addr;
	uint8_t mac[6];
	bool known;
};

static void
on_neigh(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct neighbour *want = arg;
	struct netmsg_neigh n;

	if (h == NULL) {
		want->known = false;
		return;
	}
	if (netmsg_read_neigh(h, len, &n) < 0 || n.ifindex != want->ifindex ||
	    !addr_equal(&n.addr, &want->addr) || !n.has_mac ||
	    (n.state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NONE)) != 0)
		return;
	memcpy(want->mac, n.mac, sizeof(want->mac));
	want->known = true;
}

/*
 * NTF_USE: the kernel shall find the neighbour, or see that it is still
 * there, as if a packet were to be sent to it. It goes on by itself.
 */
static int
ask_for_neighbour(struct netmon *n, const struct neighbour *want)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWNEIGH, NLM_F_CREATE);
	struct ndmsg d = { .ndm_family = netmsg_af(want->addr.family),
		.ndm_ifindex = (int)want->ifindex,
		.ndm_flags = NTF_USE };

	if (m == NULL)
		return -ENOMEM;
	if (nlmsg_append(m, &d, sizeof(d), NLMSG_ALIGNTO) < 0 ||
	    netmsg_put_addr(m, NDA_DST, &want->addr) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netmsg_ask(n->socket, m);
}

void
netmon_hop(struct netmon *n, const struct net_uplink *up,
    const struct addr *dst, struct hop *ret)
{
	struct neighbour want = { .ifindex = up->link.ifindex };

	memset(ret, 0, sizeof(*ret));
	if (up->link.ifindex == 0)
		return;
	ret->ifindex = up->link.ifindex;
	ret->mtu = up->link.mtu;
	ret->ethertype = dst->family == ADDR_V4 ? ETH_P_IP : ETH_P_IPV6;
	if (!up->link.ethernet) {
		ret->ready = 1;
		return;
	}
	if (up->gateway.family == ADDR_NONE ||
	    addr_in_prefix(dst, &up->addr, up->prefix))
		want.addr = *dst;
	else
		want.addr = up->gateway;

	/* Failing either way only means that the hop is not ready. */
	(void)ask_for_neighbour(n, &want);
	(void)netmsg_dump(n->socket, RTM_GETNEIGH, want.addr.family, on_neigh,
	    &want);
	if (!want.known)
		return;
	memcpy(ret->link, want.mac, 6);
	memcpy(ret->link + 6, up->link.mac, 6);
	ret->link[12] = (uint8_t)(ret->ethertype >> 8);
	ret->link[13] = (uint8_t)ret->ethertype;
	ret->link_len = 14;
	ret->ready = 1;
}
