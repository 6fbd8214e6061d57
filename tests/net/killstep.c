/* SPDX-License-Identifier: ISC */
/*
 * killstep: kills a process after its n-th system call.
 *
 *	killstep N COMMAND...	runs the command
 *	killstep N -p PID	a process that runs already, from now on
 *
 * Only that process: what it forks is not followed. It is stopped at the end of
 * each of its system calls and is killed there, so it does not come to do
 * anything more. N = 0 only counts. The process is killed, too, when killstep
 * itself is; SIGTERM lets it go on without us.
 *
 * Lines on standard output (the command's is left alone but for these):
 *
 *	killstep ready
 *	killstep killed N NUMBER	after N calls, NUMBER being the last
 *one's killstep ended N STATUS		it ended by itself, after N calls
 *	killstep passed N		it was let go, after N calls
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS	  (PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)
/* How waitpid() names the stop at a system call, with TRACESYSGOOD. */
#define CALL_STOP (SIGTRAP | 0x80)

static volatile sig_atomic_t leave;

static void
on_term(int sig)
{
	(void)sig;
	leave = 1;
}

static void
say(const char *what, unsigned long n, long long number)
{
	printf("killstep %s %lu %lld\n", what, n, number);
	fflush(stdout);
}

static int
fail(const char *what)
{
	fprintf(stderr, "killstep: %s: %s\n", what, strerror(errno));
	return 2;
}

/* A child that waits to be seized before it becomes the command. */
static pid_t
start(char *argv[])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)raise(SIGSTOP);
	execvp(argv[0], argv);
	_exit(127);
}

/* At the beginning of a call its number is noted; true at its end. */
static bool
has_ended(pid_t pid, long long *number)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		*number = (long long)info.entry.nr;
	return info.op == PTRACE_SYSCALL_INFO_EXIT;
}

/* How it goes on after a stop: a signal that came is delivered. */
static int
go_on(pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_STOP && sig != SIGTRAP)
		return ptrace(PTRACE_LISTEN, pid, NULL, NULL) < 0 ? -1 : 0;
	if (sig == CALL_STOP || event != 0)
		sig = 0;
	/* ptrace(2): the signal goes where a pointer is. */
	return ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig) < 0 ? -1
									: 0;
}

/* It is stopped: let it go. */
static int
detach(pid_t pid, unsigned long n)
{
	(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	say("passed", n, 0);
	return 0;
}

static int
follow(pid_t pid, unsigned long limit)
{
	unsigned long n = 0;
	long long number = -1;
	int status;

	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0) {
			/* Stop it, so that it can be let go. */
			if (errno == EINTR &&
			    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0)
				continue;
			return fail("waitpid");
		}
		if (!WIFSTOPPED(status)) {
			say("ended", n,
			    WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						: WEXITSTATUS(status));
			return 0;
		}
		if (WSTOPSIG(status) == CALL_STOP && has_ended(pid, &number) &&
		    ++n == limit) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, __WALL);
			say("killed", n, number);
			return 0;
		}
		if (leave)
			return detach(pid, n);
		if (go_on(pid, status) < 0 && errno != ESRCH)
			return fail("ptrace");
	}
}

/* 0, and it is seized and stopped. */
static int
seize(pid_t pid, bool ours)
{
	int status;

	if (ours && waitpid(pid, &status, WUNTRACED) < 0)
		return -1;
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)OPTIONS) < 0)
		return -1;
	return ours ? kill(pid, SIGCONT)
		    : (int)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
}

static bool
parse_number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && *ret <= max;
}

int
main(int argc, char *argv[])
{
	struct sigaction term = { .sa_handler = on_term };
	unsigned long limit = 0, number = 0;
	bool ours = argc > 2 && strcmp(argv[2], "-p") != 0;
	pid_t pid;

	if (argc < 3 || !parse_number(argv[1], ULONG_MAX, &limit) ||
	    (!ours &&
		(argc != 4 || !parse_number(argv[3], INT_MAX, &number)))) {
		fprintf(stderr,
		    "usage: killstep N COMMAND...\n"
		    "       killstep N -p PID\n");
		return 2;
	}
	(void)sigaction(SIGTERM, &term, NULL);
	pid = ours ? start(&argv[2]) : (pid_t)number;
	if (pid < 0 || seize(pid, ours) < 0)
		return fail("cannot follow it");
	printf("killstep ready\n");
	fflush(stdout);
	return follow(pid, limit);
}
