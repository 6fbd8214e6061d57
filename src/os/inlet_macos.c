/* SPDX-License-Identifier: ISC */
/*
 * The kernel hands over what comes in: the uplink is nowhere else
 * (netns_macos.c).
 */
#include "src/os/inlet.h"

#include <errno.h>

int
inlet_open(struct inlet **ret)
{
	(void)ret;
	return -EOPNOTSUPP;
}

void
inlet_close(struct inlet *in)
{
	(void)in;
}

int
inlet_fd(const struct inlet *in)
{
	(void)in;
	return -1;
}

int
inlet_read(struct inlet *in, struct pktbuf bufs[], unsigned n)
{
	(void)in;
	(void)bufs;
	(void)n;
	return -EOPNOTSUPP;
}
