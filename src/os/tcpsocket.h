/* SPDX-License-Identifier: ISC */
/*
 * tcpsocket: a TCP socket for a tunnel: it sends what it is given at once,
 * keeps little back, and notices soon that its peer is gone.
 */
#ifndef OS_TCPSOCKET_H
#define OS_TCPSOCKET_H

/*
 * Before or after it connects. Without an answer from the peer for `seconds`,
 * at least 4, it fails; whether there is something to be sent or not. 0, or a
 * negative errno.
 */
int tcpsocket_prepare(int fd, int seconds);

#endif /* OS_TCPSOCKET_H */
