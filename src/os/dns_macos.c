/* SPDX-License-Identifier: ISC */
/*
 * Not here: macOS reads its resolvers from the dynamic store of its
 * configuration, by service and interface, not from a file. What scutil(8)
 * could put there was never tried on a Mac, so it is not promised.
 */
#include "src/os/dns.h"

#include <errno.h>
#include <stddef.h>

#include "src/base/mono.h"

int
dns_open(const char *resolv_conf, const char *state, struct dns **ret)
{
	(void)resolv_conf;
	(void)state;
	(void)ret;
	return -EOPNOTSUPP;
}

void
dns_close(struct dns *d)
{
	(void)d;
}

int
dns_apply(struct dns *d, const struct dns_plan *plan)
{
	(void)d;
	(void)plan;
	return -EOPNOTSUPP;
}

int
dns_restore(struct dns *d)
{
	(void)d;
	return -EOPNOTSUPP;
}

int
dns_fd(const struct dns *d)
{
	(void)d;
	return -1;
}

int
dns_drain(struct dns *d, struct mono now)
{
	(void)d;
	(void)now;
	return -EOPNOTSUPP;
}
