/* SPDX-License-Identifier: ISC */
#include "control/answer.h"

#include <string.h>

#include "control/server.h"
#include "datapath/parse.h"
#include "datapath/shape.h"
#include "src/os/netmon.h"

/* OpenVPN's opcodes run from 1 to 11; 0 and above 11 are none of its. */
static bool
is_openvpn(const uint8_t *payload, size_t len)
{
	return len >= 14 && payload[0] >> 3 >= 1 && payload[0] >> 3 <= 11;
}

static bool
is_answer(const struct endpoint *e, const uint8_t *payload, size_t len)
{
	switch (e->shape) {
	case SHAPE_WIREGUARD:
		return shape_matches(SHAPE_WIREGUARD, payload, len) &&
		    (payload[0] == 2 || payload[0] == 4);
	case SHAPE_OPENVPN:
		return is_openvpn(payload, len);
	case SHAPE_OPENVPN_TCP:
		/* A segment may begin anywhere in a frame: any bytes count. */
		return len > 0;
	case SHAPE_IKE_NAT:
		/* ESP, not IKE behind its four zero bytes, not a keepalive. */
		return len >= 4 && memcmp(payload, "\0\0\0\0", 4) != 0 &&
		    shape_matches(SHAPE_IKE_NAT, payload, len);
	case SHAPE_ESP:
		return shape_matches(SHAPE_ESP, payload, len);
	default:
		return false;
	}
}

bool
answer_proves(const struct server *s, const struct net_view *view, int port,
    const uint8_t *data, size_t len)
{
	struct pkt p;

	if (port < 0 || parse_ip(data, len, &p) != PASSED ||
	    p.fragment != PKT_WHOLE ||
	    !addr_equal(&p.dst,
		p.dst.family == ADDR_V4 ? &view->v4.addr : &view->v6.addr))
		return false;
	for (unsigned i = 0; i < s->n_endpoints; i++) {
		const struct endpoint *e = &s->endpoints[i];

		if (addr_equal(&e->addr, &p.src) && e->protocol == p.protocol &&
		    (e->protocol == PROTO_ESP ||
			(e->port == p.sport && port == p.dport)) &&
		    is_answer(e, p.payload, p.payload_len))
			return true;
	}
	return false;
}
