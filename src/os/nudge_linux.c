/* SPDX-License-Identifier: ISC */
#include "src/os/nudge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/datagram.h"

enum { PORT_DISCARD = 9 }; /* RFC 863 */

int
nudge_send(unsigned ifindex, const struct addr *from, const struct addr *to)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)ifindex };
	uint8_t packet[DATAGRAM_MAX];
	size_t len;
	int fd, r = 0;

	if ((len = datagram_write(packet, from, to, PORT_DISCARD)) == 0)
		return -EINVAL;
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
