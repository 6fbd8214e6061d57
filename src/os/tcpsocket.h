/* SPDX-License-Identifier: ISC */
/*
 * tcpsocket: a TCP socket for a tunnel: it sends what it is given at once,
 * keeps little back, and notices soon that its peer is gone.
 */
#ifndef OS_TCPSOCKET_H
#define OS_TCPSOCKET_H

#include <stdint.h>
#include <sys/types.h>

#include "src/base/addr.h"

/*
 * Before or after it connects. Without an answer from the peer for `seconds`,
 * at least 4, it fails; whether there is something to be sent or not. 0, or a
 * negative errno.
 */
int tcpsocket_prepare(int fd, int seconds);

/*
 * A prepared one on its way to that port (host order), non-blocking, that a
 * firewall takes for that account's: needs the privilege to become it, and is
 * for a process of one thread. The descriptor, or a negative errno.
 */
int
tcpsocket_dial(const struct addr *to, uint16_t port, int seconds, uid_t uid);

#endif /* OS_TCPSOCKET_H */
