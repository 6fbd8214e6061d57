/* SPDX-License-Identifier: ISC */
#include "src/os/tcpsocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
fill(union address *at, const struct addr *to, uint16_t port)
{
	memset(at, 0, sizeof(*at));
	if (to->family == ADDR_V4) {
		at->v4.sin_family = AF_INET;
		at->v4.sin_port = htons(port);
		memcpy(&at->v4.sin_addr, to->bytes, 4);
		return sizeof(at->v4);
	}
	at->v6.sin6_family = AF_INET6;
	at->v6.sin6_port = htons(port);
	memcpy(&at->v6.sin6_addr, to->bytes, 16);
	return sizeof(at->v6);
}

int
tcpsocket_dial(const struct addr *to, uint16_t port, int seconds)
{
	union address at;
	socklen_t len = fill(&at, to, port);
	int fd = socket(at.any.sa_family, SOCK_STREAM, 0), r;

	if (fd < 0)
		return -errno;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	r = tcpsocket_prepare(fd, seconds);
	if (r == 0 && connect(fd, &at.any, len) < 0 && errno != EINPROGRESS)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
