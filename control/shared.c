/* SPDX-License-Identifier: ISC */
#include "control/shared.h"

#include <stddef.h>
#include <sys/mman.h>

struct shared *
shared_new(void)
{
	void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);

	return at != MAP_FAILED ? at : NULL;
}

void
shared_free(struct shared *s)
{
	if (s != NULL)
		(void)munmap(s, sizeof(*s));
}
