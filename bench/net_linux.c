/* SPDX-License-Identifier: ISC */
#include "bench/net_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/addr.h"
#include "src/os/netmsg_linux.h"

#define UPLINK "eth0"
#define ROUTER "router0"

static const struct addr here4 = { ADDR_V4, { 192, 0, 2, 7 } };
static const struct addr router4 = { ADDR_V4, { 192, 0, 2, 1 } };
static const struct addr here6 = { ADDR_V6, { 0x20, 1, 0x0d, 0xb8, [15] = 7 } };
static const struct addr router6 = { ADDR_V6,
	{ 0x20, 1, 0x0d, 0xb8, [15] = 1 } };

/* A new request that begins with a header of its kind. NULL: no memory. */
static struct nl_msg *
request(int type, int flags, const void *header, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m == NULL ||
	    nlmsg_append(m, (void *)(uintptr_t)header, len, NLMSG_ALIGNTO) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

/* A veth pair: UPLINK here, ROUTER in the namespace of the descriptor. */
static int
add_pair(struct netmsg_socket *s, int router)
{
	struct ifinfomsg none = { 0 };
	struct nlattr *info, *data, *peer;
	struct nl_msg *m = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
	    &none, sizeof(none));

	if (m == NULL)
		return -ENOMEM;
	if (nla_put_string(m, IFLA_IFNAME, UPLINK) < 0 ||
	    (info = nla_nest_start(m, IFLA_LINKINFO)) == NULL ||
	    nla_put_string(m, IFLA_INFO_KIND, "veth") < 0 ||
	    (data = nla_nest_start(m, IFLA_INFO_DATA)) == NULL ||
	    (peer = nla_nest_start(m, VETH_INFO_PEER)) == NULL ||
	    nlmsg_append(m, &none, sizeof(none), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(m, IFLA_IFNAME, ROUTER) < 0 ||
	    nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)router) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	nla_nest_end(m, peer);
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return netmsg_ask(s, m);
}

static int
set_up(struct netmsg_socket *s, const char *name)
{
	struct ifinfomsg link = { .ifi_index = (int)if_nametoindex(name),
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };

	return netmsg_ask(s, request(RTM_NEWLINK, 0, &link, sizeof(link)));
}

/* Usable at once: nobody else can have it. */
static int
add_address(struct netmsg_socket *s, const char *name, const struct addr *a)
{
	struct ifaddrmsg to = { .ifa_family = netmsg_af(a->family),
		.ifa_prefixlen = a->family == ADDR_V4 ? 24 : 64,
		.ifa_flags = IFA_F_NODAD,
		.ifa_index = if_nametoindex(name) };
	struct nl_msg *m =
	    request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &to, sizeof(to));

	if (m == NULL)
		return -ENOMEM;
	if (netmsg_put_addr(m, IFA_LOCAL, a) < 0 ||
	    netmsg_put_addr(m, IFA_ADDRESS, a) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netmsg_ask(s, m);
}

static int
add_default(struct netmsg_socket *s, const char *name,
    const struct addr *gateway)
{
	struct rtmsg to = { .rtm_family = netmsg_af(gateway->family),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST };
	struct nl_msg *m =
	    request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &to, sizeof(to));

	if (m == NULL)
		return -ENOMEM;
	if (nla_put_u32(m, RTA_OIF, if_nametoindex(name)) < 0 ||
	    netmsg_put_addr(m, RTA_GATEWAY, gateway) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netmsg_ask(s, m);
}

static int
fill(const char *name, const struct addr *a4, const struct addr *a6,
    const struct addr *via4, const struct addr *via6)
{
	struct netmsg_socket *s;
	int r;

	if ((r = netmsg_open(&s)) < 0)
		return r;
	if ((r = set_up(s, "lo")) == 0 && (r = set_up(s, name)) == 0 &&
	    (r = add_address(s, name, a4)) == 0 &&
	    (r = add_address(s, name, a6)) == 0 && via4 != NULL &&
	    (r = add_default(s, name, via4)) == 0)
		r = add_default(s, name, via6);
	netmsg_close(s);
	return r;
}

/* A new namespace, which this process is in from now on. */
static int
new_namespace(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int
make(int router, int here)
{
	struct netmsg_socket *s;
	int r;

	if ((r = netmsg_open(&s)) < 0)
		return r;
	r = add_pair(s, router);
	netmsg_close(s);
	if (r < 0)
		return r;
	if (setns(router, CLONE_NEWNET) < 0)
		return -errno;
	r = fill(ROUTER, &router4, &router6, NULL, NULL);
	if (setns(here, CLONE_NEWNET) < 0)
		return -errno;
	return r < 0 ? r : fill(UPLINK, &here4, &here6, &router4, &router6);
}

int
net_enter(void)
{
	int router, here, r;

	if ((r = router = new_namespace()) < 0)
		goto out;
	/* Both stay open: the router's namespace has no process in it. */
	if ((r = here = new_namespace()) >= 0)
		r = make(router, here);
out:
	if (r == -EPERM)
		(void)fprintf(stderr,
		    "control: no network of its own: this "
		    "needs root\n");
	else if (r < 0)
		(void)fprintf(stderr,
		    "control: no network of its own (%s): "
		    "has this kernel network namespaces and veth?\n",
		    strerror(-r));
	return r < 0 ? r : 0;
}
