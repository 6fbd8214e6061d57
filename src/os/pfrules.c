/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * What the gate sends goes out beneath pf (BPF), so no rule lets anything out
 * to a server: the physical interfaces are closed, but for STATES.md 0.4 and
 * 0.5. No physical interface is named to be closed: the last rule closes all,
 * those too that appear later.
 *
 * In comes what a server answers, to the uplink's address: the client's socket
 * gets it from the IP stack. Without a state pf cannot know which of our ports
 * asked, nor whom an ICMP error quotes: the first is the client's to sort out,
 * the second stays outside (a path whose MTU shrinks is noticed by what is
 * lost).
 *
 * No rule makes a state: a state is looked up before the rules, on every
 * interface, and outlives the rule that made it. A translation makes one
 * whatever the rule says, and `rdr pass` asks no rule: so there are none, but
 * on loopback.
 *
 * pf cannot look at hop limits, at the target of a neighbour solicitation or
 * into payloads, as Linux's rules do. The hop limit of what comes in is the
 * kernel's to check (RFC 4861 section 7.1). A fragment matches no rule that
 * has a port or an ICMP type: so a server's are put together first (scrub; of
 * IPv4 only), and ICMP's are dropped where a type is.
 */
#include "src/os/pfrules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "src/os/firewall.h"

enum { TCP = 6, UDP = 17, ESP = 50 };

#define LINK_LOCAL	"fe80::/10"
#define ALL_ROUTERS	"ff02::2"	     /* RFC 4291 section 2.7.1 */
#define SOLICITED_NODES "ff02::1:ff00:0/104" /* the same */
#define DHCP_SERVERS	"ff02::1:2"	     /* RFC 8415 section 7.1 */
#define DISCOVERY	"inet6 proto ipv6-icmp"

struct text {
	char *at;
	size_t left;
	bool full;
};

static void
add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->at, t->left, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->left) {
		t->full = true;
		return;
	}
	t->at += n;
	t->left -= (size_t)n;
}

/*
 * Values.
 */

/*
 * Letters, then digits, as the kernel names interfaces. Letters alone are a
 * group of them, and "inet6" is pf's own word.
 */
static bool
is_sound(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strnlen(name, IFNAME_MAX), head;

	if (n == IFNAME_MAX || strcmp(name, "inet6") == 0)
		return false;
	head = strspn(name, letters);
	return head > 0 && head < n &&
	    strspn(name + head, "0123456789") == n - head;
}

/* What is loopback or no sound name is as if it were not there. */
static const char *
sound_or_none(const char *name)
{
	return is_sound(name) && strcmp(name, "lo0") != 0 ? name : "";
}

static const char *
family_name(const struct addr *a)
{
	return a->family == ADDR_V4 ? "inet" : "inet6";
}

/* "udp", or the number. */
static const char *
protocol_name(uint8_t protocol, char text[4])
{
	switch (protocol) {
	case TCP:
		return "tcp";
	case UDP:
		return "udp";
	case ESP:
		return "esp";
	default:
		(void)snprintf(text, 4, "%u", protocol);
		return text;
	}
}

#define PREFIX_TEXT_MAX (ADDR_TEXT_MAX + 4)

/* "192.168.1.0/24": bits beyond the prefix are zero, as pf shows it. */
static const char *
prefix_print(const struct addr *a, unsigned bits, char text[PREFIX_TEXT_MAX])
{
	struct addr net = *a;
	char printed[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < sizeof(net.bytes); i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;

		if (kept < 8)
			net.bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
	(void)snprintf(text, PREFIX_TEXT_MAX, "%s/%u",
	    addr_print(&net, printed), bits);
	return text;
}

/* RFC 4291 section 2.7.1: the group of those whose address ends like it. */
static struct addr
solicited_node(const struct addr *a)
{
	struct addr group = { .family = ADDR_V6,
		.bytes = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff } };

	memcpy(&group.bytes[13], &a->bytes[13], 3);
	return group;
}

/*
 * What never reaches a network: the client's interface, and the gate's.
 */

/* The tunnel's address elsewhere (CVE-2019-14899). */
static void
keep_to_tunnel(struct text *t, const char *tunnel, const struct addr *inside)
{
	char a[ADDR_TEXT_MAX];

	if (inside->family == ADDR_NONE)
		return;
	add(t, "block drop in quick %s%s%s%s from any to %s\n",
	    tunnel[0] != '\0' ? "on ! " : "", tunnel,
	    tunnel[0] != '\0' ? " " : "", family_name(inside),
	    addr_print(inside, a));
}

/* The uplink's in it. */
static void
keep_from_tunnel(struct text *t, const char *tunnel, const struct addr *outside)
{
	char a[ADDR_TEXT_MAX];

	if (tunnel[0] != '\0' && outside->family != ADDR_NONE)
		add(t, "block drop in quick on %s %s from any to %s\n", tunnel,
		    family_name(outside), addr_print(outside, a));
}

static void
add_tunnel(struct text *t, const struct firewall_plan *plan, const char *tunnel)
{
	/* RFC 4861: no router, and no neighbour, speaks through a tunnel. */
	static const char *const types[] = { "routersol", "routeradv",
		"neighbrsol", "neighbradv", "redir" };

	if (plan->tunnel_ifindex == 0)
		return;
	keep_to_tunnel(t, tunnel, &plan->tunnel4);
	keep_to_tunnel(t, tunnel, &plan->tunnel6);
	for (unsigned i = 0; i < plan->n_also; i++)
		keep_to_tunnel(t, tunnel, &plan->also[i]);
	keep_from_tunnel(t, tunnel, &plan->source4);
	keep_from_tunnel(t, tunnel, &plan->source6);
	if (tunnel[0] == '\0')
		return;
	add(t,
	    "block drop in quick on %s inet proto icmp all icmp-type redir\n",
	    tunnel);
	add(t, "block drop in quick on %s inet proto icmp all fragment\n",
	    tunnel);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		add(t,
		    "block drop in quick on %s " DISCOVERY
		    " all icmp6-type %s\n",
		    tunnel, types[i]);
	add(t, "block drop in quick on %s " DISCOVERY " all fragment\n",
	    tunnel);
	add(t, "pass quick on %s all no state\n", tunnel);
}

/*
 * To the server, into the gate: only from the client's account. pf knows it of
 * TCP and UDP; a packet of no socket that it knows is nobody's, and blocked.
 */
static void
refuse_others(struct text *t, const struct firewall_plan *plan,
    const char *gate)
{
	char a[ADDR_TEXT_MAX], p[4];

	for (unsigned i = 0; i < plan->n_flows && !plan->any_user; i++) {
		const struct firewall_flow *f = &plan->flows[i];

		if (f->to.family == ADDR_NONE ||
		    (f->protocol != TCP && f->protocol != UDP))
			continue;
		add(t,
		    "block drop out quick on %s %s proto %s from any to %s "
		    "port = %u user != %" PRIuMAX "\n",
		    gate, family_name(&f->to), protocol_name(f->protocol, p),
		    addr_print(&f->to, a), f->port, (uintmax_t)plan->user);
	}
}

static void
add_gate(struct text *t, const struct firewall_plan *plan, const char *gate)
{
	if (plan->gate_ifindex == 0 || gate[0] == '\0')
		return;
	refuse_others(t, plan, gate);
	add(t, "pass out quick on %s all no state\n", gate);
}

/*
 * STATES.md 0.4, on every interface.
 */

/* RFC 2131: 68 to 67, to all; without an address yet, or with it. */
static void
add_dhcp(struct text *t, const struct firewall_plan *plan)
{
	char a[ADDR_TEXT_MAX];

	add(t,
	    "pass out quick inet proto udp from 0.0.0.0 port = 68 "
	    "to 255.255.255.255 port = 67 no state\n");
	if (plan->source4.family == ADDR_V4)
		add(t,
		    "pass out quick inet proto udp from %s port = 68 "
		    "to 255.255.255.255 port = 67 no state\n",
		    addr_print(&plan->source4, a));
	add(t,
	    "pass in quick inet proto udp from any port = 67 "
	    "to any port = 68 no state\n");
	add(t,
	    "pass out quick inet6 proto udp from " LINK_LOCAL " port = 546 "
	    "to " DHCP_SERVERS " port = 547 no state\n");
	add(t,
	    "pass in quick inet6 proto udp from " LINK_LOCAL " port = 547 "
	    "to " LINK_LOCAL " port = 546 no state\n");
}

/* Out: RFC 4861, of that type and code 0. */
static void
add_discovery(struct text *t, const char *from, const char *to,
    const char *type)
{
	add(t,
	    "pass out quick " DISCOVERY " from %s to %s icmp6-type %s code 0 "
	    "no state\n",
	    from, to, type);
}

static void
add_neighbours(struct text *t, const struct firewall_plan *plan)
{
	char a[ADDR_TEXT_MAX], net[PREFIX_TEXT_MAX];

	add_discovery(t, "any", ALL_ROUTERS, "routersol");
	/* Is an address of ours somebody else's? (RFC 4862 section 5.4.2) */
	add_discovery(t, "::", SOLICITED_NODES, "neighbrsol");
	add_discovery(t, "any", LINK_LOCAL, "neighbradv");
	/* A router that asks by its own address. */
	if (plan->source6.family == ADDR_V6 && plan->prefix6 != 0 &&
	    plan->prefix6 <= 128)
		add_discovery(t, "any",
		    prefix_print(&plan->source6, plan->prefix6, net),
		    "neighbradv");
	for (unsigned i = 0; i < plan->n_neighbours; i++) {
		const struct addr *n = &plan->neighbours[i];
		struct addr group = solicited_node(n);

		if (n->family != ADDR_V6)
			continue;
		add_discovery(t, "any", addr_print(&group, a), "neighbrsol");
		add_discovery(t, "any", addr_print(n, a), "neighbrsol");
	}
	/* RFC 4861 section 6.1.2: routers speak by link-local addresses. */
	add(t,
	    "pass in quick " DISCOVERY " from " LINK_LOCAL
	    " to any icmp6-type routeradv code 0 no state\n");
	add(t,
	    "pass in quick " DISCOVERY
	    " all icmp6-type neighbrsol code 0 no state\n");
	add(t,
	    "pass in quick " DISCOVERY
	    " all icmp6-type neighbradv code 0 no state\n");
}

/*
 * What the servers answer.
 */

/* Where it comes in, and to which address; "": it does not. */
static const char *
way_in(const struct firewall_plan *plan, const struct pfrules_names *names,
    const struct firewall_flow *f, const struct addr **ret_to)
{
	bool v4 = f->to.family == ADDR_V4;

	*ret_to = v4 ? &plan->source4 : &plan->source6;
	if (f->to.family == ADDR_NONE || (*ret_to)->family != f->to.family)
		return "";
	return sound_or_none(v4 ? names->uplink4 : names->uplink6);
}

/* In fragments they would match no port. Comes before all rules that filter. */
static void
add_reassembly(struct text *t, const struct firewall_plan *plan,
    const struct pfrules_names *names)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < plan->n_flows; i++) {
		const struct firewall_flow *f = &plan->flows[i];
		const struct addr *ours;
		const char *uplink = way_in(plan, names, f, &ours);

		if (uplink[0] == '\0' || f->to.family != ADDR_V4 ||
		    f->protocol == TCP)
			continue;
		add(t,
		    "scrub in on %s inet from %s to %s fragment reassemble\n",
		    uplink, addr_print(&f->to, from), addr_print(ours, to));
	}
}

static void
add_answers(struct text *t, const struct firewall_plan *plan,
    const struct pfrules_names *names)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX], p[4], port[16];

	for (unsigned i = 0; i < plan->n_flows; i++) {
		const struct firewall_flow *f = &plan->flows[i];
		const struct addr *ours;
		const char *uplink = way_in(plan, names, f, &ours);

		if (uplink[0] == '\0')
			continue;
		(void)snprintf(port, sizeof(port), " port = %u", f->port);
		add(t,
		    "pass in quick on %s %s proto %s from %s%s to %s "
		    "no state\n",
		    uplink, family_name(ours), protocol_name(f->protocol, p),
		    addr_print(&f->to, from), f->protocol == ESP ? "" : port,
		    addr_print(ours, to));
	}
}

/* What begins a handshake pf cannot tell from what does not. */
static void
add_strangers(struct text *t, const struct firewall_plan *plan,
    const struct addr *to, const char *uplink)
{
	char text[ADDR_TEXT_MAX];

	if (plan->listen == 0 || to->family == ADDR_NONE || uplink[0] == '\0')
		return;
	add(t,
	    "pass in quick on %s %s proto udp from any to %s port = %u no "
	    "state\n",
	    uplink, family_name(to), addr_print(to, text), plan->listen);
}

/*
 * STATES.md 0.5: the local network.
 */

static bool
is_multicast(const struct prefix *p)
{
	return p->net.family == ADDR_V4 ? p->net.bytes[0] >= 224
					: p->net.bytes[0] == 0xff;
}

/* Ours there; IPv6's link speaks by link-local addresses. "": none. */
static const char *
lan_source(const struct firewall_plan *plan, const struct prefix *lan,
    char text[ADDR_TEXT_MAX])
{
	const struct addr *own =
	    lan->net.family == ADDR_V4 ? &plan->source4 : &plan->source6;

	if (lan->net.family == ADDR_V6 &&
	    (is_multicast(lan) || lan->net.bytes[0] == 0xfe))
		return LINK_LOCAL;
	return own->family == lan->net.family ? addr_print(own, text) : "";
}

/* Whose names are asked for is not the local network's to know. */
static void
refuse_dns(struct text *t, const char *uplink, const char *family,
    const char *from, const char *to)
{
	static const unsigned ports[] = { 53, 853 };
	static const char *const protocols[] = { "udp", "tcp" };

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 2; j++)
			add(t,
			    "block drop out quick on %s %s proto %s from %s "
			    "to %s port = %u\n",
			    uplink, family, protocols[j], from, to, ports[i]);
}

static void
add_lan_network(struct text *t, const struct firewall_plan *plan,
    const struct prefix *lan, const char *uplink)
{
	bool v4 = lan->net.family == ADDR_V4, multicast = is_multicast(lan);
	const char *family = family_name(&lan->net), *from, *to;
	char a[ADDR_TEXT_MAX], net[PREFIX_TEXT_MAX];

	from = lan_source(plan, lan, a);
	to = prefix_print(&lan->net, lan->bits, net);
	if (from[0] == '\0')
		return;
	if (!v4 && !multicast)
		add(t,
		    "pass out quick on %s " DISCOVERY
		    " from any to " SOLICITED_NODES
		    " icmp6-type neighbrsol code 0 no state\n",
		    uplink);
	refuse_dns(t, uplink, family, from, to);
	add(t, "pass out quick on %s %s proto udp from %s to %s no state\n",
	    uplink, family, from, to);
	add(t, "pass out quick on %s %s proto tcp from %s to %s no state\n",
	    uplink, family, from, to);
	add(t, "pass out quick on %s %s proto %s from %s to %s no state\n",
	    uplink, family, v4 ? "icmp" : "ipv6-icmp", from, to);
	/* With its router alert (RFC 3376 section 4); MLD's is no option to
	 * pf, which in IPv6 means routing headers. */
	if (v4 && multicast)
		add(t,
		    "pass out quick on %s inet proto igmp from %s to %s "
		    "allow-opts no state\n",
		    uplink, from, to);
	if (multicast)
		return;
	if (v4)
		add(t,
		    "pass in quick on %s inet proto igmp from %s "
		    "to 224.0.0.0/4 allow-opts no state\n",
		    uplink, to);
	add(t, "pass in quick on %s %s from %s to any no state\n", uplink,
	    family, to);
}

static void
add_lan(struct text *t, const struct firewall_plan *plan,
    const struct pfrules_names *names)
{
	if (plan->n_lan == 0)
		return;
	/* From there, but for the redirects of routers. */
	add(t, "block drop in quick inet proto icmp all icmp-type redir\n");
	add(t, "block drop in quick inet proto icmp all fragment\n");
	add(t, "block drop in quick " DISCOVERY " all icmp6-type redir\n");
	add(t, "block drop in quick " DISCOVERY " all fragment\n");
	for (unsigned i = 0; i < plan->n_lan; i++) {
		const struct prefix *lan = &plan->lan[i];
		const char *uplink =
		    sound_or_none(lan->net.family == ADDR_V4 ? names->uplink4
							     : names->uplink6);

		if (uplink[0] != '\0' && lan->net.family != ADDR_NONE)
			add_lan_network(t, plan, lan, uplink);
	}
}

int
pfrules_write(const struct firewall_plan *plan,
    const struct pfrules_names *names, char *out, size_t cap)
{
	struct text t = { .at = out, .left = cap };

	if (plan->n_flows > FIREWALL_FLOWS_MAX ||
	    plan->n_lan > FIREWALL_LAN_MAX ||
	    plan->n_also > FIREWALL_ALSO_MAX ||
	    plan->n_neighbours > FIREWALL_NEIGHBOURS_MAX || cap == 0)
		return -EINVAL;
	out[0] = '\0';
	add_reassembly(&t, plan, names);
	add(&t, "no nat on ! lo0 all\nno rdr on ! lo0 all\n");
	add(&t, "pass quick on lo0 all no state\n");
	add_tunnel(&t, plan, sound_or_none(names->tunnel));
	add_gate(&t, plan, sound_or_none(names->gate));
	/* What leaves whole is cut beneath pf: this is made by hand. */
	add(&t, "block drop out quick all fragment\n");
	add_dhcp(&t, plan);
	add_neighbours(&t, plan);
	add_answers(&t, plan, names);
	add_strangers(&t, plan, &plan->source4, sound_or_none(names->uplink4));
	add_strangers(&t, plan, &plan->source6, sound_or_none(names->uplink6));
	add_lan(&t, plan, names);
	add(&t, "block drop quick all\n");
	return t.full ? -ENOSPC : 0;
}

/*
 * Labels.
 */

/* FNV-1a: two texts that differ have different names, but by accident. */
static uint32_t
name_of(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h;
}

int
pfrules_label(const char *rules, char *out, size_t cap)
{
	struct text t = { .at = out, .left = cap };
	uint32_t name = name_of(rules);
	unsigned n = 0;

	out[0] = '\0';
	while (*rules != '\0') {
		int len = (int)strcspn(rules, "\n");

		/* Only filters have labels. */
		if (strncmp(rules, "pass ", 5) == 0 ||
		    strncmp(rules, "block ", 6) == 0)
			add(&t, "%.*s label \"tungate %08" PRIx32 " %u\"\n",
			    len, rules, name, ++n);
		else
			add(&t, "%.*s\n", len, rules);
		rules += len;
		rules += *rules == '\n';
	}
	return t.full ? -ENOSPC : 0;
}
