/* SPDX-License-Identifier: ISC */
/*
 * udp: the port that our own tunnel's peers send to.
 *
 * It is for hearing: what is sent to a peer leaves by the uplink (uplink.h),
 * from this port. The firewall lets nobody in but the peers.
 */
#ifndef OS_UDP_H
#define OS_UDP_H

#include <stdint.h>

#include "src/base/addr.h"

struct udp;

/* Datagrams, or rows of them, of one udp_read(). */
#define UDP_BATCH 32

/* What came from one peer: a datagram, or a row of them put together. */
struct udp_in {
	uint8_t *data; /* borrowed room of PKTBUF_MAX bytes */
	uint32_t len;
	uint32_t segment; /* all but the last have that many bytes; 0: one */
	struct addr from;
	uint16_t port; /* host order */
};

/*
 * At a port (host order; 0: one that is free) of all our addresses, of either
 * family. 0, or a negative errno (-EADDRINUSE) with *ret untouched.
 */
int udp_open(uint16_t port, struct udp **ret);

/* As another process has it; the descriptor is the udp's. 0, or -ENOMEM. */
int udp_adopt(int fd, uint16_t port, struct udp **ret);

/* udp_close(NULL) does nothing. */
void udp_close(struct udp *u);

/* For the event loop: readable means that udp_read() will not block. */
int udp_fd(const struct udp *u);

/* Host order. */
uint16_t udp_port(const struct udp *u);

/* The next, at most n (UDP_BATCH). How many; 0 if none waits. */
int udp_read(struct udp *u, struct udp_in in[], unsigned n);

/*
 * When poll() says POLLERR: the next of what routers said, which has to be
 * taken. 1: to that address go no packets of more than *ret_mtu bytes; 0: it
 * was something else; -EAGAIN: nothing more. (Linux, IPv6: what is sent by IPv4
 * routers may cut.)
 */
int udp_take_error(struct udp *u, struct addr *ret_to, uint32_t *ret_mtu);

#endif /* OS_UDP_H */
