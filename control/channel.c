/* SPDX-License-Identifier: ISC */
#include "control/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "datapath/wireguard/crypto.h"
#include "src/base/mono.h"

/* Room for one descriptor; more than one is a wrong message. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

int
channel_pair(int ret_fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ret_fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		(void)fcntl(ret_fds[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(ret_fds[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

void
channel_init(struct channel *c, int fd, enum msg_side other)
{
	c->fd = fd;
	c->came = -1;
	msg_reader_init(&c->reader, other);
}

void
channel_done(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->came >= 0)
		close(c->came);
	c->fd = c->came = -1;
}

static int
wait_for(const struct channel *c, short what, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = what };
	int r = poll(&p, 1, ms);

	return r < 0 && errno != EINTR ? -errno : r > 0;
}

int
channel_wait(const struct channel *c, int ms)
{
	return wait_for(c, POLLIN, ms);
}

static void
attach(struct msghdr *m, union control *room, int fd)
{
	struct cmsghdr *h;

	memset(room, 0, sizeof(*room));
	m->msg_control = room->room;
	m->msg_controllen = sizeof(room->room);
	h = CMSG_FIRSTHDR(m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
}

int
channel_send(struct channel *c, enum msg_type type, const void *body, int fd,
    int ms)
{
	struct msg_header header = { .type = (uint32_t)type,
		.len = (uint32_t)msg_len(type) };
	size_t head = sizeof(header), len = head + header.len, sent = 0;
	struct mono start = mono_now();
	union control room;

	while (sent < len) {
		struct iovec v[2];
		struct msghdr m = { .msg_iov = v };
		uint64_t passed;
		ssize_t n;

		if (sent < head)
			v[m.msg_iovlen++] =
			    (struct iovec){ (uint8_t *)&header + sent,
				    head - sent };
		if (header.len > 0) {
			size_t at = sent < head ? 0 : sent - head;

			v[m.msg_iovlen++] =
			    (struct iovec){ (uint8_t *)(uintptr_t)body + at,
				    header.len - at };
		}
		/* With the first byte, or never. */
		if (sent == 0 && fd >= 0)
			attach(&m, &room, fd);
		n = sendmsg(c->fd, &m, 0);
		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
			return n == 0 ? -EPIPE : -errno;
		passed = mono_ms_between(start, mono_now());
		if (passed >= (uint64_t)ms)
			return -ETIMEDOUT;
		(void)wait_for(c, POLLOUT, ms - (int)passed);
	}
	return 0;
}

/* Keep one descriptor; close all others. False: there were others. */
static bool
take_fds(struct channel *c, struct msghdr *m)
{
	bool good = (m->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL;
	     h = CMSG_NXTHDR(m, h)) {
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
			if (c->came >= 0) {
				close(fd);
				good = false;
			} else {
				(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
				c->came = fd;
			}
		}
	}
	return good;
}

/* The bytes that the reader wants next. 1, 0 or a negative errno. */
static int
read_some(struct channel *c)
{
	union control room;
	struct iovec v;
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = room.room,
		.msg_controllen = sizeof(room.room) };
	ssize_t n;

	v.iov_base = msg_reader_room(&c->reader, &v.iov_len);
	do
		n = recvmsg(c->fd, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -EPIPE;
	if (!take_fds(c, &m))
		return -EPROTO;
	if (n == 0)
		return -EPIPE;
	return msg_reader_got(&c->reader, (size_t)n) < 0 ? -EPROTO : 1;
}

int
channel_read(struct channel *c, const struct msg **ret, int *ret_fd)
{
	int r;

	/* A message is whole when the reader is at a new one. */
	do
		if ((r = read_some(c)) <= 0)
			return r;
	while (c->reader.got != 0);
	*ret = &c->reader.msg;
	*ret_fd = c->came;
	c->came = -1;
	return 1;
}

void
channel_forget(struct channel *c)
{
	if (msg_is_secret(c->reader.msg.type))
		wg_wipe(&c->reader.msg, sizeof(c->reader.msg));
}
