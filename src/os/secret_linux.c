/* SPDX-License-Identifier: ISC */
#include "src/os/secret.h"

#include <string.h>
#include <sys/mman.h>

void *
secret_new(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Whole pages of its own: nothing else becomes zeros with it. */
	(void)madvise(p, len, MADV_WIPEONFORK);
	return p;
}

void
secret_free(void *p, size_t len)
{
	if (p == NULL)
		return;
	explicit_bzero(p, len);
	(void)munmap(p, len);
}
