/* SPDX-License-Identifier: ISC */
#include "src/os/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/os/netmsg_linux.h"

/* linux/magic.h: what a namespace's file is in. */
#define IN_NSFS 0x6e736673

#define OWN "/proc/self/ns/net"

struct netns {
	int machine, inside; /* descriptors of namespaces */
};

/* The namespace that is mounted there, or a negative errno. */
static int
open_there(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct statfs in;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &in) < 0 || in.f_type != IN_NSFS) {
		close(fd);
		return -ENOENT; /* a file of a boot that is over */
	}
	return fd;
}

/* 0, or a negative errno; we are back in any case, or not any more. */
static int
make_there(struct netns *n, const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	close(fd);
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	if (mount(OWN, path, NULL, MS_BIND, NULL) < 0)
		r = -errno;
	netns_leave(n);
	return r;
}

int
netns_open(const char *path, bool make, struct netns **ret)
{
	struct netns *n = calloc(1, sizeof(*n));
	int r;

	if (n == NULL)
		return -ENOMEM;
	if ((n->machine = open(OWN, O_RDONLY | O_CLOEXEC)) < 0) {
		r = -errno;
		goto free_netns;
	}
	n->inside = open_there(path);
	if (n->inside == -ENOENT && make) {
		if ((r = make_there(n, path)) < 0)
			goto close_machine;
		n->inside = open_there(path);
	}
	if ((r = n->inside) < 0)
		goto close_machine;
	*ret = n;
	return 0;

close_machine:
	close(n->machine);
free_netns:
	free(n);
	return r;
}

void
netns_close(struct netns *n)
{
	if (n == NULL)
		return;
	close(n->inside);
	close(n->machine);
	free(n);
}

int
netns_hold(const struct netns *n, const char *path)
{
	struct stat own, there;
	char proc[32];
	int fd;

	if (fstat(n->inside, &own) < 0)
		return -errno;
	if (stat(path, &there) == 0 && there.st_dev == own.st_dev &&
	    there.st_ino == own.st_ino)
		return 0;
	if ((fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0)) < 0)
		return -errno;
	close(fd);
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", n->inside);
	return mount(proc, path, NULL, MS_BIND, NULL) < 0 ? -errno : 1;
}

int
netns_remove(const char *path)
{
	/* A file on which nothing is mounted goes at once. */
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	if (umount2(path, MNT_DETACH) < 0)
		return -errno;
	return unlink(path) < 0 ? -errno : 0;
}

int
netns_enter(struct netns *n)
{
	if (n == NULL)
		return 0;
	return setns(n->inside, CLONE_NEWNET) < 0 ? -errno : 0;
}

void
netns_leave(struct netns *n)
{
	if (n == NULL || setns(n->machine, CLONE_NEWNET) == 0)
		return;
	log_error("netns: cannot come back from the uplink's namespace");
	_exit(1);
}

/* From where we are, to there. */
static int
move(const char *ifname, int to)
{
	struct ifinfomsg i = { .ifi_index = (int)if_nametoindex(ifname) };
	struct netmsg_socket *s;
	struct nl_msg *m;
	int r;

	if (i.ifi_index == 0)
		return -ENODEV;
	if ((r = netmsg_open(&s)) < 0)
		return r;
	if ((m = nlmsg_alloc_simple(RTM_NEWLINK, 0)) != NULL &&
	    (nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO) < 0 ||
		nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)to) < 0)) {
		nlmsg_free(m);
		m = NULL;
	}
	r = netmsg_ask(s, m);
	netmsg_close(s);
	return r;
}

int
netns_take(struct netns *n, const char *ifname)
{
	return move(ifname, n->inside);
}

int
netns_give_back(struct netns *n, netns_came_home *tell, void *arg)
{
	struct if_nameindex *all;
	int r, first = 0;

	if ((r = netns_enter(n)) < 0)
		return r;
	all = if_nameindex();
	first = all == NULL ? -errno : 0;
	for (size_t i = 0; all != NULL && all[i].if_name != NULL; i++) {
		/* Invalid: one that every namespace has of its own. */
		if ((r = move(all[i].if_name, n->machine)) == 0)
			tell(all[i].if_name, arg);
		else if (r != -EINVAL && first == 0)
			first = r;
	}
	if (all != NULL)
		if_freenameindex(all);
	netns_leave(n);
	return first;
}
