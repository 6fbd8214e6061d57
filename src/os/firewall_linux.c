/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Two tables of nftables, replaced together.
 *
 * inet: `input` and `forward` are closed by default, and so is `leaving`, at
 * postrouting: it sees what this machine sends and what it forwards, after
 * the last decision by which interface (an output chain sees the interface
 * from before a re-routing), and before any ARP request is made for it.
 * `arriving`, at prerouting, keeps the tunnel's address to the tunnel
 * (CVE-2019-14899) and what comes out of the tunnel from the uplink's.
 *
 * netdev: `egress`, of every device there is or will be: also what is not the
 * IP stack's (packet sockets, bridges, macvlan) passes there. Only here does
 * the gate send: its frames are known by the user that made their socket and
 * by a mark, which is another each time a daemon starts.
 *
 * What changes with the server has chains of its own, so that a change of
 * server, which people wait for, replaces few rules: `gate`, what the gate
 * sends there; `others`, who else must not; `answers`, what comes from there.
 *
 * What the tunnel's peers send to a network behind (`forward`) gets a mark of
 * its own there, by which `leaving` and `egress` know it: a frame has no word
 * of where it came in. Only then there is a third table, which translates.
 *
 * Else nothing looks at connections: what passes is decided packet by packet,
 * so nothing lives on from an earlier plan.
 *
 * A rule reads offsets from the network header only. In IPv4 it asks for a
 * header of 20 bytes and no fragment first, in IPv6 for no extension header:
 * then the transport's header is where it looks. Fragments are the gate's own
 * alone, of our own tunnel.
 *
 * The tables are owned by our socket, so that others cannot flush them, and
 * stay when it is closed (Linux 6.9); older kernels get tables without. A
 * process that does nothing else has the socket, too (holder_linux.h): so they
 * keep their owner when the rest of us is killed.
 * Devices are named one by one where the kernel cannot hook all (before 6.16);
 * then a device that appears is closed with the next plan.
 */
#include "src/os/firewall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/holder_linux.h"
#include "src/os/nft_linux.h"
#include "src/os/uplink.h"

#define TABLE	    "tungate"
#define TABLE_TRIED "tungate-tried"
#define DEVICES_MAX 256 /* that a chain can have */

enum {
	LOOPBACK = 1, /* the ifindex of lo, in every namespace */
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	FRAGMENT_HEADER = 44,
	ICMPV6 = 58,
	ETHERTYPE_EAPOL = 0x888e, /* IEEE 802.1X-2020, 7.2 */
	ETHERTYPE_PROBE = 0x88b5, /* IEEE 802, local experiments */
};

/* After address translation, so that what is looked at is what leaves. */
#define PRIORITY_LEAVING 300

enum devices {
	DEVICES_ALL,   /* there are and will be; Linux 6.16 */
	DEVICES_NAMED, /* that there are; Linux 5.16 */
	DEVICES_NONE
};

/* How the tables are made; what the kernel can is found by trying. */
struct manner {
	uint32_t was; /* flags that tables from before may have */
	uint32_t flags;
	enum devices devices;
};

struct firewall {
	struct nft *nft;
	struct nft_watch *watch;
	struct uplink_sender gate;
	bool to_be_held, held; /* by a process of its own */
	uint32_t probe_mark, forward_mark;
	bool translates; /* there may be a table that does */
	bool made;	 /* the tables are ours, and made in this manner, */
	struct firewall_plan plan; /* from this */
	struct manner manner;
	char devices[DEVICES_MAX + 1][16]; /* if they are named one by one */
};

int
firewall_open(const struct uplink_sender *gate, bool held,
    struct firewall **ret)
{
	struct firewall *f = calloc(1, sizeof(*f));
	int r;

	if (f == NULL)
		return -ENOMEM;
	f->gate = *gate;
	f->to_be_held = held;
	if (getrandom(&f->probe_mark, sizeof(f->probe_mark), 0) !=
		sizeof(f->probe_mark) ||
	    getrandom(&f->forward_mark, sizeof(f->forward_mark), 0) !=
		sizeof(f->forward_mark)) {
		r = -EIO;
		goto free_firewall;
	}
	if ((r = nft_open(&f->nft)) < 0)
		goto free_firewall;
	if ((r = nft_watch_open(f->nft, &f->watch)) < 0)
		goto close_nft;
	*ret = f;
	return 0;

close_nft:
	nft_close(f->nft);
free_firewall:
	free(f);
	return r;
}

void
firewall_close(struct firewall *f)
{
	if (f == NULL)
		return;
	nft_watch_close(f->watch);
	nft_close(f->nft);
	free(f);
}

/*
 * Matches. In a netdev chain a packet's family is its ethertype.
 */

static void
is_ipv4(struct nft *n, bool netdev)
{
	static const uint8_t head = 0x45, zero[2], fragment[2] = { 0x3f, 0xff };

	if (netdev)
		nft_ethertype_is(n, ETH_P_IP);
	else
		nft_family_is(n, NFPROTO_IPV4);
	nft_bytes(n, 0, 1, NFT_IS, &head);
	nft_masked(n, 6, 2, fragment, NFT_IS, zero);
}

static void
is_ipv6(struct nft *n, bool netdev)
{
	static const uint8_t mask = 0xf0, head = 0x60;

	if (netdev)
		nft_ethertype_is(n, ETH_P_IPV6);
	else
		nft_family_is(n, NFPROTO_IPV6);
	nft_masked(n, 0, 1, &mask, NFT_IS, &head);
}

static void
is_protocol(struct nft *n, enum addr_family family, uint8_t protocol)
{
	nft_bytes(n, family == ADDR_V4 ? 9 : 6, 1, NFT_IS, &protocol);
}

static void
is_source(struct nft *n, enum nft_is is, const struct addr *a)
{
	if (a->family == ADDR_V4)
		nft_bytes(n, 12, 4, is, a->bytes);
	else
		nft_bytes(n, 8, 16, is, a->bytes);
}

static void
is_destination(struct nft *n, enum nft_is is, const struct addr *a)
{
	if (a->family == ADDR_V4)
		nft_bytes(n, 16, 4, is, a->bytes);
	else
		nft_bytes(n, 24, 16, is, a->bytes);
}

/* fe80::/10 at that offset. */
static void
is_link_local(struct nft *n, uint32_t offset)
{
	static const uint8_t mask[2] = { 0xff, 0xc0 },
			     value[2] = { 0xfe, 0x80 };

	nft_masked(n, offset, 2, mask, NFT_IS, value);
}

static void
is_whole(struct nft *n, bool netdev, enum addr_family family)
{
	if (family == ADDR_V4)
		is_ipv4(n, netdev);
	else
		is_ipv6(n, netdev);
}

/*
 * STATES.md 0.4, on the way out.
 */

/* RFC 2131: 68 to 67, to all; without an address yet, or with it. */
static void
allow_dhcp4(struct nft *n, bool netdev, const struct addr *source)
{
	static const uint8_t ports[4] = { 0, 68, 0, 67 };
	static const struct addr all = { .family = ADDR_V4,
		.bytes = { 255, 255, 255, 255 } };

	if (source->family == ADDR_NONE)
		return;
	is_ipv4(n, netdev);
	is_protocol(n, ADDR_V4, UDP);
	is_source(n, NFT_IS, source);
	is_destination(n, NFT_IS, &all);
	nft_bytes(n, 20, 4, NFT_IS, ports);
	nft_accept(n);
}

/* RFC 8415 section 7: 546 to 547, to the link's servers. */
static void
allow_dhcp6(struct nft *n, bool netdev)
{
	static const uint8_t ports[4] = { 2, 34, 2, 35 };
	static const struct addr servers = { .family = ADDR_V6,
		.bytes = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
		    2 } };

	is_ipv6(n, netdev);
	is_protocol(n, ADDR_V6, UDP);
	is_link_local(n, 8);
	is_destination(n, NFT_IS, &servers);
	nft_bytes(n, 40, 4, NFT_IS, ports);
	nft_accept(n);
}

/* RFC 4861: ICMPv6 of that type, code 0, which no router passed on. */
static void
is_discovery(struct nft *n, bool netdev, uint8_t type)
{
	const uint8_t limits[2] = { ICMPV6, 255 }, message[2] = { type, 0 };
	/* Under 64 bytes: there is no room to say anything else. */
	static const uint8_t mask[2] = { 0xff, 0xc0 }, zero[2];

	is_ipv6(n, netdev);
	nft_bytes(n, 6, 2, NFT_IS, limits);
	nft_masked(n, 4, 2, mask, NFT_IS, zero);
	nft_bytes(n, 40, 2, NFT_IS, message);
}

enum { SOLICITATION_OF_ROUTERS = 133, SOLICITATION = 135, ADVERTISEMENT = 136 };

/* ff02::1:ff00:0/104 at the destination (RFC 4291 section 2.7.1). */
static void
is_to_solicited_node(struct nft *n)
{
	static const uint8_t prefix[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 0xff };

	nft_bytes(n, 24, sizeof(prefix), NFT_IS, prefix);
}

static void
allow_neighbour6(struct nft *n, bool netdev, const struct addr *a)
{
	is_discovery(n, netdev, SOLICITATION);
	is_to_solicited_node(n);
	nft_bytes(n, 48, 16, NFT_IS, a->bytes);
	nft_accept(n);
	is_discovery(n, netdev, SOLICITATION);
	is_destination(n, NFT_IS, a);
	nft_bytes(n, 48, 16, NFT_IS, a->bytes);
	nft_accept(n);
}

static void
allow_discovery(struct nft *n, bool netdev, const struct firewall_plan *plan)
{
	static const struct addr routers = { .family = ADDR_V6,
		.bytes = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    2 } };
	static const uint8_t nobody[16];

	is_discovery(n, netdev, SOLICITATION_OF_ROUTERS);
	is_destination(n, NFT_IS, &routers);
	nft_accept(n);
	/* Is an address of ours somebody else's? (RFC 4862 section 5.4.2) */
	is_discovery(n, netdev, SOLICITATION);
	nft_bytes(n, 8, 16, NFT_IS, nobody);
	is_to_solicited_node(n);
	nft_accept(n);
	is_discovery(n, netdev, ADVERTISEMENT);
	is_link_local(n, 24);
	nft_accept(n);
	/* A router that asks by its own address; whole bytes of the prefix. */
	if (plan->source6.family != ADDR_NONE && plan->prefix6 != 0) {
		is_discovery(n, netdev, ADVERTISEMENT);
		nft_bytes(n, 24, (plan->prefix6 + 7) / 8, NFT_IS,
		    plan->source6.bytes);
		nft_accept(n);
	}
	for (unsigned i = 0; i < plan->n_neighbours; i++)
		if (plan->neighbours[i].family == ADDR_V6)
			allow_neighbour6(n, netdev, &plan->neighbours[i]);
}

/* RFC 826, IPv4 over Ethernet: operation, then who asks and for whom. */
static void
is_arp(struct nft *n, uint8_t operation, const struct addr *from)
{
	const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, operation };

	nft_ethertype_is(n, ETH_P_ARP);
	nft_bytes(n, 0, sizeof(head), NFT_IS, head);
	nft_bytes(n, 14, 4, NFT_IS, from->bytes);
}

static void
allow_arp(struct nft *n, const struct firewall_plan *plan)
{
	const struct addr *own = &plan->source4;

	if (own->family == ADDR_NONE)
		return;
	is_arp(n, ARP_REPLY, own);
	nft_accept(n);
	/* It announces itself (RFC 5227 section 2.3). */
	is_arp(n, ARP_REQUEST, own);
	nft_bytes(n, 24, 4, NFT_IS, own->bytes);
	nft_accept(n);
	for (unsigned i = 0; i < plan->n_neighbours; i++) {
		if (plan->neighbours[i].family != ADDR_V4)
			continue;
		is_arp(n, ARP_REQUEST, own);
		nft_bytes(n, 24, 4, NFT_IS, plan->neighbours[i].bytes);
		nft_accept(n);
	}
}

static void
allow_always(struct nft *n, bool netdev, const struct firewall_plan *plan)
{
	static const struct addr none4 = { .family = ADDR_V4 };

	allow_dhcp4(n, netdev, &none4);
	allow_dhcp4(n, netdev, &plan->source4);
	allow_dhcp6(n, netdev);
	allow_discovery(n, netdev, plan);
}

/*
 * STATES.md 0.5: the local network.
 */

/* Its first bits at that offset. */
static void
is_in_prefix(struct nft *n, uint32_t offset, const struct prefix *p)
{
	uint8_t mask[4] = { 0 };
	unsigned bytes = p->bits / 8, rest = p->bits % 8;

	if (bytes > 0)
		nft_bytes(n, offset, bytes, NFT_IS, p->net.bytes);
	if (rest == 0)
		return;
	mask[0] = (uint8_t)(0xff00 >> rest);
	nft_masked(n, offset + bytes, 1, mask, NFT_IS, &p->net.bytes[bytes]);
}

static unsigned
uplink_of(const struct firewall_plan *plan, const struct prefix *lan)
{
	return lan->net.family == ADDR_V4 ? plan->uplink4_ifindex
					  : plan->uplink6_ifindex;
}

static bool
is_multicast(const struct prefix *p)
{
	return p->net.family == ADDR_V4 ? p->net.bytes[0] >= 224
					: p->net.bytes[0] == 0xff;
}

static bool
is_link_local6(const struct prefix *p)
{
	return p->net.family == ADDR_V6 && p->net.bytes[0] == 0xfe;
}

/* By that uplink, from an address of ours there, into the prefix. */
static void
is_to_lan(struct nft *n, const struct firewall_plan *plan,
    const struct prefix *lan)
{
	nft_meta(n, NFT_META_OIF, NFT_IS, uplink_of(plan, lan));
	if (lan->net.family == ADDR_V4) {
		is_source(n, NFT_IS, &plan->source4);
		is_in_prefix(n, 16, lan);
		return;
	}
	/* To link-local addresses and multicast from a link-local one. */
	if (is_link_local6(lan) || is_multicast(lan))
		is_link_local(n, 8);
	else
		is_source(n, NFT_IS, &plan->source6);
	is_in_prefix(n, 24, lan);
}

/* Whose names are asked for is not the local network's to know. */
static void
refuse_dns(struct nft *n, bool netdev, const struct firewall_plan *plan,
    const struct prefix *lan)
{
	static const uint8_t ports[][2] = { { 0, 53 },
		{ 853 >> 8, 853 & 255 } };
	static const uint8_t protocols[] = { UDP, TCP };

	for (int port = 0; port < 2; port++)
		for (int i = 0; i < 2; i++) {
			is_whole(n, netdev, lan->net.family);
			is_to_lan(n, plan, lan);
			is_protocol(n, lan->net.family, protocols[i]);
			nft_bytes(n, lan->net.family == ADDR_V4 ? 22 : 42, 2,
			    NFT_IS, ports[port]);
			nft_drop(n);
		}
}

/*
 * Multicast's listener reports: eight bytes of hop-by-hop options, then ICMPv6
 * of one of three types (RFC 2710 section 3, RFC 3810 section 5).
 */
static void
allow_reports(struct nft *n, bool netdev, const struct firewall_plan *plan,
    const struct prefix *lan)
{
	static const uint8_t types[] = { 131, 132, 143 },
			     options[2] = { ICMPV6, 0 };

	for (size_t i = 0; i < sizeof(types); i++) {
		is_whole(n, netdev, ADDR_V6);
		is_to_lan(n, plan, lan);
		is_protocol(n, ADDR_V6, 0);
		nft_bytes(n, 40, 2, NFT_IS, options);
		nft_bytes(n, 48, 1, NFT_IS, &types[i]);
		nft_accept(n);
	}
}

static void
allow_lan_out(struct nft *n, bool netdev, const struct firewall_plan *plan,
    const struct prefix *lan)
{
	static const uint8_t protocols4[] = { UDP, TCP, ICMP },
			     protocols6[] = { UDP, TCP, ICMPV6 };
	/* IGMP, with its router alert option (RFC 3376 section 4). */
	static const uint8_t igmp = 2, six_words = 0x46;
	bool v4 = lan->net.family == ADDR_V4;

	refuse_dns(n, netdev, plan, lan);
	for (unsigned i = 0; i < (v4 ? sizeof(protocols4) : sizeof(protocols6));
	     i++) {
		is_whole(n, netdev, lan->net.family);
		is_to_lan(n, plan, lan);
		is_protocol(n, lan->net.family,
		    v4 ? protocols4[i] : protocols6[i]);
		nft_accept(n);
	}
	if (!is_multicast(lan))
		return;
	if (!v4) {
		allow_reports(n, netdev, plan, lan);
		return;
	}
	if (netdev)
		nft_ethertype_is(n, ETH_P_IP);
	else
		nft_family_is(n, NFPROTO_IPV4);
	nft_bytes(n, 0, 1, NFT_IS, &six_words);
	is_to_lan(n, plan, lan);
	nft_bytes(n, 9, 1, NFT_IS, &igmp);
	nft_accept(n);
}

/* Who has an address of the local network? */
static void
allow_lan_questions(struct nft *n, bool netdev,
    const struct firewall_plan *plan, const struct prefix *lan)
{
	if (is_multicast(lan))
		return;
	if (lan->net.family == ADDR_V6) {
		is_discovery(n, netdev, SOLICITATION);
		nft_meta(n, NFT_META_OIF, NFT_IS, plan->uplink6_ifindex);
		is_in_prefix(n, 48, lan);
		nft_accept(n);
	} else if (netdev && plan->source4.family != ADDR_NONE) {
		is_arp(n, ARP_REQUEST, &plan->source4);
		nft_meta(n, NFT_META_OIF, NFT_IS, plan->uplink4_ifindex);
		is_in_prefix(n, 24, lan);
		nft_accept(n);
	}
}

static void
allow_lan(struct nft *n, bool netdev, const struct firewall_plan *plan)
{
	for (unsigned i = 0; i < plan->n_lan; i++) {
		const struct prefix *lan = &plan->lan[i];

		if (uplink_of(plan, lan) == 0)
			continue;
		allow_lan_questions(n, netdev, plan, lan);
		allow_lan_out(n, netdev, plan, lan);
	}
}

/* From there, but for the redirects of routers. */
static void
allow_lan_in(struct nft *n, const struct firewall_plan *plan)
{
	static const uint8_t redirect4 = 5, redirect6 = 137;

	if (plan->n_lan == 0)
		return;
	is_ipv4(n, false);
	is_protocol(n, ADDR_V4, ICMP);
	nft_bytes(n, 20, 1, NFT_IS, &redirect4);
	nft_drop(n);
	is_ipv6(n, false);
	is_protocol(n, ADDR_V6, ICMPV6);
	nft_bytes(n, 40, 1, NFT_IS, &redirect6);
	nft_drop(n);
	for (unsigned i = 0; i < plan->n_lan; i++) {
		const struct prefix *lan = &plan->lan[i];
		const uint8_t icmp = lan->net.family == ADDR_V4 ? ICMP : ICMPV6;
		const uint8_t protocols[] = { TCP, UDP, icmp };

		if (uplink_of(plan, lan) == 0 || is_multicast(lan))
			continue;
		/* Without options, or a redirect would hide behind them. */
		for (size_t p = 0; p < sizeof(protocols); p++) {
			nft_meta(n, NFT_META_IIF, NFT_IS, uplink_of(plan, lan));
			is_whole(n, false, lan->net.family);
			is_protocol(n, lan->net.family, protocols[p]);
			is_in_prefix(n, lan->net.family == ADDR_V4 ? 12 : 8,
			    lan);
			nft_accept(n);
		}
	}
}

/* What never reaches a network: loopback, our tun, the client's interface. */
static void
allow_inside(struct nft *n, const struct firewall_plan *plan)
{
	nft_meta(n, NFT_META_OIF, NFT_IS, LOOPBACK);
	nft_accept(n);
	if (plan->gate_ifindex != 0) {
		nft_meta(n, NFT_META_OIF, NFT_IS, plan->gate_ifindex);
		nft_accept(n);
	}
	if (plan->tunnel_ifindex != 0) {
		nft_meta(n, NFT_META_OIF, NFT_IS, plan->tunnel_ifindex);
		nft_accept(n);
	}
}

/*
 * To the server, into the gate: only from the client's account. (Sockets of
 * the kernel's own have no account, and are no user's.)
 */
static void
fill_others(struct firewall *f, bool netdev, const struct firewall_plan *plan)
{
	enum { ESP = 50 };
	struct nft *n = f->nft;

	nft_fill_chain(n, "others");
	if (plan->any_user || plan->gate_ifindex == 0)
		return;
	for (unsigned i = 0; i < plan->n_flows; i++) {
		const struct firewall_flow *flow = &plan->flows[i];
		const uint8_t port[2] = { (uint8_t)(flow->port >> 8),
			(uint8_t)flow->port };

		nft_meta(n, NFT_META_OIF, NFT_IS, plan->gate_ifindex);
		is_whole(n, netdev, flow->to.family);
		is_protocol(n, flow->to.family, flow->protocol);
		is_destination(n, NFT_IS, &flow->to);
		if (flow->protocol != ESP)
			nft_bytes(n, flow->to.family == ADDR_V4 ? 22 : 42, 2,
			    NFT_IS, port);
		nft_meta(n, NFT_META_SKUID, NFT_IS_NOT, plan->user);
		nft_drop(n);
	}
}

/*
 * Forwarding.
 */

static void
allow_forwarded(struct nft *n, const struct firewall_plan *plan, uint32_t mark)
{
	nft_meta(n, NFT_META_MARK, NFT_IS, mark);
	nft_name_is(n, NFT_META_OIFNAME, plan->behind);
	nft_ethertype_is(n, ETH_P_IP);
	nft_accept(n);
}

static bool
forwards(const struct firewall_plan *plan)
{
	return plan->behind[0] != '\0' && plan->tunnel_ifindex != 0;
}

/* Whoever has a link address there may be asked, and told ours. */
static void
allow_arp_behind(struct nft *n, const struct firewall_plan *plan)
{
	/* RFC 826, IPv4 over Ethernet. */
	static const uint8_t heads[][8] = { { 0, 1, 8, 0, 6, 4, 0,
						ARP_REQUEST },
		{ 0, 1, 8, 0, 6, 4, 0, ARP_REPLY } };

	for (int i = 0; i < 2; i++) {
		nft_name_is(n, NFT_META_OIFNAME, plan->behind);
		nft_ethertype_is(n, ETH_P_ARP);
		nft_bytes(n, 0, sizeof(heads[i]), NFT_IS, heads[i]);
		nft_accept(n);
	}
}

/* The tunnel's peers begin; what is behind it answers. */
static void
fill_forward(struct firewall *f, const struct firewall_plan *plan)
{
	static const uint32_t answers =
	    NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
	struct nft *n = f->nft;

	nft_fill_chain(n, "forward");
	if (!forwards(plan))
		return;
	nft_family_is(n, NFPROTO_IPV4);
	nft_meta(n, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
	nft_name_is(n, NFT_META_OIFNAME, plan->behind);
	nft_mark(n, f->forward_mark);
	nft_meta(n, NFT_META_MARK, NFT_IS, f->forward_mark);
	nft_meta(n, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
	nft_name_is(n, NFT_META_OIFNAME, plan->behind);
	nft_accept(n);
	nft_family_is(n, NFPROTO_IPV4);
	nft_name_is(n, NFT_META_IIFNAME, plan->behind);
	nft_meta(n, NFT_META_OIF, NFT_IS, plan->tunnel_ifindex);
	nft_connection_is(n, answers);
	nft_accept(n);
}

static void
make_table(struct firewall *f, uint32_t family)
{
	/* There, so that it can be deleted, and then made anew. */
	nft_new_table(f->nft, family, TABLE, f->manner.was);
	nft_delete_table(f->nft, family, TABLE);
	nft_new_table(f->nft, family, TABLE, f->manner.flags);
}

/* A table of its own, for it makes the kernel follow connections. */
static void
put_translation(struct firewall *f, const struct firewall_plan *plan)
{
	const struct nft_hook hook = { .type = "nat",
		.number = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC };
	struct nft *n = f->nft;

	if (!forwards(plan) && !f->translates)
		return;
	make_table(f, NFPROTO_IPV4);
	if (!forwards(plan)) {
		nft_delete_table(n, NFPROTO_IPV4, TABLE);
		return;
	}
	f->translates = true;
	nft_new_chain(n, "translate", &hook);
	nft_fill_chain(n, "translate");
	nft_meta(n, NFT_META_MARK, NFT_IS, f->forward_mark);
	nft_name_is(n, NFT_META_OIFNAME, plan->behind);
	nft_masquerade(n);
}

/*
 * The chains.
 */

/*
 * To join a network with 802.1X, or WPA: from root's programs only, and only
 * versions 1 to 3 and EAP packet, start, logoff and key (IEEE 802.1X-2020,
 * 11.3).
 */
static void
allow_eapol(struct nft *n)
{
	static const uint8_t mask[2] = { 0xfc, 0xfc }, small[2] = { 0, 0 };

	nft_ethertype_is(n, ETHERTYPE_EAPOL);
	nft_meta(n, NFT_META_SKUID, NFT_IS, 0);
	nft_masked(n, 0, 2, mask, NFT_IS, small);
	nft_accept(n);
}

static void
fill_egress(struct firewall *f, const struct firewall_plan *plan)
{
	struct nft *n = f->nft;

	nft_fill_chain(n, "egress");
	nft_meta(n, NFT_META_MARK, NFT_IS, f->probe_mark);
	nft_ethertype_is(n, ETHERTYPE_PROBE);
	nft_count(n);
	nft_drop(n);
	/* Packet sockets on the gate's own device pass here only. */
	nft_jump(n, "others");
	allow_inside(n, plan);
	nft_meta(n, NFT_META_MARK, NFT_IS, f->gate.mark);
	nft_meta(n, NFT_META_SKUID, NFT_IS, f->gate.uid);
	nft_jump(n, "gate");
	allow_arp(n, plan);
	if (forwards(plan)) {
		allow_forwarded(n, plan, f->forward_mark);
		allow_arp_behind(n, plan);
	}
	allow_eapol(n);
	allow_always(n, true, plan);
	allow_lan(n, true, plan);
}

enum part { WHOLE, FIRST, LATER };

/* UDP in fragments: RFC 791 section 3.1, RFC 8200 section 4.5. */
static void
is_fragment(struct nft *n, enum addr_family family, enum part part)
{
	static const uint8_t v4 = 0x45, udp = UDP;
	static const uint8_t zero[2], more4[2] = { 0x20 }, more6[2] = { 0, 1 };
	static const uint8_t all4[2] = { 0x3f, 0xff }, all6[2] = { 0xff, 0xf9 };
	static const uint8_t at4[2] = { 0x1f, 0xff }, at6[2] = { 0xff, 0xf8 };

	if (family == ADDR_V4) {
		nft_ethertype_is(n, ETH_P_IP);
		nft_bytes(n, 0, 1, NFT_IS, &v4);
		is_protocol(n, family, UDP);
		if (part == FIRST)
			nft_masked(n, 6, 2, all4, NFT_IS, more4);
		else
			nft_masked(n, 6, 2, at4, NFT_IS_NOT, zero);
		return;
	}
	is_ipv6(n, true);
	is_protocol(n, family, FRAGMENT_HEADER);
	nft_bytes(n, 40, 1, NFT_IS, &udp);
	if (part == FIRST)
		nft_masked(n, 42, 2, all6, NFT_IS, more6);
	else
		nft_masked(n, 42, 2, at6, NFT_IS_NOT, zero);
}

/* head: NULL, or how the payload begins. */
static void
allow_flow(struct nft *n, const struct firewall_flow *flow,
    const struct addr *from, enum part part, const struct firewall_head *head)
{
	enum { ESP = 50, FRAGMENT_LEN = 8 };
	bool v4 = flow->to.family == ADDR_V4;
	uint32_t transport = v4 ? 20 : part == WHOLE ? 40 : 40 + FRAGMENT_LEN;
	const uint8_t port[2] = { (uint8_t)(flow->port >> 8),
		(uint8_t)flow->port };

	if (part == WHOLE) {
		is_whole(n, true, flow->to.family);
		is_protocol(n, flow->to.family, flow->protocol);
	} else {
		is_fragment(n, flow->to.family, part);
	}
	is_source(n, NFT_IS, from);
	is_destination(n, NFT_IS, &flow->to);
	if (part != LATER && flow->protocol != ESP)
		nft_bytes(n, transport + 2, 2, NFT_IS, port);
	if (head != NULL)
		nft_masked(n, transport + 8, 4, head->mask, NFT_IS,
		    head->value);
	nft_accept(n);
}

/* What the gate sends to the server, looked at once more. */
static void
fill_gate(struct firewall *f, const struct firewall_plan *plan)
{
	struct nft *n = f->nft;

	nft_fill_chain(n, "gate");
	for (unsigned i = 0; i < plan->n_flows; i++) {
		const struct firewall_flow *flow = &plan->flows[i];
		const struct addr *from = flow->to.family == ADDR_V4
		    ? &plan->source4
		    : &plan->source6;

		if (from->family != flow->to.family)
			continue;
		for (unsigned h = 0; h < flow->n_heads; h++) {
			allow_flow(n, flow, from, WHOLE, &flow->heads[h]);
			if (flow->in_two)
				allow_flow(n, flow, from, FIRST,
				    &flow->heads[h]);
		}
		if (flow->n_heads == 0)
			allow_flow(n, flow, from, WHOLE, NULL);
		if (flow->in_two)
			allow_flow(n, flow, from, LATER, NULL);
	}
}

static void
fill_leaving(struct firewall *f, const struct firewall_plan *plan)
{
	nft_fill_chain(f->nft, "leaving");
	nft_jump(f->nft, "others");
	allow_inside(f->nft, plan);
	if (forwards(plan)) {
		nft_meta(f->nft, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
		allow_forwarded(f->nft, plan, f->forward_mark);
	}
	allow_always(f->nft, false, plan);
	allow_lan(f->nft, false, plan);
}

static void
is_to(struct nft *n, const struct addr *a)
{
	nft_family_is(n, a->family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	is_destination(n, NFT_IS, a);
}

/* The tunnel's address on another interface. */
static void
keep_to_tunnel(struct nft *n, const struct firewall_plan *plan,
    const struct addr *tunnel)
{
	if (tunnel->family == ADDR_NONE)
		return;
	is_to(n, tunnel);
	nft_meta(n, NFT_META_IIF, NFT_IS_NOT, plan->tunnel_ifindex);
	nft_meta(n, NFT_META_IIF, NFT_IS_NOT, LOOPBACK);
	nft_drop(n);
}

/* The uplink's, in the tunnel. */
static void
keep_from_tunnel(struct nft *n, const struct firewall_plan *plan,
    const struct addr *uplink)
{
	if (uplink->family == ADDR_NONE)
		return;
	is_to(n, uplink);
	nft_meta(n, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
	nft_drop(n);
}

static void
fill_arriving(struct firewall *f, const struct firewall_plan *plan)
{
	nft_fill_chain(f->nft, "arriving");
	if (plan->tunnel_ifindex == 0)
		return;
	keep_to_tunnel(f->nft, plan, &plan->tunnel4);
	keep_to_tunnel(f->nft, plan, &plan->tunnel6);
	for (unsigned i = 0; i < plan->n_also; i++)
		keep_to_tunnel(f->nft, plan, &plan->also[i]);
	keep_from_tunnel(f->nft, plan, &plan->source4);
	keep_from_tunnel(f->nft, plan, &plan->source6);
}

/* What the server answers, for the client that asked. */
static void
allow_answer(struct nft *n, const struct firewall_flow *flow)
{
	enum { ESP = 50 };
	const uint8_t port[2] = { (uint8_t)(flow->port >> 8),
		(uint8_t)flow->port };

	/* Re-assembled where it was in fragments. */
	is_whole(n, false, flow->to.family);
	is_protocol(n, flow->to.family, flow->protocol);
	is_source(n, NFT_IS, &flow->to);
	if (flow->protocol != ESP)
		nft_bytes(n, flow->to.family == ADDR_V4 ? 20 : 40, 2, NFT_IS,
		    port);
	nft_accept(n);
}

/*
 * A router's word that a packet to the server was too large (RFC 792, type 3
 * code 4; RFC 4443 section 3.2): it quotes the packet.
 */
static void
allow_too_large(struct nft *n, const struct firewall_flow *flow)
{
	static const uint8_t icmp4[2] = { 3, 4 }, icmp6[2] = { 2, 0 };
	const bool four = flow->to.family == ADDR_V4;

	is_whole(n, false, flow->to.family);
	is_protocol(n, flow->to.family, four ? ICMP : ICMPV6);
	if (four) {
		nft_bytes(n, 20, 2, NFT_IS, icmp4);
		nft_bytes(n, 28 + 9, 1, NFT_IS, &flow->protocol);
		nft_bytes(n, 28 + 16, 4, NFT_IS, flow->to.bytes);
	} else {
		nft_bytes(n, 40, 2, NFT_IS, icmp6);
		nft_bytes(n, 48 + 6, 1, NFT_IS, &flow->protocol);
		nft_bytes(n, 48 + 24, 16, NFT_IS, flow->to.bytes);
	}
	nft_accept(n);
}

/*
 * Of strangers an initiation; and data, for a peer that roams goes on with it
 * (the WireGuard paper, section 2.1 and 5.4).
 */
static void
allow_strangers(struct nft *n, const struct firewall_plan *plan,
    const struct addr *to, unsigned ifindex)
{
	static const uint8_t heads[][4] = { { 1, 0, 0, 0 }, { 4, 0, 0, 0 } };
	const uint8_t port[2] = { (uint8_t)(plan->listen >> 8),
		(uint8_t)plan->listen };
	uint32_t transport = to->family == ADDR_V4 ? 20 : 40;

	if (plan->listen == 0 || to->family == ADDR_NONE || ifindex == 0)
		return;
	for (int i = 0; i < 2; i++) {
		nft_meta(n, NFT_META_IIF, NFT_IS, ifindex);
		is_whole(n, false, to->family);
		is_protocol(n, to->family, UDP);
		is_destination(n, NFT_IS, to);
		nft_bytes(n, transport + 2, 2, NFT_IS, port);
		nft_bytes(n, transport + 8, 4, NFT_IS, heads[i]);
		nft_accept(n);
	}
}

static void
fill_answers(struct firewall *f, const struct firewall_plan *plan)
{
	nft_fill_chain(f->nft, "answers");
	allow_strangers(f->nft, plan, &plan->source4, plan->uplink4_ifindex);
	allow_strangers(f->nft, plan, &plan->source6, plan->uplink6_ifindex);
	for (unsigned i = 0; i < plan->n_flows; i++) {
		allow_answer(f->nft, &plan->flows[i]);
		allow_too_large(f->nft, &plan->flows[i]);
	}
}

static void
fill_input(struct firewall *f, const struct firewall_plan *plan)
{
	static const uint8_t dhcp4[4] = { 0, 67, 0, 68 },
			     dhcp6[4] = { 2, 35, 2, 34 };
	/* Router advertisement, and neighbours'; never a redirect. */
	static const uint8_t heard[] = { 134, 135, 136 };
	struct nft *n = f->nft;

	nft_fill_chain(n, "input");
	nft_meta(n, NFT_META_IIF, NFT_IS, LOOPBACK);
	nft_accept(n);
	allow_lan_in(n, plan);
	if (plan->tunnel_ifindex != 0) {
		static const uint8_t redirect = 5;

		/* No redirect, and no router, speaks through a tunnel. */
		nft_meta(n, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
		is_ipv4(n, false);
		is_protocol(n, ADDR_V4, ICMP);
		nft_bytes(n, 20, 1, NFT_IS, &redirect);
		nft_drop(n);
		for (uint8_t type = 133; type <= 137; type++) {
			nft_meta(n, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
			is_ipv6(n, false);
			is_protocol(n, ADDR_V6, ICMPV6);
			nft_bytes(n, 40, 1, NFT_IS, &type);
			nft_drop(n);
		}
		nft_meta(n, NFT_META_IIF, NFT_IS, plan->tunnel_ifindex);
		nft_accept(n);
	}
	nft_jump(n, "answers");
	for (size_t i = 0; i < sizeof(heard); i++) {
		const uint8_t limits[2] = { ICMPV6, 255 },
			      message[2] = { heard[i], 0 };

		is_ipv6(n, false);
		nft_bytes(n, 6, 2, NFT_IS, limits);
		nft_bytes(n, 40, 2, NFT_IS, message);
		nft_accept(n);
	}
	is_ipv4(n, false);
	is_protocol(n, ADDR_V4, UDP);
	nft_bytes(n, 20, 4, NFT_IS, dhcp4);
	nft_accept(n);
	is_ipv6(n, false);
	is_protocol(n, ADDR_V6, UDP);
	is_link_local(n, 8);
	nft_bytes(n, 40, 4, NFT_IS, dhcp6);
	nft_accept(n);
}

static void
make_inet_chains(struct nft *n)
{
	const struct nft_hook arriving = { .number = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW };
	const struct nft_hook input = { .number = NF_INET_LOCAL_IN,
		.drops = true };
	const struct nft_hook forward = { .number = NF_INET_FORWARD,
		.drops = true };
	const struct nft_hook leaving = { .number = NF_INET_POST_ROUTING,
		.priority = PRIORITY_LEAVING,
		.drops = true };

	nft_new_chain(n, "answers", NULL);
	nft_new_chain(n, "others", NULL);
	nft_new_chain(n, "arriving", &arriving);
	nft_new_chain(n, "input", &input);
	nft_new_chain(n, "forward", &forward);
	nft_new_chain(n, "leaving", &leaving);
}

static void
make_netdev_chains(struct firewall *f)
{
	const struct nft_hook egress = { .number = NF_NETDEV_EGRESS,
		.drops = true,
		.all_devices = f->manner.devices == DEVICES_ALL,
		.devices = f->devices };

	nft_new_chain(f->nft, "gate", NULL);
	nft_new_chain(f->nft, "others", NULL);
	nft_new_chain(f->nft, "egress", &egress);
}

/* What of it is to be put: a change of server is in few rules of them all. */
enum extent { FLOWS, CHAINS, TABLES };

static int
put(struct firewall *f, const struct firewall_plan *plan, enum extent extent)
{
	struct nft *n = f->nft;

	nft_begin(n);
	if (extent == TABLES) {
		make_table(f, NFPROTO_INET);
		make_inet_chains(n);
	}
	nft_in_table(n, NFPROTO_INET, TABLE);
	fill_answers(f, plan);
	fill_others(f, false, plan);
	if (extent != FLOWS) {
		fill_arriving(f, plan);
		fill_input(f, plan);
		fill_leaving(f, plan);
		fill_forward(f, plan);
		put_translation(f, plan);
		nft_in_table(n, NFPROTO_INET, TABLE);
	}
	if (f->manner.devices == DEVICES_NONE)
		return nft_commit(n);
	if (extent == TABLES) {
		make_table(f, NFPROTO_NETDEV);
		make_netdev_chains(f);
	}
	nft_in_table(n, NFPROTO_NETDEV, TABLE);
	fill_gate(f, plan);
	fill_others(f, true, plan);
	if (extent != FLOWS)
		fill_egress(f, plan);
	return nft_commit(n);
}

/*
 * The names of all devices now. 1: others than the last time; 0; or a negative
 * errno: -E2BIG more than a chain can have.
 */
static int
name_devices(struct firewall *f)
{
	struct if_nameindex *all = if_nameindex();
	char names[DEVICES_MAX + 1][16] = { "" };
	unsigned n = 0;
	int changed;

	if (all == NULL)
		return errno != 0 ? -errno : -ENOMEM;
	for (unsigned i = 0; all[i].if_index != 0; i++) {
		if (n == DEVICES_MAX) {
			if_freenameindex(all);
			return -E2BIG;
		}
		if (strlen(all[i].if_name) < 16)
			memcpy(names[n++], all[i].if_name,
			    strlen(all[i].if_name) + 1);
	}
	if_freenameindex(all);
	changed = memcmp(names, f->devices, sizeof(names)) != 0;
	memcpy(f->devices, names, sizeof(names));
	return changed;
}

/* It will pass, or it is no matter of what this kernel can. */
static bool
is_passing(int error)
{
	return error == -ENOMEM || error == -ENOBUFS || error == -ENOSPC ||
	    error == -EAGAIN || error == -EINTR;
}

/*
 * What the kernel says is the same if a device is not there and if it has not
 * the hook: of loopback, which is always there, it can only be the hook. In a
 * table of its own, which is gone with the same transaction. -ENOENT: it has
 * not; -EAGAIN: it has, and a device went; or another negative errno.
 */
static int
which_is_missing(struct firewall *f)
{
	char loopback[2][16] = { "" };
	const struct nft_hook egress = { .number = NF_NETDEV_EGRESS,
		.devices = loopback };
	int r;

	if (if_indextoname(LOOPBACK, loopback[0]) == NULL)
		return -errno;
	nft_begin(f->nft);
	nft_new_table(f->nft, NFPROTO_NETDEV, TABLE_TRIED, 0);
	nft_new_chain(f->nft, "egress", &egress);
	nft_delete_table(f->nft, NFPROTO_NETDEV, TABLE_TRIED);
	r = nft_commit(f->nft);
	return r == 0 ? -EAGAIN : is_passing(r) ? r : -ENOENT;
}

/* 0, or a negative errno: as put(). */
static int
make_in(struct firewall *f, const struct firewall_plan *plan,
    enum devices devices, uint32_t flags)
{
	static const uint32_t was[] = { NFT_OWNER | NFT_PERSIST, 0 };
	int r = 0;

	for (int i = 0; i < 2; i++) {
		f->manner = (struct manner){ was[i], flags, devices };
		r = put(f, plan, TABLES);
		/* A device went, or came, after it was named. */
		for (int again = 0; again < 3 && r == -ENOENT &&
		     devices == DEVICES_NAMED && name_devices(f) > 0;
		     again++)
			r = put(f, plan, TABLES);
		/* No reason for less than the kernel can. */
		if (r == -ENOENT && devices == DEVICES_NAMED)
			r = which_is_missing(f);
		if (r == 0 || is_passing(r))
			return r;
	}
	return r;
}

/*
 * The probe.
 */

static bool
send_probe(int fd, unsigned ifindex)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_PROBE),
		.sll_ifindex = (int)ifindex,
		.sll_halen = 6 };
	uint8_t nothing[46] = { 0 };

	/* Dropped, it is answered with ENOBUFS; a device that is down sends
	 * nothing at all. */
	return sendto(fd, nothing, sizeof(nothing), MSG_DONTWAIT,
		   (struct sockaddr *)&to, sizeof(to)) >= 0 ||
	    errno == ENOBUFS;
}

/*
 * 0; -EPROTO: a frame was not counted and dropped; or another negative errno:
 * it cannot be seen. (There is always loopback to send one to.)
 */
static int
verify(struct firewall *f)
{
	struct if_nameindex *all;
	uint64_t before, after, sent = 0;
	int fd, r;

	if (f->manner.devices == DEVICES_NONE)
		return 0;
	if ((r = nft_read_counter(f->nft, NFPROTO_NETDEV, TABLE, "egress",
		 &before)) < 0)
		return r;
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &f->probe_mark,
		sizeof(f->probe_mark)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	all = if_nameindex();
	for (unsigned i = 0; all != NULL && all[i].if_index != 0; i++)
		sent += send_probe(fd, all[i].if_index);
	if (all != NULL)
		if_freenameindex(all);
	close(fd);
	if ((r = nft_read_counter(f->nft, NFPROTO_NETDEV, TABLE, "egress",
		 &after)) < 0)
		return r;
	return sent > 0 && after - before >= sent ? 0 : -EPROTO;
}

/*
 * Put it in that manner, and look whether it holds: a device may come between
 * the two. 0, or a negative errno: as put(); -EPROTO: it does not hold.
 */
static int
make_sure(struct firewall *f, const struct firewall_plan *plan,
    enum devices devices, uint32_t flags)
{
	int r = -EPROTO;

	for (int again = 0; again < 3 && r == -EPROTO; again++) {
		if (devices == DEVICES_NAMED && (r = name_devices(f)) < 0)
			return r;
		if ((r = make_in(f, plan, devices, flags)) == 0)
			r = verify(f);
	}
	return r;
}

/*
 * The best manner that this kernel has, and that is seen to hold; the first
 * error if it has none.
 */
static int
make(struct firewall *f, const struct firewall_plan *plan)
{
	static const uint32_t flags[] = { NFT_OWNER | NFT_PERSIST, 0 };
	int first = 0, r;

	f->made = false;
	for (enum devices d = DEVICES_ALL; d <= DEVICES_NONE; d++)
		for (int i = 0; i < 2; i++) {
			r = make_sure(f, plan, d, flags[i]);
			if (r < 0 && first == 0)
				first = r;
			if (r == 0 || is_passing(r)) {
				f->made = r == 0;
				return r;
			}
		}
	return first;
}

/*
 * Applying.
 */

/* What lies between a plan's fields may differ: then it is put once more. */
static bool
same_bytes(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}

static enum extent
extent_of(const struct firewall_plan *a, const struct firewall_plan *b)
{
	struct firewall_plan x = *a, y = *b;

	memset(x.flows, 0, sizeof(x.flows));
	memset(y.flows, 0, sizeof(y.flows));
	x.n_flows = y.n_flows = 0;
	x.listen = y.listen = 0;
	x.any_user = y.any_user = false;
	x.user = y.user = 0;
	return same_bytes(&x, &y, sizeof(x)) ? FLOWS : CHAINS;
}

int
firewall_apply(struct firewall *f, const struct firewall_plan *plan)
{
	int r, other_devices = 0;

	if (plan->n_flows > FIREWALL_FLOWS_MAX ||
	    plan->n_lan > FIREWALL_LAN_MAX ||
	    plan->n_neighbours > FIREWALL_NEIGHBOURS_MAX ||
	    plan->n_also > FIREWALL_ALSO_MAX)
		return -EINVAL;
	if (f->manner.devices == DEVICES_NAMED &&
	    (other_devices = name_devices(f)) < 0 && other_devices != -E2BIG)
		return other_devices;
	if (f->made && other_devices == 0) {
		if (same_bytes(plan, &f->plan, sizeof(*plan)))
			return 0;
		if (put(f, plan, extent_of(plan, &f->plan)) == 0) {
			f->plan = *plan;
			return 0;
		}
		/* Somebody took it away, or a chain of it. */
	}
	/* Of a daemon before us: the tables are its until it is gone. */
	if (f->to_be_held && (r = holder_end()) < 0)
		return r;
	if ((r = make(f, plan)) < 0)
		return r;
	f->plan = *plan;
	f->held = f->to_be_held && f->manner.flags != 0 &&
	    holder_start(nft_fd(f->nft)) == 0;
	return 0;
}

int
firewall_fd(const struct firewall *f)
{
	return nft_watch_fd(f->watch);
}

int
firewall_drain(struct firewall *f)
{
	if (nft_watch_read(f->watch, TABLE) == 0)
		return 0;
	f->made = false;
	return 1;
}

const char *
firewall_lacks(const struct firewall *f)
{
	if (f->manner.devices == DEVICES_NONE)
		return "what is not sent by the IP stack (packet sockets, "
		       "bridges) is not stopped";
	if (f->manner.devices == DEVICES_NAMED)
		return "a device that appears is closed some milliseconds "
		       "later, not from its first frame on";
	if (f->manner.flags == 0)
		return "whoever flushes nftables flushes this table, too, "
		       "until it is repaired";
	if (f->to_be_held && !f->held)
		return "whoever flushes nftables when tungated was killed "
		       "flushes this table, too: nobody holds it";
	return NULL;
}

/* Tables may be there with flags, or without. */
static int
remove_table(struct firewall *f, uint32_t family)
{
	static const uint32_t flags[] = { NFT_OWNER | NFT_PERSIST, 0 };
	int r = 0;

	for (int i = 0; i < 2; i++) {
		nft_begin(f->nft);
		nft_new_table(f->nft, family, TABLE, flags[i]);
		nft_delete_table(f->nft, family, TABLE);
		if ((r = nft_commit(f->nft)) == 0)
			break;
	}
	/* Not in this kernel: then there is none. */
	return r == -EOPNOTSUPP || r == -EAFNOSUPPORT ? 0 : r;
}

int
firewall_release(struct firewall *f)
{
	int holder = f->to_be_held ? holder_end() : 0,
	    netdev = remove_table(f, NFPROTO_NETDEV),
	    ip = remove_table(f, NFPROTO_IPV4),
	    inet = remove_table(f, NFPROTO_INET);

	f->made = false;
	return netdev < 0 ? netdev : inet < 0 ? inet : ip < 0 ? ip : holder;
}
