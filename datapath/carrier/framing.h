/* SPDX-License-Identifier: ISC */
/*
 * framing: WireGuard's messages in a stream of bytes.
 *
 *   CARRIER_TUNSAFE  as TunSafe has it (docs/"WireGuard TCP.txt" of
 *                    https://github.com/TunSafe/TunSafe) and Proton:
 *
 *       TT LLLLLL LLLLLLLL  payload       two bits of type, 14 of length
 *       00                  a message
 *       10                  a transport message without its first 16 bytes:
 *                           index as of the last that had them, counter one
 *                           more than of the last transport message
 *
 *   CARRIER_PLAIN    as Mullvad's udp-over-tcp has it: 16 bits of length, the
 *                    message. One of length 0 is legal there, and nothing.
 *
 * Pure. Each direction of each connection has a state of its own: a new one
 * for a new connection. Zeroed, they are new ones of CARRIER_TUNSAFE.
 */
#ifndef DATAPATH_CARRIER_FRAMING_H
#define DATAPATH_CARRIER_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum carrier_framing { CARRIER_TUNSAFE = 0, CARRIER_PLAIN, CARRIER_FRAMINGS };

/* The longest message in either framing: what 14 bits can say. */
#define FRAMING_MESSAGE_MAX 16383
#define FRAMING_HEADER	    2
#define FRAMING_FRAME_MAX   (FRAMING_HEADER + FRAMING_MESSAGE_MAX)

/* What a transport message's first 16 bytes have beside its type. */
struct framing_data {
	bool is_known;
	uint32_t index;
	uint64_t counter;
};

/*
 * What is sent.
 */

struct framing_out {
	enum carrier_framing framing;
	struct framing_data last; /* of the frame before, if it had data */
};

void framing_out_init(struct framing_out *o, enum carrier_framing framing);

/*
 * One message as a frame, of at most FRAMING_HEADER + len bytes. Its length;
 * 0: not a message, or too long, and then the state is as before. What it
 * returns has to be sent.
 */
size_t framing_write(struct framing_out *o, const uint8_t *msg, size_t len,
    uint8_t *ret_frame);

/*
 * What is received.
 */

enum framing_result {
	FRAMING_MORE = 0,   /* all was taken, more is needed */
	FRAMING_MESSAGE,    /* there is one */
	FRAMING_BAD_TYPE,   /* a type that is not defined */
	FRAMING_BAD_LENGTH, /* longer or shorter than any message */
	FRAMING_NO_HEADER,  /* data without the first 16 bytes, and no before */
	FRAMING_NOT_MESSAGE, /* what is framed is not WireGuard's */
	FRAMING_RESULTS
};

struct framing_in {
	enum carrier_framing framing;
	enum framing_result broken; /* FRAMING_MORE: not */
	struct framing_data last;
	uint8_t header[FRAMING_HEADER];
	size_t n_header;
	size_t n_msg; /* what is there of the message */
	size_t len;   /* what there has to be */
	uint8_t msg[FRAMING_MESSAGE_MAX];
};

void framing_in_init(struct framing_in *i, enum carrier_framing framing);

/*
 * Takes bytes as they come, in any cut, up to the end of a message: *data and
 * *len become what is left. FRAMING_MESSAGE: it is i->msg, i->len bytes, until
 * the next call. What is neither this nor FRAMING_MORE ends the stream: so
 * will each call after it.
 */
enum framing_result
framing_read(struct framing_in *i, const uint8_t **data, size_t *len);

/* For the log: "frame of an unknown type". */
const char *framing_result_name(enum framing_result r);

#endif /* DATAPATH_CARRIER_FRAMING_H */
