/* SPDX-License-Identifier: ISC */
#include "src/base/ifname.h"

#include <string.h>

bool
ifname_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= IFNAME_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' ||
		    strchr("/:%", name[i]) != NULL)
			return false;
	return true;
}
