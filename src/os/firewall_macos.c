/* SPDX-License-Identifier: ISC */
/*
 * pf is not spoken to yet: there is no firewall layer on macOS.
 */
#include "src/os/firewall.h"

#include <errno.h>
#include <stddef.h>

int
firewall_open(const struct uplink_sender *gate, bool held,
    struct firewall **ret)
{
	(void)gate;
	(void)held;
	(void)ret;
	return -EPROTONOSUPPORT;
}

void
firewall_close(struct firewall *f)
{
	(void)f;
}

int
firewall_apply(struct firewall *f, const struct firewall_plan *plan)
{
	(void)f;
	(void)plan;
	return -EPROTONOSUPPORT;
}

int
firewall_fd(const struct firewall *f)
{
	(void)f;
	return -1;
}

int
firewall_drain(struct firewall *f)
{
	(void)f;
	return 0;
}

const char *
firewall_lacks(const struct firewall *f)
{
	(void)f;
	return NULL;
}

int
firewall_release(struct firewall *f)
{
	(void)f;
	return 0;
}
