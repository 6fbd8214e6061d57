/* SPDX-License-Identifier: ISC */
/*
 * frames: whole frames of one interface, in and out, through BPF.
 *
 * They pass beneath pf and the routes, in both directions. The one file that
 * knows libpcap's capturing and sending half. Used by one thread.
 */
#ifndef OS_FRAMES_H
#define OS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct frames;

/* What came in, without its link header; borrowed until the next call. */
struct frame {
	uint16_t ethertype; /* host order; on other links by the IP version */
	const uint8_t *data;
	size_t cap; /* bytes at hand, at most FRAMES_SNAP with header */
	size_t len; /* bytes there were */
};

#define FRAMES_SNAP 256

/*
 * Open the interface, to hear what comes in and matches the filter (tcpdump's
 * language; NULL: nothing, only to send). Needs privilege. 0, or a negative
 * errno with *ret untouched.
 */
int frames_open(unsigned ifindex, const char *filter, struct frames **ret);

/* frames_close(NULL) does nothing. */
void frames_close(struct frames *f);

/*
 * For the event loop. Several frames come with one wake-up: read until
 * -EAGAIN.
 */
int frames_fd(const struct frames *f);

/* The next frame: 0, -EAGAIN if there is none, or another negative errno. */
int frames_next(struct frames *f, struct frame *ret);

/*
 * Send one packet behind its link header (link_len 0: the link has none of its
 * own). 0, -ENOBUFS the queue is full, -EMSGSIZE larger than the link takes,
 * or another negative errno.
 */
int frames_send(struct frames *f, const uint8_t *link, size_t link_len,
    const uint8_t *data, size_t len);

#endif /* OS_FRAMES_H */
