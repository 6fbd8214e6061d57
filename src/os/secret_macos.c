/* SPDX-License-Identifier: ISC */
/*
 * macOS shares, copies or leaves out what a process that is forked gets, and
 * cannot wipe it (minherit(2)): it gets a copy, which it has to free.
 */
#include "src/os/secret.h"

#include <stdlib.h>

void *
secret_new(size_t len)
{
	return calloc(1, len);
}

void
secret_free(void *p, size_t len)
{
	volatile unsigned char *at = p;

	if (p == NULL)
		return;
	/* One byte at a time, which no compiler leaves out. */
	while (len-- > 0)
		*at++ = 0;
	free(p);
}
