/* SPDX-License-Identifier: ISC */
/*
 * utun_frame: packets as macOS's utun device frames them.
 *
 * One packet a record, after its address family: four bytes in network order,
 * with macOS's numbers. It asks of the descriptor only that it keeps records
 * apart, so a socketpair serves the tests.
 */
#ifndef OS_UTUN_FRAME_H
#define OS_UTUN_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define UTUN_FRAME_HEADER 4

/*
 * Read one packet of at most cap bytes. 0, -EAGAIN if there is none, -EBADMSG
 * for a record that is not an IP packet of the family it claims (it is gone;
 * read on), -EMSGSIZE for one that did not fit (gone too), or another negative
 * errno.
 */
int utun_frame_read(int fd, uint8_t *data, size_t cap, size_t *ret_len);

/*
 * Write one packet. 0, -EBADMSG if it is neither IPv4 nor IPv6, or another
 * negative errno.
 */
int utun_frame_write(int fd, const uint8_t *data, size_t len);

#endif /* OS_UTUN_FRAME_H */
