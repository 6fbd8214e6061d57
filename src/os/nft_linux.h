/* SPDX-License-Identifier: ISC */
/*
 * nft: transactions of nftables, put together rule by rule.
 *
 * A builder: begin, say what is wanted, commit. What goes wrong in between is
 * remembered and is commit's answer; nothing takes effect before it.
 */
#ifndef OS_NFT_LINUX_H
#define OS_NFT_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nft;

/* Needs privilege. 0, or a negative errno with *ret untouched. */
int nft_open(struct nft **ret);

/*
 * Tables that have this handle for their owner stay, without one. Does
 * nothing for NULL.
 */
void nft_close(struct nft *n);

/* The socket that owns tables: who has it open, keeps them owned. */
int nft_fd(const struct nft *n);

void nft_begin(struct nft *n);

/*
 * All that was said since nft_begin(), or nothing of it. 0, or a negative
 * errno: the first thing that went wrong.
 */
int nft_commit(struct nft *n);

/* A table's flags (linux/netfilter/nf_tables.h since 6.9). */
enum { NFT_OWNER = 2, NFT_PERSIST = 4 };

/* family: NFPROTO_INET, ... One that is there stays, if it has these flags. */
void
nft_new_table(struct nft *n, uint32_t family, const char *name, uint32_t flags);
void nft_delete_table(struct nft *n, uint32_t family, const char *name);

/* Where chains and rules belong that are named from now on. */
void nft_in_table(struct nft *n, uint32_t family, const char *name);

struct nft_hook {
	const char *type; /* NULL: "filter" */
	uint32_t number;  /* NF_INET_..., NF_ARP_IN, NF_NETDEV_EGRESS */
	int32_t priority;
	bool drops; /* what no rule accepts */
	/* NFPROTO_NETDEV: every device, present and future (6.16 and later); or
	 * these names, which end with an empty one. */
	bool all_devices;
	const char (*devices)[16];
};

/* hook NULL: a chain that sees no packet by itself. One that is there stays. */
void
nft_new_chain(struct nft *n, const char *name, const struct nft_hook *hook);

/* The chain is emptied, and the rules that follow are its own. */
void nft_fill_chain(struct nft *n, const char *name);

/*
 * A rule: matches, then what becomes of the packet, which ends it.
 */
enum nft_is { NFT_IS, NFT_IS_NOT };

/* key: NFT_META_...; in host order, as the kernel keeps most of them. */
void nft_meta(struct nft *n, uint32_t key, enum nft_is is, uint32_t value);

/* key: NFT_META_IIFNAME or NFT_META_OIFNAME. */
void nft_name_is(struct nft *n, uint32_t key, const char *name);

/* Of a connection with any of these states (1 << IP_CT_..., in host order). */
void nft_connection_is(struct nft *n, uint32_t states);

/* NFT_META_NFPROTO, one byte; NFT_META_PROTOCOL, an ethertype in host order. */
void nft_family_is(struct nft *n, uint8_t family);
void nft_ethertype_is(struct nft *n, uint16_t ethertype);

/* len bytes, at most 16, from offset on in the network header. */
void nft_bytes(struct nft *n, uint32_t offset, uint32_t len, enum nft_is is,
    const void *bytes);

/* The same, at most 4 bytes, of which only the mask's count. */
void nft_masked(struct nft *n, uint32_t offset, uint32_t len, const void *mask,
    enum nft_is is, const void *bytes);

void nft_count(struct nft *n);

void nft_accept(struct nft *n);
void nft_drop(struct nft *n);
void nft_jump(struct nft *n, const char *chain);

/* Under the address of the interface that it leaves by; and accepted. */
void nft_masquerade(struct nft *n);

/* Or it goes on, with that mark, or with those bits of its mark turned over. */
void nft_mark(struct nft *n, uint32_t mark);
void nft_turn_mark(struct nft *n, uint32_t bits);

/*
 * What the first counter in a chain says, packets. 0, or a negative errno
 * (-ENOENT: there is none) with *ret untouched.
 */
int nft_read_counter(struct nft *n, uint32_t family, const char *table,
    const char *chain, uint64_t *ret);

/*
 * The names of a table's chains, one call for each. 0 (also when there is no
 * such table), or a negative errno.
 */
typedef void nft_on_chain(const char *name, void *arg);
int nft_read_chains(struct nft *n, uint32_t family, const char *table,
    nft_on_chain *on, void *arg);

/*
 * Word of changes.
 */
struct nft_watch;

/*
 * Of changes by others than own (not kept). 0, or a negative errno with *ret
 * untouched. nft_watch_close(NULL) does nothing.
 */
int nft_watch_open(const struct nft *own, struct nft_watch **ret);
void nft_watch_close(struct nft_watch *w);

/* For the event loop: readable means that nft_watch_read() has something. */
int nft_watch_fd(const struct nft_watch *w);

/*
 * Read what waits, without waiting. 1: the table or something in it was
 * changed, or words were lost; 0: no; or a negative errno.
 */
int nft_watch_read(struct nft_watch *w, const char *table);

#endif /* OS_NFT_LINUX_H */
