/* SPDX-License-Identifier: ISC */
/*
 * stream: follows the frames in a client's TCP connections to the server.
 *
 * OpenVPN over TCP puts a two-byte length before each packet; a segment may
 * begin in the middle of one. So that a shape can be asked of every frame, it
 * is known of each connection, from its SYN on, where the next one begins. A
 * connection whose beginning was not seen cannot be judged and does not pass:
 * its client makes a new one.
 *
 * Owned by one worker. No allocation, no I/O.
 */
#ifndef DATAPATH_STREAM_H
#define DATAPATH_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/addr.h"

struct pkt;

/* A client has one connection, two while it changes over. */
#define STREAMS_MAX 8

struct stream {
	struct addr src, dst;
	uint16_t sport, dport;
	bool open;	 /* zeroed: no connection here */
	bool greeted;	 /* its first frame was seen, and was a hello */
	uint8_t n_head;	 /* bytes of the next frame's head seen so far */
	uint8_t head[2]; /* those: the length */
	uint32_t left;	 /* bytes of the current frame still to come */
	uint32_t next;	 /* sequence number of the first byte not seen yet */
	uint32_t age;	 /* when it was opened: the oldest is replaced */
};

struct streams {
	struct stream s[STREAMS_MAX];
	uint32_t clock;
};

/* Can this be what was kept of connections? Bytes of any origin may be asked.
 */
bool stream_is_sound(const struct streams *all);

/*
 * May this segment to the server pass? Yes, if it carries no payload, or if
 * each frame that begins in it has OpenVPN's shape. A segment that may not pass
 * ends its connection.
 */
bool stream_segment(struct streams *all, const struct pkt *p);

#endif /* DATAPATH_STREAM_H */
