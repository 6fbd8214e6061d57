/* SPDX-License-Identifier: ISC */
#include "control/permit.h"

#include <grp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/os/peer.h"

struct permit
permit_of(const char *group)
{
	const struct group *gr = getgrnam(group);
	struct permit p = { .self = geteuid(), .has_group = gr != NULL };

	if (gr != NULL)
		p.group = gr->gr_gid;
	return p;
}

bool
permit_allows(const struct permit *p, int fd, bool *ret_root)
{
	uid_t uid;
	gid_t gid;
	pid_t pid;

	*ret_root = false;
	if (peer_of(fd, &uid, &gid, &pid) < 0)
		return false;
	*ret_root = uid == 0;
	return uid == 0 || uid == p->self ||
	    (p->has_group && (gid == p->group || peer_is_in(fd, p->group)));
}

bool
permit_is_connection(int fd, const char *path)
{
	struct pollfd p = { .fd = fd };
	struct sockaddr_un at = { 0 }, from;
	socklen_t n = sizeof(at), m = sizeof(from);

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0 ||
	    at.sun_family != AF_UNIX || n > sizeof(at) ||
	    strnlen(at.sun_path, sizeof(at.sun_path)) == sizeof(at.sun_path) ||
	    strcmp(at.sun_path, path) != 0)
		return false;
	/* One that listens has no peer; one whose peer left, nobody's word. */
	return getpeername(fd, (struct sockaddr *)&from, &m) == 0 &&
	    poll(&p, 1, 0) >= 0 && (p.revents & (POLLHUP | POLLNVAL)) == 0;
}
