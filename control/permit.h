/* SPDX-License-Identifier: ISC */
/*
 * permit: who may control tungate: root, the daemon's own user, and who is in
 * the group.
 */
#ifndef CONTROL_PERMIT_H
#define CONTROL_PERMIT_H

#include <stdbool.h>
#include <sys/types.h>

struct permit {
	uid_t self;
	bool has_group;
	gid_t group;
};

/* For the calling process, and the group of that name, if there is one. */
struct permit permit_of(const char *group);

/*
 * May the peer of this connection? Asks nobody but the kernel, who remembers
 * the peer's user and groups of when it connected. *ret_root: it is root.
 */
bool permit_allows(const struct permit *p, int fd, bool *ret_root);

/*
 * Is this a connection to the socket at path, with somebody at the other end?
 * A socket pair of our own is not, nor is the one that listens.
 */
bool permit_is_connection(int fd, const char *path);

#endif /* CONTROL_PERMIT_H */
