/* SPDX-License-Identifier: ISC */
/*
 * Packets of the inner network in transport messages, and out of them.
 */
#include <errno.h>
#include <string.h>

#include "datapath/bytes.h"
#include "datapath/wireguard/peer.h"

/*
 * Near the end of its 180 s a session that receives only is renewed by what
 * comes in: as long before as a keepalive and a retry may take.
 */
#define RENEW_BY_RECEIVING \
	(WG_REJECT_AFTER_TIME - WG_KEEPALIVE_TIMEOUT - WG_REKEY_TIMEOUT)

/* Of IPv4 (RFC 791 section 3.1) and IPv6 (RFC 8200 section 3). */
struct inner {
	struct addr src, dst;
	size_t len; /* as its header says */
};

static bool
read_inner(const uint8_t *packet, size_t len, struct inner *ret)
{
	if (len >= 20 && packet[0] >> 4 == 4) {
		ret->src = addr_from_bytes(ADDR_V4, packet + 12);
		ret->dst = addr_from_bytes(ADDR_V4, packet + 16);
		ret->len = bytes_be16(packet + 2);
		return ret->len >= 20 && ret->len <= len;
	}
	if (len >= 40 && packet[0] >> 4 == 6) {
		ret->src = addr_from_bytes(ADDR_V6, packet + 8);
		ret->dst = addr_from_bytes(ADDR_V6, packet + 24);
		ret->len = 40 + (size_t)bytes_be16(packet + 4);
		return ret->len <= len;
	}
	return false;
}

uint32_t
wg_device_route(const struct wg_device *d, const uint8_t *packet, size_t len)
{
	struct inner in;

	return read_inner(packet, len, &in)
	    ? wg_allowed_find(d->allowed, &in.dst)
	    : WG_NOBODY;
}

/*
 * To a multiple of 16, so that lengths tell less; but not beyond the MTU, for
 * the message has to pass where a packet of the MTU's size does.
 */
static size_t
padded(const struct wg_device *d, size_t len)
{
	size_t to = (len + 15) & ~(size_t)15;

	return to <= d->mtu ? to : d->mtu;
}

/* The session is good, and the endpoint known. */
static size_t
seal(struct wg_device *d, struct wg_peer *p, uint64_t now, uint8_t *msg,
    size_t len)
{
	struct wg_session *s = p->current;
	size_t to = padded(d, len);

	memset(msg + WG_TRANSPORT_HEADER + len, 0, to - len);
	wg_session_seal(s, msg, to);
	p->sent += to + WG_TRANSPORT_MIN;
	wg_timers_sent(&p->timers, now);
	if (len > 0)
		wg_timers_data_sent(&p->timers, now);
	if (wg_session_is_worn(s, now))
		wg_handshake_want(d, p, now);
	wg_peer_reschedule(d, p);
	return to + WG_TRANSPORT_MIN;
}

static bool
can_send(const struct wg_peer *p, uint64_t now)
{
	return p->current != NULL && wg_session_is_good(p->current, now);
}

int
wg_device_seal(struct wg_device *d, uint64_t now, uint32_t peer, uint8_t *msg,
    size_t packet_len, size_t *ret_len, struct wg_endpoint *ret_to)
{
	struct wg_peer *p;

	if (peer >= d->max_peers || !d->peers[peer].in_use)
		return -ENOENT;
	if (packet_len == 0 || packet_len > d->mtu)
		return -EMSGSIZE;
	p = &d->peers[peer];
	if (p->endpoint.addr.family == ADDR_NONE)
		return -EDESTADDRREQ;
	if (!can_send(p, now)) {
		wg_handshake_want(d, p, now);
		return -EAGAIN;
	}
	*ret_len = seal(d, p, now, msg, packet_len);
	*ret_to = p->endpoint;
	return 0;
}

void
wg_transport_keepalive(struct wg_device *d, struct wg_peer *p, uint64_t now)
{
	uint8_t msg[WG_TRANSPORT_MIN];

	if (p->endpoint.addr.family == ADDR_NONE)
		return;
	if (can_send(p, now))
		d->ops.send(d->arg, &p->endpoint, msg, seal(d, p, now, msg, 0));
	else
		wg_handshake_want(d, p, now);
}

/* It is authentic: what follows from that, whatever is in it. */
static void
heard(struct wg_device *d, struct wg_peer *p, struct wg_session *s,
    uint64_t now, const struct wg_endpoint *from, size_t len)
{
	bool confirms = s == p->next;

	p->received += len;
	wg_timers_received(&p->timers, now);
	if (len > WG_TRANSPORT_MIN)
		wg_timers_data_received(&p->timers, now);
	if (!s->initiator)
		wg_peer_heard_from(d, p, from);
	if (confirms) {
		wg_peer_confirm(d, p);
		p->finished = now;
		wg_peer_tell(d, p, WG_ESTABLISHED);
	}
	if (s == p->current && s->initiator && !s->asked_to_rekey &&
	    now - s->born >= RENEW_BY_RECEIVING) {
		s->asked_to_rekey = true;
		wg_handshake_want(d, p, now);
	}
	wg_peer_reschedule(d, p);
}

enum wg_verdict
wg_transport_receive(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, uint8_t *msg, size_t len,
    struct wg_packet *ret)
{
	const struct wg_index *i =
	    wg_indices_find(&d->indices, le_32(msg + WG_INDEX));
	struct wg_session *s = NULL;
	struct wg_peer *p;
	struct inner in;
	int r;

	if (i == NULL || !i->is_session)
		return WG_UNKNOWN;
	p = &d->peers[i->peer];
	for (int k = 0; k < WG_SESSIONS; k++)
		if (&p->sessions[k].index == i)
			s = &p->sessions[k];
	r = s != NULL ? wg_session_open(s, now, msg, len) : -ESTALE;
	if (r < 0)
		return r == -EBADMSG ? WG_FORGED
		    : r == -EALREADY ? WG_REPLAYED
				     : WG_EXPIRED;
	heard(d, p, s, now, from, len);
	if (len == WG_TRANSPORT_MIN)
		return WG_DONE;
	if (!read_inner(msg + WG_TRANSPORT_HEADER, len - WG_TRANSPORT_MIN, &in))
		return WG_NOT_IP;
	if (wg_allowed_find(d->allowed, &in.src) != p->number)
		return WG_NOT_ALLOWED;
	ret->peer = p->number;
	ret->data = msg + WG_TRANSPORT_HEADER;
	ret->len = in.len;
	return WG_PACKET;
}
