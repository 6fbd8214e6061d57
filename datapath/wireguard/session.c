/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/session.h"

#include <errno.h>
#include <string.h>

int
wg_session_init(struct wg_session *s, struct wg_crypto *c)
{
	s->sealer = wg_aead_new(c, true);
	s->opener = wg_aead_new(c, false);
	if (s->sealer != NULL && s->opener != NULL)
		return 0;
	wg_session_clear(s);
	return -ENOMEM;
}

void
wg_session_clear(struct wg_session *s)
{
	wg_aead_free(s->sealer);
	wg_aead_free(s->opener);
	wg_wipe(s, sizeof(*s));
}

void
wg_session_begin(struct wg_session *s, const struct wg_session_keys *keys,
    bool initiator, uint64_t now)
{
	wg_aead_set_key(s->sealer, keys->send);
	wg_aead_set_key(s->opener, keys->receive);
	memset(&s->seen, 0, sizeof(s->seen));
	s->initiator = initiator;
	s->asked_to_rekey = false;
	s->remote = keys->remote;
	s->born = now;
	s->counter = 0;
	s->in_use = true;
}

void
wg_session_end(struct wg_session *s)
{
	if (!s->in_use)
		return;
	wg_aead_set_key(s->sealer, NULL);
	wg_aead_set_key(s->opener, NULL);
	s->in_use = false;
}

bool
wg_session_is_good(const struct wg_session *s, uint64_t now)
{
	return s->in_use && now - s->born < WG_REJECT_AFTER_TIME &&
	    s->counter < WG_REJECT_AFTER_MESSAGES;
}

bool
wg_session_is_worn(const struct wg_session *s, uint64_t now)
{
	return s->counter > WG_REKEY_AFTER_MESSAGES ||
	    (s->initiator && now - s->born >= WG_REKEY_AFTER_TIME);
}

void
wg_session_seal(struct wg_session *s, uint8_t *msg, size_t len)
{
	uint8_t *inner = msg + WG_TRANSPORT_HEADER;
	uint64_t counter = s->counter++;

	le_put32(msg, WG_TRANSPORT);
	le_put32(msg + WG_INDEX, s->remote);
	le_put64(msg + WG_TRANSPORT_COUNTER, counter);
	(void)wg_aead_seal(s->sealer, counter, NULL, 0, inner, len, inner);
}

int
wg_session_open(struct wg_session *s, uint64_t now, uint8_t *msg, size_t len)
{
	uint64_t counter = le_64(msg + WG_TRANSPORT_COUNTER);
	uint8_t *inner = msg + WG_TRANSPORT_HEADER;

	if (!s->in_use || now - s->born >= WG_REJECT_AFTER_TIME ||
	    counter >= WG_REJECT_AFTER_MESSAGES)
		return -ESTALE;
	if (!wg_replay_is_new(&s->seen, counter))
		return -EALREADY;
	if (!wg_aead_open(s->opener, counter, NULL, 0, inner,
		len - WG_TRANSPORT_MIN, inner))
		return -EBADMSG;
	wg_replay_mark(&s->seen, counter);
	return 0;
}
