/* SPDX-License-Identifier: ISC */
/*
 * macOS does not check a packet's source against the route back (pf has
 * "antispoof" and "urpf-failed", which nothing of ours or the stock rules
 * asks for), and its packets have no marks. What arrives on an interface for
 * one of that interface's addresses is taken (xnu, bsd/netinet/ip_input.c,
 * ip_checkinterface): so the servers' answers come in as they are.
 */
#include "src/os/returnpath.h"

int
returnpath_open(struct returnpath **ret)
{
	*ret = NULL;
	return 0;
}

void
returnpath_close(struct returnpath *r)
{
	(void)r;
}

int
returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan)
{
	(void)r;
	(void)plan;
	return 0;
}

int
returnpath_release(struct returnpath *r)
{
	(void)r;
	return 0;
}
