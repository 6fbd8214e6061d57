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
	SHAPE_NONE = 0,	     /* nothing has it */
	SHAPE_WIREGUARD,     /* WireGuard paper, section 5.4 */
	SHAPE_OPENVPN,	     /* OpenVPN over UDP: one packet a datagram */
	SHAPE_OPENVPN_TCP,   /* OpenVPN over TCP: see stream.h */
	SHAPE_WIREGUARD_TCP, /* WireGuard's messages, framed
			      * (carrier/framing.h): see stream.h */
	SHAPE_TLS,     /* TLS records (RFC 8446 section 5): see stream.h */
	SHAPE_IKE,     /* RFC 7296 section 3.1, port 500 */
	SHAPE_IKE_NAT, /* RFC 3948, port 4500: ESP, IKE, keepalive */
	SHAPE_ESP,     /* RFC 4303, IP protocol 50 */
	SHAPES
};

/* "wireguard", "openvpn", ...; "none" for SHAPE_NONE. */
const char *shape_name(enum shape s);

/*
 * Has the payload of one datagram (one ESP packet) that shape? Never, for
 * SHAPE_NONE and for those over TCP, whose frames do not end with a packet.
 */
bool shape_matches(enum shape s, const uint8_t *payload, size_t len);

/*
 * OpenVPN's packet: opcode and key id in the first byte, then what the opcode
 * asks for. `available` bytes of its `len` are at hand, at least 1. `first`:
 * only what may open a connection.
 */
bool shape_is_openvpn_packet(const uint8_t *packet, size_t available,
    size_t len, bool first);

/* A frame of a client's TCP connection begins with so many bytes of head. */
#define SHAPE_HEAD_MAX 5

/*
 * Of a shape over TCP: how long its frames' heads are; 0: it is none of those.
 */
unsigned shape_head_len(enum shape s);

/*
 * A frame's head, and the first `available` of its bytes, at least 1: may it be
 * sent? `first`: only what may open a connection. The frame's length, at least
 * 1, or 0: no.
 */
uint32_t shape_frame(enum shape s, const uint8_t head[SHAPE_HEAD_MAX],
    const uint8_t *frame, size_t available, bool first);

#endif /* DATAPATH_SHAPE_H */
