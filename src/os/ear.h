/* SPDX-License-Identifier: ISC */
/*
 * ear: hears on the uplink what the servers answer.
 *
 * For the proof that a tunnel carries traffic (STATES.md 0.6). It only
 * listens: what it hears also goes where it would have gone. Open while proof
 * is wanted, closed once it is given, so that bulk traffic costs nothing.
 */
#ifndef OS_EAR_H
#define OS_EAR_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

struct ear;

/*
 * Hear what comes in on the interface from one of the n addresses (at most
 * ROUTES_SERVERS_MAX). Needs privilege. 0, or a negative errno with *ret
 * untouched.
 */
int ear_open(unsigned ifindex, const struct addr *servers, unsigned n,
    struct ear **ret);

/*
 * The ear that another process opened on that interface for these servers, by
 * the descriptor that it sent, which is the ear's from now on, also if this
 * fails. 0, or a negative errno with *ret untouched.
 */
int ear_adopt(int fd, unsigned ifindex, const struct addr *servers, unsigned n,
    struct ear **ret);

/* ear_close(NULL) does nothing. */
void ear_close(struct ear *e);

/* For the event loop: readable means that ear_read() will not block. */
int ear_fd(const struct ear *e);

/*
 * The next IP packet, without its link header, as far as cap bytes hold it;
 * *ret_len of them are filled. 0, -EAGAIN if there is none, or
 * another negative errno.
 */
int ear_read(struct ear *e, uint8_t *data, size_t cap, size_t *ret_len);

#endif /* OS_EAR_H */
