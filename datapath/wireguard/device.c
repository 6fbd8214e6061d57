/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/wireguard/peer.h"

#define MTU_MIN 576 /* RFC 791: what every host takes */
#define MTU_MAX (WG_MESSAGE_MAX - WG_DEVICE_OVERHEAD)

struct wg_device *
wg_device_new(const struct wg_config *config)
{
	struct wg_device *d;

	if (config->max_peers == 0 || config->max_peers > UINT32_MAX / 8 ||
	    config->mtu < MTU_MIN || config->mtu > MTU_MAX)
		return NULL;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->ops = *config->ops;
	d->arg = config->arg;
	d->crypto = config->crypto;
	d->mtu = config->mtu;
	d->max_peers = config->max_peers;
	d->load.enough = config->enough;
	d->next_tick = WG_NEVER;
	for (d->n_by_key = 1; d->n_by_key < d->max_peers;)
		d->n_by_key *= 2;
	d->by_key = calloc(d->n_by_key, sizeof(struct wg_peer *));
	d->peers = calloc(d->max_peers, sizeof(*d->peers));
	d->allowed = wg_allowed_new();
	/* An initiation and three sessions a peer. */
	if (d->by_key == NULL || d->peers == NULL || d->allowed == NULL ||
	    wg_indices_init(&d->indices, 4 * d->max_peers) < 0 ||
	    wg_self_set(d->crypto, &d->self, config->private) < 0 ||
	    d->ops.random(d->arg, d->load.secret, WG_KEY_LEN) < 0) {
		wg_device_free(d);
		return NULL;
	}
	for (uint32_t i = 0; i < d->max_peers; i++)
		d->peers[i].number = i;
	wg_mac_keys_of(d->crypto, d->self.public, &d->lock.keys);
	return d;
}

void
wg_device_free(struct wg_device *d)
{
	if (d == NULL)
		return;
	for (uint32_t i = 0; d->peers != NULL && i < d->max_peers; i++)
		if (d->peers[i].in_use)
			wg_peer_clear(d, &d->peers[i]);
	wg_self_clear(&d->self);
	wg_indices_clear(&d->indices);
	wg_allowed_free(d->allowed);
	free(d->peers);
	free((void *)d->by_key);
	wg_wipe(d, sizeof(*d));
	free(d);
}

void
wg_device_set_time(struct wg_device *d, uint64_t now, uint64_t unix_ns)
{
	d->unix_at = now;
	d->unix_is = unix_ns;
}

static struct wg_peer **
by_key(const struct wg_device *d, const uint8_t public[WG_KEY_LEN])
{
	return &d->by_key[le_32(public) & (d->n_by_key - 1)];
}

int
wg_device_add_peer(struct wg_device *d, const struct wg_peer_config *config,
    uint32_t *ret_peer)
{
	struct wg_peer *p = d->peers;
	int r;

	if (wg_peer_find(d, config->public) != NULL)
		return -EEXIST;
	if (memcmp(config->public, d->self.public, WG_KEY_LEN) == 0)
		return -EINVAL;
	while (p->in_use)
		if (++p == d->peers + d->max_peers)
			return -ENOSPC;
	r = wg_remote_set(&p->remote, &d->self, config->public, config->psk);
	if (r < 0 || (r = wg_peer_init(d, p)) < 0)
		return r;
	wg_mac_keys_of(d->crypto, config->public, &p->jar.keys);
	p->endpoint = config->endpoint;
	p->is_fixed = config->is_fixed;
	p->timers.persistent = config->persistent;
	p->same_hash = *by_key(d, config->public);
	*by_key(d, config->public) = p;
	*ret_peer = p->number;
	return 0;
}

static struct wg_peer *
peer_of(const struct wg_device *d, uint32_t peer)
{
	if (peer >= d->max_peers || !d->peers[peer].in_use)
		return NULL;
	return &d->peers[peer];
}

void
wg_device_remove_peer(struct wg_device *d, uint32_t peer)
{
	struct wg_peer *p = peer_of(d, peer), **at;

	if (p == NULL)
		return;
	wg_allowed_remove(d->allowed, peer);
	at = by_key(d, p->remote.public);
	while (*at != p)
		at = &(*at)->same_hash;
	*at = p->same_hash;
	wg_peer_clear(d, p);
}

int
wg_device_allow(struct wg_device *d, uint32_t peer, const struct prefix *net)
{
	if (peer_of(d, peer) == NULL)
		return -ENOENT;
	return wg_allowed_put(d->allowed, net, peer);
}

enum wg_verdict
wg_device_receive(struct wg_device *d, uint64_t now,
    const struct wg_endpoint *from, uint8_t *msg, size_t len,
    struct wg_packet *ret)
{
	switch (wg_type_of(msg, len)) {
	case WG_NO_TYPE:
		return WG_NO_MESSAGE;
	case WG_TRANSPORT:
		return wg_transport_receive(d, now, from, msg, len, ret);
	case WG_INITIATION:
	case WG_RESPONSE:
	case WG_COOKIE_REPLY:
		break;
	}
	return wg_handshake_receive(d, now, from, msg, len);
}

static void
tick_peer(struct wg_device *d, struct wg_peer *p, uint64_t now)
{
	unsigned due = wg_timers_due(&p->timers, now);

	if (due & WG_DUE_FORGET) {
		wg_peer_forget(d, p);
		wg_peer_tell(d, p, WG_FORGOTTEN);
	}
	if (due & WG_DUE_GIVE_UP)
		wg_peer_tell(d, p, WG_GAVE_UP);
	if (due & WG_DUE_RETRY)
		wg_handshake_retry(d, p, now);
	if (due & WG_DUE_INITIATE)
		wg_handshake_want(d, p, now);
	if (due & WG_DUE_KEEPALIVE)
		wg_transport_keepalive(d, p, now);
	wg_peer_reschedule(d, p);
}

void
wg_device_tick(struct wg_device *d, uint64_t now)
{
	if (now < d->next_tick)
		return;
	d->next_tick = WG_NEVER;
	for (uint32_t i = 0; i < d->max_peers; i++)
		if (d->peers[i].in_use)
			tick_peer(d, &d->peers[i], now);
}

uint64_t
wg_device_next_tick(const struct wg_device *d)
{
	return d->next_tick;
}

void
wg_device_connect(struct wg_device *d, uint64_t now, uint32_t peer)
{
	struct wg_peer *p = peer_of(d, peer);

	if (p != NULL &&
	    (p->current == NULL || !wg_session_is_good(p->current, now)))
		wg_handshake_want(d, p, now);
}

void
wg_device_renew(struct wg_device *d, uint64_t now, uint32_t peer)
{
	struct wg_peer *p = peer_of(d, peer);

	if (p == NULL)
		return;
	p->last_handshake = 0;
	p->timers.retry = 0;
	p->timers.trying = 0;
	wg_handshake_want(d, p, now);
}

int
wg_device_status(const struct wg_device *d, uint64_t now, uint32_t peer,
    struct wg_peer_status *ret)
{
	const struct wg_peer *p = peer_of(d, peer);

	if (p == NULL)
		return -ENOENT;
	memcpy(ret->public, p->remote.public, sizeof(ret->public));
	ret->is_established =
	    p->current != NULL && wg_session_is_good(p->current, now);
	ret->born = ret->is_established ? p->current->born : 0;
	ret->handshake = p->finished;
	ret->round_trip = p->round_trip;
	ret->last_unix = p->last_unix;
	ret->at = p->endpoint;
	ret->sent = p->sent;
	ret->received = p->received;
	return 0;
}
