/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 *	resolv.conf			what programs read
 *	resolv.conf.tungate-saved	what was there, while ours is
 *	resolv.conf.tungate-new		ours, until it is whole
 *
 * Kept is not a copy but the thing itself, under a second name (link(2)):
 *
 *	put		link it to saved;  write new;  rename new over it
 *	restore		rename saved over it
 *
 * So whatever it was comes back, a link or a file, with its content, mode,
 * owner, labels and age; it needs no memory and no room on a full disk; and at
 * no moment is the name missing or the file half. Beside the file, not below
 * /var or /run: only there can it be a second name, and only there does it live
 * as long as what it is about. A machine that lost power has both, and whoever
 * of ours runs next puts it back.
 *
 * Ours is what begins with our header: also if somebody edited it, for the
 * tunnel's servers may not stay. If the file is not ours any more, what was
 * kept is out of date: who wrote it is right.
 *
 * What cannot have a second name is copied: on a file system without, and where
 * the file is itself a mount, as in containers. The latter cannot be renamed
 * over, either, and is written in place: in one write, not shorter than the
 * old, so that it is never empty and who reads at that moment may at worst see
 * the end of the old; the room for it is had before.
 */
#include "src/os/dnsfile_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a file that is copied or compared. One with all comments has 1 KiB. */
#define FILE_MAX 65536

struct names {
	char path[PATH_MAX], saved[PATH_MAX], new[PATH_MAX], dir[PATH_MAX];
};

struct content {
	char *text;
	size_t len;
};

/*
 * Files.
 */

static int
names_of(const char *path, struct names *ret)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || strlen(path) >= PATH_MAX - 20)
		return -EINVAL;
	(void)snprintf(ret->path, PATH_MAX, "%s", path);
	(void)snprintf(ret->saved, PATH_MAX, "%s.tungate-saved", path);
	(void)snprintf(ret->new, PATH_MAX, "%s.tungate-new", path);
	(void)snprintf(ret->dir, PATH_MAX, "%.*s", (int)(slash - path) + 1,
	    path);
	return 0;
}

/* Only a file: -EINVAL for anything else, -ELOOP for a link. */
static int
open_file(const char *path, int flags, struct stat *ret)
{
	int fd =
	    open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret) == 0 && S_ISREG(ret->st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* All of it, to be freed by the caller. -EFBIG: more than FILE_MAX. */
static int
read_all(int fd, struct content *ret)
{
	char *text = malloc(FILE_MAX + 1);
	size_t len = 0;
	ssize_t n;

	if (text == NULL)
		return -ENOMEM;
	do {
		n = pread(fd, text + len, FILE_MAX + 1 - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len <= FILE_MAX);
	if (n < 0 || len > FILE_MAX) {
		int r = n < 0 ? -errno : -EFBIG;

		free(text);
		return r;
	}
	*ret = (struct content){ .text = text, .len = len };
	return 0;
}

static int
load(const char *path, struct content *ret)
{
	struct stat st;
	int r, fd = open_file(path, O_RDONLY, &st);

	if (fd < 0)
		return fd;
	r = read_all(fd, ret);
	close(fd);
	return r;
}

/* On the disk, whatever happens next. */
static int
sync_folder(const struct names *n)
{
	int r, fd = open(n->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* A new file, whole and on the disk, or none. */
static int
write_new(const char *path, const struct content *c, mode_t mode,
    const struct stat *owner)
{
	int fd, r = 0;
	ssize_t n;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if ((n = write(fd, c->text, c->len)) != (ssize_t)c->len)
		r = n < 0 ? -errno : -ENOSPC;
	/* The mode after the owner, which takes some bits away. */
	else if ((owner != NULL &&
		     fchown(fd, owner->st_uid, owner->st_gid) < 0) ||
	    fchmod(fd, mode) < 0 || fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlink(path);
	return r;
}

/*
 * In place, for what cannot be replaced. If it fails, all is as it was.
 */

static int
write_padded(int fd, const struct content *c, size_t least)
{
	size_t len = c->len > least ? c->len : least;
	char *text = malloc(len + 1);
	ssize_t n;

	if (text == NULL)
		return -ENOMEM;
	memset(text, '\n', len + 1);
	if (c->len > 0)
		memcpy(text, c->text, c->len);
	n = pwrite(fd, text, len, 0);
	free(text);
	if (n != (ssize_t)len)
		return n < 0 ? -errno : -ENOSPC;
	return ftruncate(fd, (off_t)c->len) < 0 ? -errno : 0;
}

static int
write_in_place(const char *path, const struct content *c)
{
	struct content old = { 0 };
	struct stat st;
	int r, fd = open_file(path, O_RDWR, &st);

	if (fd < 0)
		return fd;
	if ((r = read_all(fd, &old)) < 0)
		goto close_fd;
	/* Who cannot say, will say it when it is written. */
	if (c->len > old.len &&
	    fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)c->len) < 0 &&
	    errno != EOPNOTSUPP) {
		r = -errno;
		goto free_old;
	}
	if ((r = write_padded(fd, c, old.len)) < 0)
		(void)write_padded(fd, &old, c->len);
	if (fsync(fd) < 0 && r == 0)
		r = -errno;

free_old:
	free(old.text);
close_fd:
	close(fd);
	return r;
}

/*
 * Keeping.
 */

static int
copy_link(const struct names *n)
{
	char to[PATH_MAX];
	ssize_t len = readlink(n->path, to, sizeof(to) - 1);

	if (len < 0)
		return -errno;
	to[len] = '\0';
	return symlink(to, n->saved) < 0 ? -errno : 0;
}

static int
copy(const struct names *n)
{
	struct content c = { 0 };
	struct stat st = { 0 };
	int r, fd = open_file(n->path, O_RDONLY, &st);

	if (fd == -ELOOP)
		return copy_link(n);
	if (fd < 0)
		return fd;
	if ((r = read_all(fd, &c)) == 0) {
		r = write_new(n->new, &c, st.st_mode & 07777, &st);
		free(c.text);
		if (r == 0 && rename(n->new, n->saved) < 0)
			r = -errno;
	}
	close(fd);
	return r;
}

/* 1; 0: there is nothing to be kept, and what was kept before stays. */
static int
keep(const struct names *n)
{
	struct stat st;
	int r;

	if (lstat(n->path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	/* Of the time before what is there now. */
	if (unlink(n->saved) < 0 && errno != ENOENT)
		return -errno;
	if (linkat(AT_FDCWD, n->path, AT_FDCWD, n->saved, 0) == 0)
		return 1;
	/* EXDEV: a mount; the others: file systems without second names. */
	if (errno == EXDEV || errno == EPERM || errno == EOPNOTSUPP ||
	    errno == EMLINK)
		return (r = copy(n)) < 0 ? r : 1;
	return -errno;
}

/*
 * Asking.
 */

enum dnstext_maker
dnsfile_maker(const char *path)
{
	enum dnstext_maker m = DNSTEXT_ANYBODY;
	char where[PATH_MAX];
	struct content c = { 0 };
	bool is_link = readlink(path, where, sizeof(where)) >= 0;

	/* What a link leads to is what its maker says, too. */
	if (is_link && realpath(path, where) == NULL)
		return DNSTEXT_ANYBODY;
	if (load(is_link ? where : path, &c) < 0)
		return DNSTEXT_ANYBODY;
	m = dnstext_maker(c.text, c.len);
	free(c.text);
	/* Ours is no link. */
	return is_link && m == DNSTEXT_OURS ? DNSTEXT_ANYBODY : m;
}

bool
dnsfile_is(const char *path, const char *text, size_t len)
{
	struct content c = { 0 };
	bool is;

	if (load(path, &c) < 0)
		return false;
	is = dnstext_same(c.text, c.len, text, len);
	free(c.text);
	return is;
}

/* Was it only begun, or only half finished, in either direction? */
static bool
is_saved(const struct names *n)
{
	struct stat path, saved;
	struct content c = { 0 };
	bool is;

	if (lstat(n->path, &path) < 0 || lstat(n->saved, &saved) < 0)
		return false;
	if (path.st_dev == saved.st_dev && path.st_ino == saved.st_ino)
		return true;
	if (load(n->saved, &c) < 0)
		return false;
	is = dnsfile_is(n->path, c.text, c.len);
	free(c.text);
	return is;
}

/*
 * Doing.
 */

int
dnsfile_put(const char *path, const char *text, size_t len)
{
	struct content c = { .text = (char *)(uintptr_t)text, .len = len };
	struct names n;
	bool kept = false;
	int r;

	if ((r = names_of(path, &n)) < 0)
		return r;
	if (dnsfile_maker(path) != DNSTEXT_OURS) {
		if ((r = keep(&n)) < 0)
			return r;
		kept = r > 0;
	}
	if ((r = write_new(n.new, &c, 0644, NULL)) < 0)
		goto drop_kept;
	/* Kept for sure, before it is replaced. */
	if (kept && (r = sync_folder(&n)) < 0)
		goto unlink_new;
	if (rename(n.new, n.path) == 0) {
		/* It is there, whatever that says. */
		(void)sync_folder(&n);
		return 0;
	}
	if (errno == EBUSY)
		r = write_in_place(path, &c);
	else
		r = -errno;
	if (r == 0)
		kept = false;

unlink_new:
	(void)unlink(n.new);
drop_kept:
	if (kept)
		(void)unlink(n.saved);
	return r;
}

/* From its copy, which is then not needed any more. */
static int
restore_in_place(const struct names *n)
{
	struct content c = { 0 };
	int r;

	if ((r = load(n->saved, &c)) < 0)
		return r;
	r = write_in_place(n->path, &c);
	free(c.text);
	if (r == 0 && unlink(n->saved) < 0)
		r = -errno;
	return r;
}

static int
restore_saved(const struct names *n)
{
	if (rename(n->saved, n->path) < 0)
		return errno == EBUSY ? restore_in_place(n) : -errno;
	/* Two names of one thing: then rename() does nothing. */
	if (unlink(n->saved) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int
dnsfile_restore(const char *path)
{
	struct names n;
	struct stat st;
	bool ours, saved, missing;
	int r;

	if ((r = names_of(path, &n)) < 0)
		return r;
	(void)unlink(n.new);
	ours = dnsfile_maker(path) == DNSTEXT_OURS;
	saved = lstat(n.saved, &st) == 0;
	missing = lstat(n.path, &st) < 0;
	if (!saved && !ours)
		return 0;
	if (saved && (ours || missing || is_saved(&n))) {
		r = restore_saved(&n);
	} else if (saved) {
		r = unlink(n.saved) < 0 ? -errno : 1;
	} else {
		/* There was none. */
		r = unlink(n.path) < 0 ? -errno : 0;
	}
	if (r >= 0)
		(void)sync_folder(&n);
	return r;
}
