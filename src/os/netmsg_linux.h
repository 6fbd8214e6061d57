/* SPDX-License-Identifier: ISC */
/*
 * netmsg: rtnetlink messages (rtnetlink(7)): asked, answered, and read.
 *
 * The reading half is pure: it takes bytes as they came, believes no length,
 * and is what the fuzz target feeds.
 */
#ifndef OS_NETMSG_LINUX_H
#define OS_NETMSG_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

struct nl_msg;
struct nlmsghdr;
struct netmsg_socket;

/*
 * Reading. Each: 0 with *ret filled, or -EINVAL with *ret zeroed if the
 * message is not of that kind or does not hold what it must. len: bytes at
 * hand, from h on.
 */

struct netmsg_link {
	unsigned ifindex;
	char name[16];
	uint32_t mtu;
	unsigned type;	/* ARPHRD_* */
	unsigned flags; /* IFF_* */
	uint8_t mac[6];
	bool has_mac;
	uint64_t tx_packets, tx_dropped; /* 0 where the kernel does not say */
};
int
netmsg_read_link(const struct nlmsghdr *h, size_t len, struct netmsg_link *ret);

struct netmsg_addr {
	unsigned ifindex;
	struct addr addr; /* the local one, on point-to-point links too */
	unsigned prefix;
	unsigned scope; /* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
};
int
netmsg_read_addr(const struct nlmsghdr *h, size_t len, struct netmsg_addr *ret);

struct netmsg_route {
	enum addr_family family;
	uint32_t table;
	unsigned protocol, type, scope;
	struct addr dst; /* ADDR_NONE for a default route */
	unsigned dst_len;
	struct addr source, gateway; /* ADDR_NONE where not given */
	unsigned oif;		     /* of the first next hop */
	uint32_t metric;
};
int netmsg_read_route(const struct nlmsghdr *h, size_t len,
    struct netmsg_route *ret);

struct netmsg_rule {
	enum addr_family family;
	uint32_t priority, table, mark;
	unsigned protocol, action;
	struct addr src, dst; /* ADDR_NONE: any */
	unsigned src_len, dst_len;
	char iif[16]; /* empty: any */
};
int
netmsg_read_rule(const struct nlmsghdr *h, size_t len, struct netmsg_rule *ret);

struct netmsg_neigh {
	unsigned ifindex;
	unsigned state; /* NUD_* */
	struct addr addr;
	uint8_t mac[6];
	bool has_mac;
};
int netmsg_read_neigh(const struct nlmsghdr *h, size_t len,
    struct netmsg_neigh *ret);

/*
 * Asking. One thread a socket.
 */

/* 0, or a negative errno with *ret untouched. */
int netmsg_open(struct netmsg_socket **ret);

/* netmsg_close(NULL) does nothing. */
void netmsg_close(struct netmsg_socket *s);

/*
 * Send the request (consumes it; NULL is -ENOMEM) and wait for the kernel's
 * word: 0, or its negative errno.
 */
int netmsg_ask(struct netmsg_socket *s, struct nl_msg *request);

/*
 * Ask for all objects of a kind (RTM_GETLINK, ...) and call on_message for
 * each. If the kernel says that they changed meanwhile, it starts again after
 * calling on_message with NULL: forget what came. 0, or a negative errno.
 */
typedef void netmsg_callback(const struct nlmsghdr *h, size_t len, void *arg);
int netmsg_dump(struct netmsg_socket *s, int type, enum addr_family family,
    netmsg_callback *on_message, void *arg);

/* Add an address as an attribute. 0, or a negative number: no room. */
int netmsg_put_addr(struct nl_msg *m, int attribute, const struct addr *a);

/* AF_INET, AF_INET6 or AF_UNSPEC. */
unsigned char netmsg_af(enum addr_family family);

#endif /* OS_NETMSG_LINUX_H */
