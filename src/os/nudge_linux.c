/* SPDX-License-Identifier: ISC */
#include "src/os/nudge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/ipchecksum.h"

enum { PORT_DISCARD = 9, UDP_BYTES = 8 };

/* An empty datagram as an IP packet; its length. */
static size_t
build(uint8_t out[48], const struct addr *from, const struct addr *to)
{
	size_t ip = from->family == ADDR_V4 ? 20 : 40, n = addr_len(from);
	uint8_t *udp = out + ip, *src = out + (ip == 20 ? 12 : 8);
	uint8_t pseudo[4] = { 0, IPPROTO_UDP, 0, UDP_BYTES };
	uint16_t sum;

	memset(out, 0, 48);
	if (ip == 20) {
		out[0] = 0x45;
		out[3] = 20 + UDP_BYTES;
		out[8] = 64;
		out[9] = IPPROTO_UDP;
	} else {
		out[0] = 0x60;
		out[5] = UDP_BYTES;
		out[6] = IPPROTO_UDP;
		out[7] = 64;
	}
	memcpy(src, from->bytes, n);
	memcpy(src + n, to->bytes, n);
	if (ip == 20) {
		sum = ipchecksum_fold(ipchecksum_add(0, out, ip));
		out[10] = (uint8_t)(sum >> 8);
		out[11] = (uint8_t)sum;
	}
	udp[1] = PORT_DISCARD;
	udp[3] = PORT_DISCARD;
	udp[5] = UDP_BYTES;
	/* RFC 768: over the addresses, protocol and length, too. */
	sum = ipchecksum_fold(ipchecksum_add(
	    ipchecksum_add(ipchecksum_add(0, src, 2 * n), pseudo, 4), udp,
	    UDP_BYTES));
	udp[6] = (uint8_t)(sum >> 8);
	udp[7] = (uint8_t)sum;
	return ip + UDP_BYTES;
}

int
nudge_send(unsigned ifindex, const struct addr *from, const struct addr *to)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)ifindex };
	uint8_t packet[48];
	size_t len;
	int fd, r = 0;

	if (from->family != to->family || from->family == ADDR_NONE)
		return -EINVAL;
	len = build(packet, from, to);
	at.sll_protocol =
	    htons(from->family == ADDR_V4 ? ETH_P_IP : ETH_P_IPV6);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, packet, len, 0, (struct sockaddr *)&at, sizeof(at)) < 0)
		r = -errno;
	close(fd);
	return r;
}
