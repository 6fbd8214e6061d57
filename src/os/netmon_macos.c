/* SPDX-License-Identifier: ISC */
/*
 * One descriptor for the event loop: a kqueue, with the routing socket's
 * messages, the answers of neighbours, and the time to ask these again. The
 * socket may be opened anew beneath it, which macOS sometimes demands.
 */
#include "src/os/netmon.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/arpnd.h"
#include "src/os/darwin.h"
#include "src/os/ifaddress_macos.h"
#include "src/os/neigh_macos.h"
#include "src/os/rtable_macos.h"
#include "src/os/rtmsg.h"
#include "src/os/uplink.h"

/* Messages taken at one event. */
#define DRAIN_MAX 1000

struct netmon {
	int kq;
	int events; /* a routing socket that only listens; -1: to be opened */
	struct neigh *neigh;
};

static int
open_events(struct netmon *n)
{
	struct kevent ev;
	int fd, r;

	if ((fd = socket(PF_ROUTE, SOCK_RAW, 0)) < 0)
		return -errno;
	EV_SET(&ev, (uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0, NULL);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    kevent(n->kq, &ev, 1, NULL, 0, NULL) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	n->events = fd;
	return 0;
}

int
netmon_open(struct netmon **ret)
{
	struct netmon *n = calloc(1, sizeof(*n));
	int r;

	if (n == NULL)
		return -ENOMEM;
	if ((n->kq = kqueue()) < 0) {
		r = -errno;
		goto free_netmon;
	}
	if (fcntl(n->kq, F_SETFD, FD_CLOEXEC) < 0) {
		r = -errno;
		goto close_kq;
	}
	if ((r = open_events(n)) < 0)
		goto close_kq;
	if ((n->neigh = neigh_new(n->kq)) == NULL) {
		r = -ENOMEM;
		goto close_events;
	}
	*ret = n;
	return 0;

close_events:
	close(n->events);
close_kq:
	close(n->kq);
free_netmon:
	free(n);
	return r;
}

void
netmon_close(struct netmon *n)
{
	if (n == NULL)
		return;
	neigh_free(n->neigh);
	if (n->events >= 0)
		close(n->events);
	close(n->kq);
	free(n);
}

int
netmon_fd(const struct netmon *n)
{
	return n->kq;
}

static int
drain_events(struct netmon *n)
{
	uint8_t m[2048];
	int changed = 0;

	for (int i = 0; i < DRAIN_MAX; i++) {
		ssize_t r = recv(n->events, m, sizeof(m), 0);

		if (r > 0) {
			if (rtmsg_is_change(m, (size_t)r))
				changed = 1;
		} else if (r < 0 && errno == EINTR) {
			continue;
		} else if (r < 0 && errno == EAGAIN) {
			return changed;
		} else if (r < 0 && errno == ENOBUFS) {
			/* Messages were lost: all the more reason to look. */
			changed = 1;
		} else {
			/*
			 * ENOTCONN, or the end: after sleep or long idleness
			 * macOS cuts such sockets off.
			 */
			close(n->events);
			n->events = -1;
			return 1;
		}
	}
	return changed;
}

int
netmon_drain(struct netmon *n)
{
	int r, changed = 0;

	if (neigh_drain(n->neigh))
		changed = 1;
	if (n->events >= 0 && drain_events(n) == 1)
		changed = 1;
	if (n->events < 0) {
		if ((r = open_events(n)) < 0)
			return r;
		changed = 1;
	}
	return changed;
}

/*
 * A look: the default routes, then the interfaces and their addresses.
 */

struct best {
	unsigned ifindex; /* 0: none found */
	bool scoped;	  /* one interface's own: if there is none for all */
	struct addr gateway, source;
};

struct look {
	const char *gate, *tunnel; /* tunnel: NULL if there is none */
	struct best best4, best6;
};

/*
 * A VPN's own interface is not a way out: ours, the client's, and whatever
 * else is named as the system's tunnels are.
 */
static bool
is_way_out(const struct look *l, unsigned ifindex)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(ifindex, name) == NULL)
		return false;
	return strcmp(name, l->gate) != 0 &&
	    (l->tunnel == NULL || strcmp(name, l->tunnel) != 0) &&
	    strncmp(name, "utun", 4) != 0 && strncmp(name, "ipsec", 5) != 0 &&
	    strncmp(name, "lo", 2) != 0;
}

static void
on_route(const struct rtmsg_route *route, void *arg)
{
	struct look *l = arg;
	struct best *best =
	    route->dst.family == ADDR_V4 ? &l->best4 : &l->best6;
	bool scoped = (route->flags & DARWIN_RTF_IFSCOPE) != 0;

	if (route->dst_len != 0 || (route->flags & DARWIN_RTF_UP) == 0 ||
	    (route->flags & DARWIN_RTF_REJECT) != 0 ||
	    !is_way_out(l, route->ifindex))
		return;
	/* The first of a kind; but the one for all wins. */
	if (best->ifindex != 0 && (scoped || !best->scoped))
		return;
	*best = (struct best){ .ifindex = route->ifindex,
		.scoped = scoped,
		.gateway = route->gateway,
		.source = route->source };
}

/* From the interface's own entry, which has its link address. */
static void
fill_link(struct net_link *link, const struct ifaddrs *i)
{
	const struct sockaddr_dl *dl = (const void *)i->ifa_addr;
	const struct if_data *data = i->ifa_data;

	memset(link, 0, sizeof(*link));
	link->ifindex = dl->sdl_index;
	(void)strlcpy(link->name, i->ifa_name, sizeof(link->name));
	if (data != NULL)
		link->mtu = data->ifi_mtu;
	link->running =
	    (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_RUNNING) != 0;
	link->ethernet = dl->sdl_alen == sizeof(link->mac) &&
	    (i->ifa_flags & IFF_BROADCAST) != 0;
	if (link->ethernet)
		memcpy(link->mac, LLADDR(dl), sizeof(link->mac));
}

static void
on_link(const struct ifaddrs *i, const struct look *l, struct net_view *v)
{
	const struct sockaddr_dl *dl = (const void *)i->ifa_addr;

	if (l->best4.ifindex != 0 && dl->sdl_index == l->best4.ifindex)
		fill_link(&v->v4.link, i);
	if (l->best6.ifindex != 0 && dl->sdl_index == l->best6.ifindex)
		fill_link(&v->v6.link, i);
	if (l->tunnel != NULL && strcmp(i->ifa_name, l->tunnel) == 0)
		fill_link(&v->tunnel, i);
}

/* Of several addresses, the first; but the one the route prefers wins. */
static void
take_address(struct net_uplink *up, const struct best *best,
    const struct ifaddrs *i, const struct addr *a)
{
	if (up->link.ifindex == 0 || strcmp(i->ifa_name, up->link.name) != 0)
		return;
	if (up->addr.family != ADDR_NONE && !addr_equal(a, &best->source))
		return;
	up->addr = *a;
	up->prefix = ifaddress_prefix(i->ifa_netmask, a->family);
}

static void
on_addr(const struct ifaddrs *i, const struct look *l, struct net_view *v)
{
	struct addr a = ifaddress_read(i->ifa_addr);

	if (!ifaddress_is_usable(i->ifa_name, &a))
		return;
	if (a.family == ADDR_V4)
		take_address(&v->v4, &l->best4, i, &a);
	else
		take_address(&v->v6, &l->best6, i, &a);
	if (v->tunnel.ifindex == 0 || strcmp(i->ifa_name, l->tunnel) != 0)
		return;
	net_view_add_tunnel(v, &a);
}

/* Half an uplink is none, nor is one that is down. */
static void
check_uplink(struct net_uplink *up, const struct best *best)
{
	if (up->addr.family == ADDR_NONE || !up->link.running)
		memset(up, 0, sizeof(*up));
	else
		up->gateway = best->gateway;
}

int
netmon_view(struct netmon *n, const char *gate, const char *tunnel,
    struct net_view *ret)
{
	struct look l = { .gate = gate, .tunnel = tunnel };
	struct ifaddrs *all, *i;
	int r;

	(void)n;
	memset(ret, 0, sizeof(*ret));
	if ((r = rtable_each(ADDR_V4, 0, on_route, &l)) < 0 ||
	    (r = rtable_each(ADDR_V6, 0, on_route, &l)) < 0)
		return r;
	if (getifaddrs(&all) < 0)
		return -errno;
	for (i = all; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_LINK)
			on_link(i, &l, ret);
	for (i = all; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family != AF_LINK)
			on_addr(i, &l, ret);
	freeifaddrs(all);
	check_uplink(&ret->v4, &l.best4);
	check_uplink(&ret->v6, &l.best6);
	return 0;
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
on_neighbour(const struct rtmsg_route *route, void *arg)
{
	/* What macOS shows to a program that may not know. */
	static const uint8_t hidden[6] = { 2 };
	struct neighbour *want = arg;

	if (route->ifindex != want->ifindex || !route->has_mac ||
	    (route->flags & DARWIN_RTF_REJECT) != 0 ||
	    !addr_equal(&route->dst, &want->addr) ||
	    memcmp(route->mac, hidden, sizeof(hidden)) == 0)
		return;
	memcpy(want->mac, route->mac, sizeof(want->mac));
	want->known = true;
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
	ret->ethertype = dst->family == ADDR_V4 ? ARPND_ETHERTYPE_IPV4
						: ARPND_ETHERTYPE_IPV6;
	if (!up->link.ethernet) {
		ret->ready = 1;
		return;
	}
	if (up->gateway.family == ADDR_NONE ||
	    addr_in_prefix(dst, &up->addr, up->prefix))
		want.addr = *dst;
	else
		want.addr = up->gateway;

	/* What was heard is newer than what the system has, if it has it. */
	if (!neigh_find(n->neigh, up, &want.addr, want.mac)) {
		(void)rtable_each(want.addr.family, DARWIN_RTF_LLINFO,
		    on_neighbour, &want);
		if (!want.known)
			return;
	}
	memcpy(ret->link, want.mac, 6);
	memcpy(ret->link + 6, up->link.mac, 6);
	ret->link[12] = (uint8_t)(ret->ethertype >> 8);
	ret->link[13] = (uint8_t)ret->ethertype;
	ret->link_len = 14;
	ret->ready = 1;
}
