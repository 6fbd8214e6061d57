/* SPDX-License-Identifier: ISC */
/*
 * packet: sound packets for the tests, which then break them.
 *
 * Addresses are texts; both of one family. A wrong one ends the program.
 */
#ifndef TESTS_PACKET_H
#define TESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

#define PACKET_MAX 2048

struct packet {
	size_t len;
	uint8_t data[PACKET_MAX];
};

struct flow {
	const char *src, *dst;
	uint16_t sport, dport;
};

struct addr packet_addr(const char *text);

struct packet
packet_ip(struct flow f, uint8_t protocol, const void *payload, size_t len);
struct packet packet_udp(struct flow f, const void *payload, size_t len);
struct packet packet_tcp(struct flow f, uint32_t seq, uint8_t flags,
    const void *payload, size_t len);

/* A UDP datagram with a WireGuard message of that type and length. */
struct packet packet_wireguard(struct flow f, uint8_t type, size_t len);

/* Insert bytes, and let IP's length say so. */
void packet_insert(struct packet *p, size_t at, const void *bytes, size_t len);

/* IPv4: words * 4 bytes of no-operation. */
void packet_add_options(struct packet *p, size_t words);

/* IPv6: a header of that type and size, zeroed, before all others. */
void packet_add_extension(struct packet *p, uint8_t type, size_t size);

/* Make it a fragment: IPv4's own field, IPv6's extension header. */
void packet_fragment(struct packet *p, uint16_t offset, bool more);

void packet_put16(struct packet *p, size_t at, size_t n);

/*
 * A copy on the heap at its exact size, to be freed: a sanitizer then sees a
 * read past its end.
 */
uint8_t *packet_exact(const void *data, size_t len);

#endif /* TESTS_PACKET_H */
