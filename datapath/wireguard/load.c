/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/load.h"

#include <string.h>

#include "datapath/wireguard/le.h"

#define SECOND	UINT64_C(1000000000)
#define EACH	(SECOND / 20)
#define AT_ONCE 5

bool
wg_load_note(struct wg_load *load, uint64_t now)
{
	uint64_t passed = now - load->since;

	if (passed >= SECOND) {
		load->is_heavy = passed < 2 * SECOND && load->n > load->enough;
		load->since = now;
		load->n = 0;
	}
	if (load->n < UINT32_MAX)
		load->n++;
	return load->is_heavy || load->n > load->enough;
}

/*
 * Each message uses up 50 ms, beginning where the last one's ended, or now.
 * So the end is at most five of them ahead (the "virtual scheduling" form of
 * a token bucket: ITU-T I.371).
 */
bool
wg_load_permit(struct wg_crypto *c, struct wg_load *load,
    const struct addr *from, uint64_t now)
{
	struct wg_source who = { .family = from->family }, *set, *place = NULL;
	uint8_t mac[WG_MAC_LEN];

	memcpy(who.net, from->bytes, from->family == ADDR_V4 ? 4 : 8);
	wg_mac(c, load->secret, WG_KEY_LEN, who.net, sizeof(who.net), mac);
	set = load->sources[le_32(mac) % WG_LOAD_SETS];
	for (int i = 0; i < WG_LOAD_WAYS; i++) {
		if (set[i].family == who.family &&
		    memcmp(set[i].net, who.net, sizeof(who.net)) == 0) {
			place = &set[i];
			break;
		}
		/* Who used all long ago has as much as a newcomer. */
		if (place == NULL && set[i].used <= now)
			place = &set[i];
	}
	if (place == NULL)
		return false;
	who.used = now;
	if (place->family == who.family &&
	    memcmp(place->net, who.net, sizeof(who.net)) == 0 &&
	    place->used > now)
		who.used = place->used;
	who.used += EACH;
	if (who.used > now + AT_ONCE * EACH)
		return false;
	*place = who;
	return true;
}
