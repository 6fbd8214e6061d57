/* SPDX-License-Identifier: ISC */
#include "src/os/nftmsg_linux.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

int
nftmsg_next(const void *bytes, size_t len, size_t *at,
    const struct nlmsghdr **ret)
{
	size_t left = *at < len ? len - *at : 0, step;
	const struct nlmsghdr *h = (const void *)((const char *)bytes + *at);

	if (left == 0)
		return 0;
	if (left < sizeof(*h) || h->nlmsg_len < sizeof(*h) ||
	    h->nlmsg_len > left)
		return -EBADMSG;
	step = NLMSG_ALIGN((size_t)h->nlmsg_len);
	*at += step < left ? step : left;
	*ret = h;
	return 1;
}

int
nftmsg_error(const struct nlmsghdr *h)
{
	struct nlmsgerr e;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
		return -EBADMSG;
	memcpy(&e, NLMSG_DATA(h), sizeof(e));
	return e.error <= 0 ? e.error : -EBADMSG;
}

/*
 * Tables, chains, rules, sets and the rest all carry the table's name as
 * attribute 1 (linux/netfilter/nf_tables.h: NFTA_TABLE_NAME,
 * NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, ...).
 */
bool
nftmsg_is_about(const struct nlmsghdr *h, const char *table)
{
	enum { TABLE = 1 };
	const char *bytes = (const char *)h;
	size_t at = NLMSG_LENGTH(sizeof(struct nfgenmsg)), len = h->nlmsg_len,
	       size = strlen(table) + 1;

	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return false;
	while (at < len && len - at >= sizeof(struct nlattr)) {
		struct nlattr a;

		memcpy(&a, bytes + at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > len - at)
			return false;
		if ((a.nla_type & NLA_TYPE_MASK) == TABLE)
			return a.nla_len - sizeof(a) == size &&
			    memcmp(bytes + at + sizeof(a), table, size) == 0;
		at += NLMSG_ALIGN((size_t)a.nla_len); /* both to 4 */
	}
	return false;
}
