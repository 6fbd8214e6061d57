/* SPDX-License-Identifier: ISC */
/*
 * Each test forks a process that isolates itself, as the worker does, and then
 * does what it may not. As root; where the build has no filter of system calls
 * (a sanitizer's, or under valgrind), what only that forbids is left out.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/os/isolate.h"

/* linux/if_tun.h and the system's if.h do not go together. */
#define TUNSETPERSIST _IOW('T', 203, int)

static int pair[2]; /* it has one end */

static void
isolate_all(void)
{
	const struct isolate_account a = isolate_account("no such account");
	const int keep[] = { pair[1] };
	const char *lacks;

	isolate_memory(false, &lacks);
	if (isolate_descriptors(keep, 1) < 0 ||
	    isolate_process(&a, "/tmp", &lacks) < 0 ||
	    isolate_calls(&lacks) < 0)
		_exit(99);
}

/* How a process ends that isolates itself and then does this. */
static int
end_of(void (*what)(void))
{
	int status;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		isolate_all();
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pair[0]);
	close(pair[1]);
	return status;
}

/* Is there a filter in this build, and does it work here? */
static bool
has_filter(void)
{
	int status, fds[2];
	char mode = '0';
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const char *lacks;

		if (isolate_calls(&lacks) < 0)
			_exit(99);
		/* read() is allowed, prctl() is not. */
		_exit(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)mode;
	close(fds[0]);
	close(fds[1]);
	close(pair[0]);
	close(pair[1]);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void
nothing(void)
{
}

static void
open_a_file(void)
{
	(void)!open("/dev/null", O_RDONLY);
}

static void
open_by_its_old_name(void)
{
	(void)!syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
}

static void
make_a_socket(void)
{
	(void)!socket(AF_INET, SOCK_DGRAM, 0);
}

static void
bind_one(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)!bind(pair[1], (struct sockaddr *)&at, sizeof(at));
}

static void
connect_one(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)!connect(pair[1], (struct sockaddr *)&at, sizeof(at));
}

static void
set_an_option(void)
{
	int on = 1;

	(void)!setsockopt(pair[1], SOL_SOCKET, SO_MARK, &on, sizeof(on));
}

static void
start_a_program(void)
{
	(void)!execl("/bin/true", "true", (char *)NULL);
}

static void
start_a_process(void)
{
	(void)!fork();
}

static void *
no_thread(void *arg)
{
	return arg;
}

static void
start_a_thread(void)
{
	pthread_t thread;

	(void)!pthread_create(&thread, NULL, no_thread, NULL);
}

static void
look_into_a_process(void)
{
	(void)!ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void
signal_a_process(void)
{
	(void)!kill(getppid(), 0);
}

static void
take_the_device_away(void)
{
	(void)!ioctl(pair[1], TUNSETPERSIST, 0);
}

static void
name_an_interface(void)
{
	struct ifreq ifr = { 0 };

	(void)!ioctl(pair[1], SIOCGIFFLAGS, &ifr);
}

static void
have_signals_sent(void)
{
	(void)!fcntl(pair[1], F_SETOWN, 1);
}

static void
map_what_can_be_run(void)
{
	(void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
make_memory_runnable(void)
{
	static char room[8192];
	char *page = room + 4096 - (uintptr_t)room % 4096;

	(void)!mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void
set_up_io_uring(void)
{
	struct io_uring_params p = { 0 };

	(void)!syscall(SYS_io_uring_setup, 4, &p);
}

static void
become_root(void)
{
	(void)!setuid(0);
}

static void
leave_the_root(void)
{
	(void)!chroot("/");
}

static void
ask_the_kernel_for_a_limit(void)
{
	struct rlimit l = { 1024, 1024 };

	(void)!setrlimit(RLIMIT_NOFILE, &l);
}

static const struct {
	const char *what;
	void (*how)(void);
} forbidden[] = {
	{ "open", open_a_file },
	{ "openat", open_by_its_old_name },
	{ "socket", make_a_socket },
	{ "bind", bind_one },
	{ "connect", connect_one },
	{ "setsockopt", set_an_option },
	{ "execve", start_a_program },
	{ "fork", start_a_process },
	{ "a thread", start_a_thread },
	{ "ptrace", look_into_a_process },
	{ "kill", signal_a_process },
	{ "ioctl TUNSETPERSIST", take_the_device_away },
	{ "ioctl SIOCGIFFLAGS", name_an_interface },
	{ "fcntl F_SETOWN", have_signals_sent },
	{ "mmap PROT_EXEC", map_what_can_be_run },
	{ "mprotect PROT_EXEC", make_memory_runnable },
	{ "io_uring", set_up_io_uring },
	{ "setuid", become_root },
	{ "chroot", leave_the_root },
	{ "setrlimit", ask_the_kernel_for_a_limit },
};

static void
what_is_not_on_the_list_kills(void **state)
{
	(void)state;
	if (geteuid() != 0 || !has_filter())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		int status = end_of(forbidden[i].how);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", forbidden[i].what,
			    (unsigned)status);
	}
}

static void
work(void)
{
	struct pollfd p = { .fd = pair[1], .events = POLLOUT };
	char *room = malloc(1 << 20);
	int n = 0;

	if (room == NULL || write(pair[1], "x", 1) != 1 ||
	    poll(&p, 1, 0) != 1 || fcntl(pair[1], F_GETFL) < 0 ||
	    (ioctl(pair[1], FIONREAD, &n) == 0 && has_filter()))
		_exit(1);
	free(room);
}

static void
what_the_worker_does_is_on_it(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(end_of(nothing), 0);
	assert_int_equal(end_of(work), 0);
}

/*
 * Without the filter: each layer for itself.
 */

/* In a process that is isolated but for the filter; 0 if it is so. */
static int
isolated(int (*is)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		const struct isolate_account a = isolate_account("no such one");
		const char *lacks;

		isolate_memory(false, &lacks);
		if (isolate_process(&a, "/tmp", &lacks) < 0)
			_exit(99);
		_exit(is());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int
it_is_nobody(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs, groups[4];

	if (getresuid(&r, &e, &s) < 0 || r == 0 || r != e || e != s)
		return 1;
	if (getresgid(&gr, &ge, &gs) < 0 || gr == 0 || gr != ge || ge != gs)
		return 2;
	if (getgroups(4, groups) != 0)
		return 3;
	return setuid(0) == 0 || setgid(0) == 0 ? 4 : 0;
}

static int
its_root_is_empty(void)
{
	/* Landlock or the missing folder: whichever comes first. */
	if (open("/file", O_RDWR | O_CREAT, 0600) >= 0)
		return 1;
	if (mkdir("/folder", 0700) == 0)
		return 2;
	if (access("/etc", F_OK) == 0 || access("/proc", F_OK) == 0 ||
	    access("/../etc", F_OK) == 0)
		return 3;
	return open("/", O_RDONLY | O_DIRECTORY) >= 0 && errno != EACCES ? 4
									 : 0;
}

static int
it_has_no_capability(void)
{
	/* CAP_LAST_CAP may be anything up to 63. */
	for (unsigned long c = 0; c < 64; c++)
		if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1)
			return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

static int
nobody_may_look_into_it(void)
{
	struct rlimit core;

	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	return getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0 ? 2 : 0;
}

static int
it_dies_with_its_parent(void)
{
	int sig = 0;

	return prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0) < 0 || sig != SIGKILL;
}

static void
each_layer_holds_by_itself(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(isolated(it_is_nobody), 0);
	assert_int_equal(isolated(its_root_is_empty), 0);
	assert_int_equal(isolated(it_has_no_capability), 0);
	assert_int_equal(isolated(nobody_may_look_into_it), 0);
	assert_int_equal(isolated(it_dies_with_its_parent), 0);
}

/* All of them: the thread that was there before the filter, too. */
static void *
sleep_then_open(void *arg)
{
	char c;

	(void)!read(*(int *)arg, &c, 1);
	open_a_file();
	return NULL;
}

static void
the_filter_is_every_threads(void **state)
{
	int status, wake[2];
	pid_t child;

	(void)state;
	if (geteuid() != 0 || !has_filter())
		skip();
	assert_int_equal(pipe(wake), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const char *lacks;
		pthread_t thread;

		if (pthread_create(&thread, NULL, sleep_then_open, &wake[0]) !=
		    0)
			_exit(98);
		(void)usleep(50000);
		if (isolate_calls(&lacks) < 0)
			_exit(99);
		(void)!write(wake[1], "x", 1);
		for (;;)
			(void)poll(NULL, 0, 1000);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	close(wake[0]);
	close(wake[1]);
}

static void
descriptors_that_are_not_named_are_closed(void **state)
{
	int status, keep = dup(0);
	pid_t child;

	(void)state;
	assert_true(keep >= 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		unsigned n = 0;

		(void)dup2(0, 400);
		(void)dup2(0, 401);
		if (isolate_descriptors(&keep, 1) < 0)
			_exit(99);
		for (int fd = 0; fd < 1000; fd++)
			n += fcntl(fd, F_GETFD) >= 0;
		_exit(n == 4 && fcntl(keep, F_GETFD) >= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(keep);
}

static void
an_account_is_never_roots(void **state)
{
	(void)state;
	assert_int_not_equal(isolate_account("root").uid, 0);
	assert_false(isolate_account("root").named);
	assert_false(isolate_account("no such account").named);
	assert_true(isolate_account("nobody").named);
}

/* A program that the parent starts has what it has, and no more. */
static void
the_parent_keeps_what_it_needs(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* CAP_NET_ADMIN is 12, CAP_KILL 5; SYS_PTRACE is 19,
		 * SYS_ADMIN 21, SYS_MODULE 16. */
		bool had = prctl(PR_CAPBSET_READ, 12, 0, 0, 0) == 1;

		if (isolate_parent(false) < 0)
			_exit(99);
		if (prctl(PR_CAPBSET_READ, 19, 0, 0, 0) == 1 ||
		    prctl(PR_CAPBSET_READ, 21, 0, 0, 0) == 1 ||
		    prctl(PR_CAPBSET_READ, 16, 0, 0, 0) == 1)
			_exit(1);
		if (had != (prctl(PR_CAPBSET_READ, 12, 0, 0, 0) == 1))
			_exit(2);
		/* And a worker can still be made of its child. */
		_exit(isolated(it_is_nobody) == 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_on_the_list_kills),
		cmocka_unit_test(what_the_worker_does_is_on_it),
		cmocka_unit_test(each_layer_holds_by_itself),
		cmocka_unit_test(the_filter_is_every_threads),
		cmocka_unit_test(descriptors_that_are_not_named_are_closed),
		cmocka_unit_test(an_account_is_never_roots),
		cmocka_unit_test(the_parent_keeps_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
