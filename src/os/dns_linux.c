/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Who made resolv.conf is whom programs ask, and so who has to be told:
 *
 *	systemd-resolved	resolvectl: the interface's servers, and "~.":
 *				all names are theirs. The file stays
 *	resolvconf, openresolv	resolvconf -a -x: these and no others. It writes
 *				the file
 *	anybody else		the file: dnsfile
 *
 * One that cannot be told is no reason to ask on as before: the next is tried,
 * and the last is the file.
 *
 * Before a program is told, a note of it is on disk, which goes when the
 * program has forgotten it: so who restores needs to know nothing. The file has
 * its note beside it.
 */
#include "src/os/dns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/mono.h"
#include "src/os/dnsfile_linux.h"
#include "src/os/dnstext.h"
#include "src/os/toolrun.h"

/* resolvconf waits for the programs that it starts anew. */
enum { TOOL_MS = 5000, OUTPUT_MAX = 4096, AGAIN_MS = 20000 };

struct dns {
	char path[PATH_MAX], state[PATH_MAX - 16], note[PATH_MAX];
	int inotify;		 /* -1: there is none */
	enum dnstext_maker told; /* by us; DNSTEXT_ANYBODY: nobody */
	struct dns_plan plan;	 /* what that one was told */
	char ours[DNSTEXT_MAX];	 /* the file that is due; "": it is not */
	size_t ours_len;
	bool has_put_back;
	struct mono put_back; /* the last time */
};

/*
 * Tools.
 */

/* Where root's programs are, whatever our own PATH is. */
static bool
find_tool(const char *name, char path[32])
{
	static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin",
		"/bin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, 32, "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* argv[0] is filled in. -ENOENT: no such tool; -EIO: it failed. */
static int
run(const char *name, const char *argv[], const char *in)
{
	char path[32], output[OUTPUT_MAX];
	int r;

	if (!find_tool(name, path))
		return -ENOENT;
	argv[0] = path;
	r = toolrun(argv, in, TOOL_MS, output, sizeof(output));
	return r > 0 ? -EIO : r;
}

static int
tell_resolved(const struct dns_plan *plan)
{
	char a[DNS_SERVERS_MAX][ADDR_TEXT_MAX];
	const char *servers[3 + DNS_SERVERS_MAX + 1] = { NULL, "dns",
		plan->interface };
	const char *domains[4 + DNS_DOMAINS_MAX + 1] = { NULL, "domain",
		plan->interface, "~." };
	int r;

	for (unsigned i = 0; i < plan->n_servers; i++)
		servers[3 + i] = addr_print(&plan->servers[i], a[i]);
	for (unsigned i = 0; i < plan->n_domains; i++)
		domains[4 + i] = plan->domains[i];
	/* In this order: no name goes where there is no server. */
	if ((r = run("resolvectl", servers, NULL)) < 0)
		return r;
	return run("resolvectl", domains, NULL);
}

/*
 * Debian's resolvconf sorts by name, and has a list in which what begins with
 * "tun" comes first.
 */
static void
resolvconf_name(const char *interface, char name[IFNAME_MAX + 4])
{
	bool sorts = access("/etc/resolvconf/interface-order", F_OK) == 0;

	(void)snprintf(name, IFNAME_MAX + 4, "%s%s", sorts ? "tun." : "",
	    interface);
}

static int
tell_resolvconf(const struct dns_plan *plan)
{
	char text[DNSTEXT_MAX], name[IFNAME_MAX + 4];
	const char *argv[] = { NULL, "-a", name, "-m", "0", "-x", NULL };

	resolvconf_name(plan->interface, name);
	(void)dnstext_print(plan, false, text);
	return run("resolvconf", argv, text);
}

static int
untell(const struct dnstext_note *n)
{
	char name[IFNAME_MAX + 4];
	const char *revert[] = { NULL, "revert", n->interface, NULL };
	const char *delete[] = { NULL, "-d", name, "-f", NULL };

	if (n->told == DNSTEXT_RESOLVCONF) {
		resolvconf_name(n->interface, name);
		return run("resolvconf", delete, NULL);
	}
	/* With an interface goes what was said of it. */
	if (if_nametoindex(n->interface) == 0)
		return 0;
	return run("resolvectl", revert, NULL);
}

/*
 * The note.
 */

/* 0; -ENOENT: nobody was told. A broken one says nothing: -ENOENT. */
static int
note_load(const struct dns *d, struct dnstext_note *ret)
{
	char text[DNSTEXT_NOTE_MAX];
	int fd = open(d->note, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return -errno;
	return dnstext_read_note(text, (size_t)n, ret) < 0 ? -ENOENT : 0;
}

/* On disk as a whole, or not at all. */
static int
note_save(const struct dns *d, const struct dnstext_note *n)
{
	char text[DNSTEXT_NOTE_MAX], new[PATH_MAX];
	size_t len = dnstext_print_note(n, text);
	ssize_t written;
	int fd, r = 0;

	if (mkdir(d->state, 0700) < 0 && errno != EEXIST)
		return -errno;
	(void)snprintf(new, sizeof(new), "%s/dns.new", d->state);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	if ((written = write(fd, text, len)) != (ssize_t)len)
		r = written < 0 ? -errno : -ENOSPC;
	else if (fsync(fd) < 0)
		r = -errno;
	close(fd);
	if (r == 0 && rename(new, d->note) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(new);
	return r;
}

static int
forget(const struct dns *d)
{
	struct dnstext_note n = { 0 };
	int r;

	if ((r = note_load(d, &n)) == 0)
		r = untell(&n);
	else if (r == -ENOENT || r == -ENOTDIR)
		r = 0;
	if (r == 0 && unlink(d->note) < 0 && errno != ENOENT &&
	    errno != ENOTDIR)
		r = -errno;
	return r;
}

/* Tell it, and nobody else. 0; or a negative errno: it was told nothing. */
static int
tell(struct dns *d, enum dnstext_maker whom, const struct dns_plan *plan)
{
	struct dnstext_note n = { .told = whom }, before = { 0 };
	int r;

	memcpy(n.interface, plan->interface, sizeof(n.interface));
	if (note_load(d, &before) == 0 &&
	    (before.told != whom ||
		strcmp(before.interface, n.interface) != 0) &&
	    (r = forget(d)) < 0)
		return r;
	if ((r = note_save(d, &n)) < 0)
		return r;
	r = whom == DNSTEXT_RESOLVED ? tell_resolved(plan)
				     : tell_resolvconf(plan);
	/* One that refuses both knows nothing; a slow one may. */
	if (r < 0 && forget(d) < 0 && r != -ETIMEDOUT)
		(void)unlink(d->note);
	return r;
}

/*
 * The file.
 */

/* Its folder, and itself: a mount's changes are not the folder's. */
static void
watch(struct dns *d)
{
	char dir[PATH_MAX];

	if (d->inotify < 0)
		return;
	(void)snprintf(dir, sizeof(dir), "%.*s",
	    (int)(strrchr(d->path, '/') - d->path) + 1, d->path);
	(void)inotify_add_watch(d->inotify, dir,
	    IN_CLOSE_WRITE | IN_CREATE | IN_MOVE | IN_DELETE);
	(void)inotify_add_watch(d->inotify, d->path,
	    IN_CLOSE_WRITE | IN_DONT_FOLLOW);
}

static int
put_file(struct dns *d)
{
	int r;

	if (dnsfile_is(d->path, d->ours, d->ours_len))
		return 0;
	if ((r = dnsfile_put(d->path, d->ours, d->ours_len)) < 0)
		return r;
	watch(d);
	return 1;
}

static int
apply_file(struct dns *d, const struct dns_plan *plan)
{
	int r;

	/* First: it may write the file, too. If it fails, its note stays. */
	(void)forget(d);
	d->ours_len = dnstext_print(plan, true, d->ours);
	if ((r = put_file(d)) < 0)
		d->ours_len = 0;
	watch(d);
	return r < 0 ? r : 0;
}

/*
 * The question.
 */

/* Sound plans that print the same are. */
static bool
is_same(const struct dns_plan *a, const struct dns_plan *b)
{
	char one[DNSTEXT_MAX], two[DNSTEXT_MAX];

	(void)dnstext_print(a, false, one);
	(void)dnstext_print(b, false, two);
	return strcmp(a->interface, b->interface) == 0 && strcmp(one, two) == 0;
}

int
dns_open(const char *resolv_conf, const char *state, struct dns **ret)
{
	struct dns *d;

	if (resolv_conf == NULL)
		resolv_conf = "/etc/resolv.conf";
	if (state == NULL)
		state = "/var/lib/tungate";
	if (resolv_conf[0] != '/' || state[0] != '/' ||
	    strlen(resolv_conf) >= PATH_MAX ||
	    strlen(state) >= sizeof(d->state))
		return -EINVAL;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -ENOMEM;
	(void)snprintf(d->path, sizeof(d->path), "%s", resolv_conf);
	(void)snprintf(d->state, sizeof(d->state), "%s", state);
	(void)snprintf(d->note, sizeof(d->note), "%s/dns", state);
	/* Without it, dns_drain() still looks when it is asked. */
	d->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	*ret = d;
	return 0;
}

void
dns_close(struct dns *d)
{
	if (d == NULL)
		return;
	if (d->inotify >= 0)
		close(d->inotify);
	free(d);
}

int
dns_apply(struct dns *d, const struct dns_plan *plan)
{
	enum dnstext_maker maker;
	int r;

	if (plan->n_servers == 0)
		return (r = dns_restore(d)) < 0 ? r : 0;
	if (!dnstext_is_sound(plan))
		return -EINVAL;
	maker = dnsfile_maker(d->path);
	if (d->told != DNSTEXT_ANYBODY && d->told == maker &&
	    is_same(plan, &d->plan))
		return 0;
	d->told = DNSTEXT_ANYBODY;
	d->ours_len = 0;
	if ((maker == DNSTEXT_RESOLVED || maker == DNSTEXT_RESOLVCONF) &&
	    tell(d, maker, plan) == 0) {
		d->told = maker;
		d->plan = *plan;
		return 0;
	}
	return apply_file(d, plan);
}

int
dns_restore(struct dns *d)
{
	int r, file;

	d->told = DNSTEXT_ANYBODY;
	d->ours_len = 0;
	r = forget(d);
	file = dnsfile_restore(d->path);
	return r < 0 ? r : file;
}

int
dns_fd(const struct dns *d)
{
	return d->inotify;
}

int
dns_drain(struct dns *d, struct mono now)
{
	char events[4096];
	int r;

	/* What they say is only that it is time to look. */
	while (d->inotify >= 0 && read(d->inotify, events, sizeof(events)) > 0)
		;
	if (d->ours_len == 0 || dnsfile_is(d->path, d->ours, d->ours_len))
		return 0;
	if (d->has_put_back && mono_ms_between(d->put_back, now) < AGAIN_MS)
		return -EAGAIN;
	if ((r = put_file(d)) > 0) {
		d->has_put_back = true;
		d->put_back = now;
	}
	return r;
}
