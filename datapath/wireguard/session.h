/* SPDX-License-Identifier: ISC */
/*
 * session: the keys of one handshake, and the transport messages sealed with
 * them (the paper, sections 5.4.6 and 6.2).
 *
 * Each side counts what it seals; a counter is a nonce, and is used once: the
 * session ends before they run out. Both ends refuse what is older than 180
 * seconds. Times are nanoseconds of one clock that only goes forward.
 */
#ifndef DATAPATH_WIREGUARD_SESSION_H
#define DATAPATH_WIREGUARD_SESSION_H

#include <stdbool.h>

#include "datapath/wireguard/index.h"
#include "datapath/wireguard/noise.h"
#include "datapath/wireguard/replay.h"

/* The paper, section 6.1, table of constants. */
#define WG_SECOND		 UINT64_C(1000000000)
#define WG_REKEY_AFTER_MESSAGES	 (UINT64_C(1) << 60)
#define WG_REJECT_AFTER_MESSAGES (UINT64_MAX - (UINT64_C(1) << 13))
#define WG_REKEY_AFTER_TIME	 (120 * WG_SECOND)
#define WG_REJECT_AFTER_TIME	 (180 * WG_SECOND)

/* Zeroed, after wg_session_init(): not in use, seals and opens nothing. */
struct wg_session {
	struct wg_index index; /* in what we get; kept by the session's owner */
	bool in_use;
	bool initiator;	     /* are we? */
	bool asked_to_rekey; /* the initiator, once, when it gets old */
	uint32_t remote;     /* the index in what we send */
	uint64_t born;
	uint64_t counter; /* of the next message that we seal */
	struct wg_aead *sealer;
	struct wg_aead *opener;
	struct wg_replay seen;
};

/* 0 or -ENOMEM. The session is zeroed before. */
int wg_session_init(struct wg_session *s, struct wg_crypto *c);

/* Frees what init made, and wipes. */
void wg_session_clear(struct wg_session *s);

void wg_session_begin(struct wg_session *s, const struct wg_session_keys *keys,
    bool initiator, uint64_t now);

/* Wipe the keys. Does nothing to one that is not in use. */
void wg_session_end(struct wg_session *s);

/* Neither too old nor used up; for messages in and out. */
bool wg_session_is_good(const struct wg_session *s, uint64_t now);

/*
 * Is it time for the next session? After 2^60 messages, and the initiator
 * after 120 s: if both asked, there would be two.
 */
bool wg_session_is_worn(const struct wg_session *s, uint64_t now);

/*
 * Seal len bytes that stand at msg + WG_TRANSPORT_HEADER, where they are; the
 * message is len + WG_TRANSPORT_MIN bytes long. The session is good.
 */
void wg_session_seal(struct wg_session *s, uint8_t *msg, size_t len);

/*
 * Open a transport message where it is: its packet, padded, is then at msg +
 * WG_TRANSPORT_HEADER, and WG_TRANSPORT_MIN shorter. 0; -EALREADY: a replay,
 * or too late; -EBADMSG: forged, and wiped; -ESTALE.
 */
int
wg_session_open(struct wg_session *s, uint64_t now, uint8_t *msg, size_t len);

#endif /* DATAPATH_WIREGUARD_SESSION_H */
