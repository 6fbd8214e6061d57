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
	/*
	 * A second early, because timers are late. TCP_USER_TIMEOUT ends what
	 * is not acknowledged, and what is asked three times whether it lives
	 * (tcp(7)); there it is looked at when the third is due.
	 */
	int interval = seconds / 4;
	int end = seconds - 1;
	const struct {
		int level;
		int name;
		int value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, end * 1000 - 250 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, end - 2 * interval },
		{ IPPROTO_TCP, TCP_KEEPINTVL, interval },
		{ IPPROTO_TCP, TCP_KEEPCNT, 2 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value)) < 0)
			return -errno;
	return 0;
}
