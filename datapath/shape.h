/* SPDX-License-Identifier: ISC */
/*
 * shape: does a payload look like what a VPN client sends to its server?
 *
 * Not authentication: a program that imitates the shape passes. It keeps
 * apart what is encapsulated from what is not (a web page's request to the
 * server's own address, a scan of its port).
 *
 * Pure. A payload is read only within its length.
 */
#ifndef DATAPATH_SHAPE_H
#define DATAPATH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape {
	SHAPE_NONE = 0,	   /* nothing has it */
	SHAPE_WIREGUARD,   /* WireGuard paper, section 5.4 */
	SHAPE_OPENVPN,	   /* OpenVPN over UDP: one packet a datagram */
	SHAPE_OPENVPN_TCP, /* OpenVPN over TCP: see stream.h */
	SHAPE_IKE,	   /* RFC 7296 section 3.1, port 500 */
	SHAPE_IKE_NAT,	   /* RFC 3948, port 4500: ESP, IKE, keepalive */
	SHAPE_ESP,	   /* RFC 4303, IP protocol 50 */
	SHAPES
};

/* "wireguard", "openvpn", ...; "none" for SHAPE_NONE. */
const char *shape_name(enum shape s);

/*
 * Has the payload of one datagram (one ESP packet) that shape? Never, for
 * SHAPE_NONE and for SHAPE_OPENVPN_TCP, whose frames do not end with a packet.
 */
bool shape_matches(enum shape s, const uint8_t *payload, size_t len);

/*
 * OpenVPN's packet: opcode and key id in the first byte, then what the opcode
 * asks for. `available` bytes of its `len` are at hand, at least 1. `first`:
 * only what may open a connection.
 */
bool shape_is_openvpn_packet(const uint8_t *packet, size_t available,
    size_t len, bool first);

#endif /* DATAPATH_SHAPE_H */
