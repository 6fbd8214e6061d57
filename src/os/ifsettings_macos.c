/* SPDX-License-Identifier: ISC */
/*
 * Interfaces do not leave: netns_macos.c.
 */
#include <errno.h>

#include "src/os/ifsettings.h"

int
ifsettings_look(const char *name, struct ifsettings *ret)
{
	(void)name;
	(void)ret;
	return -EOPNOTSUPP;
}

int
ifsettings_apply(const struct ifsettings *s)
{
	(void)s;
	return -EOPNOTSUPP;
}
