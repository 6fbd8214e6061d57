/* SPDX-License-Identifier: ISC */
/*
 * Two readings of "one more than the last"
 *
 * TunSafe's receiver counts transport messages; Proton's (onRecvPacket() in
 * conn/tcp_tls_utils.go of https://github.com/ProtonVPN/wireguard-go) counts
 * all messages since. They agree where the frame before is a transport
 * message, so only then is one sent without its first 16 bytes. Both kinds of
 * sender mean TunSafe's reading, which is the one here.
 */
#include "datapath/carrier/framing.h"

#include <assert.h>
#include <string.h>

#include "datapath/wireguard/message.h"

enum frame_type { FRAME_WHOLE = 0, FRAME_DATA = 2 };

static struct framing_data
data_of(const uint8_t *msg)
{
	return (struct framing_data){ .is_known = true,
		.index = le_32(msg + WG_INDEX),
		.counter = le_64(msg + WG_TRANSPORT_COUNTER) };
}

/*
 * What is sent.
 */

void
framing_out_init(struct framing_out *o, enum carrier_framing framing)
{
	*o = (struct framing_out){ .framing = framing };
}

static bool
is_next(const struct framing_data *last, const struct framing_data *d)
{
	return last->is_known && d->index == last->index &&
	    d->counter == last->counter + 1;
}

size_t
framing_write(struct framing_out *o, const uint8_t *msg, size_t len,
    uint8_t *ret_frame)
{
	struct framing_data d = { 0 };
	unsigned type = FRAME_WHOLE;
	enum wg_type of;

	if (len > FRAMING_MESSAGE_MAX ||
	    (of = wg_type_of(msg, len)) == WG_NO_TYPE)
		return 0;
	if (o->framing == CARRIER_TUNSAFE && of == WG_TRANSPORT) {
		d = data_of(msg);
		if (is_next(&o->last, &d)) {
			type = FRAME_DATA;
			msg += WG_TRANSPORT_HEADER;
			len -= WG_TRANSPORT_HEADER;
		}
	}
	o->last = d;
	ret_frame[0] = (uint8_t)(type << 6 | len >> 8);
	ret_frame[1] = (uint8_t)len;
	memcpy(ret_frame + FRAMING_HEADER, msg, len);
	return FRAMING_HEADER + len;
}

/*
 * What is received.
 */

void
framing_in_init(struct framing_in *i, enum carrier_framing framing)
{
	i->framing = framing;
	i->broken = FRAMING_MORE;
	i->last = (struct framing_data){ 0 };
	i->n_header = i->n_msg = i->len = 0;
}

/* The first 16 bytes that a frame was sent without. */
static void
restore_header(struct framing_in *i)
{
	i->last.counter++;
	le_put32(i->msg, WG_TRANSPORT);
	le_put32(i->msg + WG_INDEX, i->last.index);
	le_put64(i->msg + WG_TRANSPORT_COUNTER, i->last.counter);
	i->n_msg = WG_TRANSPORT_HEADER;
}

/* Once both bytes are there. FRAMING_MESSAGE: it can be one. */
static enum framing_result
begin(struct framing_in *i)
{
	size_t len = (size_t)i->header[0] << 8 | i->header[1];
	unsigned type = FRAME_WHOLE;

	i->n_msg = 0;
	if (i->framing == CARRIER_TUNSAFE) {
		type = i->header[0] >> 6;
		len &= 0x3fff;
	} else if (len == 0) {
		i->n_header = 0;
		return FRAMING_MORE;
	}
	if (type != FRAME_WHOLE && type != FRAME_DATA)
		return FRAMING_BAD_TYPE;
	if (type == FRAME_DATA)
		len += WG_TRANSPORT_HEADER;
	if (len < WG_TRANSPORT_MIN || len > FRAMING_MESSAGE_MAX)
		return FRAMING_BAD_LENGTH;
	if (type == FRAME_DATA) {
		if (!i->last.is_known)
			return FRAMING_NO_HEADER;
		restore_header(i);
	}
	i->len = len;
	return FRAMING_MESSAGE;
}

/* Once all bytes are there. */
static enum framing_result
finish(struct framing_in *i)
{
	enum wg_type type = wg_type_of(i->msg, i->len);

	if (type == WG_NO_TYPE)
		return FRAMING_NOT_MESSAGE;
	if (type == WG_TRANSPORT)
		i->last = data_of(i->msg);
	i->n_header = 0;
	return FRAMING_MESSAGE;
}

/* Of what is left, as much as fits: into to[*at], up to to[end]. */
static void
fill(uint8_t *to, size_t *at, size_t end, const uint8_t **data, size_t *len)
{
	size_t n = end - *at < *len ? end - *at : *len;

	memcpy(to + *at, *data, n);
	*at += n;
	*data += n;
	*len -= n;
}

static enum framing_result
step(struct framing_in *i, const uint8_t **data, size_t *len)
{
	enum framing_result r;

	while (*len > 0) {
		if (i->n_header < FRAMING_HEADER) {
			fill(i->header, &i->n_header, FRAMING_HEADER, data,
			    len);
			if (i->n_header == FRAMING_HEADER &&
			    (r = begin(i)) != FRAMING_MESSAGE &&
			    r != FRAMING_MORE)
				return r;
			continue;
		}
		fill(i->msg, &i->n_msg, i->len, data, len);
		if (i->n_msg == i->len)
			return finish(i);
	}
	return FRAMING_MORE;
}

enum framing_result
framing_read(struct framing_in *i, const uint8_t **data, size_t *len)
{
	enum framing_result r;

	if (i->broken != FRAMING_MORE)
		return i->broken;
	r = step(i, data, len);
	if (r != FRAMING_MORE && r != FRAMING_MESSAGE)
		i->broken = r;
	return r;
}

const char *
framing_result_name(enum framing_result r)
{
	static const char *const names[] = {
		[FRAMING_MORE] = "incomplete frame",
		[FRAMING_MESSAGE] = "message",
		[FRAMING_BAD_TYPE] = "frame of an unknown type",
		[FRAMING_BAD_LENGTH] = "frame of an impossible length",
		[FRAMING_NO_HEADER] = "frame that continues nothing",
		[FRAMING_NOT_MESSAGE] = "frame that is no WireGuard message",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == FRAMING_RESULTS,
	    "a result has no name");

	return names[r];
}
