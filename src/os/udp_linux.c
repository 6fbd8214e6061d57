/* SPDX-License-Identifier: ISC */
/*
 * One socket for both families: an IPv4 address is one of IPv6 that begins
 * with ::ffff:0:0/96 (ipv6(7)). Where there is no IPv6 it is one of IPv4.
 * With UDP_GRO (udp(7)) the kernel hands over rows of datagrams.
 */
#include "src/os/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/pktbuf.h"

/* Since Linux 5.0; older headers do not know it. */
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

struct udp {
	int fd;
	uint16_t port;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static uint16_t
port_of(const union address *a)
{
	return ntohs(
	    a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

static int
bind_to(int fd, int family, uint16_t port)
{
	union address at = { 0 };
	int off = 0;

	if (family == AF_INET6) {
		at.v6.sin6_family = AF_INET6;
		at.v6.sin6_port = htons(port);
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
			sizeof(off)) < 0)
			return -errno;
		return bind(fd, &at.any, sizeof(at.v6)) < 0 ? -errno : 0;
	}
	at.v4.sin_family = AF_INET;
	at.v4.sin_port = htons(port);
	return bind(fd, &at.any, sizeof(at.v4)) < 0 ? -errno : 0;
}

/* A descriptor, or a negative errno. */
static int
open_socket(int family, uint16_t port)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, room = 4 << 20, r;

	if (fd < 0)
		return -errno;
	if ((r = bind_to(fd, family, port)) < 0) {
		close(fd);
		return r;
	}
	/* Less of both is only slower. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on,
		    sizeof(on));
	return fd;
}

/* The port that it got. 0, or a negative errno. */
static int
find_port(int fd, uint16_t *ret)
{
	union address at = { 0 };
	socklen_t len = sizeof(at);

	if (getsockname(fd, &at.any, &len) < 0)
		return -errno;
	*ret = port_of(&at);
	return 0;
}

int
udp_open(uint16_t port, struct udp **ret)
{
	int fd = open_socket(AF_INET6, port), r;

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = open_socket(AF_INET, port);
	if (fd < 0)
		return fd;
	if ((r = find_port(fd, &port)) < 0 ||
	    (r = udp_adopt(fd, port, ret)) < 0)
		close(fd);
	return r;
}

int
udp_adopt(int fd, uint16_t port, struct udp **ret)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return -ENOMEM;
	u->fd = fd;
	u->port = port;
	*ret = u;
	return 0;
}

void
udp_close(struct udp *u)
{
	if (u == NULL)
		return;
	close(u->fd);
	free(u);
}

int
udp_fd(const struct udp *u)
{
	return u->fd;
}

uint16_t
udp_port(const struct udp *u)
{
	return u->port;
}

static struct addr
addr_of(const union address *a)
{
	const uint8_t *six = a->v6.sin6_addr.s6_addr;

	if (a->any.sa_family == AF_INET)
		return addr_from_bytes(ADDR_V4, &a->v4.sin_addr);
	if (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
		return addr_from_bytes(ADDR_V4, six + 12);
	return addr_from_bytes(ADDR_V6, six);
}

/* The kernel's word on how a row is cut; 0: it is none. */
static uint32_t
segment_of(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	     c = CMSG_NXTHDR(h, c)) {
		int size;

		if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO ||
		    c->cmsg_len != CMSG_LEN(sizeof(size)))
			continue;
		memcpy(&size, CMSG_DATA(c), sizeof(size));
		return size > 0 ? (uint32_t)size : 0;
	}
	return 0;
}

int
udp_read(struct udp *u, struct udp_in in[], unsigned n)
{
	struct mmsghdr m[UDP_BATCH] = { 0 };
	struct iovec v[UDP_BATCH];
	union address from[UDP_BATCH] = { 0 };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control[UDP_BATCH];
	int got;

	n = n < UDP_BATCH ? n : UDP_BATCH;
	for (unsigned i = 0; i < n; i++) {
		v[i] = (struct iovec){ in[i].data, PKTBUF_MAX };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
			.msg_namelen = sizeof(from[i]),
			.msg_iov = &v[i],
			.msg_iovlen = 1,
			.msg_control = control[i].room,
			.msg_controllen = sizeof(control[i].room) };
	}
	do
		got = recvmmsg(u->fd, m, n, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	/* An error of the past (udp_take_error()) is said here once, too. */
	if (got < 0)
		return 0;
	for (int i = 0; i < got; i++) {
		in[i].len = m[i].msg_len;
		in[i].segment = segment_of(&m[i].msg_hdr);
		in[i].from = addr_of(&from[i]);
		in[i].port = port_of(&from[i]);
	}
	return got;
}

/* ipv6(7), IPV6_RECVERR; RFC 4443 section 3.2. 0: it says something else. */
static uint32_t
narrow_of(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	     c = CMSG_NXTHDR(h, c)) {
		struct sock_extended_err e;

		if (c->cmsg_level != IPPROTO_IPV6 ||
		    c->cmsg_type != IPV6_RECVERR ||
		    c->cmsg_len < CMSG_LEN(sizeof(e)))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (e.ee_origin == SO_EE_ORIGIN_ICMP6 &&
		    e.ee_type == ICMP6_PACKET_TOO_BIG)
			return e.ee_info;
	}
	return 0;
}

int
udp_take_error(struct udp *u, struct addr *ret_to, uint32_t *ret_mtu)
{
	union address to = { 0 };
	union {
		char room[CMSG_SPACE(sizeof(struct sock_extended_err) +
		    sizeof(struct sockaddr_in6))];
		struct cmsghdr align;
	} control;
	char quoted[1];
	struct iovec v = { quoted, sizeof(quoted) };
	struct msghdr h = { .msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };

	if (recvmsg(u->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return errno == EINTR ? 0 : -EAGAIN;
	*ret_to = addr_of(&to);
	*ret_mtu = narrow_of(&h);
	return *ret_mtu != 0;
}
