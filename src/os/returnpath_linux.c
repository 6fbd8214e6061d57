/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Two tables of nftables (IPv4 only: IPv6 has none of these problems), the
 * first with two chains, the second, of family arp, with one.
 *
 * mark-answers, at prerouting, before the routing check: a packet from a
 * server, or to the port that our own tunnel listens at, that comes in by the
 * uplink gets RETURNPATH_MARK, which
 * routes_linux.c looks up in a table that leads to the uplink.
 *
 * into-gate, at output, of type route: a packet to a server that is about to
 * leave by anything but the gate has its mark changed, which makes the kernel
 * look its route up again, this time without the interface that the client
 * named by IP_PKTINFO: and that lookup leads into the gate. Without an uplink
 * it leads nowhere, so that not even an ARP request asks for the server. (A
 * socket bound to the device keeps it; that is not for this layer to stop.)
 *
 * mark-questions, at arp's input, in every state: the kernel answers an ARP
 * request only if a packet from who asks would pass that same check, and the
 * way to the router leads into the gate. What comes in by the uplink gets the
 * mark, which is looked up for the router's and the servers' addresses alone.
 * Without it the router forgets us, and with us the tunnel.
 *
 * The tables are never taken away while they are in use: their chains are
 * filled anew in one transaction, so that no packet finds them missing. They
 * are owned by our socket, so that others cannot flush them, and stay when it
 * is closed (Linux 6.9); older kernels get tables without.
 *
 * The kernel heeds a mark in that check only where the interface's
 * src_valid_mark is 1 (ip-sysctl.rst). It is set on the uplink alone, and
 * only makes the check look at marks. That it was us who set it is kept where
 * a killed process leaves it too: as an empty chain named after the
 * interface, in our table.
 */
#include "src/os/returnpath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/os/nft_linux.h"
#include "src/os/routes.h"

#define TABLE		"tungate-return"
#define CHAIN_ANSWERS	"mark-answers"
#define CHAIN_INTO_GATE "into-gate"
#define CHAIN_QUESTIONS "mark-questions"
#define NOTE		"src-valid-mark-" /* and the interface's name */
#define NOTES_MAX	16

/* Turned over, not set: whatever the mark was, it changes. */
#define TURNED (1u << 30)

struct returnpath {
	struct nft *nft;
};

/*
 * The notes: on which interfaces did we set src_valid_mark?
 */
struct notes {
	char names[NOTES_MAX][16];
	unsigned n;
};

static void
note(struct notes *notes, const char *ifname)
{
	if (strlen(ifname) < sizeof(notes->names[0]) && notes->n < NOTES_MAX)
		memcpy(notes->names[notes->n++], ifname, strlen(ifname) + 1);
}

static void
on_chain(const char *name, void *arg)
{
	if (strncmp(name, NOTE, strlen(NOTE)) == 0)
		note(arg, name + strlen(NOTE));
}

static int
read_notes(struct returnpath *r, struct notes *ret)
{
	memset(ret, 0, sizeof(*ret));
	return nft_read_chains(r->nft, NFPROTO_IPV4, TABLE, on_chain, ret);
}

static bool
is_noted(const struct notes *notes, const char *name)
{
	for (unsigned i = 0; i < notes->n; i++)
		if (strcmp(notes->names[i], name) == 0)
			return true;
	return false;
}

static int
open_setting(const char *ifname)
{
	char path[96];

	/* What came from the kernel's table shall not lead elsewhere. */
	if (strchr(ifname, '/') != NULL) {
		errno = EINVAL;
		return -1;
	}
	(void)snprintf(path, sizeof(path),
	    "/proc/sys/net/ipv4/conf/%s/src_valid_mark", ifname);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Set it to '0' or '1'. What it was before, or a negative errno. */
static int
set_setting(const char *ifname, char value)
{
	char before = '0';
	int fd = open_setting(ifname), r = -EIO;

	if (fd < 0)
		return -errno;
	if (read(fd, &before, 1) == 1 &&
	    (before == value || pwrite(fd, &value, 1, 0) == 1))
		r = (unsigned char)before;
	close(fd);
	return r;
}

/* Is the setting 0, so that we are to set it, and to set it back one day? */
static bool
is_unset(const char *ifname)
{
	int fd = open_setting(ifname);
	char now = '1';

	if (fd < 0)
		return false;
	if (read(fd, &now, 1) != 1)
		now = '1';
	close(fd);
	return now == '0';
}

/*
 * The tables.
 */

/* Of the IPv4 header, without options: RFC 791; and of UDP's behind it. */
enum { PROTOCOL = 9, SOURCE = 12, DESTINATION = 16, TO_PORT = 22 };

static void
fill_answers(struct nft *n, const struct returnpath_plan *plan)
{
	static const uint8_t without_options = 0x45, udp = 17;
	const uint8_t port[2] = { (uint8_t)(plan->listen >> 8),
		(uint8_t)plan->listen };

	nft_fill_chain(n, CHAIN_ANSWERS);
	if (plan->ifindex == 0 || !plan->answers)
		return;
	for (unsigned i = 0; i < plan->n_servers; i++) {
		if (plan->servers[i].family != ADDR_V4)
			continue;
		nft_meta(n, NFT_META_IIF, NFT_IS, plan->ifindex);
		nft_bytes(n, SOURCE, 4, NFT_IS, plan->servers[i].bytes);
		nft_mark(n, RETURNPATH_MARK);
	}
	if (plan->listen == 0)
		return;
	nft_meta(n, NFT_META_IIF, NFT_IS, plan->ifindex);
	nft_bytes(n, 0, 1, NFT_IS, &without_options);
	nft_bytes(n, PROTOCOL, 1, NFT_IS, &udp);
	nft_bytes(n, TO_PORT, 2, NFT_IS, port);
	nft_mark(n, RETURNPATH_MARK);
}

static void
fill_into_gate(struct nft *n, const struct returnpath_plan *plan)
{
	nft_fill_chain(n, CHAIN_INTO_GATE);
	if (plan->gate_ifindex == 0)
		return;
	for (unsigned i = 0; i < plan->n_servers; i++) {
		if (plan->servers[i].family != ADDR_V4)
			continue;
		nft_meta(n, NFT_META_OIF, NFT_IS_NOT, plan->gate_ifindex);
		nft_bytes(n, DESTINATION, 4, NFT_IS, plan->servers[i].bytes);
		nft_turn_mark(n, TURNED);
	}
}

static void
fill_questions(struct nft *n, const struct returnpath_plan *plan)
{
	nft_fill_chain(n, CHAIN_QUESTIONS);
	if (plan->ifindex == 0)
		return;
	nft_meta(n, NFT_META_IIF, NFT_IS, plan->ifindex);
	nft_mark(n, RETURNPATH_MARK);
}

static void
put_notes(struct nft *n, const struct notes *notes)
{
	char name[sizeof(NOTE) + 16];

	for (unsigned i = 0; i < notes->n; i++) {
		(void)snprintf(name, sizeof(name), NOTE "%s", notes->names[i]);
		nft_new_chain(n, name, NULL);
	}
}

/* Tables: how they may have been made, and how they are to be made. */
struct manner {
	uint32_t was, flags;
	bool anew;
};

static const uint32_t families[] = { NFPROTO_IPV4, NFPROTO_ARP };

static void
delete_tables(struct nft *n, uint32_t was)
{
	for (int i = 0; i < 2; i++) {
		/* There, so that it can be deleted. */
		nft_new_table(n, families[i], TABLE, was);
		nft_delete_table(n, families[i], TABLE);
	}
}

static int
put(struct nft *n, const struct returnpath_plan *plan,
    const struct notes *notes, const struct manner *m)
{
	static const struct nft_hook answers = { .number = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW };
	static const struct nft_hook into_gate = { .type = "route",
		.number = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_MANGLE };
	static const struct nft_hook questions = { .number = NF_ARP_IN };

	nft_begin(n);
	if (m->anew)
		delete_tables(n, m->was);
	nft_new_table(n, NFPROTO_IPV4, TABLE, m->flags);
	put_notes(n, notes);
	nft_new_chain(n, CHAIN_ANSWERS, &answers);
	nft_new_chain(n, CHAIN_INTO_GATE, &into_gate);
	fill_answers(n, plan);
	fill_into_gate(n, plan);
	nft_new_table(n, NFPROTO_ARP, TABLE, m->flags);
	nft_new_chain(n, CHAIN_QUESTIONS, &questions);
	fill_questions(n, plan);
	return nft_commit(n);
}

/* As they are; or else anew, from whatever is there; ours, if we may. */
static int
put_somehow(struct nft *n, const struct returnpath_plan *plan,
    const struct notes *notes)
{
	enum { OWN = NFT_OWNER | NFT_PERSIST };
	static const struct manner ways[] = { { OWN, OWN, false },
		{ OWN, OWN, true }, { 0, OWN, true }, { 0, 0, false },
		{ 0, 0, true } };
	int r = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if ((r = put(n, plan, notes, &ways[i])) == 0)
			return 0;
	return r;
}

int
returnpath_open(struct returnpath **ret)
{
	struct returnpath *r = calloc(1, sizeof(*r));
	int e;

	if (r == NULL)
		return -ENOMEM;
	if ((e = nft_open(&r->nft)) < 0) {
		free(r);
		return e;
	}
	*ret = r;
	return 0;
}

void
returnpath_close(struct returnpath *r)
{
	if (r == NULL)
		return;
	nft_close(r->nft);
	free(r);
}

int
returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan)
{
	struct notes notes;
	int e;

	if (plan->n_servers > ROUTES_SERVERS_MAX)
		return -EINVAL;
	if ((e = read_notes(r, &notes)) < 0)
		return e;
	/* The note first: a process killed in between restores a 0 to 0. */
	if (plan->ifindex != 0 && !is_noted(&notes, plan->name) &&
	    is_unset(plan->name))
		note(&notes, plan->name);
	if ((e = put_somehow(r->nft, plan, &notes)) < 0)
		return e;
	if (plan->ifindex != 0 && (e = set_setting(plan->name, '1')) < 0)
		return e;
	return 0;
}

int
returnpath_release(struct returnpath *r)
{
	struct notes notes;
	int e;

	if ((e = read_notes(r, &notes)) < 0)
		return e;
	/* An interface that is gone took its setting along. */
	for (unsigned i = 0; i < notes.n; i++)
		(void)set_setting(notes.names[i], '0');
	nft_begin(r->nft);
	delete_tables(r->nft, NFT_OWNER | NFT_PERSIST);
	if (nft_commit(r->nft) == 0)
		return 0;
	nft_begin(r->nft);
	delete_tables(r->nft, 0);
	return nft_commit(r->nft);
}
