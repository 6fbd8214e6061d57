/* SPDX-License-Identifier: ISC */
#include "control/permit.h"

#include <grp.h>
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
