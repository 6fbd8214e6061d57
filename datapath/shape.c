/* SPDX-License-Identifier: ISC */
#include "datapath/shape.h"

#include <assert.h>

#include "datapath/bytes.h"

static const char *const names[] = {
	[SHAPE_NONE] = "none",
	[SHAPE_WIREGUARD] = "wireguard",
	[SHAPE_OPENVPN] = "openvpn",
	[SHAPE_OPENVPN_TCP] = "openvpn-tcp",
	[SHAPE_IKE] = "ike",
	[SHAPE_IKE_NAT] = "ike-nat",
	[SHAPE_ESP] = "esp",
};

static_assert(sizeof(names) / sizeof(names[0]) == SHAPES,
    "a shape has no name");

const char *
shape_name(enum shape s)
{
	return (unsigned)s < SHAPES ? names[s] : "none";
}

/*
 * WireGuard (paper, section 5.4): a type, three zero bytes, and a length that
 * follows from the type. A data message is 32 bytes and the packet, padded to
 * a multiple of 16 but never beyond the interface's MTU: so only a packet
 * that fills the MTU may end unevenly, and no MTU is below 576 (RFC 791).
 */
static bool
is_wireguard(const uint8_t *p, size_t len)
{
	enum { INITIATION = 1, RESPONSE = 2, COOKIE = 3, DATA = 4 };

	if (len < 32 || p[1] != 0 || p[2] != 0 || p[3] != 0)
		return false;
	switch (p[0]) {
	case INITIATION:
		return len == 148;
	case RESPONSE:
		return len == 92;
	case COOKIE:
		return len == 64;
	case DATA:
		return len % 16 == 0 || len >= 576 + 32;
	default:
		return false;
	}
}

/*
 * OpenVPN's packets (openvpn's doc/doxygen, "network protocol"): five bits of
 * opcode and three of key id, then
 *   control   session id 8, count of acks 1, packet id 4: 14 bytes at least
 *   ack       session id 8, count 1, one ack 4, peer's session id 8: 22
 *   data v1   packet id 4, authentication tag 16 (or an HMAC, longer): 21
 *   data v2   peer id 3, then as v1: 24
 */
bool
shape_is_openvpn_packet(const uint8_t *packet, size_t available, size_t len,
    bool first)
{
	enum {
		SOFT_RESET_V1 = 3,
		CONTROL_V1 = 4,
		ACK_V1 = 5,
		DATA_V1 = 6,
		HARD_RESET_CLIENT_V2 = 7,
		DATA_V2 = 9,
		HARD_RESET_CLIENT_V3 = 10,
		CONTROL_WKC_V1 = 11
	};
	unsigned key_id;

	if (available < 1)
		return false;
	key_id = packet[0] & 7;
	switch (packet[0] >> 3) {
	case HARD_RESET_CLIENT_V2:
	case HARD_RESET_CLIENT_V3:
		/* The first key of a session, and the hello is short. */
		return key_id == 0 && len >= 14 && len <= 2048;
	case SOFT_RESET_V1:
	case CONTROL_V1:
	case CONTROL_WKC_V1:
		return !first && len >= 14;
	case ACK_V1:
		return !first && len >= 22;
	case DATA_V1:
		return !first && len >= 21;
	case DATA_V2:
		return !first && len >= 24;
	default:
		return false;
	}
}

/*
 * IKE's header (RFC 7296 section 3.1): initiator's SPI, never zero; version
 * 2; an exchange type of IKEv2 (34 and up); the length of it all.
 */
static bool
is_ike(const uint8_t *p, size_t len)
{
	uint8_t spi = 0;

	if (len < 28)
		return false;
	for (int i = 0; i < 8; i++)
		spi |= p[i];
	return spi != 0 && p[17] >> 4 == 2 && p[18] >= 34 &&
	    bytes_be32(p + 24) == len;
}

/*
 * ESP (RFC 4303 section 2): an SPI, of which 0 to 255 are reserved, a
 * sequence number, then IV, data, padding to 4 and ICV: 24 bytes for the
 * smallest (NULL cipher, HMAC-96), always a multiple of 4.
 */
static bool
is_esp(const uint8_t *p, size_t len)
{
	return len >= 24 && len % 4 == 0 && bytes_be32(p) >= 256;
}

/*
 * UDP 4500 (RFC 3948 section 2): one byte 0xff keeps the NAT's mapping; four
 * zero bytes stand before IKE; anything else is ESP.
 */
static bool
is_ike_nat(const uint8_t *p, size_t len)
{
	if (len == 1)
		return p[0] == 0xff;
	if (len >= 4 && bytes_be32(p) == 0)
		return is_ike(p + 4, len - 4);
	return is_esp(p, len);
}

bool
shape_matches(enum shape s, const uint8_t *payload, size_t len)
{
	switch (s) {
	case SHAPE_WIREGUARD:
		return is_wireguard(payload, len);
	case SHAPE_OPENVPN:
		return shape_is_openvpn_packet(payload, len, len, false);
	case SHAPE_IKE:
		return is_ike(payload, len);
	case SHAPE_IKE_NAT:
		return is_ike_nat(payload, len);
	case SHAPE_ESP:
		return is_esp(payload, len);
	case SHAPE_NONE:
	case SHAPE_OPENVPN_TCP:
	case SHAPES:
		break;
	}
	return false;
}
