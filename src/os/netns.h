/* SPDX-License-Identifier: ISC */
/*
 * netns: a network namespace for the uplink, which needs no process to live.
 *
 * It is held by a mount at a path, as ip-netns(8) does. While a process is
 * inside, what it opens (sockets, netlink) is the namespace's; what it opened
 * before stays the machine's. One thread at a time, and none is started there.
 *
 * Systems that have none have a file that says so.
 */
#ifndef OS_NETNS_H
#define OS_NETNS_H

#include <stdbool.h>

struct netns;

/*
 * The namespace at path; with make, a new one if there is none. Needs
 * privilege. 0, or a negative errno (-ENOENT: there is none; -EOPNOTSUPP: this
 * system has none) with *ret untouched.
 */
int netns_open(const char *path, bool make, struct netns **ret);

/* It stays. netns_close(NULL) does nothing. */
void netns_close(struct netns *n);

/*
 * Is it still what is mounted there? 0: yes; 1: it was not, and is again; or a
 * negative errno.
 */
int netns_hold(const struct netns *n, const char *path);

/* Take the mount away, and with it an empty namespace. 0, or -errno. */
int netns_remove(const char *path);

/*
 * Go in, and come back. enter: 0, or a negative errno: then we are where we
 * were. Who cannot come back ends the process: it must not act in the wrong
 * place. Both do nothing for NULL.
 */
int netns_enter(struct netns *n);
void netns_leave(struct netns *n);

/* Move an interface into it. From outside. 0, or a negative errno. */
int netns_take(struct netns *n, const char *ifname);

/*
 * Move all that is in it home, but what belongs to the namespace (loopback).
 * What comes home is told; who is told notes it, for we are still inside. 0, or
 * the first error, after trying all.
 */
typedef void netns_came_home(const char *ifname, void *arg);
int netns_give_back(struct netns *n, netns_came_home *tell, void *arg);

#endif /* OS_NETNS_H */
