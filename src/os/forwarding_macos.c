/* SPDX-License-Identifier: ISC */
#include "src/os/forwarding.h"

#include <errno.h>
#include <stdio.h>

int
forwarding_check(const char *ifname, char why[FORWARDING_WHY_MAX])
{
	(void)snprintf(why, FORWARDING_WHY_MAX,
	    "%s: nothing is forwarded on this system", ifname);
	return -EOPNOTSUPP;
}

int
forwarding_allow(const char *ifname)
{
	(void)ifname;
	return -EOPNOTSUPP;
}
