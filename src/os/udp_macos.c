/* SPDX-License-Identifier: ISC */
/*
 * Two families, one socket (ip6(4)); one datagram a call. pf closes the
 * physical interfaces wholly, so nothing is heard here yet.
 */
#include "src/os/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/pktbuf.h"

struct udp {
	int fd;
	uint16_t port;
};

int
udp_open(uint16_t port, struct udp **ret)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), off = 0, r;
	struct sockaddr_in6 at = { .sin6_len = sizeof(at),
		.sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	socklen_t len = sizeof(at);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		r = -errno;
	else
		r = udp_adopt(fd, ntohs(at.sin6_port), ret);
	if (r < 0)
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

int
udp_read(struct udp *u, struct udp_in in[], unsigned n)
{
	unsigned i;

	for (i = 0; i < n && i < UDP_BATCH; i++) {
		struct sockaddr_in6 from = { 0 };
		socklen_t len = sizeof(from);
		const uint8_t *six = from.sin6_addr.s6_addr;
		ssize_t got = recvfrom(u->fd, in[i].data, PKTBUF_MAX,
		    MSG_DONTWAIT, (struct sockaddr *)&from, &len);

		if (got < 0)
			return (int)i;
		in[i].len = (uint32_t)got;
		in[i].segment = 0;
		in[i].from = IN6_IS_ADDR_V4MAPPED(&from.sin6_addr)
		    ? addr_from_bytes(ADDR_V4, six + 12)
		    : addr_from_bytes(ADDR_V6, six);
		in[i].port = ntohs(from.sin6_port);
	}
	return (int)i;
}

int
udp_take_error(struct udp *u, struct addr *ret_to, uint32_t *ret_mtu)
{
	(void)u;
	(void)ret_to;
	(void)ret_mtu;
	return -EAGAIN;
}
