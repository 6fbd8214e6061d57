/* SPDX-License-Identifier: ISC */
#include "src/os/rtable_macos.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <unistd.h>

/* The table may grow between asking for its size and asking for it. */
#define TRIES 10

struct rtable {
	int fd;
	int32_t seq;
};

static int
read_all(int mib[6], uint8_t **ret, size_t *ret_len)
{
	for (int i = 0; i < TRIES; i++) {
		size_t len = 0;
		uint8_t *all;
		int r;

		if (sysctl(mib, 6, NULL, &len, NULL, 0) < 0)
			return -errno;
		len += len / 4 + 1024;
		if ((all = malloc(len)) == NULL)
			return -ENOMEM;
		if (sysctl(mib, 6, all, &len, NULL, 0) == 0) {
			*ret = all;
			*ret_len = len;
			return 0;
		}
		r = -errno;
		free(all);
		if (r != -ENOMEM)
			return r;
	}
	return -EAGAIN;
}

int
rtable_each(enum addr_family family, uint32_t flags, rtable_callback *on_route,
    void *arg)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0,
		family == ADDR_V4 ? AF_INET : AF_INET6,
		flags == 0 ? NET_RT_DUMP : NET_RT_FLAGS, (int)flags };
	struct rtmsg_route route;
	uint8_t *all;
	size_t len, n;
	int r;

	if ((r = read_all(mib, &all, &len)) < 0)
		return r;
	for (size_t at = 0; (n = rtmsg_length(all + at, len - at)) != 0;
	     at += n)
		if (rtmsg_read(all + at, n, &route) == 0)
			on_route(&route, arg);
	free(all);
	return 0;
}

int
rtable_open(struct rtable **ret)
{
	struct rtable *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL)
		return -ENOMEM;
	if ((t->fd = socket(PF_ROUTE, SOCK_RAW, 0)) < 0) {
		r = -errno;
		goto free_table;
	}
	/* Shut for receiving, as route(8) does: its buffer would only fill. */
	if (fcntl(t->fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    shutdown(t->fd, SHUT_RD) < 0) {
		r = -errno;
		goto close_fd;
	}
	*ret = t;
	return 0;

close_fd:
	close(t->fd);
free_table:
	free(t);
	return r;
}

void
rtable_close(struct rtable *t)
{
	if (t == NULL)
		return;
	close(t->fd);
	free(t);
}

/* The kernel's answer is write(2)'s errno; the message is for the others. */
int
rtable_change(struct rtable *t, const struct rtmsg_request *q)
{
	struct rtmsg_request numbered = *q;
	uint8_t m[RTMSG_MAX];
	size_t n;
	ssize_t w;

	numbered.seq = ++t->seq;
	if ((n = rtmsg_write(&numbered, m)) == 0)
		return -EINVAL;
	do
		w = write(t->fd, m, n);
	while (w < 0 && errno == EINTR);
	return w < 0 ? -errno : 0;
}
