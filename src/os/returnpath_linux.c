/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Two tables of nftables (IPv4 only: IPv6 has none of these problems), the
 * first with two chains, the second, of family arp, with one.
 *
 * mark-answers, at prerouting, before the routing check: a packet from a
 * server that comes in by the uplink gets RETURNPATH_MARK, which
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
 * The kernel heeds a mark in that check only where the interface's
 * src_valid_mark is 1 (ip-sysctl.rst). It is set on the uplink alone, and
 * only makes the check look at marks. That it was us who set it is kept where
 * a killed process leaves it too: as an empty chain named after the
 * interface, in our table.
 */
#include "src/os/returnpath.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "src/os/routes.h"

#define TABLE		"tungate-return"
#define CHAIN_ANSWERS	"mark-answers"
#define CHAIN_INTO_GATE "into-gate"
#define CHAIN_QUESTIONS "mark-questions"
#define NOTE		"src-valid-mark-" /* and the interface's name */
#define NOTES_MAX	16

/* One batch: a few hundred bytes a server. */
#define BATCH_BYTES 65536u

struct batch {
	char *bytes;
	size_t len;
	uint32_t first, seq; /* of its first and its last message */
	uint16_t family;     /* of the messages that follow */
};

/*
 * The socket is kept: closing it makes the kernel wait until what a batch
 * replaced is destroyed, which took 15 ms.
 */
struct returnpath {
	int fd;
	struct batch batch;
};

static struct nlmsghdr *
message(struct batch *b, uint16_t type, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(b->bytes + b->len, type, b->family,
	    (uint16_t)(flags | NLM_F_ACK), ++b->seq);
}

/* The messages are bounded: ROUTES_SERVERS_MAX rules of under 512 bytes. */
static void
finish(struct batch *b, const struct nlmsghdr *h)
{
	b->len += NLMSG_ALIGN(h->nlmsg_len);
}

static int
open_netfilter(void)
{
	struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	return fd;
}

typedef void chain_callback(const char *name, void *arg);

/* A chain of our table: its name. */
static void
hear_chain(const struct nlmsghdr *h, chain_callback *on_chain, void *arg)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (c != NULL && nftnl_chain_nlmsg_parse(h, c) == 0 &&
	    nftnl_chain_is_set(c, NFTNL_CHAIN_NAME) &&
	    nftnl_chain_is_set(c, NFTNL_CHAIN_TABLE) &&
	    strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), TABLE) == 0)
		on_chain(nftnl_chain_get_str(c, NFTNL_CHAIN_NAME), arg);
	nftnl_chain_free(c);
}

/*
 * Read answers to the messages from `first` on, until the one to `last`. 0, or
 * the first error; chains of our table are handed to on_chain.
 */
static int
hear(int fd, uint32_t first, uint32_t last, chain_callback *on_chain, void *arg)
{
	_Alignas(struct nlmsghdr) char room[32768];

	for (;;) {
		ssize_t n = recv(fd, room, sizeof(room), 0);
		size_t at = 0, end = n > 0 ? (size_t)n : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		while (end - at >= sizeof(struct nlmsghdr)) {
			const struct nlmsghdr *h = (void *)(room + at);
			struct nlmsgerr e;

			if (h->nlmsg_len < sizeof(*h) ||
			    h->nlmsg_len > end - at)
				return -EBADMSG;
			if (h->nlmsg_seq - first > last - first) {
				/* Late words on an earlier, refused batch. */
			} else if (h->nlmsg_type == NLMSG_DONE) {
				return 0;
			} else if (h->nlmsg_type == NLMSG_ERROR) {
				if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
					return -EBADMSG;
				memcpy(&e, NLMSG_DATA(h), sizeof(e));
				/* A refused batch is not answered further. */
				if (e.error < 0 || h->nlmsg_seq == last)
					return e.error;
			} else if (on_chain != NULL) {
				hear_chain(h, on_chain, arg);
			}
			at += NLMSG_ALIGN(h->nlmsg_len) < end - at
			    ? NLMSG_ALIGN(h->nlmsg_len)
			    : end - at;
		}
	}
}

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
read_notes(int fd, struct batch *b, struct notes *ret)
{
	const struct nlmsghdr *h;
	int r;

	memset(ret, 0, sizeof(*ret));
	b->len = 0;
	b->family = NFPROTO_IPV4;
	h = message(b, NFT_MSG_GETCHAIN, NLM_F_DUMP);
	if (send(fd, b->bytes, h->nlmsg_len, 0) < 0)
		return -errno;
	r = hear(fd, b->seq, b->seq, on_chain, ret);
	return r == -ENOENT ? 0 : r;
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

/*
 * The table.
 */

static void
put_table(struct batch *b, uint16_t type, uint16_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = message(b, type, flags);

	nftnl_table_set_str(t, NFTNL_TABLE_NAME, TABLE);
	nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	finish(b, h);
}

/* A base chain; type NULL: one that nothing is hooked to. */
static void
put_chain(struct batch *b, const char *name, const char *type, uint32_t hook,
    int priority)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *h = message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
	if (type != NULL) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, type);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_chain_free(c);
	finish(b, h);
}

static struct nftnl_expr *
expression(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e != NULL)
		nftnl_rule_add_expr(rule, e);
	return e;
}

/* Go on only if what register 1 holds is (NFT_CMP_EQ, _NEQ) this. */
static bool
compare(struct nftnl_rule *rule, uint32_t how, const void *data, uint32_t len)
{
	struct nftnl_expr *e = expression(rule, "cmp");

	if (e == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, how);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
	return true;
}

static bool
match_meta(struct nftnl_rule *rule, uint32_t key, uint32_t how, uint32_t value)
{
	struct nftnl_expr *e = expression(rule, "meta");

	if (e == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
	return compare(rule, how, &value, sizeof(value));
}

/* An address of the IPv4 header: at 12 the source, at 16 the destination. */
static bool
match_address(struct nftnl_rule *rule, uint32_t offset, const struct addr *a)
{
	struct nftnl_expr *e = expression(rule, "payload");

	if (e == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE,
	    NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, 4);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	return compare(rule, NFT_CMP_EQ, a->bytes, 4);
}

/* The mark is what register 1 holds. */
static bool
set_mark(struct nftnl_rule *rule)
{
	struct nftnl_expr *e = expression(rule, "meta");

	if (e == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
	return true;
}

static bool
fill_mark_rule(struct nftnl_rule *rule, uint32_t ifindex,
    const struct addr *server)
{
	static const uint32_t mark = RETURNPATH_MARK;
	struct nftnl_expr *e;

	/* No server: an ARP request, from whoever it is. */
	if (!match_meta(rule, NFT_META_IIF, NFT_CMP_EQ, ifindex) ||
	    (server != NULL && !match_address(rule, 12, server)) ||
	    (e = expression(rule, "immediate")) == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &mark, sizeof(mark));
	return set_mark(rule);
}

static bool
fill_into_gate_rule(struct nftnl_rule *rule, uint32_t ifindex,
    const struct addr *server)
{
	/* Turned over, not set: whatever it was, it changes. */
	static const uint32_t all = UINT32_MAX, turned = 1u << 30;
	struct nftnl_expr *e;

	if (!match_meta(rule, NFT_META_OIF, NFT_CMP_NEQ, ifindex) ||
	    !match_address(rule, 16, server) ||
	    (e = expression(rule, "meta")) == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
	if ((e = expression(rule, "bitwise")) == NULL)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(all));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &all, sizeof(all));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &turned, sizeof(turned));
	return set_mark(rule);
}

typedef bool
fill_rule(struct nftnl_rule *rule, uint32_t ifindex, const struct addr *server);

static bool
put_rule(struct batch *b, const char *chain, fill_rule *fill, uint32_t ifindex,
    const struct addr *server)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nlmsghdr *h;
	bool ok = rule != NULL && fill(rule, ifindex, server);

	if (ok) {
		nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, TABLE);
		nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
		h = message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
		nftnl_rule_nlmsg_build_payload(h, rule);
		finish(b, h);
	}
	nftnl_rule_free(rule);
	return ok;
}

static void
begin_batch(struct batch *b)
{
	b->len = 0;
	b->first = b->seq + 1;
	nftnl_batch_begin(b->bytes, ++b->seq);
	b->len = NLMSG_ALIGN(((struct nlmsghdr *)(void *)b->bytes)->nlmsg_len);
}

/* Send it; the last message that is answered is the one before the end. */
static int
commit_batch(int fd, struct batch *b)
{
	uint32_t last = b->seq;
	const struct nlmsghdr *h;

	h = nftnl_batch_end(b->bytes + b->len, ++b->seq);
	b->len += NLMSG_ALIGN(h->nlmsg_len);
	if (send(fd, b->bytes, b->len, 0) < 0)
		return -errno;
	return hear(fd, b->first, last, NULL, NULL);
}

static bool
put_questions(struct batch *b, const struct returnpath_plan *plan)
{
	b->family = NFPROTO_ARP;
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_table(b, NFT_MSG_DELTABLE, 0);
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_chain(b, CHAIN_QUESTIONS, "filter", NF_ARP_IN, 0);
	return plan->ifindex == 0 ||
	    put_rule(b, CHAIN_QUESTIONS, fill_mark_rule, plan->ifindex, NULL);
}

static int
replace_table(int fd, struct batch *b, const struct returnpath_plan *plan,
    const struct notes *notes)
{
	begin_batch(b);
	b->family = NFPROTO_IPV4;
	/* There, so that it can be deleted, and then made anew. */
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_table(b, NFT_MSG_DELTABLE, 0);
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	for (unsigned i = 0; i < notes->n; i++) {
		char name[sizeof(NOTE) + 16];

		(void)snprintf(name, sizeof(name), NOTE "%s", notes->names[i]);
		put_chain(b, name, NULL, 0, 0);
	}
	put_chain(b, CHAIN_ANSWERS, "filter", NF_INET_PRE_ROUTING,
	    NF_IP_PRI_RAW);
	put_chain(b, CHAIN_INTO_GATE, "route", NF_INET_LOCAL_OUT,
	    NF_IP_PRI_MANGLE);
	for (unsigned i = 0; i < plan->n_servers; i++) {
		const struct addr *a = &plan->servers[i];

		if (a->family != ADDR_V4)
			continue;
		if (plan->ifindex != 0 && plan->answers &&
		    !put_rule(b, CHAIN_ANSWERS, fill_mark_rule, plan->ifindex,
			a))
			return -ENOMEM;
		if (plan->gate_ifindex != 0 &&
		    !put_rule(b, CHAIN_INTO_GATE, fill_into_gate_rule,
			plan->gate_ifindex, a))
			return -ENOMEM;
	}
	if (!put_questions(b, plan))
		return -ENOMEM;
	return commit_batch(fd, b);
}

int
returnpath_open(struct returnpath **ret)
{
	struct returnpath *r = calloc(1, sizeof(*r));
	int e = -ENOMEM;

	if (r == NULL)
		return -ENOMEM;
	if ((r->batch.bytes = calloc(1, BATCH_BYTES)) == NULL)
		goto free_returnpath;
	if ((e = r->fd = open_netfilter()) < 0)
		goto free_bytes;
	*ret = r;
	return 0;

free_bytes:
	free(r->batch.bytes);
free_returnpath:
	free(r);
	return e;
}

void
returnpath_close(struct returnpath *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	free(r->batch.bytes);
	free(r);
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

int
returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan)
{
	struct notes notes;
	int e;

	if (plan->n_servers > ROUTES_SERVERS_MAX)
		return -EINVAL;
	if ((e = read_notes(r->fd, &r->batch, &notes)) < 0)
		return e;
	/* The note first: a process killed in between restores a 0 to 0. */
	if (plan->ifindex != 0 && !is_noted(&notes, plan->name) &&
	    is_unset(plan->name))
		note(&notes, plan->name);
	if ((e = replace_table(r->fd, &r->batch, plan, &notes)) < 0)
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

	if ((e = read_notes(r->fd, &r->batch, &notes)) < 0)
		return e;
	/* An interface that is gone took its setting along. */
	for (unsigned i = 0; i < notes.n; i++)
		(void)set_setting(notes.names[i], '0');
	begin_batch(&r->batch);
	for (int i = 0; i < 2; i++) {
		r->batch.family = i == 0 ? NFPROTO_IPV4 : NFPROTO_ARP;
		put_table(&r->batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
		put_table(&r->batch, NFT_MSG_DELTABLE, 0);
	}
	return commit_batch(r->fd, &r->batch);
}
