/* SPDX-License-Identifier: ISC */
#include "src/os/datagram.h"

#include <string.h>

#include "src/os/ipchecksum.h"

enum { PROTOCOL_UDP = 17, UDP_BYTES = 8, TTL = 1 };

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

size_t
datagram_write(uint8_t out[DATAGRAM_MAX], const struct addr *from,
    const struct addr *to, uint16_t port)
{
	bool v4 = from->family == ADDR_V4;
	size_t ip = v4 ? 20 : 40, n = addr_len(from);
	uint8_t *udp = out + ip, *src = out + (v4 ? 12 : 8);
	uint8_t pseudo[4] = { 0, PROTOCOL_UDP, 0, UDP_BYTES };
	uint32_t sum;

	if (n == 0 || from->family != to->family)
		return 0;
	memset(out, 0, DATAGRAM_MAX);
	if (v4) {
		out[0] = 0x45;
		out[3] = 20 + UDP_BYTES;
		out[8] = TTL;
		out[9] = PROTOCOL_UDP;
	} else {
		out[0] = 0x60;
		out[5] = UDP_BYTES;
		out[6] = PROTOCOL_UDP;
		out[7] = TTL;
	}
	memcpy(src, from->bytes, n);
	memcpy(src + n, to->bytes, n);
	if (v4)
		put16(out + 10, ipchecksum_fold(ipchecksum_add(0, out, ip)));
	put16(udp, port);
	put16(udp + 2, port);
	put16(udp + 4, UDP_BYTES);
	/* RFC 768: over the addresses, protocol and length, too. */
	sum = ipchecksum_add(0, src, 2 * n);
	sum = ipchecksum_add(sum, pseudo, sizeof(pseudo));
	put16(udp + 6, ipchecksum_fold(ipchecksum_add(sum, udp, UDP_BYTES)));
	/* 0 would mean "no checksum", which IPv6 forbids. */
	if (udp[6] == 0 && udp[7] == 0)
		udp[6] = udp[7] = 0xff;
	return ip + UDP_BYTES;
}
