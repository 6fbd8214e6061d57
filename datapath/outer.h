/* SPDX-License-Identifier: ISC */
/*
 * outer: the IP and UDP headers in front of what our own tunnel sends (RFC
 * 791, RFC 8200, RFC 768).
 *
 * Pure. Checksums of UDP are left to who sends (pktbuf.h), but those of
 * fragments, which nobody else can work out.
 */
#ifndef DATAPATH_OUTER_H
#define DATAPATH_OUTER_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

struct pktbuf;

/* Before the payload: the longer of the two. A multiple of 8. */
#define OUTER_ROOM 48

/* What all packets of one flow have in common. Ports in host order. */
struct outer {
	struct addr from, to; /* of one family */
	uint16_t sport, dport;
	uint16_t id; /* IPv4's of the next; counts up */
};

/* Bytes of the headers: 28 or 48. */
size_t outer_len(const struct outer *o);

/*
 * Write the headers before b->data, where outer_len() bytes are free, and make
 * b the packet. b->len bytes of payload are one datagram (segment 0), or a row
 * of datagrams of `segment` bytes, of which the last may have less. Together
 * they fit an IP packet.
 */
void outer_wrap(struct outer *o, struct pktbuf *b, uint16_t segment);

/*
 * Cut a packet that outer_wrap() made of one datagram into two fragments of at
 * most mtu bytes each, at least 1280: the first stays in b, the second goes
 * into *second, whose data has room for it. 0, or -EMSGSIZE: two are not
 * enough.
 */
int outer_cut(struct outer *o, struct pktbuf *b, uint32_t mtu,
    struct pktbuf *second);

#endif /* DATAPATH_OUTER_H */
