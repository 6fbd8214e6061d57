/* SPDX-License-Identifier: ISC */
/*
 * fuzz_netmsg: no netlink message, however broken, makes its readers read past
 * its end or find what cannot be.
 */
#include <linux/netlink.h>

#include "src/os/netmsg_linux.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* malloc()'s memory is aligned as the kernel's messages are. */
	uint8_t *bytes = exact(data, len);
	const struct nlmsghdr *h = (const void *)bytes;
	struct netmsg_neigh neigh;
	struct netmsg_route route;
	struct netmsg_addr addr;
	struct netmsg_link link;
	struct netmsg_rule rule;

	if (netmsg_read_link(h, len, &link) == 0 &&
	    (link.ifindex == 0 || link.name[0] == '\0' ||
		memchr(link.name, '\0', sizeof(link.name)) == NULL))
		abort();
	if (netmsg_read_addr(h, len, &addr) == 0 &&
	    addr.addr.family == ADDR_NONE)
		abort();
	/* Nor a route to a network that looks like the default route. */
	if (netmsg_read_route(h, len, &route) == 0 &&
	    route.dst_len > 8 * addr_len(&route.dst))
		abort();
	(void)netmsg_read_rule(h, len, &rule);
	if (netmsg_read_neigh(h, len, &neigh) == 0 && neigh.ifindex == 0)
		abort();
	free(bytes);
	return 0;
}
