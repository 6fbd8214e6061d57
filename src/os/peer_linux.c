/* SPDX-License-Identifier: ISC */
#include "src/os/peer.h"

#include <errno.h>
#include <stddef.h>
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

/* Since Linux 4.13. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

bool
peer_is_in(int fd, gid_t group)
{
	gid_t groups[1024];
	socklen_t n = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) < 0)
		return false;
	for (size_t i = 0; i < n / sizeof(groups[0]); i++)
		if (groups[i] == group)
			return true;
	return false;
}
