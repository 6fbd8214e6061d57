/* SPDX-License-Identifier: ISC */
#include "src/os/tcpsocket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

/* What may wait in the kernel unsent: more would only be older when it goes. */
#define UNSENT_BYTES (128 * 1024)

int
tcpsocket_prepare(int fd, int seconds)
{
	/* Asked twice whether it lives; then it does not. */
	int interval = seconds / 4;
	const struct {
		int level;
		int name;
		int value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES },
		{ IPPROTO_TCP, TCP_RXT_CONNDROPTIME, seconds },
		{ IPPROTO_TCP, TCP_KEEPALIVE, seconds - 2 * interval },
		{ IPPROTO_TCP, TCP_KEEPINTVL, interval },
		{ IPPROTO_TCP, TCP_KEEPCNT, 2 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_NOSIGPIPE, 1 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value)) < 0)
			return -errno;
	return 0;
}
