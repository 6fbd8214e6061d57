/* SPDX-License-Identifier: ISC */
/*
 * nftmsg: what the kernel says about nftables (linux/netfilter/nfnetlink.h),
 * read.
 *
 * Pure: it takes bytes as they came and believes no length.
 */
#ifndef OS_NFTMSG_LINUX_H
#define OS_NFTMSG_LINUX_H

#include <stdbool.h>
#include <stddef.h>

struct nlmsghdr;

/*
 * The message that begins at *at, which becomes where the next one begins.
 * bytes are aligned as a struct nlmsghdr. 1 with *ret set, 0 at the end, or
 * -EBADMSG: no message fits there.
 */
int nftmsg_next(const void *bytes, size_t len, size_t *at,
    const struct nlmsghdr **ret);

/*
 * The rest takes messages as nftmsg_next() hands them out.
 */

/* What an NLMSG_ERROR says: 0 or a negative errno; -EBADMSG: too short. */
int nftmsg_error(const struct nlmsghdr *h);

/* Is it about this table, or something in it? */
bool nftmsg_is_about(const struct nlmsghdr *h, const char *table);

#endif /* OS_NFTMSG_LINUX_H */
