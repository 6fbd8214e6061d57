/* SPDX-License-Identifier: ISC */
#include "src/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 100, BETWEEN_NS = 20000000 };

/* 0, -EBUSY or another negative errno. */
static int
wait_for(int fd)
{
	static const struct timespec between = { .tv_nsec = BETWEEN_NS };

	for (int i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		(void)nanosleep(&between, NULL);
	}
	return -EBUSY;
}

int
lock_take(const char *run_dir, int *ret_fd)
{
	char path[PATH_MAX];
	int fd, r;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	(void)snprintf(path, sizeof(path), "%s/lock", run_dir);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return -errno;
	if ((r = wait_for(fd)) < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}
