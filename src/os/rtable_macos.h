/* SPDX-License-Identifier: ISC */
/*
 * rtable: the system's table of routes, read and changed.
 *
 * Read by sysctl(3), not by RTM_GET: an answer to that goes to everyone who
 * listens on a routing socket, ourselves included, so that looking would be an
 * event.
 */
#ifndef OS_RTABLE_H
#define OS_RTABLE_H

#include <stdint.h>

#include "src/base/addr.h"
#include "src/os/rtmsg.h"

struct rtable;

typedef void rtable_callback(const struct rtmsg_route *route, void *arg);

/*
 * Call on_route for each route of the family that has one of the flags
 * (DARWIN_RTF_*; 0: for each). 0, or a negative errno: some were called for,
 * or none.
 */
int rtable_each(enum addr_family family, uint32_t flags,
    rtable_callback *on_route, void *arg);

/* To change it. 0, or a negative errno with *ret untouched. */
int rtable_open(struct rtable **ret);

/* rtable_close(NULL) does nothing. */
void rtable_close(struct rtable *t);

/*
 * Add or delete a route (its seq is set here). Needs privilege. 0, -EEXIST
 * another is in its place, -ESRCH there is none to delete, or another negative
 * errno.
 */
int rtable_change(struct rtable *t, const struct rtmsg_request *q);

#endif /* OS_RTABLE_H */
