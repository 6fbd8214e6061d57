/* SPDX-License-Identifier: ISC */
#include "control/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/permit.h"

/* Connections that wait to be taken, also while there is no worker. */
#define BACKLOG 64

/* Does a daemon answer at this address? */
static bool
is_alive(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool alive;

	if (fd < 0)
		return false;
	alive = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;
	close(fd);
	return alive;
}

static int
make_directory(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) == NULL || slash == dir)
		return 0;
	*slash = '\0';
	return mkdir(dir, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int
listen_open(const char *path, const struct permit *permit, int *ret_fd)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, r;
	mode_t mask;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path) + 1);
	if ((r = make_directory(path)) < 0)
		return r;
	if (is_alive(&at))
		return -EADDRINUSE;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0)
		return -errno;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	/* Nobody else's at any moment: the mode is right from the start. */
	mask = umask(0117);
	r = bind(fd, (const struct sockaddr *)&at, sizeof(at));
	(void)umask(mask);
	if (r < 0 ||
	    (permit->has_group && chown(path, (uid_t)-1, permit->group) < 0) ||
	    listen(fd, BACKLOG) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

void
listen_close(int fd, const char *path)
{
	if (fd < 0)
		return;
	close(fd);
	(void)unlink(path);
}
