/* SPDX-License-Identifier: ISC */
#include "src/os/peer.h"

#include <errno.h>
#include <sys/socket.h>

int
peer_of(int fd, uid_t *ret_uid, gid_t *ret_gid, pid_t *ret_pid)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0)
		return -errno;
	*ret_uid = c.uid;
	*ret_gid = c.gid;
	*ret_pid = c.pid;
	return 0;
}
