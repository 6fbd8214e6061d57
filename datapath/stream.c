/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * `next` is the sequence number after the last byte seen. A segment that
 * carries [seq, end) is one of:
 *
 *   end <= next          a retransmission: its bytes were judged before
 *   seq <= next < end    the bytes from next on are new, and are followed
 *   seq > next           a gap: it does not pass until the gap was filled
 *
 * Packets come out of the tun in the order the kernel sent them, so new bytes
 * have a gap only if some were dropped before us, and then they come again.
 * Sequence numbers wrap: they are compared by their distance, which is under
 * 2^31 for anything in one window (RFC 9293 section 3.4).
 *
 * A frame is a head, which says how long it is, and that many bytes (OpenVPN's
 * socket.c, "stream_buf"; carrier/framing.h; RFC 8446 section 5.1). It is
 * judged when the first byte behind its head, which says what it is, is seen;
 * so at most a head leaves before its frame was judged, if it ends a segment.
 */
#include "datapath/stream.h"

#include <stddef.h>
#include <string.h>

#include "datapath/parse.h"

static struct stream *
find(struct streams *all, const struct pkt *p)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *s = &all->s[i];

		if (s->open && s->sport == p->sport && s->dport == p->dport &&
		    addr_equal(&s->src, &p->src) &&
		    addr_equal(&s->dst, &p->dst))
			return s;
	}
	return NULL;
}

/*
 * Which gives way when all are taken: one that has not greeted, if there is
 * one, so that a program that only knocks does not push the client out.
 */
static struct stream *
oldest(struct streams *all)
{
	struct stream *found = &all->s[0];

	for (size_t i = 1; i < STREAMS_MAX; i++) {
		struct stream *s = &all->s[i];

		if (s->greeted != found->greeted
			? !s->greeted
			: all->clock - s->age > all->clock - found->age)
			found = s;
	}
	return found;
}

/* A SYN: the stream begins at the number after it. */
static struct stream *
begin(struct streams *all, const struct pkt *p, enum shape shape)
{
	struct stream *s = find(all, p);

	for (size_t i = 0; s == NULL && i < STREAMS_MAX; i++)
		if (!all->s[i].open)
			s = &all->s[i];
	if (s == NULL)
		s = oldest(all);
	*s = (struct stream){ .src = p->src,
		.dst = p->dst,
		.sport = p->sport,
		.dport = p->dport,
		.open = true,
		.shape = (uint8_t)shape,
		.next = p->tcp_seq + 1,
		.age = all->clock++ };
	return s;
}

/* Follow n new bytes. False: a frame that the client would not send. */
static bool
follow(struct stream *s, const uint8_t *d, uint32_t n)
{
	enum shape shape = (enum shape)s->shape;
	unsigned n_head = shape_head_len(shape);

	while (n > 0) {
		if (s->left > 0) {
			uint32_t skip = n < s->left ? n : s->left;

			s->left -= skip;
			d += skip;
			n -= skip;
			continue;
		}
		if (s->n_head < n_head) {
			s->head[s->n_head++] = *d;
		} else {
			uint32_t len =
			    shape_frame(shape, s->head, d, n, !s->greeted);

			if (len == 0)
				return false;
			s->greeted = true;
			s->n_head = 0;
			s->left = len - 1;
		}
		d++;
		n--;
	}
	return true;
}

/* As a byte: a bool that is neither true nor false must not be read as one. */
static bool
is_bool(const bool *b)
{
	return *(const unsigned char *)b <= 1;
}

bool
stream_is_sound(const struct streams *all)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		const struct stream *s = &all->s[i];

		if (!is_bool(&s->open) || !is_bool(&s->greeted) ||
		    s->n_head > sizeof(s->head) || s->left > UINT16_MAX)
			return false;
	}
	return true;
}

bool
stream_segment(struct streams *all, const struct pkt *p, enum shape shape)
{
	uint32_t seq = p->tcp_seq, end, skip;
	struct stream *s;

	if (shape_head_len(shape) == 0)
		return false;
	if ((p->tcp_flags & TCP_SYN) != 0) {
		/* A client opens connections; it does not accept them. */
		if ((p->tcp_flags & (TCP_ACK | TCP_RST | TCP_FIN)) != 0)
			return false;
		s = begin(all, p, shape);
		seq++;
	} else {
		s = find(all, p);
		if (s != NULL && (p->tcp_flags & TCP_RST) != 0)
			s->open = false;
		if (p->payload_len == 0)
			return true;
		if (s == NULL || !s->open || s->shape != shape)
			return false;
	}

	end = seq + p->payload_len;
	if ((int32_t)(end - s->next) <= 0)
		return true;
	/* Lost before us: it will be sent again, and then this, too. */
	if ((int32_t)(seq - s->next) > 0)
		return false;
	skip = s->next - seq;
	s->next = end;
	if (!follow(s, p->payload + skip, p->payload_len - skip)) {
		s->open = false;
		return false;
	}
	return true;
}
