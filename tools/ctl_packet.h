/* SPDX-License-Identifier: ISC */
/*
 * ctl_packet: the packets that a person asks `tungatectl explain` about.
 */
#ifndef TOOLS_CTL_PACKET_H
#define TOOLS_CTL_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define CTL_PACKET_MAX 65535

/*
 * Build the packet of a 5-tuple: protocol "udp", "tcp" (a SYN) or "icmp",
 * source and destination as ADDRESS:PORT ("icmp": ADDRESS), payload in hex
 * (NULL: none). Its length, or 0 with a sentence in *why.
 */
size_t ctl_packet_build(const char *protocol, const char *source,
    const char *destination, const char *payload, uint8_t out[CTL_PACKET_MAX],
    const char **why);

/* Bytes from hex. Their number, or 0 if text is not hex of 1 to cap bytes. */
size_t ctl_packet_hex(const char *text, uint8_t *out, size_t cap);

/*
 * Go through a capture file (pcap or pcapng) and call on_packet with each IP
 * packet, without its link header, until it returns less than 0. The number of
 * packets, or -1 with a sentence in why (256 bytes), which is empty where
 * on_packet ended it.
 */
typedef int ctl_packet_callback(const uint8_t *packet, size_t len, void *arg);
long ctl_packet_capture(const char *file, ctl_packet_callback *on_packet,
    void *arg, char why[256]);

#endif /* TOOLS_CTL_PACKET_H */
