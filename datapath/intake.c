/* SPDX-License-Identifier: ISC */
#include "datapath/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "datapath/bytes.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "src/os/inlet.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"

struct intake {
	struct inlet *inlet;
	uint8_t *room; /* INLET_BATCH times PKTBUF_MAX */
	struct pktbuf in[INLET_BATCH];
};

int
intake_new(struct inlet *inlet, struct intake **ret)
{
	struct intake *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	/* Mapped, so that only the pages that packets reach are backed. */
	t->room = mmap(NULL, (size_t)INLET_BATCH * PKTBUF_MAX,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	if (t->room == MAP_FAILED) {
		free(t);
		return -ENOMEM;
	}
	t->inlet = inlet;
	for (unsigned i = 0; i < INLET_BATCH; i++)
		t->in[i].data = t->room + (size_t)i * PKTBUF_MAX;
	*ret = t;
	return 0;
}

void
intake_free(struct intake *t)
{
	if (t == NULL)
		return;
	munmap(t->room, (size_t)INLET_BATCH * PKTBUF_MAX);
	free(t);
}

/* From that endpoint; fragments of what has no ports pass by the address. */
static bool
is_from(const struct endpoint *e, const struct pkt *p)
{
	if (!addr_equal(&e->addr, &p->src))
		return false;
	if (p->fragment == PKT_LATER_FRAGMENT)
		return e->protocol == p->protocol;
	return e->protocol == p->protocol &&
	    (e->protocol == PROTO_ESP || (p->ports && p->sport == e->port));
}

/*
 * ICMP "fragmentation needed" (RFC 792), ICMPv6 "packet too big" (RFC 4443
 * section 3.2): eight bytes, then the packet that it is about.
 */
static bool
is_too_large(const struct policy *pol, const struct pkt *p)
{
	const uint8_t *icmp = p->payload, *quoted;
	struct addr to;
	bool four = p->dst.family == ADDR_V4;
	size_t need = four ? 8 + 20 : 8 + 40;

	if (p->fragment != PKT_WHOLE || p->payload_len < need ||
	    p->protocol != (four ? PROTO_ICMP : PROTO_ICMPV6) ||
	    icmp[0] != (four ? 3 : 2) || icmp[1] != (four ? 4 : 0))
		return false;
	quoted = icmp + 8;
	to = four ? addr_from_bytes(ADDR_V4, quoted + 16)
		  : addr_from_bytes(ADDR_V6, quoted + 24);
	for (unsigned i = 0; i < pol->n_endpoints; i++)
		if (addr_equal(&pol->endpoints[i].addr, &to) &&
		    pol->endpoints[i].protocol == quoted[four ? 9 : 6])
			return true;
	return false;
}

bool
intake_admits(const struct policy *pol, const uint8_t *data, size_t len)
{
	const struct addr *own;
	struct pkt p;

	if (pol->n_endpoints == 0 || parse_ip(data, len, &p) != PASSED)
		return false;
	own = p.dst.family == ADDR_V4 ? &pol->source4 : &pol->source6;
	if (own->family == ADDR_NONE || !addr_equal(own, &p.dst))
		return false;
	for (unsigned i = 0; i < pol->n_endpoints; i++)
		if (is_from(&pol->endpoints[i], &p))
			return true;
	return is_too_large(pol, &p);
}

int
intake_batch(struct intake *t, const struct policy *pol, struct tun *tun)
{
	int n = inlet_read(t->inlet, t->in, INLET_BATCH);

	/* What the device has no room for is lost, as on any link. */
	for (int i = 0; i < n; i++)
		if (tun != NULL &&
		    intake_admits(pol, t->in[i].data, t->in[i].len))
			(void)tun_write(tun, &t->in[i]);
	return n;
}
