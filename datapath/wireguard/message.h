/* SPDX-License-Identifier: ISC */
/*
 * message: the four messages, as offsets (the paper, sections 5.4.2, 5.4.3,
 * 5.4.6 and 5.4.7). Numbers are little-endian; the first is the type, in four
 * bytes, of which the last three are reserved zeros.
 */
#ifndef DATAPATH_WIREGUARD_MESSAGE_H
#define DATAPATH_WIREGUARD_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "datapath/wireguard/crypto.h"
#include "datapath/wireguard/le.h"

enum wg_type {
	WG_NO_TYPE = 0,
	WG_INITIATION = 1,
	WG_RESPONSE = 2,
	WG_COOKIE_REPLY = 3,
	WG_TRANSPORT = 4
};

#define WG_TIMESTAMP_LEN 12
#define WG_COOKIE_LEN	 16

/* The sender of an initiation, response; the receiver of the others. */
#define WG_INDEX 4

#define WG_INITIATION_EPHEMERAL 8
#define WG_INITIATION_STATIC	40
#define WG_INITIATION_TIMESTAMP 88
#define WG_INITIATION_LEN	148

#define WG_RESPONSE_RECEIVER  8
#define WG_RESPONSE_EPHEMERAL 12
#define WG_RESPONSE_EMPTY     44
#define WG_RESPONSE_LEN	      92

/* The last two fields of both, counted from the end. */
#define WG_MAC1_FROM_END 32
#define WG_MAC2_FROM_END 16

#define WG_COOKIE_NONCE	    8
#define WG_COOKIE_SEALED    32
#define WG_COOKIE_REPLY_LEN 64

#define WG_TRANSPORT_COUNTER 8
#define WG_TRANSPORT_HEADER  16
#define WG_TRANSPORT_MIN     (WG_TRANSPORT_HEADER + WG_TAG_LEN)

/* The longest message there can be: the payload of UDP over IPv4. */
#define WG_MESSAGE_MAX 65507

/* What a message is by its first bytes and its length. */
static inline enum wg_type
wg_type_of(const uint8_t *msg, size_t len)
{
	if (len < WG_TRANSPORT_MIN || len > WG_MESSAGE_MAX)
		return WG_NO_TYPE;
	switch (le_32(msg)) {
	case WG_INITIATION:
		return len == WG_INITIATION_LEN ? WG_INITIATION : WG_NO_TYPE;
	case WG_RESPONSE:
		return len == WG_RESPONSE_LEN ? WG_RESPONSE : WG_NO_TYPE;
	case WG_COOKIE_REPLY:
		return len == WG_COOKIE_REPLY_LEN ? WG_COOKIE_REPLY
						  : WG_NO_TYPE;
	case WG_TRANSPORT:
		return WG_TRANSPORT;
	default:
		return WG_NO_TYPE;
	}
}

#endif /* DATAPATH_WIREGUARD_MESSAGE_H */
