/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/noise.h"

#include <errno.h>
#include <string.h>

static const char prologue[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

int
wg_self_set(struct wg_crypto *c, struct wg_self *self,
    const uint8_t private[WG_KEY_LEN])
{
	struct wg_private *k = wg_private_new(c, private);

	if (k == NULL)
		return -ENOMEM;
	self->private = k;
	wg_private_public(k, self->public);
	return 0;
}

void
wg_self_clear(struct wg_self *self)
{
	wg_private_free(self->private);
	wg_wipe(self, sizeof(*self));
}

int
wg_remote_set(struct wg_remote *remote, const struct wg_self *self,
    const uint8_t public[WG_KEY_LEN], const uint8_t psk[WG_KEY_LEN])
{
	int r = wg_dh(self->private, public, remote->shared);

	if (r < 0)
		return r;
	memcpy(remote->public, public, WG_KEY_LEN);
	memcpy(remote->psk, psk, WG_KEY_LEN);
	return 0;
}

static void
put_be(uint8_t *p, uint64_t n, unsigned bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)n;
		n >>= 8;
	}
}

void
wg_timestamp(uint64_t unix_ns, uint8_t ret[WG_TIMESTAMP_LEN])
{
	/* 2^62, and the ten seconds that TAI was ahead of UTC in 1970. */
	const uint64_t epoch = UINT64_C(0x400000000000000a);
	const uint64_t second = 1000000000, coarse = UINT64_C(0xffffff);

	put_be(ret, epoch + unix_ns / second, 8);
	put_be(ret + 8, unix_ns % second & ~coarse, 4);
}

/* Both sides know whom an initiation is for. */
static void
start(struct wg_crypto *c, struct wg_symmetric *s,
    const uint8_t responder[WG_KEY_LEN])
{
	wg_symmetric_start(c, s, prologue, sizeof(prologue) - 1);
	wg_symmetric_hash(c, s, responder, WG_KEY_LEN);
}

void
wg_initiation_forget(struct wg_initiation *i)
{
	wg_private_free(i->ephemeral);
	wg_wipe(i, sizeof(*i));
}

int
wg_noise_initiate(struct wg_crypto *c, const struct wg_self *self,
    const struct wg_remote *remote, const uint8_t ephemeral[WG_KEY_LEN],
    const uint8_t timestamp[WG_TIMESTAMP_LEN], uint32_t index,
    struct wg_initiation *i, uint8_t msg[WG_INITIATION_LEN])
{
	struct wg_private *e = wg_private_new(c, ephemeral);
	struct wg_symmetric s;
	uint8_t public[WG_KEY_LEN];
	int r;

	if (e == NULL)
		return -ENOMEM;
	wg_private_public(e, public);
	start(c, &s, remote->public);
	wg_symmetric_ephemeral(c, &s, public);
	if ((r = wg_symmetric_dh(c, &s, e, remote->public)) < 0) {
		wg_private_free(e);
		wg_wipe(&s, sizeof(s));
		return r;
	}
	le_put32(msg, WG_INITIATION);
	le_put32(msg + WG_INDEX, index);
	memcpy(msg + WG_INITIATION_EPHEMERAL, public, WG_KEY_LEN);
	wg_symmetric_seal(c, &s, self->public, WG_KEY_LEN,
	    msg + WG_INITIATION_STATIC);
	wg_symmetric_key(c, &s, remote->shared);
	wg_symmetric_seal(c, &s, timestamp, WG_TIMESTAMP_LEN,
	    msg + WG_INITIATION_TIMESTAMP);

	wg_initiation_forget(i);
	i->symmetric = s;
	i->ephemeral = e;
	i->index = index;
	wg_wipe(&s, sizeof(s));
	return 0;
}

int
wg_noise_read_initiation(struct wg_crypto *c, const struct wg_self *self,
    const uint8_t msg[WG_INITIATION_LEN], struct wg_request *ret)
{
	const uint8_t *ephemeral = msg + WG_INITIATION_EPHEMERAL;
	struct wg_request q = { .index = le_32(msg + WG_INDEX) };
	int r;

	memcpy(q.ephemeral, ephemeral, WG_KEY_LEN);
	start(c, &q.symmetric, self->public);
	wg_symmetric_ephemeral(c, &q.symmetric, ephemeral);
	r = wg_symmetric_dh(c, &q.symmetric, self->private, ephemeral);
	if (r == 0 &&
	    !wg_symmetric_open(c, &q.symmetric, msg + WG_INITIATION_STATIC,
		WG_KEY_LEN, q.public))
		r = -EBADMSG;
	if (r == 0)
		*ret = q;
	wg_wipe(&q, sizeof(q));
	return r;
}

int
wg_noise_accept(struct wg_crypto *c, const struct wg_remote *remote,
    const uint8_t msg[WG_INITIATION_LEN], struct wg_request *request)
{
	struct wg_symmetric s = request->symmetric;
	uint8_t timestamp[WG_TIMESTAMP_LEN];
	int r = -EBADMSG;

	wg_symmetric_key(c, &s, remote->shared);
	if (wg_symmetric_open(c, &s, msg + WG_INITIATION_TIMESTAMP,
		WG_TIMESTAMP_LEN, timestamp)) {
		request->symmetric = s;
		memcpy(request->timestamp, timestamp, WG_TIMESTAMP_LEN);
		r = 0;
	}
	wg_wipe(&s, sizeof(s));
	return r;
}

/* After the last message: the first key is what the initiator sends with. */
static void
finish(struct wg_crypto *c, struct wg_symmetric *s, bool initiator,
    uint32_t local, uint32_t remote, struct wg_session_keys *ret)
{
	uint8_t keys[2][WG_KEY_LEN];

	wg_symmetric_split(c, s, keys);
	memcpy(ret->send, keys[initiator ? 0 : 1], WG_KEY_LEN);
	memcpy(ret->receive, keys[initiator ? 1 : 0], WG_KEY_LEN);
	ret->local = local;
	ret->remote = remote;
	wg_wipe(keys, sizeof(keys));
}

int
wg_noise_respond(struct wg_crypto *c, const struct wg_remote *remote,
    struct wg_request *request, const uint8_t ephemeral[WG_KEY_LEN],
    uint32_t index, uint8_t msg[WG_RESPONSE_LEN], struct wg_session_keys *ret)
{
	struct wg_private *e = wg_private_new(c, ephemeral);
	struct wg_symmetric *s = &request->symmetric;
	uint8_t public[WG_KEY_LEN];
	int r = -ENOMEM;

	if (e == NULL)
		goto out;
	wg_private_public(e, public);
	wg_symmetric_ephemeral(c, s, public);
	if ((r = wg_symmetric_dh(c, s, e, request->ephemeral)) < 0 ||
	    (r = wg_symmetric_dh(c, s, e, remote->public)) < 0)
		goto out;
	wg_symmetric_psk(c, s, remote->psk);
	le_put32(msg, WG_RESPONSE);
	le_put32(msg + WG_INDEX, index);
	le_put32(msg + WG_RESPONSE_RECEIVER, request->index);
	memcpy(msg + WG_RESPONSE_EPHEMERAL, public, WG_KEY_LEN);
	wg_symmetric_seal(c, s, NULL, 0, msg + WG_RESPONSE_EMPTY);
	finish(c, s, false, index, request->index, ret);
out:
	wg_private_free(e);
	wg_wipe(request, sizeof(*request));
	return r;
}

int
wg_noise_finish(struct wg_crypto *c, const struct wg_self *self,
    const struct wg_remote *remote, struct wg_initiation *i,
    const uint8_t msg[WG_RESPONSE_LEN], struct wg_session_keys *ret)
{
	const uint8_t *ephemeral = msg + WG_RESPONSE_EPHEMERAL;
	struct wg_symmetric s = i->symmetric;
	uint8_t nothing[1];
	int r;

	if (i->ephemeral == NULL)
		return -EBADMSG;
	wg_symmetric_ephemeral(c, &s, ephemeral);
	if ((r = wg_symmetric_dh(c, &s, i->ephemeral, ephemeral)) < 0 ||
	    (r = wg_symmetric_dh(c, &s, self->private, ephemeral)) < 0)
		goto out;
	wg_symmetric_psk(c, &s, remote->psk);
	if (!wg_symmetric_open(c, &s, msg + WG_RESPONSE_EMPTY, 0, nothing)) {
		r = -EBADMSG;
		goto out;
	}
	finish(c, &s, true, i->index, le_32(msg + WG_INDEX), ret);
	wg_initiation_forget(i);
out:
	wg_wipe(&s, sizeof(s));
	return r;
}
