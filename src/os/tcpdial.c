/* SPDX-License-Identifier: ISC */
#include "src/os/tcpsocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
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

/*
 * A socket is of the account that is the effective one when it is made. The
 * descriptor, or a negative errno.
 */
static int
socket_of(uid_t uid, int family)
{
	uid_t before = geteuid();
	int r;

	if (uid != before && seteuid(uid) < 0)
		return -errno;
	r = socket(family, SOCK_STREAM, 0);
	if (r < 0)
		r = -errno;
	/* It was allowed to be that, so it is; or nothing else may be done. */
	if (uid != before && seteuid(before) < 0)
		abort();
	return r;
}

int
tcpsocket_dial(const struct addr *to, uint16_t port, int seconds, uid_t uid)
{
	union address at;
	socklen_t len = fill(&at, to, port);
	int fd = socket_of(uid, at.any.sa_family), r;

	if (fd < 0)
		return fd;
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
