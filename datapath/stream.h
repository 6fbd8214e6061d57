/* SPDX-License-Identifier: ISC */
/*
 * stream: follows the frames in a client's TCP connections to the server.
 *
 * OpenVPN over TCP puts a two-byte length before each packet, WireGuard's
 * framing and TLS have heads of their own; a segment may begin in the middle of
 * a frame. So that a shape can be asked of every frame, it
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

#include "datapath/shape.h"
#include "src/base/addr.h"

struct pkt;

/* A client has one connection, two while it changes over. */
#define STREAMS_MAX 8

struct stream {
	struct addr src, dst;
	uint16_t sport, dport;
	bool open;	/* zeroed: no connection here */
	bool greeted;	/* its first frame was seen, and was a hello */
	uint8_t shape;	/* it was opened to a server of that shape */
	uint8_t n_head; /* bytes of the next frame's head seen so far */
	uint8_t head[SHAPE_HEAD_MAX]; /* those */
	uint32_t left; /* bytes of the current frame still to come */
	uint32_t next; /* sequence number of the first byte not seen yet */
	uint32_t age;  /* when it was opened: the oldest is replaced */
};

struct streams {
	struct stream s[STREAMS_MAX];
	uint32_t clock;
};

/* Can this be what was kept of connections? Bytes of any origin may be asked.
 */
bool stream_is_sound(const struct streams *all);

/*
 * May this segment to a server of that shape pass? Yes, if it carries no
 * payload, or if each frame that begins in it has the shape. A segment that may
 * not pass ends its connection. Never, for a shape that is not one over TCP.
 */
bool stream_segment(struct streams *all, const struct pkt *p, enum shape shape);

#endif /* DATAPATH_STREAM_H */
