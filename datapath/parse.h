/* SPDX-License-Identifier: ISC */
/*
 * parse: an IP packet's headers as values.
 *
 * Pure. Reads only within the packet, whatever its headers claim. IPv4: RFC
 * 791; IPv6 and its extension headers: RFC 8200; TCP: RFC 9293; UDP: RFC 768.
 */
#ifndef DATAPATH_PARSE_H
#define DATAPATH_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datapath/drop.h"
#include "src/base/addr.h"

enum pkt_fragment { PKT_WHOLE = 0, PKT_FIRST_FRAGMENT, PKT_LATER_FRAGMENT };

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

/* Extension headers walked at most; real packets have one or two. */
#define PARSE_EXTENSIONS_MAX 8

struct pkt {
	struct addr src, dst;
	uint8_t protocol;	/* of the transport, after all extensions */
	uint8_t fragment;	/* enum pkt_fragment */
	bool options;		/* IPv4 options or IPv6 extension headers */
	bool ports;		/* are the ports below there? */
	uint16_t sport, dport;	/* host order; TCP and UDP only */
	uint8_t tcp_flags;	/* TCP_*; TCP only */
	uint32_t tcp_seq;	/* host order; TCP only */
	const uint8_t *payload; /* after the transport's header (for another
				 * protocol: after IP's); within the packet */
	uint32_t payload_len;
};

/*
 * Read the headers of the len bytes at data. PASSED if they are sound; else
 * why not, with in *ret what could be read (the addresses are ADDR_NONE if
 * they could not). *ret borrows from data.
 */
enum drop parse_ip(const uint8_t *data, size_t len, struct pkt *ret);

#endif /* DATAPATH_PARSE_H */
