/* SPDX-License-Identifier: ISC */
/*
 * The device's side of noise.h and cookie.h: when a handshake message goes
 * out, and which that come in are looked at.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "datapath/wireguard/peer.h"

/* A peer's initiations are taken this far apart (as Linux and Go do). */
#define REQUEST_INTERVAL (WG_SECOND / 50)

/* What a timestamp rounds down to: a later one is later by that. */
#define TIMESTAMP_STEP (UINT64_C(1) << 24)

/*
 * The time of day for a peer that takes only a later one than the last: so it
 * goes on, even if the clock was set back.
 */
static uint64_t
time_of_day(const struct wg_device *d, struct wg_peer *p, uint64_t now)
{
	uint64_t unix_ns = d->unix_is + (now - d->unix_at);

	if (unix_ns < p->last_unix + TIMESTAMP_STEP)
		unix_ns = p->last_unix + TIMESTAMP_STEP;
	p->last_unix = unix_ns;
	return unix_ns;
}

/* Not the same for all, so that two that fell silent do not meet again. */
static void
new_jitter(struct wg_device *d, struct wg_peer *p)
{
	uint32_t n;

	if (d->ops.random(d->arg, &n, sizeof(n)) == 0)
		p->timers.jitter = n % (WG_JITTER_MAX + 1);
}

static void
send_signed(struct wg_device *d, struct wg_peer *p, uint64_t now, uint8_t *msg,
    size_t len)
{
	wg_jar_sign(d->crypto, &p->jar, now, msg, len);
	p->last_handshake = now;
	p->sent += len;
	wg_timers_sent(&p->timers, now);
	d->ops.send(d->arg, &p->endpoint, msg, len);
}

static void
initiate(struct wg_device *d, struct wg_peer *p, uint64_t now)
{
	uint8_t msg[WG_INITIATION_LEN], ephemeral[WG_KEY_LEN];
	uint8_t timestamp[WG_TIMESTAMP_LEN];
	uint32_t number;
	int r;

	/* If it fails it is tried again, as if there was no answer. */
	new_jitter(d, p);
	wg_timers_initiated(&p->timers, now);
	if (wg_peer_new_index(d, &number) < 0 ||
	    d->ops.random(d->arg, ephemeral, sizeof(ephemeral)) < 0)
		return;
	wg_timestamp(time_of_day(d, p, now), timestamp);
	r = wg_noise_initiate(d->crypto, &d->self, &p->remote, ephemeral,
	    timestamp, number, &p->initiation, msg);
	wg_wipe(ephemeral, sizeof(ephemeral));
	if (r < 0)
		return;
	wg_indices_take(&d->indices, &p->awaiting);
	wg_indices_put(&d->indices, &p->awaiting, number);
	p->asked = now;
	send_signed(d, p, now, msg, sizeof(msg));
}

void
wg_handshake_retry(struct wg_device *d, struct wg_peer *p, uint64_t now)
{
	if (p->endpoint.addr.family == ADDR_NONE)
		return;
	if (p->last_handshake != 0 &&
	    now - p->last_handshake < WG_REKEY_TIMEOUT)
		wg_timers_postponed(&p->timers, now,
		    p->last_handshake + WG_REKEY_TIMEOUT);
	else
		initiate(d, p, now);
	wg_peer_reschedule(d, p);
}

void
wg_handshake_want(struct wg_device *d, struct wg_peer *p, uint64_t now)
{
	if (p->timers.retry == 0)
		wg_handshake_retry(d, p, now);
}

/* Is it worth the work? WG_DONE: yes. */
static enum wg_verdict
check(struct wg_device *d, uint64_t now, const struct wg_endpoint *from,
    const uint8_t *msg, size_t len)
{
	uint8_t secret[WG_KEY_LEN], nonce[WG_XNONCE_LEN];
	uint8_t reply[WG_COOKIE_REPLY_LEN];
	enum wg_macs macs;
	bool loaded;

	if (wg_lock_is_stale(&d->lock, now)) {
		if (d->ops.random(d->arg, secret, sizeof(secret)) < 0)
			return WG_FAILED;
		wg_lock_renew(&d->lock, secret, now);
		wg_wipe(secret, sizeof(secret));
	}
	macs = wg_lock_check(d->crypto, &d->lock, from, msg, len);
	if (macs == WG_MACS_WRONG)
		return WG_WRONG_MAC;
	loaded = wg_load_note(&d->load, now);
	if (!loaded)
		return WG_DONE;
	if (macs == WG_MACS_BOTH)
		return wg_load_permit(d->crypto, &d->load, &from->addr, now)
		    ? WG_DONE
		    : WG_UNDER_LOAD;
	if (d->ops.random(d->arg, nonce, sizeof(nonce)) < 0)
		return WG_FAILED;
	wg_lock_reply(d->crypto, &d->lock, from, msg, len, nonce, reply);
	d->ops.send(d->arg, from, reply, sizeof(reply));
	return WG_UNDER_LOAD;
}

static enum wg_verdict
verdict_of(int error)
{
	return error == -ENOMEM ? WG_FAILED : WG_FORGED;
}

/* The peer has proved who it is; the message may be an old one. */
static enum wg_verdict
take_request(struct wg_device *d, struct wg_peer *p, uint64_t now,
    const struct wg_endpoint *from, struct wg_request *q)
{
	struct wg_session_keys keys;
	uint8_t ephemeral[WG_KEY_LEN], msg[WG_RESPONSE_LEN];
	uint32_t number;
	int r;

	if (memcmp(q->timestamp, p->newest, WG_TIMESTAMP_LEN) <= 0 ||
	    (p->last_request != 0 && now - p->last_request < REQUEST_INTERVAL))
		return WG_REPLAYED;
	memcpy(p->newest, q->timestamp, WG_TIMESTAMP_LEN);
	p->last_request = now;
	if (wg_peer_new_index(d, &number) < 0 ||
	    d->ops.random(d->arg, ephemeral, sizeof(ephemeral)) < 0)
		return WG_FAILED;
	r = wg_noise_respond(d->crypto, &p->remote, q, ephemeral, number, msg,
	    &keys);
	wg_wipe(ephemeral, sizeof(ephemeral));
	if (r < 0)
		return verdict_of(r);
	wg_peer_add_session(d, p, &keys, false, now);
	wg_wipe(&keys, sizeof(keys));
	p->received += WG_INITIATION_LEN;
	wg_timers_received(&p->timers, now);
	wg_peer_heard_from(d, p, from);
	if (p->endpoint.addr.family != ADDR_NONE)
		send_signed(d, p, now, msg, sizeof(msg));
	wg_peer_reschedule(d, p);
	return WG_DONE;
}

static enum wg_verdict
receive_initiation(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, const uint8_t *msg)
{
	struct wg_request q;
	struct wg_peer *p;
	enum wg_verdict v;
	int r;

	if ((r = wg_noise_read_initiation(d->crypto, &d->self, msg, &q)) < 0)
		return verdict_of(r);
	p = wg_peer_find(d, q.public);
	if (p == NULL)
		v = WG_UNKNOWN;
	else if ((r = wg_noise_accept(d->crypto, &p->remote, msg, &q)) < 0)
		v = verdict_of(r);
	else
		v = take_request(d, p, now, from, &q);
	wg_wipe(&q, sizeof(q));
	return v;
}

static enum wg_verdict
receive_response(struct wg_device *d, uint64_t now, const uint8_t *msg)
{
	const struct wg_index *i =
	    wg_indices_find(&d->indices, le_32(msg + WG_RESPONSE_RECEIVER));
	struct wg_session_keys keys;
	struct wg_session *s;
	struct wg_peer *p;
	int r;

	if (i == NULL || i->is_session)
		return WG_UNKNOWN;
	p = &d->peers[i->peer];
	r = wg_noise_finish(d->crypto, &d->self, &p->remote, &p->initiation,
	    msg, &keys);
	if (r < 0)
		return verdict_of(r);
	/* The number is the session's from now on. */
	wg_indices_take(&d->indices, &p->awaiting);
	wg_peer_add_session(d, p, &keys, true, now);
	wg_wipe(&keys, sizeof(keys));
	p->received += WG_RESPONSE_LEN;
	wg_timers_received(&p->timers, now);
	wg_timers_established(&p->timers);
	p->finished = now;
	p->round_trip = now - p->asked;
	wg_peer_reschedule(d, p);

	/* Our first data confirms it to the peer: some, or none, but now. */
	s = p->current;
	wg_peer_tell(d, p, WG_ESTABLISHED);
	if (p->current == s && s->counter == 0)
		wg_transport_keepalive(d, p, now);
	return WG_DONE;
}

static enum wg_verdict
receive_cookie(struct wg_device *d, uint64_t now, const uint8_t *msg)
{
	const struct wg_index *i =
	    wg_indices_find(&d->indices, le_32(msg + WG_INDEX));

	/* A session's index, too: our response may be what was answered. */
	if (i == NULL)
		return WG_UNKNOWN;
	return wg_jar_read(d->crypto, &d->peers[i->peer].jar, now, msg)
	    ? WG_DONE
	    : WG_FORGED;
}

enum wg_verdict
wg_handshake_receive(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, const uint8_t *msg, size_t len)
{
	enum wg_type type = wg_type_of(msg, len);
	enum wg_verdict v;

	if (type == WG_COOKIE_REPLY)
		return receive_cookie(d, now, msg);
	assert(type == WG_INITIATION || type == WG_RESPONSE);
	if ((v = check(d, now, from, msg, len)) != WG_DONE)
		return v;
	return type == WG_INITIATION ? receive_initiation(d, now, from, msg)
				     : receive_response(d, now, msg);
}
