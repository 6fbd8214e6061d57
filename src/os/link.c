/* SPDX-License-Identifier: ISC */
#include "src/os/link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int
link_open(int bytes, int ret[2])
{
	int r = 0;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ret) < 0)
		return -errno;
	for (int i = 0; i < 2 && r == 0; i++) {
		(void)fcntl(ret[i], F_SETFD, FD_CLOEXEC);
		if (fcntl(ret[i], F_SETFL, O_NONBLOCK) < 0)
			r = -errno;
		/* Less is only slower. */
		(void)setsockopt(ret[i], SOL_SOCKET, SO_SNDBUF, &bytes,
		    sizeof(bytes));
	}
	if (r < 0) {
		close(ret[0]);
		close(ret[1]);
	}
	return r;
}

int
link_send(int fd, const void *msg, size_t len)
{
	ssize_t n;

	do
		n = send(fd, msg, len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

ssize_t
link_receive(int fd, void *msg, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, msg, size, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}
