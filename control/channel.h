/* SPDX-License-Identifier: ISC */
/*
 * channel: one end of the line between parent and worker: messages, whole and
 * in order, some of them with a descriptor. The death of the one is the
 * other's end of file.
 */
#ifndef CONTROL_CHANNEL_H
#define CONTROL_CHANNEL_H

#include "control/msg.h"

struct channel {
	int fd;	  /* -1: there is none */
	int came; /* a descriptor whose message is not whole yet; -1 */
	struct msg_reader reader;
};

/* Both ends, for channel_init(). 0, or a negative errno. */
int channel_pair(int ret_fds[2]);

/* Takes the descriptor over; `other` is who is at the other end. */
void channel_init(struct channel *c, int fd, enum msg_side other);

/* May be called again. */
void channel_done(struct channel *c);

/*
 * Send a message of the type's length, and the descriptor unless it is -1
 * (which stays the caller's). Waits for room for at most so many milliseconds.
 * 0, or a negative errno: the other end is gone, or does not read; then the
 * channel is good for nothing any more.
 */
int channel_send(struct channel *c, enum msg_type type, const void *body,
    int fd, int ms);

/*
 * The next message: 1 with *ret borrowed until the next call, and its
 * descriptor (the caller's now) or -1 in *ret_fd; 0: none yet. A negative
 * errno: -EPIPE the other end is gone, -EPROTO it makes no sense.
 */
int channel_read(struct channel *c, const struct msg **ret, int *ret_fd);

/* Wipe what was read last, if it has secrets. */
void channel_forget(struct channel *c);

/* Wait for something to be read: 1, 0 after so many ms (-1: never), -errno. */
int channel_wait(const struct channel *c, int ms);

#endif /* CONTROL_CHANNEL_H */
