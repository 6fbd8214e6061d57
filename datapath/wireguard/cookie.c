/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/cookie.h"

#include <string.h>

#define SECOND	    UINT64_C(1000000000)
#define SECRET_LIFE (120 * SECOND)
#define COOKIE_LIFE (115 * SECOND)

#define ENDPOINT_MAX (16 + 2)

void
wg_mac_keys_of(struct wg_crypto *c, const uint8_t public[WG_KEY_LEN],
    struct wg_mac_keys *ret)
{
	wg_hash(c, "mac1----", 8, public, WG_KEY_LEN, ret->mac1);
	wg_hash(c, "cookie--", 8, public, WG_KEY_LEN, ret->cookie);
}

bool
wg_lock_is_stale(const struct wg_lock *lock, uint64_t now)
{
	return !lock->has_secret || now - lock->born >= SECRET_LIFE;
}

void
wg_lock_renew(struct wg_lock *lock, const uint8_t secret[WG_KEY_LEN],
    uint64_t now)
{
	memcpy(lock->secret, secret, WG_KEY_LEN);
	lock->born = now;
	lock->has_secret = true;
}

/* Of the sender's address and port, as they are in its packets. */
static void
cookie_of(struct wg_crypto *c, const struct wg_lock *lock,
    const struct wg_endpoint *from, uint8_t ret[WG_COOKIE_LEN])
{
	uint8_t source[ENDPOINT_MAX];
	size_t n = addr_len(&from->addr);

	memcpy(source, from->addr.bytes, n);
	source[n++] = (uint8_t)(from->port >> 8);
	source[n++] = (uint8_t)from->port;
	wg_mac(c, lock->secret, WG_KEY_LEN, source, n, ret);
}

enum wg_macs
wg_lock_check(struct wg_crypto *c, const struct wg_lock *lock,
    const struct wg_endpoint *from, const uint8_t *msg, size_t len)
{
	size_t mac1 = len - WG_MAC1_FROM_END, mac2 = len - WG_MAC2_FROM_END;
	uint8_t cookie[WG_COOKIE_LEN], mac[WG_MAC_LEN];
	bool both;

	wg_mac(c, lock->keys.mac1, WG_KEY_LEN, msg, mac1, mac);
	if (!wg_equal(mac, msg + mac1, WG_MAC_LEN))
		return WG_MACS_WRONG;
	if (!lock->has_secret)
		return WG_MACS_FIRST;
	cookie_of(c, lock, from, cookie);
	wg_mac(c, cookie, WG_COOKIE_LEN, msg, mac2, mac);
	both = wg_equal(mac, msg + mac2, WG_MAC_LEN);
	wg_wipe(cookie, sizeof(cookie));
	wg_wipe(mac, sizeof(mac)); /* a mac2 that we would take */
	return both ? WG_MACS_BOTH : WG_MACS_FIRST;
}

void
wg_lock_reply(struct wg_crypto *c, const struct wg_lock *lock,
    const struct wg_endpoint *from, const uint8_t *msg, size_t len,
    const uint8_t nonce[WG_XNONCE_LEN], uint8_t ret[WG_COOKIE_REPLY_LEN])
{
	uint8_t cookie[WG_COOKIE_LEN];

	cookie_of(c, lock, from, cookie);
	le_put32(ret, WG_COOKIE_REPLY);
	memcpy(ret + WG_INDEX, msg + WG_INDEX,
	    4); /* its sender is our receiver */
	memcpy(ret + WG_COOKIE_NONCE, nonce, WG_XNONCE_LEN);
	wg_xseal(c, lock->keys.cookie, nonce, msg + len - WG_MAC1_FROM_END,
	    WG_MAC_LEN, cookie, WG_COOKIE_LEN, ret + WG_COOKIE_SEALED);
	wg_wipe(cookie, sizeof(cookie));
}

void
wg_jar_sign(struct wg_crypto *c, struct wg_jar *jar, uint64_t now, uint8_t *msg,
    size_t len)
{
	size_t mac1 = len - WG_MAC1_FROM_END, mac2 = len - WG_MAC2_FROM_END;

	wg_mac(c, jar->keys.mac1, WG_KEY_LEN, msg, mac1, msg + mac1);
	memcpy(jar->sent, msg + mac1, WG_MAC_LEN);
	jar->has_sent = true;
	if (jar->has_cookie && now - jar->born >= COOKIE_LIFE) {
		wg_wipe(jar->cookie, WG_COOKIE_LEN);
		jar->has_cookie = false;
	}
	if (jar->has_cookie)
		wg_mac(c, jar->cookie, WG_COOKIE_LEN, msg, mac2, msg + mac2);
	else
		memset(msg + mac2, 0, WG_MAC_LEN);
}

bool
wg_jar_read(struct wg_crypto *c, struct wg_jar *jar, uint64_t now,
    const uint8_t msg[WG_COOKIE_REPLY_LEN])
{
	uint8_t cookie[WG_COOKIE_LEN];

	if (!jar->has_sent ||
	    !wg_xopen(c, jar->keys.cookie, msg + WG_COOKIE_NONCE, jar->sent,
		WG_MAC_LEN, msg + WG_COOKIE_SEALED, WG_COOKIE_LEN, cookie))
		return false;
	memcpy(jar->cookie, cookie, WG_COOKIE_LEN);
	wg_wipe(cookie, sizeof(cookie));
	jar->born = now;
	jar->has_cookie = true;
	jar->has_sent = false;
	return true;
}
