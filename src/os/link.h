/* SPDX-License-Identifier: ISC */
/*
 * link: two sockets that are each other's other end, and keep the borders of
 * messages: our own tunnel at one, what carries its messages over TCP (carrier/
 * carrier.h) at the other.
 */
#ifndef OS_LINK_H
#define OS_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Both non-blocking; about `bytes` of messages may wait at each. 0, or a
 * negative errno.
 */
int link_open(int bytes, int ret[2]);

/* A message as a whole. 0; -EAGAIN: no room; or another negative errno. */
int link_send(int fd, const void *msg, size_t len);

/* The next one. Its length, cut to size; -EAGAIN: none waits; or -errno. */
ssize_t link_receive(int fd, void *msg, size_t size);

#endif /* OS_LINK_H */
