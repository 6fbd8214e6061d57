/* SPDX-License-Identifier: ISC */
#include "src/os/holder_linux.h"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/base/mono.h"

#define NAME "tungated-holder" /* fifteen letters, as many as there may be */

enum { GONE_WITHIN_MS = 1000 };

_Noreturn static void
hold(int fd)
{
	const struct rlimit none = { 0, 0 };
	sigset_t all;

	(void)setsid();
	(void)prctl(PR_SET_NAME, NAME, 0, 0, 0);
	/* A later daemon looks at its network namespace, and may not be allowed
	 * to trace what cannot be dumped (ptrace(2)). */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	/* All others closed, and nothing kept that they would keep alive. */
	if (fd != 0 && dup2(fd, 0) < 0)
		_exit(1);
	if (syscall(SYS_close_range, 1u, ~0u, 0u) < 0)
		for (int i = 1; i < 1024; i++)
			(void)close(i);
	if (chdir("/") < 0)
		_exit(1);
	capng_clear(CAPNG_SELECT_BOTH);
	(void)capng_apply(CAPNG_SELECT_BOTH);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;)
		(void)pause();
}

int
holder_start(int fd)
{
	pid_t pid = fork();

	if (pid == 0)
		hold(fd);
	return pid < 0 ? -errno : 0;
}

/* Where our network is; false: it is not known. */
static bool
network_of(const char *pid, struct stat *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	return stat(path, ret) == 0;
}

/* A user's process may have any name: it must be root's. */
static bool
is_holder(const char *pid)
{
	struct stat theirs, ours, process;
	char path[64], name[sizeof(NAME) + 1];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = fstat(fd, &process) == 0 ? read(fd, name, sizeof(name)) : -1;
	close(fd);
	return n == (ssize_t)sizeof(NAME) &&
	    memcmp(name, NAME "\n", sizeof(NAME)) == 0 && process.st_uid == 0 &&
	    network_of(pid, &theirs) && network_of("self", &ours) &&
	    theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

/*
 * Is it wholly gone, its descriptors closed? A dead process that nobody waited
 * for is (proc(5), stat); one that is dying is not yet, whatever else of it
 * cannot be seen any more.
 */
static bool
is_gone(const char *pid)
{
	char path[64], text[256];
	const char *state;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return true;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return true;
	text[n] = '\0';
	/* "PID (NAME) STATE ..." */
	state = strrchr(text, ')');
	return state != NULL && state[1] == ' ' &&
	    (state[2] == 'Z' || state[2] == 'X');
}

/*
 * Between the look and the signal the number could become another process's
 * only if a holder ended by itself, which none does.
 */
static int
end_process(const char *number)
{
	static const struct timespec pause_for = { .tv_nsec = 5000000 };
	pid_t pid = (pid_t)strtol(number, NULL, 10);
	struct mono start = mono_now();

	if (kill(pid, SIGKILL) < 0)
		return errno == ESRCH ? 0 : -errno;
	do {
		/* If it was our own child. */
		(void)waitpid(pid, NULL, WNOHANG);
		if (is_gone(number))
			return 0;
		(void)nanosleep(&pause_for, NULL);
	} while (mono_ms_between(start, mono_now()) < GONE_WITHIN_MS);
	return -ETIMEDOUT;
}

int
holder_end(void)
{
	DIR *processes = opendir("/proc");
	const struct dirent *d;
	int r, first = 0;

	if (processes == NULL)
		return -errno;
	while ((d = readdir(processes)) != NULL) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9' ||
		    !is_holder(d->d_name))
			continue;
		if ((r = end_process(d->d_name)) < 0 && first == 0)
			first = r;
	}
	closedir(processes);
	return first;
}
