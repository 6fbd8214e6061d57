/* SPDX-License-Identifier: ISC */
/*
 * What every system does alike.
 */
#include "src/os/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

int
isolate_descriptors(const int keep[], size_t n)
{
	struct rlimit limit;
	int null;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (int fd = 3; fd < (int)limit.rlim_cur; fd++) {
		bool kept = false;

		for (size_t i = 0; i < n; i++)
			kept |= keep[i] == fd;
		if (!kept)
			close(fd);
	}
	if ((null = open("/dev/null", O_RDWR)) < 0 || dup2(null, 0) < 0 ||
	    dup2(null, 1) < 0)
		return -errno;
	if (null > 2)
		close(null);
	return 0;
}
