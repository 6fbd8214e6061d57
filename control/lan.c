/* SPDX-License-Identifier: ISC */
#include "control/lan.h"

#include <stdbool.h>
#include <stddef.h>

#include "src/os/netmon.h"

static const struct prefix private_ranges[] = {
	{ { ADDR_V4, { 10 } }, 8 },
	{ { ADDR_V4, { 172, 16 } }, 12 },
	{ { ADDR_V4, { 192, 168 } }, 16 },
	{ { ADDR_V4, { 169, 254 } }, 16 },
	{ { ADDR_V6, { 0xfc } }, 7 },
};

/*
 * Multicast of the link (RFC 5771), and of the site (RFC 2365); broadcast.
 * IPv6: link-local addresses, and multicast of that scope (RFC 4291).
 */
static const struct prefix always4[] = {
	{ { ADDR_V4, { 224 } }, 24 },
	{ { ADDR_V4, { 239 } }, 8 },
	{ { ADDR_V4, { 255, 255, 255, 255 } }, 32 },
};
static const struct prefix always6[] = {
	{ { ADDR_V6, { 0xfe, 0x80 } }, 10 },
	{ { ADDR_V6, { 0xff, 0x02 } }, 16 },
};

/* The network of an address of ours, its host's bits zero. */
static struct prefix
network_of(const struct net_uplink *up)
{
	struct prefix p = { up->addr, up->prefix };

	for (size_t i = 0; i < sizeof(p.net.bytes); i++) {
		unsigned kept =
		    up->prefix > 8 * i ? up->prefix - 8 * (unsigned)i : 0;

		if (kept < 8)
			p.net.bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
	return p;
}

static bool
is_private(const struct prefix *p)
{
	for (size_t i = 0;
	     i < sizeof(private_ranges) / sizeof(private_ranges[0]); i++)
		if (p->bits >= private_ranges[i].bits &&
		    addr_in_prefix(&p->net, &private_ranges[i].net,
			private_ranges[i].bits))
			return true;
	return false;
}

/* Where the tunnel is said to be, too, the tunnel comes first. */
static unsigned
add_own(const struct net_uplink *up, const struct addr *tunnel,
    struct prefix *ret)
{
	struct prefix p = network_of(up);

	if (!is_private(&p) || addr_in_prefix(tunnel, &p.net, p.bits))
		return 0;
	*ret = p;
	return 1;
}

unsigned
lan_networks(const struct net_view *view, struct prefix ret[LAN_MAX])
{
	unsigned n = 0;

	if (view->v4.link.ifindex != 0) {
		n += add_own(&view->v4, &view->tunnel4, &ret[n]);
		for (size_t i = 0; i < sizeof(always4) / sizeof(always4[0]);
		     i++)
			ret[n++] = always4[i];
	}
	if (view->v6.link.ifindex != 0) {
		n += add_own(&view->v6, &view->tunnel6, &ret[n]);
		for (size_t i = 0; i < sizeof(always6) / sizeof(always6[0]);
		     i++)
			ret[n++] = always6[i];
	}
	return n;
}
