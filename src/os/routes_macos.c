/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * macOS has one table and no rules, and the longest prefix wins. Three layers
 * of ours lie over the system's default route, which is not touched:
 *
 *   halves    0/1 128/1, ::/1 8000::/1       into the gate, or, while it is
 *                                            there, the client's interface
 *   servers   a host route each              into the gate: what the client
 *                                            emits
 *   quarters  0/2 ... 192/2, ::/2 ... c000::/2   refused, on the loopback
 *                                            interface: the lid
 *
 * The lid is on while nothing is planned, and while a half is being changed:
 * there is no way to exchange a route of another kind in one step. It goes on
 * first and off last, and stays on if anything failed. Halves and servers go
 * with their interface; the lid is all that a killed process can leave.
 *
 * What leaves the machine by a route bears the address of the route's
 * interface. So the gate's utun is given the uplink's own address: the gate
 * sends the client's packets on as they are.
 *
 * What Linux's rules do and this does not:
 *
 *   - a route that is longer than a half (the local network's, one that a DHCP
 *     server or a router handed out) still wins;
 *   - a socket bound to an interface, or to an address of one, is looked up
 *     among that interface's own routes only, and leaves by it;
 *   - nothing looks at the source: a packet of an older socket goes into the
 *     tunnel, with an address that is not the tunnel's;
 *   - when the daemon dies the device goes, and with it all but the lid.
 *
 * For all four the firewall is the layer that holds: pf, which lets nothing
 * out of a physical interface, and outlives us. The gate's own packets pass
 * beneath it.
 */
#include "src/os/routes.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "src/os/darwin.h"
#include "src/os/ifaddress_macos.h"
#include "src/os/rtable_macos.h"
#include "src/os/rtmsg.h"

/* How a later start knows our routes: two bits left to programs. */
#define OURS (DARWIN_RTF_PROTO1 | DARWIN_RTF_PROTO2)

/* One route of ours. Two are in the same place if all but `ifindex` is. */
struct object {
	struct addr dst;
	unsigned dst_len;
	unsigned ifindex;
	bool refused;
};

/* Two families' halves and quarters, and the servers. */
#define WANTED_MAX (12 + ROUTES_SERVERS_MAX)
/* What may be found: those, and what a killed process left. */
#define FOUND_MAX  256

struct list {
	struct object o[FOUND_MAX];
	unsigned n;
};

struct routes {
	struct rtable *table;
	char gate[IF_NAMESIZE]; /* what has our addresses; "": nothing */
	struct list wanted, lid, found;
};

static_assert(WANTED_MAX <= FOUND_MAX, "a plan does not fit its list");

static bool
is_same_place(const struct object *a, const struct object *b)
{
	return addr_equal(&a->dst, &b->dst) && a->dst_len == b->dst_len;
}

static bool
is_same(const struct object *a, const struct object *b)
{
	return is_same_place(a, b) && a->ifindex == b->ifindex &&
	    a->refused == b->refused;
}

static bool
is_in(const struct list *l, const struct object *o,
    bool (*like)(const struct object *, const struct object *))
{
	for (unsigned i = 0; i < l->n; i++)
		if (like(&l->o[i], o))
			return true;
	return false;
}

/* What does not fit is not there: only possible for what was found. */
static void
append(struct list *l, const struct object *o)
{
	if (l->n < FOUND_MAX)
		l->o[l->n++] = *o;
}

/*
 * From a plan to objects.
 */

/* All of a family, cut into prefixes of `len` bits. */
static void
append_cut(struct list *l, enum addr_family family, unsigned len,
    unsigned ifindex, bool refused)
{
	for (unsigned i = 0; i < 1u << len; i++) {
		struct object o = { .dst.family = (uint8_t)family,
			.dst_len = len,
			.ifindex = ifindex,
			.refused = refused };

		o.dst.bytes[0] = (uint8_t)(i << (8 - len));
		append(l, &o);
	}
}

static void
want_family(struct routes *r, const struct routes_plan *plan,
    enum addr_family family, unsigned loopback)
{
	bool v4 = family == ADDR_V4;
	const struct addr *source = v4 ? &plan->source4 : &plan->source6;
	const struct addr *tunnel = v4 ? &plan->tunnel4 : &plan->tunnel6;

	append_cut(&r->lid, family, 2, loopback, true);
	if (plan->tunnel_ifindex != 0 && tunnel->family != ADDR_NONE)
		append_cut(&r->wanted, family, 1, plan->tunnel_ifindex, false);
	else if (plan->gate_ifindex != 0 && source->family != ADDR_NONE)
		append_cut(&r->wanted, family, 1, plan->gate_ifindex, false);
	else
		append_cut(&r->wanted, family, 2, loopback, true);
}

static void
want(struct routes *r, const struct routes_plan *plan, unsigned loopback)
{
	r->wanted.n = r->lid.n = 0;
	for (unsigned i = 0; i < plan->n_servers; i++) {
		struct object o = { .dst = plan->servers[i],
			.dst_len = 8 * (unsigned)addr_len(&plan->servers[i]),
			.ifindex = plan->gate_ifindex };

		if (plan->gate_ifindex != 0 && o.dst_len != 0)
			append(&r->wanted, &o);
	}
	want_family(r, plan, ADDR_V4, loopback);
	want_family(r, plan, ADDR_V6, loopback);
}

/*
 * What there is.
 */

/* Ours, or another's in a place of ours (a client may add the same halves). */
static void
on_route(const struct rtmsg_route *route, void *arg)
{
	struct routes *r = arg;
	struct object o = { .dst = route->dst,
		.dst_len = route->dst_len,
		.ifindex = route->ifindex,
		.refused = (route->flags & DARWIN_RTF_REJECT) != 0 };

	/* One interface's own routes, and what the kernel derived. */
	if ((route->flags &
		(DARWIN_RTF_IFSCOPE | DARWIN_RTF_WASCLONED |
		    DARWIN_RTF_LLINFO)) != 0)
		return;
	/* By way of a gateway is never as we want it, whatever the device. */
	if ((route->flags & DARWIN_RTF_GATEWAY) != 0)
		o.ifindex = 0;
	if ((route->flags & OURS) == OURS ||
	    is_in(&r->wanted, &o, is_same_place))
		append(&r->found, &o);
}

static int
find(struct routes *r)
{
	int e;

	r->found.n = 0;
	if ((e = rtable_each(ADDR_V4, 0, on_route, r)) < 0)
		return e;
	return rtable_each(ADDR_V6, 0, on_route, r);
}

/*
 * Changing it.
 */

static int
ask(struct routes *r, uint8_t type, const struct object *o)
{
	struct rtmsg_request q = { .type = type,
		.flags = OURS | (o->refused ? DARWIN_RTF_REJECT : 0u),
		.dst = o->dst,
		.dst_len = o->dst_len,
		.ifindex = type == DARWIN_RTM_ADD ? o->ifindex : 0 };

	return rtable_change(r->table, &q);
}

/* What is there already, in another form, gives way. */
static int
add(struct routes *r, const struct object *o)
{
	int e = ask(r, DARWIN_RTM_ADD, o);

	if (e != -EEXIST)
		return e;
	(void)ask(r, DARWIN_RTM_DELETE, o);
	return ask(r, DARWIN_RTM_ADD, o);
}

static int
take_away(struct routes *r, const struct object *o)
{
	int e = ask(r, DARWIN_RTM_DELETE, o);

	/* Its interface went, and it with it. */
	return e == -ESRCH ? 0 : e;
}

int
routes_open(struct routes **ret)
{
	struct routes *r = calloc(1, sizeof(*r));
	int e;

	if (r == NULL)
		return -ENOMEM;
	if ((e = rtable_open(&r->table)) < 0) {
		free(r);
		return e;
	}
	*ret = r;
	return 0;
}

void
routes_close(struct routes *r)
{
	if (r == NULL)
		return;
	rtable_close(r->table);
	free(r);
}

static void
note(int *first, int e)
{
	if (e < 0 && *first == 0)
		*first = e;
}

/* All that is wanted, and nothing else of ours? */
static bool
is_done(const struct routes *r)
{
	for (unsigned i = 0; i < r->wanted.n; i++)
		if (!is_in(&r->found, &r->wanted.o[i], is_same))
			return false;
	for (unsigned i = 0; i < r->found.n; i++)
		if (!is_in(&r->wanted, &r->found.o[i], is_same))
			return false;
	return true;
}

/*
 * The lid. One that is on is left alone; what is in its place, and cannot be
 * seen to be another's, is taken for it.
 */
static int
close_lid(struct routes *r, bool blind)
{
	int e, first = 0;

	for (unsigned i = 0; i < r->lid.n; i++) {
		struct object *o = &r->lid.o[i];

		if (is_in(&r->found, o, is_same))
			continue;
		e = blind ? ask(r, DARWIN_RTM_ADD, o) : add(r, o);
		note(&first, blind && e == -EEXIST ? 0 : e);
	}
	return first;
}

static int
open_lid(struct routes *r)
{
	int first = 0;

	for (unsigned i = 0; i < r->lid.n; i++)
		if (!is_in(&r->wanted, &r->lid.o[i], is_same))
			note(&first, take_away(r, &r->lid.o[i]));
	return first;
}

/* Under the lid: what is wrong goes, then what is missing comes. */
static int
exchange(struct routes *r, bool moved)
{
	struct list *found = &r->found;
	int first = 0;
	unsigned kept = 0;

	for (unsigned i = 0; i < found->n; i++) {
		struct object o = found->o[i];

		/* A route keeps the address that it was made with. */
		if (is_in(&r->lid, &o, is_same_place) ||
		    (!moved && is_in(&r->wanted, &o, is_same)))
			found->o[kept++] = o;
		else
			note(&first, take_away(r, &o));
	}
	found->n = kept;
	for (unsigned i = 0; i < r->wanted.n; i++) {
		struct object *o = &r->wanted.o[i];

		/* The lid itself is on already. */
		if (!is_in(&r->lid, o, is_same) && !is_in(found, o, is_same))
			note(&first, add(r, o));
	}
	return first;
}

int
routes_apply(struct routes *r, const struct routes_plan *plan,
    struct routes_found *ret)
{
	bool blind, moved;
	int first = 0;

	want(r, plan, if_nametoindex("lo0"));
	note(&first, find(r));
	blind = first != 0;
	r->gate[0] = '\0';
	if (plan->gate_ifindex != 0 &&
	    if_indextoname(plan->gate_ifindex, r->gate) == NULL)
		note(&first, -ENXIO);
	moved = r->gate[0] != '\0' &&
	    !ifaddress_is_set(r->gate, &plan->source4, &plan->source6);
	if (ret != NULL)
		*ret = (struct routes_found){ .changed = first != 0 || moved ||
			    !is_done(r) };
	if (first == 0 && !moved && is_done(r))
		return 0;

	/* Addresses too only under the lid: routes go with theirs. */
	note(&first, close_lid(r, blind));
	if (moved)
		note(&first,
		    ifaddress_set(r->gate, &plan->source4, &plan->source6));
	note(&first, exchange(r, moved));
	if (first == 0)
		first = open_lid(r);
	return first;
}

int
routes_release(struct routes *r)
{
	static const struct addr none = { 0 };
	int e, first = 0;

	r->wanted.n = 0;
	if (r->gate[0] != '\0')
		(void)ifaddress_set(r->gate, &none, &none);
	r->gate[0] = '\0';
	/* In turns, in case more was left than one list holds. */
	for (int turn = 0; turn < 100; turn++) {
		if ((e = find(r)) < 0)
			return e;
		if (r->found.n == 0)
			return 0;
		first = 0;
		for (unsigned i = r->found.n; i-- > 0;)
			note(&first, take_away(r, &r->found.o[i]));
		if (first < 0)
			return first;
	}
	return -EAGAIN;
}
