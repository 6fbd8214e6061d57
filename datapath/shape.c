/* SPDX-License-Identifier: ISC */
#include "datapath/shape.h"

#include <assert.h>

#include "datapath/bytes.h"

static const char *const names[] = {
	[SHAPE_NONE] = "none",
	[SHAPE_WIREGUARD] = "wireguard",
	[SHAPE_OPENVPN] = "openvpn",
	[SHAPE_OPENVPN_TCP] = "openvpn-tcp",
	[SHAPE_WIREGUARD_TCP] = "wireguard-tcp",
	[SHAPE_TLS] = "tls",
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
	case SHAPE_WIREGUARD_TCP:
	case SHAPE_TLS:
	case SHAPES:
		break;
	}
	return false;
}

/*
 * Over TCP.
 */

unsigned
shape_head_len(enum shape s)
{
	switch (s) {
	case SHAPE_OPENVPN_TCP:
	case SHAPE_WIREGUARD_TCP:
		return 2;
	case SHAPE_TLS:
		return 5;
	default:
		return 0;
	}
}

/*
 * TunSafe's framing (carrier/framing.h): two bits of type, 14 of length. A
 * client begins with an initiation; of data the first 16 bytes may be left out.
 * Of the message its type is looked at, and the length that follows from it.
 */
static uint32_t
wireguard_frame(const uint8_t head[SHAPE_HEAD_MAX], uint8_t type, bool first)
{
	enum { WHOLE = 0, HEADLESS = 2 };
	uint32_t len = bytes_be16(head) & 0x3fff;

	if (head[0] >> 6 == HEADLESS)
		return !first && len >= 16 ? len : 0;
	if (head[0] >> 6 != WHOLE)
		return 0;
	switch (type) {
	case 1:
		return len == 148 ? len : 0;
	case 2:
		return !first && len == 92 ? len : 0;
	case 3:
		return !first && len == 64 ? len : 0;
	case 4:
		return !first && len >= 32 ? len : 0;
	default:
		return 0;
	}
}

/*
 * RFC 8446 section 5.1 and 5.2, RFC 5246 section 6.2: a type, a version that
 * begins with 3, a length. A client begins with its hello.
 */
static uint32_t
tls_frame(const uint8_t head[SHAPE_HEAD_MAX], uint8_t message, bool first)
{
	enum {
		CHANGE_CIPHER_SPEC = 20,
		HANDSHAKE = 22,
		APPLICATION_DATA = 23,
		CLIENT_HELLO = 1,
		LEN_MAX = 16384 + 2048
	};
	uint32_t len = bytes_be16(head + 3);

	if (head[0] < CHANGE_CIPHER_SPEC || head[0] > APPLICATION_DATA ||
	    head[1] != 3 || head[2] < 1 || head[2] > 3 || len > LEN_MAX)
		return 0;
	if (first && (head[0] != HANDSHAKE || message != CLIENT_HELLO))
		return 0;
	return len;
}

uint32_t
shape_frame(enum shape s, const uint8_t head[SHAPE_HEAD_MAX],
    const uint8_t *frame, size_t available, bool first)
{
	uint32_t len;

	switch (s) {
	case SHAPE_OPENVPN_TCP:
		len = bytes_be16(head);
		return len > 0 &&
			shape_is_openvpn_packet(frame, available, len, first)
		    ? len
		    : 0;
	case SHAPE_WIREGUARD_TCP:
		return wireguard_frame(head, frame[0], first);
	case SHAPE_TLS:
		return tls_frame(head, frame[0], first);
	default:
		return 0;
	}
}
