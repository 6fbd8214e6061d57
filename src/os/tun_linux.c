/* SPDX-License-Identifier: ISC */
#include "src/os/tun.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/base/addr.h"
#include "src/os/netmsg_linux.h"
#include "src/os/pktbuf.h"

/* Since Linux 6.2; Debian 12's headers know them, older ones do not. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static_assert(sizeof(struct offload) == sizeof(struct virtio_net_hdr),
    "struct offload is the virtio header");

struct tun {
	int fd;
	unsigned ifindex;
	char name[IFNAMSIZ];
};

static int
name_request(struct ifreq *ifr, const char *name)
{
	size_t n = strlen(name);

	memset(ifr, 0, sizeof(*ifr));
	if (n == 0 || n >= sizeof(ifr->ifr_name))
		return -EINVAL;
	memcpy(ifr->ifr_name, name, n);
	return 0;
}

/* Any socket will do to speak of interfaces. */
static int
link_ioctl(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, ifr) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int
attach(int fd, const char *name, enum tun_use use)
{
	struct ifreq ifr;
	int r, header = (int)sizeof(struct offload);
	unsigned large = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	bool gate = use == TUN_GATE;

	if ((r = name_request(&ifr, name)) < 0)
		return r;
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 ||
	    ioctl(fd, TUNSETPERSIST, gate ? 1 : 0) < 0 ||
	    ioctl(fd, TUNSETVNETHDRSZ, &header) < 0)
		return -errno;
	if (!gate)
		return ioctl(fd, TUNSETOFFLOAD, 0) < 0 ? -errno : 0;
	/* Large UDP segments where the kernel has them; else TCP's only. */
	if (ioctl(fd, TUNSETOFFLOAD, large | TUN_F_USO4 | TUN_F_USO6) < 0 &&
	    ioctl(fd, TUNSETOFFLOAD, large) < 0)
		return -errno;
	return 0;
}

/*
 * IPv6 shall make up no address for the device, and so sends no router
 * solicitation or multicast report of its own.
 */
static int
set_no_address(struct netmsg_socket *s, unsigned ifindex)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct ifinfomsg i = { .ifi_index = (int)ifindex };
	struct nlattr *spec, *v6;

	if (m == NULL)
		return -ENOMEM;
	if (nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO) < 0 ||
	    (spec = nla_nest_start(m, IFLA_AF_SPEC)) == NULL ||
	    (v6 = nla_nest_start(m, AF_INET6)) == NULL ||
	    nla_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE) <
		0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	nla_nest_end(m, v6);
	nla_nest_end(m, spec);
	return netmsg_ask(s, m);
}

static int
raise_link(const char *name)
{
	struct ifreq ifr;
	int r;

	if ((r = name_request(&ifr, name)) < 0 ||
	    (r = link_ioctl(SIOCGIFFLAGS, &ifr)) < 0)
		return r;
	if ((ifr.ifr_flags & IFF_UP) != 0)
		return 0;
	ifr.ifr_flags |= IFF_UP;
	return link_ioctl(SIOCSIFFLAGS, &ifr);
}

static int
set_up(const char *name, unsigned ifindex)
{
	struct netmsg_socket *s;
	int r;

	if ((r = netmsg_open(&s)) < 0)
		return r;
	/* Without IPv6 there is nothing to refrain from. */
	(void)set_no_address(s, ifindex);
	netmsg_close(s);
	return raise_link(name);
}

int
tun_open(const char *name, enum tun_use use, struct tun **ret)
{
	struct tun *t = calloc(1, sizeof(*t));
	struct ifreq ifr;
	int r;

	if (t == NULL)
		return -ENOMEM;
	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0) {
		r = -errno;
		goto free_tun;
	}
	if ((r = attach(t->fd, name, use)) < 0 ||
	    (r = name_request(&ifr, name)) < 0 ||
	    (r = link_ioctl(SIOCGIFINDEX, &ifr)) < 0)
		goto close_fd;
	t->ifindex = (unsigned)ifr.ifr_ifindex;
	memcpy(t->name, name, strlen(name) + 1);
	if ((r = set_up(name, t->ifindex)) < 0)
		goto close_fd;
	*ret = t;
	return 0;

close_fd:
	close(t->fd);
free_tun:
	free(t);
	return r;
}

int
tun_adopt(int fd, struct tun **ret)
{
	struct tun *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->fd = fd;
	*ret = t;
	return 0;
}

void
tun_close(struct tun *t)
{
	if (t == NULL)
		return;
	close(t->fd);
	free(t);
}

int
tun_remove(const char *name)
{
	struct netmsg_socket *s;
	struct ifreq ifr;
	struct ifinfomsg i = { 0 };
	struct nl_msg *m;
	int r;

	if ((r = name_request(&ifr, name)) < 0)
		return r;
	if ((r = link_ioctl(SIOCGIFINDEX, &ifr)) < 0)
		return r == -ENODEV ? 0 : r;
	if ((r = netmsg_open(&s)) < 0)
		return r;
	i.ifi_index = ifr.ifr_ifindex;
	if ((m = nlmsg_alloc_simple(RTM_DELLINK, 0)) != NULL &&
	    nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		m = NULL;
	}
	r = netmsg_ask(s, m);
	netmsg_close(s);
	return r == -ENODEV ? 0 : r;
}

int
tun_fd(const struct tun *t)
{
	return t->fd;
}

const char *
tun_name(const struct tun *t)
{
	return t->name;
}

unsigned
tun_ifindex(const struct tun *t)
{
	return t->ifindex;
}

int
tun_raise(struct tun *t)
{
	return raise_link(t->name);
}

int
tun_set_mtu(struct tun *t, uint32_t mtu)
{
	struct ifreq ifr;
	int r;

	if ((r = name_request(&ifr, t->name)) < 0)
		return r;
	ifr.ifr_mtu = (int)mtu;
	return link_ioctl(SIOCSIFMTU, &ifr);
}

int
tun_read(struct tun *t, struct pktbuf *b)
{
	struct iovec v[2] = { { &b->offload, sizeof(b->offload) },
		{ b->data, PKTBUF_MAX } };
	ssize_t n;

	do
		n = readv(t->fd, v, 2);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(b->offload))
		return -EIO;
	b->len = (uint32_t)((size_t)n - sizeof(b->offload));
	return 0;
}

int
tun_write(struct tun *t, struct pktbuf *b)
{
	struct iovec v[2] = { { &b->offload, sizeof(b->offload) },
		{ b->data, b->len } };
	ssize_t n;

	do
		n = writev(t->fd, v, 2);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/*
 * Addresses.
 */

static struct nl_msg *
address_message(const struct tun *t, int type, int flags, const struct addr *a)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);
	struct ifaddrmsg i = { .ifa_family = netmsg_af(a->family),
		.ifa_prefixlen = (uint8_t)(8 * addr_len(a)),
		.ifa_flags = a->family == ADDR_V6 ? IFA_F_NODAD : 0,
		.ifa_index = t->ifindex };

	if (m == NULL)
		return NULL;
	if (nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO) < 0 ||
	    netmsg_put_addr(m, IFA_LOCAL, a) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

#define ADDRESSES_MAX 16

struct finding {
	unsigned ifindex, n;
	struct addr found[ADDRESSES_MAX];
};

static void
on_address(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct finding *f = arg;
	struct netmsg_addr a;

	if (h == NULL)
		f->n = 0;
	else if (netmsg_read_addr(h, len, &a) == 0 && a.ifindex == f->ifindex &&
	    f->n < ADDRESSES_MAX)
		f->found[f->n++] = a.addr;
}

static bool
is_among(const struct addr *a, const struct addr *in, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (addr_equal(a, &in[i]))
			return true;
	return false;
}

int
tun_set_addresses(struct tun *t, const struct addr wanted[], unsigned n)
{
	struct finding f = { .ifindex = t->ifindex };
	struct netmsg_socket *s;
	int r, first;

	if ((r = netmsg_open(&s)) < 0)
		return r;
	first = netmsg_dump(s, RTM_GETADDR, ADDR_NONE, on_address, &f);
	for (unsigned i = 0; i < n; i++) {
		if (wanted[i].family == ADDR_NONE ||
		    is_among(&wanted[i], f.found, f.n))
			continue;
		r = netmsg_ask(s,
		    address_message(t, RTM_NEWADDR,
			NLM_F_CREATE | NLM_F_REPLACE, &wanted[i]));
		if (r < 0 && first == 0)
			first = r;
	}
	for (unsigned i = 0; i < f.n; i++)
		if (!is_among(&f.found[i], wanted, n))
			(void)netmsg_ask(s,
			    address_message(t, RTM_DELADDR, 0, &f.found[i]));
	netmsg_close(s);
	return first;
}

struct counting {
	unsigned ifindex;
	struct tun_counters *ret;
	bool found;
};

static void
on_link(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct counting *c = arg;
	struct netmsg_link link;

	if (h == NULL || netmsg_read_link(h, len, &link) < 0 ||
	    link.ifindex != c->ifindex)
		return;
	c->ret->handed_over = link.tx_packets;
	c->ret->dropped = link.tx_dropped;
	c->found = true;
}

int
tun_counters(const struct tun *t, struct tun_counters *ret)
{
	struct counting c = { .ifindex = t->ifindex, .ret = ret };
	struct netmsg_socket *s;
	int r;

	if ((r = netmsg_open(&s)) < 0)
		return r;
	r = netmsg_dump(s, RTM_GETLINK, ADDR_NONE, on_link, &c);
	netmsg_close(s);
	return r < 0 ? r : c.found ? 0 : -ENODEV;
}
