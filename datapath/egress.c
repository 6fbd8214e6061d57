/* SPDX-License-Identifier: ISC */
#include "datapath/egress.h"

#include <errno.h>

#include "src/os/pktbuf.h"
#include "src/os/uplink.h"

enum drop
egress_check(const struct hop *hop, const struct pktbuf *b)
{
	if (hop->ifindex == 0)
		return DROP_NO_UPLINK;
	if (!hop->ready)
		return DROP_NO_NEIGHBOUR;
	if (b->len > hop->mtu && b->offload.gso_type == OFFLOAD_GSO_NONE)
		return DROP_TOO_BIG;
	return PASSED;
}

enum drop
egress_why(int result)
{
	switch (result) {
	case 0:
		return PASSED;
	case -ENOBUFS:
	case -EAGAIN:
		return DROP_UPLINK_BUSY;
	case -EMSGSIZE:
		return DROP_TOO_BIG;
	default:
		return DROP_UPLINK_FAILED;
	}
}
