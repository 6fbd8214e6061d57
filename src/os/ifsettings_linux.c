/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <string.h>

#include "src/os/ifsettings.h"
#include "src/os/netmsg_linux.h"

struct look {
	unsigned ifindex;
	struct ifsettings *ret;
};

static void
on_link(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct look *l = arg;
	struct netmsg_link link;

	if (h != NULL && netmsg_read_link(h, len, &link) == 0 &&
	    link.ifindex == l->ifindex)
		l->ret->down = (link.flags & IFF_UP) == 0;
}

static void
on_addr(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct look *l = arg;
	struct netmsg_addr a;

	if (h == NULL) {
		l->ret->n_addresses = 0;
		return;
	}
	if (netmsg_read_addr(h, len, &a) < 0 || a.ifindex != l->ifindex ||
	    a.scope != RT_SCOPE_UNIVERSE ||
	    (a.flags & (IFA_F_MANAGETEMPADDR | IFA_F_TEMPORARY)) != 0 ||
	    l->ret->n_addresses == IFSETTINGS_MAX)
		return;
	l->ret->addresses[l->ret->n_addresses].addr = a.addr;
	l->ret->addresses[l->ret->n_addresses++].bits = a.prefix;
}

static void
on_route(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct look *l = arg;
	struct netmsg_route r;

	/* One family a dump: what came of it before is the last one. */
	if (h == NULL || netmsg_read_route(h, len, &r) < 0 ||
	    r.table != RT_TABLE_MAIN || r.dst_len != 0 || r.oif != l->ifindex ||
	    r.gateway.family == ADDR_NONE || r.protocol == RTPROT_RA)
		return;
	for (unsigned i = 0; i < l->ret->n_gateways; i++)
		if (l->ret->gateways[i].addr.family == r.gateway.family)
			return;
	if (l->ret->n_gateways == IFSETTINGS_GATEWAYS)
		return;
	l->ret->gateways[l->ret->n_gateways].addr = r.gateway;
	l->ret->gateways[l->ret->n_gateways++].metric = r.metric;
}

int
ifsettings_look(const char *name, struct ifsettings *ret)
{
	struct look l = { .ifindex = if_nametoindex(name), .ret = ret };
	struct netmsg_socket *s;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (l.ifindex == 0)
		return -ENODEV;
	if ((r = netmsg_open(&s)) < 0)
		return r;
	memcpy(ret->name, name, strlen(name) + 1);
	if ((r = netmsg_dump(s, RTM_GETLINK, ADDR_NONE, on_link, &l)) == 0 &&
	    (r = netmsg_dump(s, RTM_GETADDR, ADDR_NONE, on_addr, &l)) == 0 &&
	    (r = netmsg_dump(s, RTM_GETROUTE, ADDR_V4, on_route, &l)) == 0)
		r = netmsg_dump(s, RTM_GETROUTE, ADDR_V6, on_route, &l);
	netmsg_close(s);
	return r;
}

static struct nl_msg *
up_message(unsigned ifindex)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct ifinfomsg i = { .ifi_index = (int)ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };

	if (m != NULL && nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

/* No test whether another has the address: it was ours. */
static struct nl_msg *
address_message(unsigned ifindex, const struct addr *a, unsigned bits)
{
	struct nl_msg *m =
	    nlmsg_alloc_simple(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg i = { .ifa_family = netmsg_af(a->family),
		.ifa_prefixlen = (uint8_t)bits,
		.ifa_flags = a->family == ADDR_V6 ? IFA_F_NODAD : 0,
		.ifa_index = ifindex };

	if (m == NULL)
		return NULL;
	if (nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO) < 0 ||
	    netmsg_put_addr(m, IFA_LOCAL, a) < 0 ||
	    netmsg_put_addr(m, IFA_ADDRESS, a) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static struct nl_msg *
gateway_message(unsigned ifindex, const struct addr *gateway, uint32_t metric,
    unsigned flags)
{
	struct nl_msg *m =
	    nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg h = { .rtm_family = netmsg_af(gateway->family),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNICAST,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_flags = flags };

	if (m == NULL)
		return NULL;
	if (nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(m, RTA_OIF, ifindex) < 0 ||
	    (metric != 0 && nla_put_u32(m, RTA_PRIORITY, metric) < 0) ||
	    netmsg_put_addr(m, RTA_GATEWAY, gateway) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static int
add_gateway(struct netmsg_socket *nl, unsigned ifindex,
    const struct addr *gateway, uint32_t metric)
{
	int r = netmsg_ask(nl, gateway_message(ifindex, gateway, metric, 0));

	if (r == 0)
		return 0;
	return netmsg_ask(nl,
	    gateway_message(ifindex, gateway, metric, RTNH_F_ONLINK));
}

static void
note(int *first, int r)
{
	if (r < 0 && *first == 0)
		*first = r;
}

int
ifsettings_apply(const struct ifsettings *s)
{
	unsigned ifindex = if_nametoindex(s->name);
	struct netmsg_socket *nl;
	int r, first = 0;

	if (ifindex == 0)
		return -ENODEV;
	if ((r = netmsg_open(&nl)) < 0)
		return r;
	if (!s->down)
		note(&first, netmsg_ask(nl, up_message(ifindex)));
	for (unsigned i = 0; i < s->n_addresses; i++)
		note(&first,
		    netmsg_ask(nl,
			address_message(ifindex, &s->addresses[i].addr,
			    s->addresses[i].bits)));
	for (unsigned i = 0; i < s->n_gateways; i++)
		note(&first,
		    add_gateway(nl, ifindex, &s->gateways[i].addr,
			s->gateways[i].metric));
	netmsg_close(nl);
	return first;
}
