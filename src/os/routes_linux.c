/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Rules and four tables of our own, asked before `main`, so that no route of
 * the system's (a DHCP server's, a router advertisement's) is ever consulted.
 *
 *   priority (as a rule)
 *   69  to SERVER or ROUTER, marked  -> RETURN  only the check of what comes
 *       on arrival                              from them: see returnpath.h
 *                                               (IPv4)
 *   70  to SERVER                    -> GATE    what the client emits
 *   71  to the LOCAL NETWORK         -> LAN     if the user lets it through
 *   72  from 0.0.0.0 (not bound)     -> TUNNEL  (IPv4)
 *   73  from the tunnel's address    -> TUNNEL
 *   74  from any address             -> GATE    (IPv6: ::/1 and 8000::/1)
 *   75  the rest: not bound          -> TUNNEL  (IPv6)
 *   77  in by the TUNNEL             -> main    what its peers send to the
 *                                               network behind (IPv4; never
 *                                               by a default route), and
 *       in by BEHIND                -> TUNNEL  what comes back
 *   78  marked on arrival            -> RETURN  likewise, of anyone who may
 *                                               speak first (IPv4)
 *   79  all                          -> GATE
 *
 *   TUNNEL  default dev CLIENT     gone when the client's interface is
 *   GATE    default dev tungate0 src UPLINK'S ADDRESS
 *           unreachable default, with the worst metric: stays, whatever
 *           happens to the device
 *   LAN     LOCAL NETWORK dev UPLINK src UPLINK'S ADDRESS; link-local IPv6
 *           is routed by its interface and needs none
 *   RETURN  SERVER dev UPLINK, on the link: an answer to it would find nobody
 *           ROUTER dev UPLINK, default dev UPLINK for anyone: who may set
 *           marks (CAP_NET_ADMIN) can use it; that is the firewall's to stop
 *
 * A socket older than the tunnel, or bound to the uplink's address, has a
 * source that is not the tunnel's: 72-75 send it into the gate, which drops
 * it. IPv4 looks a not yet bound socket up with source 0.0.0.0; IPv6 with no
 * source, which no "from" matches: hence the two forms.
 *
 * Rules of others that would be asked first (a lower number, but the kernel's
 * own at 0) are preceded: ours move before them, as long as there are numbers
 * left.
 *
 * All that is ours carries PROTOCOL, so that a later start finds it. A plan
 * is turned into a list of objects, in the order in which they close; what is
 * missing is added in that order, what is too many taken away in the other.
 */
#include "src/os/routes.h"

#include <assert.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/os/netmsg_linux.h"
#include "src/os/returnpath.h"

enum {
	PROTOCOL = 116, /* 't': not in the kernel's or iproute2's lists */
	TABLE_GATE = 7467,
	TABLE_TUNNEL = 7468,
	TABLE_RETURN = 7469,
	TABLE_LAN = 7470,
	METRIC_GATE = 1,
};

/* The order in which our rules are asked: added to where they begin. */
enum {
	ASK_RETURN,
	ASK_SERVER,
	ASK_LAN,
	ASK_UNBOUND4,
	ASK_TUNNEL,
	ASK_BOUND6,
	ASK_UNBOUND6,
	ASK_FORWARDED = 8,
	ASK_ANYONE,
	ASK_ALL,
	BEGIN = 69, /* and where that is, if nobody is before us */
};

/* Worse than any metric that a person or a daemon gives. */
#define METRIC_UNREACHABLE 4278198272u

enum kind { ROUTE, RULE };

/* One route or rule of ours. Two are the same if all of it is. */
struct object {
	enum kind kind;
	enum addr_family family;
	uint32_t table;
	/* A rule's */
	uint32_t priority, mark;
	char iif[16];
	struct addr src;
	unsigned src_len;
	/* Both: what it is for (a rule's "to"; a route's destination) */
	struct addr dst;
	unsigned dst_len;
	/* A route's */
	unsigned type, scope, oif, protocol;
	uint32_t metric;
	struct addr source;
};

/* Fixed rules and routes: about twenty. Three objects a server. */
#define WANTED_MAX \
	(24 + 3 * ROUTES_SERVERS_MAX + 2 * ROUTES_LAN_MAX + ROUTES_ALSO_MAX)
/* What a killed process left: ours, of any plan. Beyond it, in more turns. */
#define FOUND_MAX 256

struct list {
	struct object o[FOUND_MAX];
	unsigned n;
	uint32_t first; /* found: the lowest number of a rule of others */
};

struct routes {
	struct netmsg_socket *socket;
	struct list wanted, found;
};

static_assert(WANTED_MAX <= FOUND_MAX, "a plan does not fit its list");

static bool
is_same(const struct object *a, const struct object *b)
{
	return a->kind == b->kind && a->family == b->family &&
	    a->table == b->table && a->priority == b->priority &&
	    a->mark == b->mark && strcmp(a->iif, b->iif) == 0 &&
	    addr_equal(&a->src, &b->src) && a->src_len == b->src_len &&
	    addr_equal(&a->dst, &b->dst) && a->dst_len == b->dst_len &&
	    a->type == b->type && a->scope == b->scope && a->oif == b->oif &&
	    a->protocol == b->protocol && a->metric == b->metric &&
	    addr_equal(&a->source, &b->source);
}

/* Adding one of the two replaces the other: same place in the same table. */
static bool
is_same_place(const struct object *a, const struct object *b)
{
	return a->kind == ROUTE && b->kind == ROUTE && a->family == b->family &&
	    a->table == b->table && addr_equal(&a->dst, &b->dst) &&
	    a->dst_len == b->dst_len && a->metric == b->metric;
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

static struct object
rule(enum addr_family family, uint32_t order, uint32_t table)
{
	return (struct object){ .kind = RULE,
		.family = family,
		.priority = order,
		.table = table };
}

static struct object
rule_from(enum addr_family family, uint32_t order, uint32_t table,
    const struct addr *src, unsigned len)
{
	struct object o = rule(family, order, table);

	o.src = *src;
	o.src_len = len;
	return o;
}

static struct object
route_default(enum addr_family family, uint32_t table, unsigned oif,
    const struct addr *source)
{
	struct object o = { .kind = ROUTE,
		.family = family,
		.table = table,
		.protocol = PROTOCOL,
		.type = RTN_UNICAST,
		.oif = oif,
		.metric = METRIC_GATE,
		.source = *source };

	/* As the kernel gives it back: IPv6 has no scopes. */
	o.scope = family == ADDR_V4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	return o;
}

static void
want_closed(struct list *l, enum addr_family family)
{
	struct object unreachable = { .kind = ROUTE,
		.family = family,
		.table = TABLE_GATE,
		.protocol = PROTOCOL,
		.type = RTN_UNREACHABLE,
		.metric = METRIC_UNREACHABLE };
	struct object all = rule(family, ASK_ALL, TABLE_GATE);

	append(l, &unreachable);
	append(l, &all);
}

/* Marked on arrival, what comes from there came the right way. */
static void
want_marked(struct list *l, const struct routes_plan *plan, uint32_t order,
    const struct addr *from, unsigned bits)
{
	struct object o = { .kind = ROUTE,
		.family = ADDR_V4,
		.table = TABLE_RETURN,
		.protocol = PROTOCOL,
		.type = RTN_UNICAST,
		.scope = RT_SCOPE_LINK,
		.oif = plan->uplink4_ifindex,
		.dst = *from,
		.dst_len = bits };

	if (plan->uplink4_ifindex == 0)
		return;
	/* A router may be a server, too. */
	if (is_in(l, &o, is_same))
		return;
	append(l, &o);
	o = rule(ADDR_V4, order, TABLE_RETURN);
	o.mark = RETURNPATH_MARK;
	o.dst = *from;
	o.dst_len = bits;
	append(l, &o);
}

static void
want_return(struct list *l, const struct routes_plan *plan,
    const struct addr *from)
{
	if (from->family == ADDR_V4)
		want_marked(l, plan, ASK_RETURN, from, 32);
}

static void
want_server(struct list *l, const struct routes_plan *plan,
    const struct addr *server)
{
	unsigned bits = 8 * (unsigned)addr_len(server);
	struct object o = rule(server->family, ASK_SERVER, TABLE_GATE);

	o.dst = *server;
	o.dst_len = bits;
	append(l, &o);
	want_return(l, plan, server);
}

static void
want_forwarded(struct list *l, const struct routes_plan *plan)
{
	struct object out = rule(ADDR_V4, ASK_FORWARDED, RT_TABLE_MAIN),
		      back = rule(ADDR_V4, ASK_FORWARDED, TABLE_TUNNEL);

	if (plan->behind[0] == '\0' || plan->tunnel_ifindex == 0)
		return;
	memcpy(out.iif, plan->forwarded, sizeof(out.iif));
	memcpy(back.iif, plan->behind, sizeof(back.iif));
	append(l, &out);
	append(l, &back);
}

/* fe80::/10 and ff00::/8: their socket names the interface. */
static bool
is_by_interface(const struct addr *a)
{
	return a->family == ADDR_V6 &&
	    (a->bytes[0] == 0xff ||
		(a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80));
}

static void
want_lan(struct list *l, const struct routes_plan *plan,
    const struct prefix *lan)
{
	bool v4 = lan->net.family == ADDR_V4;
	struct object o = { .kind = ROUTE,
		.family = lan->net.family,
		.table = TABLE_LAN,
		.protocol = PROTOCOL,
		.type = RTN_UNICAST,
		.scope = v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.oif = v4 ? plan->uplink4_ifindex : plan->uplink6_ifindex,
		.metric = METRIC_GATE,
		.dst = lan->net,
		.dst_len = lan->bits,
		.source = v4 ? plan->source4 : plan->source6 };

	/* The kernel's table of local addresses leads there already. */
	if (o.oif == 0 || is_by_interface(&lan->net))
		return;
	append(l, &o);
	o = rule(lan->net.family, ASK_LAN, TABLE_LAN);
	o.dst = lan->net;
	o.dst_len = lan->bits;
	append(l, &o);
}

/* What bears one of the tunnel's further addresses. */
static void
want_also(struct list *l, const struct routes_plan *plan, uint8_t family)
{
	struct object o;

	for (unsigned i = 0; i < plan->n_also; i++) {
		if (plan->also[i].family != family)
			continue;
		o = rule_from(family, ASK_TUNNEL, TABLE_TUNNEL, &plan->also[i],
		    family == ADDR_V4 ? 32 : 128);
		append(l, &o);
	}
}

static void
want_tunnel4(struct list *l, const struct routes_plan *plan)
{
	static const struct addr any = { .family = ADDR_V4 };
	struct object o;

	if (plan->tunnel_ifindex == 0 || plan->tunnel4.family == ADDR_NONE)
		return;
	o = route_default(ADDR_V4, TABLE_TUNNEL, plan->tunnel_ifindex,
	    &plan->tunnel4);
	append(l, &o);
	o = rule_from(ADDR_V4, ASK_TUNNEL, TABLE_TUNNEL, &plan->tunnel4, 32);
	append(l, &o);
	want_also(l, plan, ADDR_V4);
	o = rule_from(ADDR_V4, ASK_UNBOUND4, TABLE_TUNNEL, &any, 32);
	append(l, &o);
}

static void
want_tunnel6(struct list *l, const struct routes_plan *plan)
{
	static const struct addr low = { .family = ADDR_V6 };
	static const struct addr high = { .family = ADDR_V6, .bytes = { 128 } };
	struct object o;

	if (plan->tunnel_ifindex == 0 || plan->tunnel6.family == ADDR_NONE)
		return;
	/* Close first: what is bound elsewhere, then open the rest. */
	o = rule_from(ADDR_V6, ASK_BOUND6, TABLE_GATE, &low, 1);
	append(l, &o);
	o = rule_from(ADDR_V6, ASK_BOUND6, TABLE_GATE, &high, 1);
	append(l, &o);
	o = route_default(ADDR_V6, TABLE_TUNNEL, plan->tunnel_ifindex,
	    &plan->tunnel6);
	append(l, &o);
	o = rule_from(ADDR_V6, ASK_TUNNEL, TABLE_TUNNEL, &plan->tunnel6, 128);
	append(l, &o);
	want_also(l, plan, ADDR_V6);
	o = rule(ADDR_V6, ASK_UNBOUND6, TABLE_TUNNEL);
	append(l, &o);
}

static void
want(struct list *l, const struct routes_plan *plan, bool v6, uint32_t begin)
{
	struct object o;

	l->n = 0;
	want_closed(l, ADDR_V4);
	if (v6)
		want_closed(l, ADDR_V6);
	if (plan->gate_ifindex != 0 && plan->source4.family != ADDR_NONE) {
		o = route_default(ADDR_V4, TABLE_GATE, plan->gate_ifindex,
		    &plan->source4);
		append(l, &o);
	}
	if (v6 && plan->gate_ifindex != 0 &&
	    plan->source6.family != ADDR_NONE) {
		o = route_default(ADDR_V6, TABLE_GATE, plan->gate_ifindex,
		    &plan->source6);
		append(l, &o);
	}
	for (unsigned i = 0; i < plan->n_servers; i++)
		if (v6 || plan->servers[i].family == ADDR_V4)
			want_server(l, plan, &plan->servers[i]);
	want_return(l, plan, &plan->gateway4);
	if (plan->anyone)
		want_marked(l, plan, ASK_ANYONE, &(struct addr){ 0 }, 0);
	want_forwarded(l, plan);
	want_tunnel4(l, plan);
	if (v6)
		want_tunnel6(l, plan);
	for (unsigned i = 0; i < plan->n_lan; i++)
		if (v6 || plan->lan[i].net.family == ADDR_V4)
			want_lan(l, plan, &plan->lan[i]);
	for (unsigned i = 0; i < l->n; i++)
		if (l->o[i].kind == RULE)
			l->o[i].priority += begin;
}

/*
 * What there is.
 */

static bool
is_our_table(uint32_t table)
{
	return table == TABLE_GATE || table == TABLE_TUNNEL ||
	    table == TABLE_RETURN || table == TABLE_LAN;
}

static void
on_route(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct list *l = arg;
	struct netmsg_route r;

	if (h == NULL) {
		l->n = 0;
		return;
	}
	/* Whoever put it into a table of ours. */
	if (netmsg_read_route(h, len, &r) < 0 || !is_our_table(r.table))
		return;
	append(l,
	    &(struct object){ .kind = ROUTE,
		.family = r.family,
		.table = r.table,
		.dst = r.dst,
		.dst_len = r.dst_len,
		.protocol = r.protocol,
		.type = r.type,
		.scope = r.scope,
		/* IPv6 shows the loopback device on an unreachable route. */
		.oif = r.type == RTN_UNREACHABLE ? 0 : r.oif,
		.metric = r.metric,
		.source = r.source });
}

static void
on_rule(const struct nlmsghdr *h, size_t len, void *arg)
{
	struct list *l = arg;
	struct netmsg_rule r;
	struct object o;

	if (h == NULL) {
		/* Routes are read after the rules: nothing else is in it. */
		l->n = 0;
		l->first = UINT32_MAX;
		return;
	}
	if (netmsg_read_rule(h, len, &r) < 0)
		return;
	if (r.protocol != PROTOCOL) {
		/* The kernel's own, of this machine's addresses, is first. */
		if ((r.priority != 0 || r.table != RT_TABLE_LOCAL) &&
		    r.priority < l->first)
			l->first = r.priority;
		return;
	}
	if ((!is_our_table(r.table) && r.table != RT_TABLE_MAIN) ||
	    r.action != FR_ACT_TO_TBL)
		return;
	o = (struct object){ .kind = RULE,
		.family = r.family,
		.table = r.table,
		.priority = r.priority,
		.mark = r.mark,
		.src = r.src,
		.src_len = r.src_len,
		.dst = r.dst,
		.dst_len = r.dst_len };
	memcpy(o.iif, r.iif, sizeof(o.iif));
	append(l, &o);
}

/* Add to the list what there is of one kind and family. */
static int
find_kind(struct routes *r, int type, enum addr_family family,
    netmsg_callback *on_message)
{
	struct list *part = calloc(1, sizeof(*part));
	int e;

	if (part == NULL)
		return -ENOMEM;
	part->first = UINT32_MAX;
	if ((e = netmsg_dump(r->socket, type, family, on_message, part)) == 0)
		for (unsigned i = 0; i < part->n; i++)
			append(&r->found, &part->o[i]);
	if (part->first < r->found.first)
		r->found.first = part->first;
	free(part);
	return e;
}

static int
find(struct routes *r, bool v6)
{
	int e;

	r->found.n = 0;
	r->found.first = UINT32_MAX;
	if ((e = find_kind(r, RTM_GETRULE, ADDR_V4, on_rule)) < 0 ||
	    (e = find_kind(r, RTM_GETROUTE, ADDR_V4, on_route)) < 0)
		return e;
	if (v6 &&
	    ((e = find_kind(r, RTM_GETRULE, ADDR_V6, on_rule)) < 0 ||
		(e = find_kind(r, RTM_GETROUTE, ADDR_V6, on_route)) < 0))
		return e;
	return 0;
}

/*
 * Changing it.
 */

static int
put_prefix(struct nl_msg *m, int attribute, const struct addr *a)
{
	return a->family == ADDR_NONE ? 0 : netmsg_put_addr(m, attribute, a);
}

static struct nl_msg *
rule_message(const struct object *o, int type, int flags)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);
	struct fib_rule_hdr h = { .family = netmsg_af(o->family),
		.action = FR_ACT_TO_TBL,
		.table = RT_TABLE_UNSPEC,
		.src_len = (uint8_t)o->src_len,
		.dst_len = (uint8_t)o->dst_len };

	if (m == NULL)
		return NULL;
	if (nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(m, FRA_TABLE, o->table) < 0 ||
	    nla_put_u32(m, FRA_PRIORITY, o->priority) < 0 ||
	    nla_put_u8(m, FRA_PROTOCOL, PROTOCOL) < 0 ||
	    (o->mark != 0 && nla_put_u32(m, FRA_FWMARK, o->mark) < 0) ||
	    (o->iif[0] != '\0' && nla_put_string(m, FRA_IIFNAME, o->iif) < 0) ||
	    (o->table == RT_TABLE_MAIN &&
		nla_put_u32(m, FRA_SUPPRESS_PREFIXLEN, 0) < 0) ||
	    put_prefix(m, FRA_SRC, &o->src) < 0 ||
	    put_prefix(m, FRA_DST, &o->dst) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static struct nl_msg *
route_message(const struct object *o, int type, int flags)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);
	struct rtmsg h = { .rtm_family = netmsg_af(o->family),
		.rtm_table = RT_TABLE_UNSPEC,
		.rtm_protocol = (unsigned char)o->protocol,
		.rtm_type = (unsigned char)o->type,
		.rtm_scope = (unsigned char)o->scope,
		.rtm_dst_len = (unsigned char)o->dst_len };

	if (m == NULL)
		return NULL;
	if (nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(m, RTA_TABLE, o->table) < 0 ||
	    (o->oif != 0 && nla_put_u32(m, RTA_OIF, o->oif) < 0) ||
	    (o->metric != 0 && nla_put_u32(m, RTA_PRIORITY, o->metric) < 0) ||
	    put_prefix(m, RTA_DST, &o->dst) < 0 ||
	    put_prefix(m, RTA_PREFSRC, &o->source) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static int
add(struct routes *r, const struct object *o)
{
	int e;

	if (o->kind == ROUTE)
		return netmsg_ask(r->socket,
		    route_message(o, RTM_NEWROUTE,
			NLM_F_CREATE | NLM_F_REPLACE));
	e = netmsg_ask(r->socket,
	    rule_message(o, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL));
	return e == -EEXIST ? 0 : e;
}

static int
take_away(struct routes *r, const struct object *o)
{
	int e;

	if (o->kind == ROUTE)
		e = netmsg_ask(r->socket, route_message(o, RTM_DELROUTE, 0));
	else
		e = netmsg_ask(r->socket, rule_message(o, RTM_DELRULE, 0));
	/* The kernel was faster: an interface or an address is gone. */
	return e == -ESRCH || e == -ENOENT || e == -ENODEV ? 0 : e;
}

int
routes_open(struct routes **ret)
{
	struct routes *r = calloc(1, sizeof(*r));
	int e;

	if (r == NULL)
		return -ENOMEM;
	if ((e = netmsg_open(&r->socket)) < 0) {
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
	netmsg_close(r->socket);
	free(r);
}

/* A kernel without IPv6 has nothing to route, and nothing to close. */
static bool
has_v6(void)
{
	return access("/proc/net/if_inet6", F_OK) == 0;
}

/* Where our rules begin, so that the last of them is before the others'. */
static uint32_t
begin_before(uint32_t others)
{
	if (others > BEGIN + ASK_ALL)
		return BEGIN;
	return others > ASK_ALL + 1 ? others - ASK_ALL - 1 : 1;
}

int
routes_apply(struct routes *r, const struct routes_plan *plan,
    struct routes_found *ret)
{
	bool v6 = has_v6(), changed = false;
	int e, first = 0;
	uint32_t begin;

	if ((e = find(r, v6)) < 0) {
		/* Blind, we can still close: adding what is there is harmless.
		 */
		first = e;
		r->found.n = 0;
		r->found.first = UINT32_MAX;
	}
	begin = begin_before(r->found.first);
	want(&r->wanted, plan, v6, begin);
	for (unsigned i = 0; i < r->wanted.n; i++) {
		if (is_in(&r->found, &r->wanted.o[i], is_same))
			continue;
		changed = true;
		if ((e = add(r, &r->wanted.o[i])) < 0 && first == 0)
			first = e;
	}
	for (unsigned i = r->found.n; i-- > 0;) {
		struct object *o = &r->found.o[i];

		if (is_in(&r->wanted, o, is_same))
			continue;
		changed = true;
		/* Replaced already, not to be deleted: IPv6 would take the
		 * new one, for it does not compare the source. */
		if (is_in(&r->wanted, o, is_same_place))
			continue;
		if ((e = take_away(r, o)) < 0 && first == 0)
			first = e;
	}
	if (ret != NULL) {
		ret->changed = changed;
		ret->overruled = r->found.first <= begin + ASK_ALL;
	}
	return first;
}

int
routes_release(struct routes *r)
{
	bool v6 = has_v6();
	int e, first = 0;

	/* In turns, in case more was left than one list holds. */
	for (int turn = 0; turn < 100; turn++) {
		if ((e = find(r, v6)) < 0)
			return e;
		if (r->found.n == 0)
			return 0;
		first = 0;
		for (unsigned i = r->found.n; i-- > 0;)
			if ((e = take_away(r, &r->found.o[i])) < 0 &&
			    first == 0)
				first = e;
		if (first < 0)
			return first;
	}
	return -EAGAIN;
}
