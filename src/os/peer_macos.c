/* SPDX-License-Identifier: ISC */
#include "src/os/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <unistd.h>

int
peer_of(int fd, uid_t *ret_uid, gid_t *ret_gid, pid_t *ret_pid)
{
	socklen_t n = sizeof(pid_t);
	uid_t uid;
	gid_t gid;
	pid_t pid = 0;

	if (getpeereid(fd, &uid, &gid) < 0)
		return -errno;
	/* Only for the log: the peer may be gone already. */
	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &n) < 0)
		pid = 0;
	*ret_uid = uid;
	*ret_gid = gid;
	*ret_pid = pid;
	return 0;
}

/* The system tells 16 of them (struct xucred). */
bool
peer_is_in(int fd, gid_t group)
{
	struct xucred c;
	socklen_t n = sizeof(c);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &c, &n) < 0 ||
	    n != sizeof(c) || c.cr_version != XUCRED_VERSION)
		return false;
	for (int i = 0; i < c.cr_ngroups && i < NGROUPS; i++)
		if (c.cr_groups[i] == group)
			return true;
	return false;
}
