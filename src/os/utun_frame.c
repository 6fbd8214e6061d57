/* SPDX-License-Identifier: ISC */
#include "src/os/utun_frame.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "src/os/darwin.h"

/* The family of a packet long enough to have a header; 0: of none. */
static uint8_t
family_of(const uint8_t *ip, size_t len)
{
	if (len >= 20 && ip[0] >> 4 == 4)
		return DARWIN_AF_INET;
	if (len >= 40 && ip[0] >> 4 == 6)
		return DARWIN_AF_INET6;
	return 0;
}

int
utun_frame_read(int fd, uint8_t *data, size_t cap, size_t *ret_len)
{
	uint8_t head[UTUN_FRAME_HEADER] = { 0 };
	struct iovec v[2] = { { head, sizeof(head) }, { data, cap } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	uint8_t family;
	ssize_t n;
	size_t len;

	do
		n = recvmsg(fd, &m, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	/* End of file is a record of nothing: the device is gone. */
	if (n == 0)
		return -ENXIO;
	if ((size_t)n < sizeof(head))
		return -EBADMSG;
	len = (size_t)n - sizeof(head);
	family = family_of(data, len);
	if (family == 0 || head[0] != 0 || head[1] != 0 || head[2] != 0 ||
	    head[3] != family)
		return -EBADMSG;
	*ret_len = len;
	return 0;
}

int
utun_frame_write(int fd, const uint8_t *data, size_t len)
{
	uint8_t head[UTUN_FRAME_HEADER] = { 0 };
	struct iovec v[2] = { { head, sizeof(head) },
		{ (void *)(uintptr_t)data, len } };
	ssize_t n;

	if ((head[3] = family_of(data, len)) == 0)
		return -EBADMSG;
	do
		n = writev(fd, v, 2);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == sizeof(head) + len ? 0 : -EIO;
}
