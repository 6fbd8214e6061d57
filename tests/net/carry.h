/* SPDX-License-Identifier: ISC */
/*
 * carry: the ways that a forged packet can be handed to the kernel, each
 * beneath more of it than the one before.
 *
 *	raw		an IP socket that takes whole packets; routed
 *	raw-device	the same, bound to the device
 *	packet-dgram	a packet socket, the kernel makes the Ethernet head
 *	packet		a packet socket, whole frames
 *	packet-bypass	the same, round the queue (PACKET_QDISC_BYPASS)
 *	xdp		AF_XDP, round all that filters
 */
#ifndef TESTS_NET_CARRY_H
#define TESTS_NET_CARRY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/net/forge.h"

struct carrier;

/*
 * A carrier of that name out of the device, its frames addressed to `mac`.
 * NULL if there is no such name or it cannot be made; it has said why.
 */
struct carrier *carry_open(const char *name, const char *device,
    const uint8_t mac[6], const struct order *o);

/* Hand one over. What becomes of it is not looked at. */
void carry(struct carrier *c, const struct order *o, const struct packet *p);

/* What was handed over has been sent, or was dropped. */
void carry_close(struct carrier *c);

#endif /* TESTS_NET_CARRY_H */
