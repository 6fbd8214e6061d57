/* SPDX-License-Identifier: ISC */
/*
 * macOS has no network namespaces.
 */
#include "src/os/netns.h"

#include <errno.h>

int
netns_open(const char *path, bool make, struct netns **ret)
{
	(void)path;
	(void)make;
	(void)ret;
	return -EOPNOTSUPP;
}

void
netns_close(struct netns *n)
{
	(void)n;
}

int
netns_hold(const struct netns *n, const char *path)
{
	(void)n;
	(void)path;
	return -EOPNOTSUPP;
}

int
netns_remove(const char *path)
{
	(void)path;
	return 0;
}

int
netns_enter(struct netns *n)
{
	(void)n;
	return 0;
}

void
netns_leave(struct netns *n)
{
	(void)n;
}

int
netns_take(struct netns *n, const char *ifname)
{
	(void)n;
	(void)ifname;
	return -EOPNOTSUPP;
}

int
netns_give_back(struct netns *n, netns_came_home *tell, void *arg)
{
	(void)n;
	(void)tell;
	(void)arg;
	return -EOPNOTSUPP;
}
