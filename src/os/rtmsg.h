/* SPDX-License-Identifier: ISC */
/*
 * rtmsg: macOS's routing messages (route(4)), written and read byte by byte.
 *
 * Pure, and the same on any host: the layout is that of both of macOS's
 * architectures (little-endian, 64 bits), not the host's. Reading believes no
 * length: it is what the fuzz target feeds.
 */
#ifndef OS_RTMSG_H
#define OS_RTMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

/* The longest message that rtmsg_write() makes. */
#define RTMSG_MAX 168

/* What to ask the system to do with one route, always out of an interface. */
struct rtmsg_request {
	uint8_t type;	/* DARWIN_RTM_ADD, _DELETE */
	uint32_t flags; /* DARWIN_RTF_*; UP, STATIC and HOST are added */
	int32_t seq;
	struct addr dst;
	unsigned dst_len; /* prefix: 0 to 32 or 128 */
	unsigned ifindex; /* the way out; 0: not said (to delete) */
};

/* The message's length, or 0 if the request makes no sense. */
size_t rtmsg_write(const struct rtmsg_request *q, uint8_t out[RTMSG_MAX]);

/*
 * The length of the message at m, of len bytes at hand, to step over it; 0 if
 * it is broken or cut off.
 */
size_t rtmsg_length(const uint8_t *m, size_t len);

/* A route, as RTM_ADD, _DELETE, _CHANGE and _GET describe it. */
struct rtmsg_route {
	uint8_t type;
	uint32_t flags;
	unsigned ifindex;    /* the interface; the scope if it has one */
	int32_t pid, seq;    /* who asked; 0: the system */
	int32_t error;	     /* errno: it was refused */
	struct addr dst;     /* all zero bytes in a default route */
	unsigned dst_len;    /* 0: a default route */
	struct addr gateway; /* ADDR_NONE: the destination is on the link */
	struct addr source;  /* what leaves by it bears this; ADDR_NONE */
	uint8_t mac[6];	     /* of a neighbour */
	bool has_mac;
};

/*
 * Read the first message of len bytes at m. 0 with *ret filled, or -EINVAL
 * with *ret zeroed if it is broken, or not of an IPv4 or IPv6 route.
 */
int rtmsg_read(const uint8_t *m, size_t len, struct rtmsg_route *ret);

/*
 * May the first message at m mean that the network is another now? Not if it
 * is an answer to a question or tells of a failed attempt; also if we cannot
 * read it.
 */
bool rtmsg_is_change(const uint8_t *m, size_t len);

#endif /* OS_RTMSG_H */
