/* SPDX-License-Identifier: ISC */
#include "src/os/netmsg_linux.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Reading.
 */

/* A whole message of one of two types, with room for its fixed part? */
static bool
is_message(const struct nlmsghdr *h, size_t len, int new, int del, size_t fixed)
{
	return len >= sizeof(*h) && h->nlmsg_len <= len &&
	    (h->nlmsg_type == new || h->nlmsg_type == del) &&
	    h->nlmsg_len >= NLMSG_LENGTH(fixed);
}

/* libnl does not change what it parses, but its prototypes do not say so. */
static int
parse(const struct nlmsghdr *h, size_t fixed, struct nlattr *tb[], int max)
{
	return nlmsg_parse((struct nlmsghdr *)(uintptr_t)h, (int)fixed, tb, max,
		   NULL) < 0
	    ? -EINVAL
	    : 0;
}

static uint32_t
get_u32(const struct nlattr *a)
{
	return a != NULL && nla_len(a) >= 4 ? nla_get_u32(a) : 0;
}

static enum addr_family
family_of(unsigned char af)
{
	return af == AF_INET ? ADDR_V4 : af == AF_INET6 ? ADDR_V6 : ADDR_NONE;
}

static struct addr
get_addr(const struct nlattr *a, enum addr_family family)
{
	struct addr none = { 0 }, like = { .family = (uint8_t)family };

	if (a == NULL || family == ADDR_NONE ||
	    (size_t)nla_len(a) < addr_len(&like))
		return none;
	return addr_from_bytes(family, nla_data(a));
}

static bool
get_mac(const struct nlattr *a, uint8_t mac[6])
{
	if (a == NULL || nla_len(a) != 6)
		return false;
	memcpy(mac, nla_data(a), 6);
	return true;
}

int
netmsg_read_link(const struct nlmsghdr *h, size_t len, struct netmsg_link *ret)
{
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *i;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	if (!is_message(h, len, RTM_NEWLINK, RTM_DELLINK, sizeof(*i)) ||
	    parse(h, sizeof(*i), tb, IFLA_MAX) < 0)
		return -EINVAL;
	i = nlmsg_data(h);
	if (i->ifi_index <= 0 || tb[IFLA_IFNAME] == NULL)
		return -EINVAL;
	n = strnlen(nla_data(tb[IFLA_IFNAME]),
	    (size_t)nla_len(tb[IFLA_IFNAME]));
	if (n == 0 || n >= sizeof(ret->name))
		return -EINVAL;
	ret->ifindex = (unsigned)i->ifi_index;
	memcpy(ret->name, nla_data(tb[IFLA_IFNAME]), n);
	ret->mtu = get_u32(tb[IFLA_MTU]);
	ret->type = i->ifi_type;
	ret->flags = i->ifi_flags;
	ret->has_mac = get_mac(tb[IFLA_ADDRESS], ret->mac);
	if (tb[IFLA_STATS64] != NULL) {
		struct rtnl_link_stats64 stats = { 0 };
		size_t have = (size_t)nla_len(tb[IFLA_STATS64]);

		memcpy(&stats, nla_data(tb[IFLA_STATS64]),
		    have < sizeof(stats) ? have : sizeof(stats));
		ret->tx_packets = stats.tx_packets;
		ret->tx_dropped = stats.tx_dropped;
	}
	return 0;
}

int
netmsg_read_addr(const struct nlmsghdr *h, size_t len, struct netmsg_addr *ret)
{
	struct nlattr *tb[IFA_MAX + 1], *local;
	const struct ifaddrmsg *i;

	memset(ret, 0, sizeof(*ret));
	if (!is_message(h, len, RTM_NEWADDR, RTM_DELADDR, sizeof(*i)) ||
	    parse(h, sizeof(*i), tb, IFA_MAX) < 0)
		return -EINVAL;
	i = nlmsg_data(h);
	/* IFA_ADDRESS is the peer's, where there is an IFA_LOCAL beside it. */
	local = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	ret->addr = get_addr(local, family_of(i->ifa_family));
	if (ret->addr.family == ADDR_NONE ||
	    i->ifa_prefixlen > 8 * addr_len(&ret->addr)) {
		memset(ret, 0, sizeof(*ret));
		return -EINVAL;
	}
	ret->ifindex = i->ifa_index;
	ret->prefix = i->ifa_prefixlen;
	ret->scope = i->ifa_scope;
	ret->flags = i->ifa_flags | get_u32(tb[IFA_FLAGS]);
	return 0;
}

/* The first next hop of several: its interface and gateway. */
static void
read_multipath(const struct nlattr *a, struct netmsg_route *r)
{
	const struct rtnexthop *nh = nla_data(a);
	struct nlattr *tb[RTA_MAX + 1];
	size_t len = (size_t)nla_len(a);

	if (len < sizeof(*nh) || nh->rtnh_len < sizeof(*nh) ||
	    nh->rtnh_len > len)
		return;
	r->oif = nh->rtnh_ifindex > 0 ? (unsigned)nh->rtnh_ifindex : 0;
	if (nla_parse(tb, RTA_MAX,
		(struct nlattr *)((uintptr_t)nh + sizeof(*nh)),
		(int)(nh->rtnh_len - sizeof(*nh)), NULL) == 0)
		r->gateway = get_addr(tb[RTA_GATEWAY], r->family);
}

/* A gateway of another family than the destination's (RFC 8950 style). */
static struct addr
get_via(const struct nlattr *a)
{
	struct addr none = { 0 };
	struct rtvia via;
	enum addr_family family;
	struct addr like;

	if (a == NULL || (size_t)nla_len(a) < sizeof(via))
		return none;
	memcpy(&via, nla_data(a), sizeof(via));
	family = family_of((unsigned char)via.rtvia_family);
	like = (struct addr){ .family = (uint8_t)family };
	if (family == ADDR_NONE ||
	    (size_t)nla_len(a) < sizeof(via) + addr_len(&like))
		return none;
	return addr_from_bytes(family,
	    (const uint8_t *)nla_data(a) + sizeof(via));
}

int
netmsg_read_route(const struct nlmsghdr *h, size_t len,
    struct netmsg_route *ret)
{
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *i;

	memset(ret, 0, sizeof(*ret));
	if (!is_message(h, len, RTM_NEWROUTE, RTM_DELROUTE, sizeof(*i)) ||
	    parse(h, sizeof(*i), tb, RTA_MAX) < 0)
		return -EINVAL;
	i = nlmsg_data(h);
	if (family_of(i->rtm_family) == ADDR_NONE)
		return -EINVAL;
	ret->family = family_of(i->rtm_family);
	ret->table =
	    tb[RTA_TABLE] != NULL ? get_u32(tb[RTA_TABLE]) : i->rtm_table;
	ret->protocol = i->rtm_protocol;
	ret->type = i->rtm_type;
	ret->scope = i->rtm_scope;
	ret->dst_len = i->rtm_dst_len;
	ret->dst = get_addr(tb[RTA_DST], ret->family);
	/* A network that does not come with its length is no default route. */
	if (ret->dst_len > 0 &&
	    (ret->dst.family == ADDR_NONE ||
		ret->dst_len > 8 * addr_len(&ret->dst))) {
		memset(ret, 0, sizeof(*ret));
		return -EINVAL;
	}
	ret->source = get_addr(tb[RTA_PREFSRC], ret->family);
	ret->gateway = get_addr(tb[RTA_GATEWAY], ret->family);
	if (ret->gateway.family == ADDR_NONE)
		ret->gateway = get_via(tb[RTA_VIA]);
	ret->oif = get_u32(tb[RTA_OIF]);
	ret->metric = get_u32(tb[RTA_PRIORITY]);
	if (tb[RTA_MULTIPATH] != NULL)
		read_multipath(tb[RTA_MULTIPATH], ret);
	return 0;
}

int
netmsg_read_rule(const struct nlmsghdr *h, size_t len, struct netmsg_rule *ret)
{
	struct nlattr *tb[FRA_MAX + 1];
	const struct fib_rule_hdr *i;

	memset(ret, 0, sizeof(*ret));
	if (!is_message(h, len, RTM_NEWRULE, RTM_DELRULE, sizeof(*i)) ||
	    parse(h, sizeof(*i), tb, FRA_MAX) < 0)
		return -EINVAL;
	i = nlmsg_data(h);
	if (family_of(i->family) == ADDR_NONE)
		return -EINVAL;
	ret->family = family_of(i->family);
	ret->priority = get_u32(tb[FRA_PRIORITY]);
	ret->table = tb[FRA_TABLE] != NULL ? get_u32(tb[FRA_TABLE]) : i->table;
	ret->mark = get_u32(tb[FRA_FWMARK]);
	if (tb[FRA_PROTOCOL] != NULL && nla_len(tb[FRA_PROTOCOL]) >= 1)
		ret->protocol = nla_get_u8(tb[FRA_PROTOCOL]);
	ret->action = i->action;
	if (tb[FRA_IIFNAME] != NULL)
		(void)nla_strlcpy(ret->iif, tb[FRA_IIFNAME], sizeof(ret->iif));
	ret->src = get_addr(tb[FRA_SRC], ret->family);
	ret->dst = get_addr(tb[FRA_DST], ret->family);
	ret->src_len = i->src_len;
	ret->dst_len = i->dst_len;
	return 0;
}

int
netmsg_read_neigh(const struct nlmsghdr *h, size_t len,
    struct netmsg_neigh *ret)
{
	struct nlattr *tb[NDA_MAX + 1];
	const struct ndmsg *i;

	memset(ret, 0, sizeof(*ret));
	if (!is_message(h, len, RTM_NEWNEIGH, RTM_DELNEIGH, sizeof(*i)) ||
	    parse(h, sizeof(*i), tb, NDA_MAX) < 0)
		return -EINVAL;
	i = nlmsg_data(h);
	ret->addr = get_addr(tb[NDA_DST], family_of(i->ndm_family));
	if (ret->addr.family == ADDR_NONE || i->ndm_ifindex <= 0) {
		memset(ret, 0, sizeof(*ret));
		return -EINVAL;
	}
	ret->ifindex = (unsigned)i->ndm_ifindex;
	ret->state = i->ndm_state;
	ret->has_mac = get_mac(tb[NDA_LLADDR], ret->mac);
	return 0;
}

/*
 * Asking. libnl's own error numbers lose the kernel's: the callbacks below
 * keep it.
 */

struct netmsg_socket {
	struct nl_sock *nl;
	int error;	  /* the kernel's, of the last request */
	bool interrupted; /* a dump that changed under us */
	netmsg_callback *on_message;
	void *arg;
};

static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct netmsg_socket *s = arg;

	(void)from;
	s->error = e->error;
	return NL_STOP;
}

static int
on_finish(struct nl_msg *m, void *arg)
{
	(void)m;
	(void)arg;
	return NL_STOP;
}

static int
on_interrupted(struct nl_msg *m, void *arg)
{
	struct netmsg_socket *s = arg;

	(void)m;
	s->interrupted = true;
	return NL_OK;
}

static int
on_valid(struct nl_msg *m, void *arg)
{
	struct netmsg_socket *s = arg;
	const struct nlmsghdr *h = nlmsg_hdr(m);

	if (s->on_message != NULL)
		s->on_message(h, h->nlmsg_len, s->arg);
	return NL_OK;
}

/* Connected, and known to nobody yet. */
static int
connect_anew(struct netmsg_socket *s)
{
	struct nl_sock *nl = nl_socket_alloc();
	int r;

	if (nl == NULL)
		return -ENOMEM;
	errno = EIO; /* if libnl failed where no system call did */
	if (nl_connect(nl, NETLINK_ROUTE) < 0) {
		r = -errno;
		nl_socket_free(nl);
		return r;
	}
	/*
	 * No answer is longer (the kernel fills a dump's messages to 32 KiB at
	 * most), so none has to be looked at for its length first. Asked for
	 * more than there is, libnl says that it was cut.
	 */
	nl_socket_disable_msg_peek(nl);
	if (nl_socket_set_msg_buf_size(nl, 32768) < 0) {
		nl_socket_free(nl);
		return -ENOMEM;
	}
	/* A dump's answer must not be mistaken for a late one of before. */
	nl_socket_modify_cb(nl, NL_CB_VALID, NL_CB_CUSTOM, on_valid, s);
	nl_socket_modify_cb(nl, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, s);
	nl_socket_modify_cb(nl, NL_CB_ACK, NL_CB_CUSTOM, on_finish, s);
	nl_socket_modify_cb(nl, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted,
	    s);
	nl_socket_modify_err_cb(nl, NL_CB_CUSTOM, on_error, s);
	s->nl = nl;
	return 0;
}

int
netmsg_open(struct netmsg_socket **ret)
{
	struct netmsg_socket *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return -ENOMEM;
	if ((r = connect_anew(s)) < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void
netmsg_close(struct netmsg_socket *s)
{
	if (s == NULL)
		return;
	nl_socket_free(s->nl);
	free(s);
}

static int
exchange(struct netmsg_socket *s, struct nl_msg *request)
{
	int r;

	if (s->nl == NULL && (r = connect_anew(s)) < 0)
		return r;
	s->error = 0;
	if ((r = nl_send_auto(s->nl, request)) >= 0)
		r = nl_recvmsgs_default(s->nl);
	if (s->error != 0)
		return s->error;
	if (r >= 0)
		return 0;
	/*
	 * No word of the kernel's: the exchange itself failed. libnl counts
	 * questions and answers, and would refuse all answers from now on.
	 */
	nl_socket_free(s->nl);
	s->nl = NULL;
	return -EIO;
}

int
netmsg_ask(struct netmsg_socket *s, struct nl_msg *request)
{
	int r;

	if (request == NULL)
		return -ENOMEM;
	s->on_message = NULL;
	r = exchange(s, request);
	nlmsg_free(request);
	return r;
}

int
netmsg_dump(struct netmsg_socket *s, int type, enum addr_family family,
    netmsg_callback *on_message, void *arg)
{
	/* Changing without end is a fault; a few times is a busy system. */
	for (int tries = 0; tries < 10; tries++) {
		struct rtgenmsg gen = { .rtgen_family = netmsg_af(family) };
		struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_DUMP);
		int r;

		if (m == NULL)
			return -ENOMEM;
		if (nlmsg_append(m, &gen, sizeof(gen), NLMSG_ALIGNTO) < 0) {
			nlmsg_free(m);
			return -ENOMEM;
		}
		s->on_message = on_message;
		s->arg = arg;
		s->interrupted = false;
		r = exchange(s, m);
		nlmsg_free(m);
		if (r < 0)
			return r;
		if (!s->interrupted)
			return 0;
		on_message(NULL, 0, arg);
	}
	return -EAGAIN;
}

int
netmsg_put_addr(struct nl_msg *m, int attribute, const struct addr *a)
{
	return nla_put(m, attribute, (int)addr_len(a), a->bytes);
}

unsigned char
netmsg_af(enum addr_family family)
{
	switch (family) {
	case ADDR_V4:
		return AF_INET;
	case ADDR_V6:
		return AF_INET6;
	default:
		return AF_UNSPEC;
	}
}
