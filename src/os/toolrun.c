/* SPDX-License-Identifier: ISC */
#include "src/os/toolrun.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/base/mono.h"

enum {
	DESCRIPTORS_MAX = 4096, /* where no limit is set */
	NOT_FOUND = 127,	/* as the shell says it */
	KILLED_MS = 200,	/* until it is gone */
};

struct run {
	struct mono start;
	unsigned ms;
	pid_t pid;
	int to, from; /* pipes; -1: closed */
	const char *in;
	size_t in_left;
	char *out;
	size_t out_len, out_cap; /* out_cap: without the NUL */
};

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
left_ms(const struct run *r)
{
	uint64_t gone = mono_ms_between(r->start, mono_now());

	return gone >= r->ms ? 0 : (int)(r->ms - gone);
}

/*
 * The child.
 */

static _Noreturn void
become(const char *const argv[], int in, int out)
{
	static const char *const environment[] = {
		"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", NULL
	};
	struct sigaction normal = { .sa_handler = SIG_DFL };
	struct rlimit limit;
	int last = DESCRIPTORS_MAX;
	sigset_t none;

	(void)setpgid(0, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(NOT_FOUND);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < DESCRIPTORS_MAX)
		last = (int)limit.rlim_cur;
	for (int fd = 3; fd < last; fd++)
		close(fd);
	for (int sig = 1; sig < 32; sig++)
		(void)sigaction(sig, &normal, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)environment);
	_exit(NOT_FOUND);
}

/* Both ends close when another program starts. */
static int
make_pipe(int ends[2])
{
	if (pipe(ends) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		/* 0 to 2 are where the child's are put. */
		if (ends[i] <= 2 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) < 0) {
			close(ends[0]);
			close(ends[1]);
			return -EBADF;
		}
	return 0;
}

static int
start(struct run *r, const char *const argv[])
{
	sigset_t all, before;
	int to[2], from[2], e;

	if ((e = make_pipe(to)) < 0)
		return e;
	if ((e = make_pipe(from)) < 0) {
		close(to[0]);
		close(to[1]);
		return e;
	}
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	if ((r->pid = fork()) == 0)
		become(argv, to[0], from[1]);
	e = r->pid < 0 ? -errno : 0;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	close(to[0]);
	close(from[1]);
	r->to = to[1];
	r->from = from[0];
	if (e == 0 &&
	    (fcntl(r->to, F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(r->from, F_SETFL, O_NONBLOCK) < 0))
		e = -errno;
	if (e == 0)
		/* Whoever comes first: then kill() finds the group. */
		(void)setpgid(r->pid, r->pid);
	return e;
}

/*
 * The parent.
 */

static void
feed(struct run *r)
{
	ssize_t n = write(r->to, r->in, r->in_left);

	if (n >= 0) {
		r->in += n;
		r->in_left -= (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		/* It does not want to read: its exit status says why. */
		r->in_left = 0;
	}
	if (r->in_left == 0)
		close_end(&r->to);
}

/* 0, or -EMSGSIZE. */
static int
hear(struct run *r)
{
	/* One more than fits, to see that there is more. */
	char more;
	bool full = r->out_len == r->out_cap;
	ssize_t n = full
	    ? read(r->from, &more, 1)
	    : read(r->from, r->out + r->out_len, r->out_cap - r->out_len);

	if (n > 0 && full)
		return -EMSGSIZE;
	if (n > 0)
		r->out_len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(&r->from);
	return 0;
}

/* Until it has closed its output. */
static int
talk(struct run *r)
{
	int e;

	if (r->in_left == 0)
		close_end(&r->to);
	while (r->from >= 0) {
		struct pollfd p[2] = { { .fd = r->from, .events = POLLIN },
			{ .fd = r->to, .events = POLLOUT } };
		int left = left_ms(r);

		if (left == 0)
			return -ETIMEDOUT;
		if (poll(p, 2, left) < 0 && errno != EINTR)
			return -errno;
		if (r->to >= 0 && p[1].revents != 0)
			feed(r);
		if (p[0].revents != 0 && (e = hear(r)) < 0)
			return e;
	}
	return 0;
}

/* Its exit status, or a negative errno. */
static int
wait_for(struct run *r)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	int status;
	pid_t got;

	while ((got = waitpid(r->pid, &status, WNOHANG)) <= 0) {
		if (got < 0 && errno != EINTR)
			return -errno;
		if (left_ms(r) == 0)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	r->pid = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/*
 * It, and what it started. One that hangs in the kernel stays there: then it
 * is left, and who comes for it is init.
 */
static void
end(struct run *r)
{
	if (r->pid <= 0)
		return;
	(void)kill(-r->pid, SIGKILL);
	(void)kill(r->pid, SIGKILL);
	r->start = mono_now();
	r->ms = KILLED_MS;
	(void)wait_for(r);
}

int
toolrun(const char *const argv[], const char *in, unsigned ms, char *out,
    size_t cap)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct run r = { .start = mono_now(),
		.ms = ms,
		.to = -1,
		.from = -1,
		.in = in,
		.in_left = in != NULL ? strlen(in) : 0,
		.out = out,
		.out_cap = cap - 1 };
	int e;

	/* It may end before it has read everything. */
	(void)sigaction(SIGPIPE, &ignore, &before);
	if ((e = start(&r, argv)) == 0 && (e = talk(&r)) == 0)
		e = wait_for(&r);
	end(&r);
	close_end(&r.to);
	close_end(&r.from);
	(void)sigaction(SIGPIPE, &before, NULL);
	out[r.out_len] = '\0';
	return e;
}
