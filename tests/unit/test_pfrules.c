/* SPDX-License-Identifier: ISC */
/*
 * The texts themselves are in tests/pf, for eyes, and for a Mac's own pfctl
 * (`pfctl -n -f`); what they do is asked of pfmodel. Neither is pf.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/os/firewall.h"
#include "src/os/pfrules.h"
#include "tests/unit/packet.h"
#include "tests/unit/pfmodel.h"

enum { UPLINK = 4, GATE = 7, TUNNEL = 9 };

static char text[PFRULES_MAX], other[PFRULES_MAX];

static const struct pfrules_names all_names = {
	.gate = "utun7", .tunnel = "utun9", .uplink4 = "en0", .uplink6 = "en0"
};

/*
 * Plans, each with one thing more.
 */

/* Before anything is known: --lockdown. */
static const struct firewall_plan closed;

static struct firewall_plan
blocked(void)
{
	return (struct firewall_plan){ .gate_ifindex = GATE,
		.source4 = packet_addr("192.168.1.5"),
		.source6 = packet_addr("2001:db8::5"),
		.prefix6 = 64,
		.neighbours = { packet_addr("192.168.1.1"),
		    packet_addr("fe80::1") },
		.n_neighbours = 2,
		.uplink4_ifindex = UPLINK,
		.uplink6_ifindex = UPLINK };
}

static struct firewall_plan
connecting(void)
{
	struct firewall_plan p = blocked();

	p.flows[0] = (struct firewall_flow){ .to = packet_addr("203.0.113.5"),
		.port = 51820,
		.protocol = 17 };
	p.n_flows = 1;
	return p;
}

static struct firewall_plan
connected(void)
{
	struct firewall_plan p = connecting();

	p.flows[1] = (struct firewall_flow){ .to = packet_addr("2001:db8:1::1"),
		.port = 443,
		.protocol = 6 };
	p.flows[2] = (struct firewall_flow){ .to = packet_addr("203.0.113.6"),
		.protocol = 50 };
	p.n_flows = 3;
	p.user = 501;
	p.tunnel_ifindex = TUNNEL;
	p.tunnel4 = packet_addr("10.8.0.2");
	p.tunnel6 = packet_addr("fd00::2");
	return p;
}

/* And no peer was heard yet. */
static struct firewall_plan
listening(void)
{
	struct firewall_plan p = connected();

	p.n_flows = 0;
	p.listen = 51999;
	return p;
}

static struct firewall_plan
many_servers(void)
{
	struct firewall_plan p = blocked();

	for (unsigned i = 0; i < FIREWALL_FLOWS_MAX; i++) {
		p.flows[i] =
		    (struct firewall_flow){ .to = packet_addr(i % 2 == 0
						    ? "203.0.113.1"
						    : "2001:db8:1::1"),
			    .port = (uint16_t)(65535 - i),
			    .protocol = 17 };
		p.flows[i].to.bytes[i % 2 == 0 ? 3 : 15] = (uint8_t)(i + 1);
	}
	p.n_flows = FIREWALL_FLOWS_MAX;
	p.any_user = true;
	return p;
}

static struct firewall_plan
with_lan(void)
{
	struct firewall_plan p = connected();

	p.lan[0] = (struct prefix){ packet_addr("192.168.1.0"), 24 };
	p.lan[1] = (struct prefix){ packet_addr("224.0.0.0"), 24 };
	p.lan[2] = (struct prefix){ packet_addr("255.255.255.255"), 32 };
	p.lan[3] = (struct prefix){ packet_addr("fd01:2::"), 64 };
	p.lan[4] = (struct prefix){ packet_addr("fe80::"), 10 };
	p.lan[5] = (struct prefix){ packet_addr("ff02::"), 16 };
	p.n_lan = 6;
	return p;
}

/* All that any plan can hold, in its longest form. */
static struct firewall_plan
largest(void)
{
	struct firewall_plan p = connected();
	static const char longest[] = "2001:db8:1111:2222:3333:4444:5555:ff00";

	for (unsigned i = 0; i < FIREWALL_FLOWS_MAX; i++)
		p.flows[i] = (struct firewall_flow){ .to = packet_addr(longest),
			.port = 65535,
			.protocol = 17 };
	p.n_flows = FIREWALL_FLOWS_MAX;
	p.user = (uid_t)-2;
	p.listen = 65535;
	p.source6 = packet_addr(longest);
	for (unsigned i = 0; i < FIREWALL_NEIGHBOURS_MAX; i++)
		p.neighbours[i] = packet_addr(longest);
	p.n_neighbours = FIREWALL_NEIGHBOURS_MAX;
	for (unsigned i = 0; i < FIREWALL_LAN_MAX; i++)
		p.lan[i] = (struct prefix){ packet_addr(longest), 128 };
	p.n_lan = FIREWALL_LAN_MAX;
	for (unsigned i = 0; i < FIREWALL_ALSO_MAX; i++)
		p.also[i] = packet_addr(longest);
	p.n_also = FIREWALL_ALSO_MAX;
	return p;
}

static void
write_plan(const struct firewall_plan *p, const struct pfrules_names *names)
{
	assert_int_equal(pfrules_write(p, names, text, sizeof(text)), 0);
}

/*
 * Texts.
 */

static void
assert_text(const char *name)
{
	char path[256];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.pf", TEXTS, name);
	/* TUNGATE_WRITE_TEXTS=1 makes them anew, to be read before they are
	 * believed. */
	if (getenv("TUNGATE_WRITE_TEXTS") != NULL) {
		assert_non_null(f = fopen(path, "w"));
		assert_true(fputs(text, f) >= 0);
		assert_int_equal(fclose(f), 0);
	}
	assert_non_null(f = fopen(path, "r"));
	n = fread(other, 1, sizeof(other) - 1, f);
	other[n] = '\0';
	(void)fclose(f);
	assert_string_equal(text, other);
}

static void
each_plan_has_its_text(void **state)
{
	static const struct pfrules_names none;
	const struct {
		const char *name;
		struct firewall_plan plan;
	} cases[] = {
		{ "blocked", blocked() },
		{ "connecting", connecting() },
		{ "connected", connected() },
		{ "many-servers", many_servers() },
		{ "listening", listening() },
		{ "lan", with_lan() },
	};

	(void)state;
	write_plan(&closed, &none);
	assert_text("closed");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_plan(&cases[i].plan, &all_names);
		assert_text(cases[i].name);
	}
}

static void
hostile_names_are_no_interfaces(void **state)
{
	static const char *const hostile[] = { "en", "utun", "0", "lo0",
		"inet6", "utun9 all\npa", "all", "any", "en0\n", "\"en0\"",
		"! en0", "en0:network", "(en0)", "{en0}", "$x1", "en-0",
		"\3771", "e n0", "1en0" };
	struct firewall_plan p = with_lan();
	struct pfrules_names names = { 0 };

	(void)state;
	write_plan(&p, &names);
	memcpy(other, text, sizeof(other));
	/* The tunnel's address is on no interface then. */
	assert_non_null(
	    strstr(other, "block drop in quick inet from any to 10.8.0.2\n"));
	assert_null(strstr(other, " on en"));
	assert_null(strstr(other, " on utun"));
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		(void)snprintf(names.gate, IFNAME_MAX, "%s", hostile[i]);
		(void)snprintf(names.tunnel, IFNAME_MAX, "%s", hostile[i]);
		(void)snprintf(names.uplink4, IFNAME_MAX, "%s", hostile[i]);
		(void)snprintf(names.uplink6, IFNAME_MAX, "%s", hostile[i]);
		write_plan(&p, &names);
		assert_string_equal(text, other);
	}
	/* Without an end. */
	memset(&names, 'a', sizeof(names));
	write_plan(&p, &names);
	assert_string_equal(text, other);
}

static void
the_largest_plan_has_room(void **state)
{
	static char labelled[PFRULES_LABELLED_MAX];
	struct pfrules_names names = all_names;
	struct firewall_plan p = largest();

	(void)state;
	(void)snprintf(names.gate, IFNAME_MAX, "utun12345678901");
	memcpy(names.tunnel, names.gate, IFNAME_MAX);
	memcpy(names.uplink4, names.gate, IFNAME_MAX);
	memcpy(names.uplink6, names.gate, IFNAME_MAX);
	write_plan(&p, &names);
	assert_int_equal(pfrules_label(text, labelled, sizeof(labelled)), 0);
	assert_true(strlen(text) < PFRULES_MAX / 2);
	assert_true(strlen(labelled) < PFRULES_LABELLED_MAX / 2);
}

static void
what_does_not_fit_is_no_text(void **state)
{
	struct firewall_plan p = with_lan();
	char small[2000];

	(void)state;
	for (size_t cap = 1; cap < sizeof(small); cap += 37)
		assert_int_equal(pfrules_write(&p, &all_names, small, cap),
		    -ENOSPC);
	p.n_flows = FIREWALL_FLOWS_MAX + 1;
	assert_int_equal(pfrules_write(&p, &all_names, text, sizeof(text)),
	    -EINVAL);
	assert_int_equal(
	    pfrules_label("pass quick on lo0 all no state\n", small, 40),
	    -ENOSPC);
}

static void
labels_name_the_text_and_the_place(void **state)
{
	static const char rules[] = "scrub in on en0 all\n"
				    "pass quick on lo0 all no state\n"
				    "block drop quick all\n";
	char labelled[512], again[512];

	(void)state;
	assert_int_equal(pfrules_label(rules, labelled, sizeof(labelled)), 0);
	assert_string_equal(labelled,
	    "scrub in on en0 all\n"
	    "pass quick on lo0 all no state label \"tungate 17eb1381 1\"\n"
	    "block drop quick all label \"tungate 17eb1381 2\"\n");
	assert_int_equal(
	    pfrules_label("block drop quick all\n", again, sizeof(again)), 0);
	assert_null(strstr(again, "17eb1381"));
}

/*
 * What they do. Each packet as it would come by pf; 'i' and 'o' are 0.1's two
 * directions.
 */

static bool
passes(const struct firewall_plan *p, struct pfmodel_packet packet)
{
	write_plan(p, p == &closed ? &(struct pfrules_names){ 0 } : &all_names);
	return pfmodel_passes(text, &packet);
}

#define OUT(proto, a, b, port)                                        \
	(struct pfmodel_packet)                                       \
	{                                                             \
		.interface = "en0", .protocol = (proto), .from = (a), \
		.to = (b), .from_port = 40000, .to_port = (port)      \
	}

#define IN(proto, a, port, b)                                                 \
	(struct pfmodel_packet)                                               \
	{                                                                     \
		.in = true, .interface = "en0", .protocol = (proto),          \
		.from = (a), .from_port = (port), .to = (b), .to_port = 40000 \
	}

#define ICMP(inwards, proto, a, b, name)                                  \
	(struct pfmodel_packet)                                           \
	{                                                                 \
		.in = (inwards), .interface = "en0", .protocol = (proto), \
		.from = (a), .to = (b), .type = (name)                    \
	}

/* Never, in no plan without a local network. */
static const struct pfmodel_packet never[] = {
	/* To the server itself: the gate's frames do not come by pf. */
	OUT("udp", "192.168.1.5", "203.0.113.5", 51820),
	OUT("tcp", "2001:db8::5", "2001:db8:1::1", 443),
	OUT("esp", "192.168.1.5", "203.0.113.6", 0),
	OUT("udp", "192.168.1.5", "198.51.100.1", 53),
	OUT("tcp", "192.168.1.5", "198.51.100.1", 443),
	OUT("tcp", "2001:db8::5", "2001:db8:9::1", 443),
	/* A socket older than the tunnel; the tunnel's own on the wire. */
	OUT("tcp", "10.8.0.2", "198.51.100.1", 443),
	OUT("tcp", "fd00::2", "2001:db8:9::1", 443),
	/* The local network, multicast, what is on the link. */
	OUT("tcp", "192.168.1.5", "192.168.1.1", 80),
	OUT("udp", "192.168.1.5", "224.0.0.251", 5353),
	OUT("udp", "192.168.1.5", "255.255.255.255", 9),
	OUT("udp", "fe80::5", "ff02::fb", 5353),
	OUT("udp", "fe80::5", "fe80::1", 9),
	OUT("igmp", "192.168.1.5", "224.0.0.22", 0),
	/* DHCP's ports to somebody else, and by other ports. */
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "192.168.1.5",
	    .from_port = 68,
	    .to = "198.51.100.1",
	    .to_port = 67 },
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "10.8.0.2",
	    .from_port = 68,
	    .to = "255.255.255.255",
	    .to_port = 67 },
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "192.168.1.5",
	    .from_port = 1068,
	    .to = "255.255.255.255",
	    .to_port = 67 },
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "2001:db8::5",
	    .from_port = 546,
	    .to = "ff02::1:2",
	    .to_port = 547 },
	ICMP(false, "icmp", "192.168.1.5", "198.51.100.1", "echoreq"),
	ICMP(false, "icmp", "192.168.1.5", "198.51.100.1", "unreach"),
	ICMP(false, "ipv6-icmp", "2001:db8::5", "2001:db8:9::1", "echoreq"),
	/* Discovery that asks for, or tells, the world. */
	ICMP(false, "ipv6-icmp", "fe80::5", "ff02::1", "routeradv"),
	ICMP(false, "ipv6-icmp", "fe80::5", "fe80::1", "redir"),
	ICMP(false, "ipv6-icmp", "fe80::5", "2001:db8:9::1", "neighbrsol"),
	ICMP(false, "ipv6-icmp", "fe80::5", "2001:db8:9::1", "neighbradv"),
	ICMP(false, "ipv6-icmp", "fe80::5", "ff02::1:ff12:3456", "neighbrsol"),
	ICMP(false, "ipv6-icmp", "fe80::5", "ff05::2", "routersol"),
	/* In: whoever asks, and redirects. */
	IN("tcp", "192.168.1.7", 40001, "192.168.1.5"),
	IN("udp", "198.51.100.1", 53, "192.168.1.5"),
	IN("tcp", "2001:db8:9::1", 40001, "2001:db8::5"),
	ICMP(true, "icmp", "192.168.1.1", "192.168.1.5", "redir"),
	ICMP(true, "icmp", "198.51.100.1", "192.168.1.5", "echoreq"),
	ICMP(true, "icmp", "198.51.100.1", "192.168.1.5", "unreach"),
	ICMP(true, "ipv6-icmp", "fe80::1", "fe80::5", "redir"),
	ICMP(true, "ipv6-icmp", "2001:db8:9::1", "ff02::1", "routeradv"),
	/* The server by another port, address of ours, interface. */
	IN("udp", "203.0.113.5", 53, "192.168.1.5"),
	IN("tcp", "203.0.113.5", 51820, "192.168.1.5"),
	IN("udp", "203.0.113.5", 51820, "192.168.1.255"),
	/* CVE-2019-14899 */
	IN("udp", "203.0.113.5", 51820, "10.8.0.2"),
	IN("tcp", "192.168.1.1", 40001, "10.8.0.2"),
	IN("tcp", "fe80::1", 40001, "fd00::2"),
	ICMP(true, "icmp", "192.168.1.1", "10.8.0.2", "echoreq"),
	/* In pieces. */
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "192.168.1.5",
	    .to = "203.0.113.5",
	    .fragment = true },
	{ .interface = "en0",
	    .protocol = "ipv6-icmp",
	    .from = "fe80::5",
	    .to = "fe80::1",
	    .fragment = true },
	{ .in = true,
	    .interface = "en0",
	    .protocol = "icmp",
	    .from = "192.168.1.1",
	    .to = "192.168.1.5",
	    .fragment = true },
};

/* Always, but in OPEN: STATES.md 0.4, and what stays inside. */
static const struct pfmodel_packet always[] = {
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "0.0.0.0",
	    .from_port = 68,
	    .to = "255.255.255.255",
	    .to_port = 67 },
	{ .in = true,
	    .interface = "en0",
	    .protocol = "udp",
	    .from = "192.168.1.1",
	    .from_port = 67,
	    .to = "192.168.1.5",
	    .to_port = 68 },
	{ .interface = "en0",
	    .protocol = "udp",
	    .from = "fe80::5",
	    .from_port = 546,
	    .to = "ff02::1:2",
	    .to_port = 547 },
	{ .in = true,
	    .interface = "en0",
	    .protocol = "udp",
	    .from = "fe80::1",
	    .from_port = 547,
	    .to = "fe80::5",
	    .to_port = 546 },
	ICMP(false, "ipv6-icmp", "fe80::5", "ff02::2", "routersol"),
	ICMP(false, "ipv6-icmp", "::", "ff02::1:ff00:5", "neighbrsol"),
	ICMP(false, "ipv6-icmp", "2001:db8::5", "fe80::1", "neighbradv"),
	ICMP(true, "ipv6-icmp", "fe80::1", "ff02::1", "routeradv"),
	ICMP(true, "ipv6-icmp", "fe80::1", "ff02::1:ff00:5", "neighbrsol"),
	ICMP(true, "ipv6-icmp", "fe80::1", "fe80::5", "neighbradv"),
	{ .interface = "lo0",
	    .protocol = "tcp",
	    .from = "127.0.0.1",
	    .to = "127.0.0.1" },
	{ .in = true,
	    .interface = "lo0",
	    .protocol = "tcp",
	    .from = "192.168.1.5",
	    .to = "192.168.1.5" },
};

static void
only_what_is_listed_passes(void **state)
{
	const struct firewall_plan plans[] = { closed, blocked(), connecting(),
		connected(), many_servers() };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		for (size_t k = 0; k < ARRAY_LEN(never); k++) {
			struct pfmodel_packet p = never[k];

			if (passes(&plans[i], p))
				fail_msg("plan %zu lets packet %zu pass", i, k);
			/* One that is plugged in later. */
			p.interface = "en7";
			assert_false(passes(&plans[i], p));
		}
		for (size_t k = 0; k < ARRAY_LEN(always); k++)
			if (!passes(&plans[i], always[k]))
				fail_msg("plan %zu stops packet %zu", i, k);
	}
}

static void
servers_are_heard_and_their_neighbours_asked(void **state)
{
	const struct firewall_plan at_rest = blocked(), c = connected();
	const struct pfmodel_packet udp = IN("udp", "203.0.113.5", 51820,
					"192.168.1.5"),
				    tcp = IN("tcp", "2001:db8:1::1", 443,
					"2001:db8::5"),
				    esp = IN("esp", "203.0.113.6", 0,
					"192.168.1.5");
	struct pfmodel_packet elsewhere = udp;

	(void)state;
	assert_false(passes(&at_rest, udp));
	assert_true(passes(&c, udp));
	assert_true(passes(&c, tcp));
	assert_true(passes(&c, esp));
	elsewhere.interface = "en7";
	assert_false(passes(&c, elsewhere));
	assert_true(passes(&at_rest,
	    ICMP(false, "ipv6-icmp", "fe80::5", "ff02::1:ff00:1",
		"neighbrsol")));
	assert_true(passes(&at_rest,
	    ICMP(false, "ipv6-icmp", "fe80::5", "fe80::1", "neighbrsol")));
	assert_true(passes(&at_rest,
	    ICMP(false, "ipv6-icmp", "2001:db8::5", "2001:db8::1",
		"neighbradv")));
}

static void
anyone_is_heard_at_the_port_that_listens(void **state)
{
	const struct firewall_plan l = listening();
	struct pfmodel_packet p = IN("udp", "198.51.100.7", 1, "192.168.1.5");

	(void)state;
	assert_false(passes(&l, p));
	p.to_port = 51999;
	assert_true(passes(&l, p));
	p.interface = "en7";
	assert_false(passes(&l, p));
	p.interface = "en0";
	p.to = "10.8.0.2";
	assert_false(passes(&l, p));
	assert_false(
	    passes(&l, OUT("udp", "192.168.1.5", "198.51.100.7", 51999)));
}

static void
the_gate_and_the_tunnel_are_ways(void **state)
{
	const struct firewall_plan at_rest = blocked(), c = connected();
	struct pfmodel_packet p = OUT("tcp", "10.8.0.2", "198.51.100.1", 443);

	(void)state;
	p.interface = "utun9";
	assert_false(passes(&at_rest, p));
	assert_true(passes(&c, p));
	p.interface = "utun7";
	assert_true(passes(&at_rest, p));
	p = IN("tcp", "198.51.100.1", 443, "10.8.0.2");
	p.interface = "utun9";
	assert_true(passes(&c, p));
	/* In by the tunnel, but for the uplink's address; in by the gate. */
	p.to = "192.168.1.5";
	assert_false(passes(&c, p));
	p.interface = "utun7";
	assert_false(passes(&c, p));
	p = ICMP(true, "icmp", "10.8.0.1", "10.8.0.2", "redir");
	p.interface = "utun9";
	assert_false(passes(&c, p));
	p.type = "echorep";
	assert_true(passes(&c, p));
	p = ICMP(true, "ipv6-icmp", "fe80::1", "ff02::1", "routeradv");
	p.interface = "utun9";
	assert_false(passes(&c, p));
}

static void
only_the_clients_account_sends_to_the_server(void **state)
{
	struct firewall_plan c = connected();
	struct pfmodel_packet p =
	    OUT("udp", "192.168.1.5", "203.0.113.5", 51820);

	(void)state;
	p.interface = "utun7";
	p.user = 501;
	assert_true(passes(&c, p));
	p.user = 0;
	assert_false(passes(&c, p));
	c.any_user = true;
	assert_true(passes(&c, p));
}

static void
the_local_network_passes_if_it_is_told_to(void **state)
{
	const struct firewall_plan l = with_lan();
	struct pfmodel_packet p;

	(void)state;
	assert_true(passes(&l, OUT("tcp", "192.168.1.5", "192.168.1.9", 22)));
	assert_true(passes(&l, OUT("udp", "192.168.1.5", "224.0.0.251", 5353)));
	assert_true(passes(&l, OUT("udp", "fe80::5", "ff02::fb", 5353)));
	assert_true(passes(&l, IN("tcp", "192.168.1.9", 22, "192.168.1.5")));
	assert_true(passes(&l,
	    ICMP(false, "ipv6-icmp", "fe80::5", "ff02::1:ff12:3456",
		"neighbrsol")));
	p = OUT("igmp", "192.168.1.5", "224.0.0.22", 0);
	p.options = true;
	assert_true(passes(&l, p));
	/* Not its names, not by other addresses, not beyond it. */
	assert_false(passes(&l, OUT("udp", "192.168.1.5", "192.168.1.1", 53)));
	assert_false(passes(&l, OUT("tcp", "192.168.1.5", "192.168.1.1", 853)));
	assert_false(passes(&l, OUT("udp", "fe80::5", "fe80::1", 53)));
	assert_false(passes(&l, OUT("tcp", "10.8.0.2", "192.168.1.9", 22)));
	assert_false(passes(&l, OUT("tcp", "192.168.1.5", "192.168.2.9", 22)));
	assert_false(passes(&l, OUT("udp", "192.168.1.5", "239.1.1.1", 9)));
	assert_false(passes(&l, IN("tcp", "192.168.2.9", 22, "192.168.1.5")));
	/* In pieces a port cannot be seen, nor a type. */
	p = OUT("udp", "192.168.1.5", "192.168.1.1", 0);
	p.fragment = true;
	assert_false(passes(&l, p));
	assert_false(passes(&l,
	    ICMP(true, "icmp", "192.168.1.1", "192.168.1.5", "redir")));
	assert_false(
	    passes(&l, ICMP(true, "ipv6-icmp", "fe80::1", "fe80::5", "redir")));
	p = ICMP(true, "icmp", "192.168.1.1", "192.168.1.5", NULL);
	p.fragment = true;
	assert_false(passes(&l, p));
	/* CVE-2019-14899 from the local network, of all. */
	assert_false(passes(&l, IN("tcp", "192.168.1.9", 22, "10.8.0.2")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_plan_has_its_text),
		cmocka_unit_test(hostile_names_are_no_interfaces),
		cmocka_unit_test(the_largest_plan_has_room),
		cmocka_unit_test(what_does_not_fit_is_no_text),
		cmocka_unit_test(labels_name_the_text_and_the_place),
		cmocka_unit_test(only_what_is_listed_passes),
		cmocka_unit_test(servers_are_heard_and_their_neighbours_asked),
		cmocka_unit_test(anyone_is_heard_at_the_port_that_listens),
		cmocka_unit_test(the_gate_and_the_tunnel_are_ways),
		cmocka_unit_test(only_the_clients_account_sends_to_the_server),
		cmocka_unit_test(the_local_network_passes_if_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
