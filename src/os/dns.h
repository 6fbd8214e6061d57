/* SPDX-License-Identifier: ISC */
/*
 * dns: whom the machine asks for names: the tunnel's resolvers while it is
 * connected, and then again whom it asked before.
 *
 * What was there is kept on disk until it is back, so it does not matter who
 * gives it back: the process that took it, one that is started after a crash or
 * a power loss, or `tungated --release`.
 *
 * It runs tools (toolrun.h), for some seconds if they hang, and so belongs in a
 * process with one thread. For the engine:
 *
 *	at its start		dns_open(); dns_restore(), for a crash before
 *	connecting, connected	dns_apply()
 *	dns_fd() readable	dns_drain(), and as well now and then
 *	anything else		dns_restore(): disconnected, released, stopped
 *	at its end		dns_close(), which changes nothing
 */
#ifndef OS_DNS_H
#define OS_DNS_H

#include "src/base/addr.h"
#include "src/base/ifname.h"

#define DNS_SERVERS_MAX 8
#define DNS_DOMAINS_MAX 8
#define DNS_DOMAIN_MAX	254 /* with its NUL */

struct dns;
struct mono;

struct dns_plan {
	char interface[IFNAME_MAX]; /* the tunnel's */
	struct addr servers[DNS_SERVERS_MAX];
	unsigned n_servers;
	/* Tried behind a name that is not whole. */
	char domains[DNS_DOMAINS_MAX][DNS_DOMAIN_MAX];
	unsigned n_domains;
};

/*
 * resolv_conf: the file, NULL for the system's; state: a folder for what must
 * outlive us, NULL for /var/lib/tungate. Changes nothing. 0, or a negative
 * errno (-EOPNOTSUPP: not on this system) with *ret untouched.
 */
int dns_open(const char *resolv_conf, const char *state, struct dns **ret);

/* All stays as it is. dns_close(NULL) does nothing. */
void dns_close(struct dns *d);

/*
 * The resolvers of the plan, and no others; none in it: dns_restore(). Again
 * the same plan: does nothing, if nobody undid it. 0, or a negative errno:
 * -EINVAL (a word in the plan that is neither a name nor a domain), or as
 * before (-ENOSPC).
 */
int dns_apply(struct dns *d, const struct dns_plan *plan);

/*
 * As it was before, whoever of ours changed it. 0, also if nothing was changed;
 * 1: somebody else wrote the file meanwhile, which is left alone, and what was
 * kept is dropped; or a negative errno: what was kept stays kept.
 */
int dns_restore(struct dns *d);

/* For the event loop: readable means that dns_drain() has something; or -1. */
int dns_fd(const struct dns *d);

/*
 * If somebody else wrote the file while ours is due: put ours back, and keep
 * theirs to be given back. 1: done; 0: it was ours; -EAGAIN: it is too soon
 * after the last time, for two programs must not fight for ever; or another
 * negative errno.
 */
int dns_drain(struct dns *d, struct mono now);

#endif /* OS_DNS_H */
