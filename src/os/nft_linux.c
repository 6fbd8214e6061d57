/* SPDX-License-Identifier: ISC */
#include "src/os/nft_linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "src/os/nftmsg_linux.h"

/* A rule has under 1,200 bytes; see firewall.h for how many there can be. */
#define BATCH_BYTES (1u << 20)
#define RULE_BYTES  2048u

/* Not in every linux/netfilter/nf_tables.h: since 6.16. */
#define DEVICE_PREFIX 2

/* The most that a socket hands over at once. */
#define READ_BYTES 32768u

/*
 * The socket is kept: its port is the tables' owner. And closing it makes the
 * kernel wait until what a batch replaced is destroyed, which took 15 ms.
 */
struct nft {
	int fd;
	uint32_t port;
	char *bytes;
	size_t len, last;    /* last: where the last message begins */
	uint32_t first, seq; /* of the batch's first and last message */
	int error;	     /* the first of this batch */
	uint32_t family;
	const char *table, *chain; /* borrowed: string constants */
	struct nftnl_rule *rule;
};

/* libnftnl's own does not take NULL. */
static void
free_rule(struct nftnl_rule *rule)
{
	if (rule != NULL)
		nftnl_rule_free(rule);
}

static void
wrong(struct nft *n, int error)
{
	if (n->error == 0)
		n->error = error;
}

/* Room for a message, or NULL. */
static struct nlmsghdr *
message(struct nft *n, uint16_t type, uint16_t flags)
{
	if (n->len + RULE_BYTES > BATCH_BYTES)
		wrong(n, -ENOSPC);
	if (n->error != 0)
		return NULL;
	n->last = n->len;
	return nftnl_nlmsg_build_hdr(n->bytes + n->len, type,
	    (uint16_t)n->family, flags, ++n->seq);
}

static void
finish(struct nft *n, const struct nlmsghdr *h)
{
	n->len += NLMSG_ALIGN(h->nlmsg_len);
}

/* What the kernel calls the socket by. */
static int
port_of(int fd, uint32_t *ret)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(me);

	if (bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&me, &len) < 0)
		return -errno;
	*ret = me.nl_pid;
	return 0;
}

int
nft_open(struct nft **ret)
{
	struct timeval patience = { .tv_sec = 2 };
	int room = 4 << 20, r = -ENOMEM;
	struct nft *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return -ENOMEM;
	if ((n->bytes = calloc(1, BATCH_BYTES)) == NULL)
		goto free_nft;
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (n->fd < 0) {
		r = -errno;
		goto free_bytes;
	}
	(void)setsockopt(n->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	/* A batch goes in one piece, and is answered message by message. */
	(void)setsockopt(n->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
	    sizeof(room));
	(void)setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
	    sizeof(room));
	if ((r = port_of(n->fd, &n->port)) < 0)
		goto close_fd;
	*ret = n;
	return 0;

close_fd:
	close(n->fd);
free_bytes:
	free(n->bytes);
free_nft:
	free(n);
	return r;
}

void
nft_close(struct nft *n)
{
	if (n == NULL)
		return;
	free_rule(n->rule);
	close(n->fd);
	free(n->bytes);
	free(n);
}

int
nft_fd(const struct nft *n)
{
	return n->fd;
}

/*
 * Answers.
 */

typedef void on_message(const struct nlmsghdr *h, void *arg);

/*
 * Read answers to the messages from n->first on, until the one to `last` or
 * the end of a dump. 0, or the first error.
 */
static int
hear(struct nft *n, uint32_t last, on_message *on, void *arg)
{
	_Alignas(struct nlmsghdr) char room[READ_BYTES];

	for (;;) {
		ssize_t got = recv(n->fd, room, sizeof(room), 0);
		size_t at = 0, end = got > 0 ? (size_t)got : 0;
		const struct nlmsghdr *h;
		int r;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		while ((r = nftmsg_next(room, end, &at, &h)) > 0) {
			if (h->nlmsg_seq - n->first > last - n->first)
				continue; /* late words on a refused batch */
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type != NLMSG_ERROR) {
				if (on != NULL)
					on(h, arg);
				continue;
			}
			r = nftmsg_error(h);
			/* A refused batch is not answered further. */
			if (r < 0 || h->nlmsg_seq == last)
				return r;
		}
		if (r < 0)
			return r;
	}
}

void
nft_begin(struct nft *n)
{
	free_rule(n->rule);
	n->rule = NULL;
	n->error = 0;
	n->first = n->seq + 1;
	nftnl_batch_begin(n->bytes, ++n->seq);
	n->len = NLMSG_ALIGN(((struct nlmsghdr *)(void *)n->bytes)->nlmsg_len);
}

int
nft_commit(struct nft *n)
{
	uint32_t last = n->seq;
	struct nlmsghdr *h = (void *)(n->bytes + n->last);

	if (n->error != 0)
		return n->error;
	/* Errors are answered always, and a success once. */
	h->nlmsg_flags |= NLM_F_ACK;
	h = nftnl_batch_end(n->bytes + n->len, ++n->seq);
	n->len += NLMSG_ALIGN(h->nlmsg_len);
	if (send(n->fd, n->bytes, n->len, 0) < 0)
		return -errno;
	return hear(n, last, NULL, NULL);
}

/*
 * Tables and chains.
 */

static void
put_table(struct nft *n, uint16_t type, uint32_t family, const char *name,
    uint32_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h;

	n->family = family;
	h = message(n, type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0);
	if (t == NULL)
		wrong(n, -ENOMEM);
	if (h != NULL && t != NULL) {
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);
		if (type == NFT_MSG_NEWTABLE)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, flags);
		nftnl_table_nlmsg_build_payload(h, t);
		finish(n, h);
	}
	if (t != NULL)
		nftnl_table_free(t);
}

void
nft_new_table(struct nft *n, uint32_t family, const char *name, uint32_t flags)
{
	put_table(n, NFT_MSG_NEWTABLE, family, name, flags);
	nft_in_table(n, family, name);
}

void
nft_delete_table(struct nft *n, uint32_t family, const char *name)
{
	put_table(n, NFT_MSG_DELTABLE, family, name, 0);
}

void
nft_in_table(struct nft *n, uint32_t family, const char *name)
{
	n->family = family;
	n->table = name;
}

static void
put_hook(struct nlmsghdr *h, uint32_t family, const struct nft_hook *hook)
{
	struct nlattr *nest = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK), *devices;

	mnl_attr_put_u32(h, NFTA_HOOK_HOOKNUM, htonl(hook->number));
	mnl_attr_put_u32(h, NFTA_HOOK_PRIORITY,
	    htonl((uint32_t)hook->priority));
	if (family == NFPROTO_NETDEV) {
		devices = mnl_attr_nest_start(h, NFTA_HOOK_DEVS);
		if (hook->all_devices)
			mnl_attr_put_strz(h, DEVICE_PREFIX, "");
		else
			for (unsigned i = 0; hook->devices[i][0] != '\0'; i++)
				mnl_attr_put_strz(h, NFTA_DEVICE_NAME,
				    hook->devices[i]);
		mnl_attr_nest_end(h, devices);
	}
	mnl_attr_nest_end(h, nest);
}

void
nft_new_chain(struct nft *n, const char *name, const struct nft_hook *hook)
{
	struct nlmsghdr *h = message(n, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (h == NULL)
		return;
	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, n->table);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, name);
	if (hook != NULL) {
		put_hook(h, n->family, hook);
		mnl_attr_put_u32(h, NFTA_CHAIN_POLICY,
		    htonl(hook->drops ? NF_DROP : NF_ACCEPT));
		mnl_attr_put_strz(h, NFTA_CHAIN_TYPE,
		    hook->type != NULL ? hook->type : "filter");
	}
	finish(n, h);
}

void
nft_fill_chain(struct nft *n, const char *name)
{
	struct nlmsghdr *h = message(n, NFT_MSG_DELRULE, 0);

	n->chain = name;
	if (h == NULL)
		return;
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, n->table);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, name);
	finish(n, h);
}

/*
 * Rules.
 */

static struct nftnl_expr *
expression(struct nft *n, const char *name)
{
	struct nftnl_expr *e;

	if (n->rule == NULL && (n->rule = nftnl_rule_alloc()) == NULL) {
		wrong(n, -ENOMEM);
		return NULL;
	}
	if ((e = nftnl_expr_alloc(name)) == NULL)
		wrong(n, -ENOMEM);
	else
		nftnl_rule_add_expr(n->rule, e);
	return e;
}

static void
end_rule(struct nft *n)
{
	struct nlmsghdr *h =
	    message(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

	if (h != NULL && n->rule != NULL) {
		nftnl_rule_set_str(n->rule, NFTNL_RULE_TABLE, n->table);
		nftnl_rule_set_str(n->rule, NFTNL_RULE_CHAIN, n->chain);
		nftnl_rule_nlmsg_build_payload(h, n->rule);
		finish(n, h);
	}
	free_rule(n->rule);
	n->rule = NULL;
}

/* Go on only if register 1 holds this, or does not. */
static void
compare(struct nft *n, enum nft_is is, const void *data, uint32_t len)
{
	struct nftnl_expr *e = expression(n, "cmp");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP,
	    is == NFT_IS ? NFT_CMP_EQ : NFT_CMP_NEQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void
load_meta(struct nft *n, uint32_t key)
{
	struct nftnl_expr *e = expression(n, "meta");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

void
nft_meta(struct nft *n, uint32_t key, enum nft_is is, uint32_t value)
{
	load_meta(n, key);
	compare(n, is, &value, sizeof(value));
}

void
nft_family_is(struct nft *n, uint8_t family)
{
	load_meta(n, NFT_META_NFPROTO);
	compare(n, NFT_IS, &family, sizeof(family));
}

void
nft_ethertype_is(struct nft *n, uint16_t ethertype)
{
	uint16_t wire = htons(ethertype);

	load_meta(n, NFT_META_PROTOCOL);
	compare(n, NFT_IS, &wire, sizeof(wire));
}

void
nft_name_is(struct nft *n, uint32_t key, const char *name)
{
	char padded[16] = "";

	(void)snprintf(padded, sizeof(padded), "%s", name);
	load_meta(n, key);
	compare(n, NFT_IS, padded, sizeof(padded));
}

static void
load_bytes(struct nft *n, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *e = expression(n, "payload");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE,
	    NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
}

void
nft_bytes(struct nft *n, uint32_t offset, uint32_t len, enum nft_is is,
    const void *bytes)
{
	load_bytes(n, offset, len);
	compare(n, is, bytes, len);
}

/* Register 1, without the bits outside of mask, and then turned over by these.
 */
static void
change_bits(struct nft *n, uint32_t len, const void *mask, const void *turned)
{
	struct nftnl_expr *e = expression(n, "bitwise");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, turned, len);
}

void
nft_masked(struct nft *n, uint32_t offset, uint32_t len, const void *mask,
    enum nft_is is, const void *bytes)
{
	static const uint32_t nothing;

	load_bytes(n, offset, len);
	change_bits(n, len, mask, &nothing);
	compare(n, is, bytes, len);
}

void
nft_connection_is(struct nft *n, uint32_t states)
{
	static const uint32_t nothing;
	struct nftnl_expr *e = expression(n, "ct");

	if (e != NULL) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	}
	change_bits(n, sizeof(states), &states, &nothing);
	compare(n, NFT_IS_NOT, &nothing, sizeof(nothing));
}

void
nft_count(struct nft *n)
{
	(void)expression(n, "counter");
}

static void
verdict(struct nft *n, int code, const char *chain)
{
	struct nftnl_expr *e = expression(n, "immediate");

	if (e != NULL) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
		if (chain != NULL)
			nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
	}
	end_rule(n);
}

void
nft_accept(struct nft *n)
{
	verdict(n, NF_ACCEPT, NULL);
}

void
nft_drop(struct nft *n)
{
	verdict(n, NF_DROP, NULL);
}

void
nft_jump(struct nft *n, const char *chain)
{
	verdict(n, NFT_JUMP, chain);
}

void
nft_masquerade(struct nft *n)
{
	(void)expression(n, "masq");
	end_rule(n);
}

static void
store_mark(struct nft *n)
{
	struct nftnl_expr *e = expression(n, "meta");

	if (e != NULL) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
		nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
	}
	end_rule(n);
}

void
nft_mark(struct nft *n, uint32_t mark)
{
	struct nftnl_expr *e = expression(n, "immediate");

	if (e != NULL) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
		nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &mark, sizeof(mark));
	}
	store_mark(n);
}

void
nft_turn_mark(struct nft *n, uint32_t bits)
{
	static const uint32_t all = UINT32_MAX;

	load_meta(n, NFT_META_MARK);
	change_bits(n, sizeof(all), &all, &bits);
	store_mark(n);
}

/*
 * Reading.
 */

/* One dump of chains or rules; the chain may be NULL. */
static int
dump(struct nft *n, uint16_t type, uint32_t family, const char *table,
    const char *chain, on_message *on, void *arg)
{
	struct nlmsghdr *h;

	n->error = 0;
	n->len = 0;
	n->first = n->seq + 1;
	nft_in_table(n, family, table);
	h = message(n, type, NLM_F_DUMP);
	if (chain != NULL) {
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	}
	if (send(n->fd, n->bytes, h->nlmsg_len, 0) < 0)
		return -errno;
	return hear(n, n->seq, on, arg);
}

struct counted {
	bool found;
	uint64_t packets;
};

static void
on_rule(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nftnl_expr_iter *each = NULL;
	struct counted *c = arg;
	struct nftnl_expr *e;

	if (rule != NULL && nftnl_rule_nlmsg_parse(h, rule) >= 0)
		each = nftnl_expr_iter_create(rule);
	while (each != NULL && (e = nftnl_expr_iter_next(each)) != NULL) {
		if (c->found ||
		    strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "counter") !=
			0)
			continue;
		c->packets = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
		c->found = true;
	}
	if (each != NULL)
		nftnl_expr_iter_destroy(each);
	free_rule(rule);
}

int
nft_read_counter(struct nft *n, uint32_t family, const char *table,
    const char *chain, uint64_t *ret)
{
	struct counted c = { 0 };
	int r;

	if ((r = dump(n, NFT_MSG_GETRULE, family, table, chain, on_rule, &c)) <
	    0)
		return r;
	if (!c.found)
		return -ENOENT;
	*ret = c.packets;
	return 0;
}

struct chains {
	const char *table;
	nft_on_chain *on;
	void *arg;
};

static void
on_chain(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	const struct chains *want = arg;

	if (c == NULL)
		return;
	if (nftnl_chain_nlmsg_parse(h, c) == 0 &&
	    nftnl_chain_is_set(c, NFTNL_CHAIN_NAME) &&
	    nftnl_chain_is_set(c, NFTNL_CHAIN_TABLE) &&
	    strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), want->table) == 0)
		want->on(nftnl_chain_get_str(c, NFTNL_CHAIN_NAME), want->arg);
	nftnl_chain_free(c);
}

int
nft_read_chains(struct nft *n, uint32_t family, const char *table,
    nft_on_chain *on, void *arg)
{
	struct chains want = { .table = table, .on = on, .arg = arg };
	int r = dump(n, NFT_MSG_GETCHAIN, family, table, NULL, on_chain, &want);

	return r == -ENOENT ? 0 : r;
}

/*
 * Watching.
 */

struct nft_watch {
	int fd;
};

/* Our own changes are not news: the kernel need not even queue them. */
static int
leave_out(int fd, uint32_t port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { .len = 4, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		   sizeof(program)) < 0
	    ? -errno
	    : 0;
}

int
nft_watch_open(const struct nft *own, struct nft_watch **ret)
{
	struct sockaddr_nl all = { .nl_family = AF_NETLINK,
		.nl_groups = 1u << (NFNLGRP_NFTABLES - 1) };
	struct nft_watch *w = calloc(1, sizeof(*w));
	int r;

	if (w == NULL)
		return -ENOMEM;
	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_NETFILTER);
	r = w->fd < 0 ? -errno : leave_out(w->fd, own->port);
	if (r == 0 && bind(w->fd, (struct sockaddr *)&all, sizeof(all)) < 0)
		r = -errno;
	if (r < 0) {
		if (w->fd >= 0)
			close(w->fd);
		free(w);
		return r;
	}
	*ret = w;
	return 0;
}

void
nft_watch_close(struct nft_watch *w)
{
	if (w == NULL)
		return;
	close(w->fd);
	free(w);
}

int
nft_watch_fd(const struct nft_watch *w)
{
	return w->fd;
}

static bool
are_about(const char *bytes, size_t len, const char *table)
{
	const struct nlmsghdr *h;
	size_t at = 0;
	int r;

	while ((r = nftmsg_next(bytes, len, &at, &h)) > 0)
		if (nftmsg_is_about(h, table))
			return true;
	return r < 0;
}

int
nft_watch_read(struct nft_watch *w, const char *table)
{
	_Alignas(struct nlmsghdr) char room[READ_BYTES];
	bool changed = false;

	for (;;) {
		ssize_t got = recv(w->fd, room, sizeof(room), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return changed;
		if (got == 0 || (got < 0 && errno != ENOBUFS))
			return got < 0 ? -errno : changed;
		/* Too many at once: something was lost, so look. */
		changed |= got < 0 || are_about(room, (size_t)got, table);
	}
}
