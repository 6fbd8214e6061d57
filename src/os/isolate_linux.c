/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Each layer would do alone, if all went well; each stands for the day that
 * another does not. In the order in which they are possible:
 *
 *   capabilities    none, and none to be had: the bounding set is empty, so
 *                   not even a set-user-ID program would give one
 *   empty root      a folder that is removed before it becomes the root: there
 *                   is no file, and none can be made
 *   own account     no file, no process and no message queue is its own
 *   no new privs    execve() gives nothing
 *   memory          not in swap, and not in a dump, not even one of root's
 *   not dumpable    no ptrace, no core, /proc/PID is root's
 *   parent's death  SIGKILL
 *   Landlock        no file, no TCP, no abstract socket or signal outside
 *   system calls    those below; any other kills the process
 *
 * The order matters: dropping from the bounding set and the new root need
 * capabilities; a change of account forgets the parent's death signal.
 */
#include "src/os/isolate.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef TUNGATE_NO_CALL_FILTER
#include <seccomp.h>
#endif
#ifdef TUNGATE_VALGRIND
#include <valgrind/valgrind.h>
#endif

/* 64 connections, twice as many while they come and go, and a dozen others. */
#define DESCRIPTORS_MAX 160

/*
 * Debian gives no account numbers from here (Policy, 9.2.2: 30000 to 59999 are
 * reserved), nor does systemd.
 */
#define NOBODYS_FIRST 59116

struct isolate_account
isolate_account(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	uid_t n = NOBODYS_FIRST;

	if (pw != NULL && pw->pw_uid != 0 && pw->pw_gid != 0)
		return (struct isolate_account){ .uid = pw->pw_uid,
			.gid = pw->pw_gid,
			.named = true };
	while (getpwuid(n) != NULL || getgrgid(n) != NULL)
		n++;
	return (struct isolate_account){ .uid = n, .gid = n };
}

static int
drop_bounding(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return -EPERM;
	/* Kernels before 4.3 have no ambient set to be emptied. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return 0;
}

static int
empty_root(const char *dir)
{
	char path[PATH_MAX];
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/empty-XXXXXX", dir);
	if (mkdtemp(path) == NULL)
		return -errno;
	if (chdir(path) < 0)
		r = -errno;
	/* In a folder that is gone nothing can be made. */
	if (rmdir(path) < 0 || r < 0)
		return r < 0 ? r : -errno;
	return chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

static int
become(const struct isolate_account *a)
{
	uid_t r, e, s;

	if (setgroups(0, NULL) < 0 || setresgid(a->gid, a->gid, a->gid) < 0 ||
	    setresuid(a->uid, a->uid, a->uid) < 0)
		return -errno;
	/* What cannot be had back is really gone. */
	if (getresuid(&r, &e, &s) < 0 || r == 0 || e == 0 || s == 0 ||
	    setuid(0) == 0)
		return -EPERM;
	return 0;
}

static int
drop_capabilities(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0 ||
	    capng_get_caps_process() < 0 ||
	    capng_have_capabilities(CAPNG_SELECT_BOTH) != CAPNG_NONE)
		return -EPERM;
	return 0;
}

static int
close_up(pid_t parent)
{
	struct rlimit few;

	/* The soft one: valgrind (3.19) has its own up to the hard one, and
	 * no call is left to raise it by. */
	if (getrlimit(RLIMIT_NOFILE, &few) < 0)
		return -errno;
	if (few.rlim_cur > DESCRIPTORS_MAX)
		few.rlim_cur = DESCRIPTORS_MAX;
	/* Not dumpable once more: the account's change may have undone it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &few) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	/* It may have died before that. */
	if (getppid() != parent)
		return -ECHILD;
	(void)prctl(PR_SET_NAME, "tungated-worker", 0, 0, 0);
	return 0;
}

/* Of what a dump holds (core(5)): nothing, not even if root makes one. */
static bool
dump_nothing(void)
{
	const struct rlimit none = { 0, 0 };
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "0", 1) == 1;

	if (fd >= 0)
		close(fd);
	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && done;
}

/*
 * The limit counts what is mapped, not what is used, and what would be mapped
 * beyond it is refused, but to CAP_IPC_LOCK.
 */
static bool
swap_nothing(bool privileged)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return (setrlimit(RLIMIT_MEMLOCK, &all) == 0 || privileged) &&
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

/* It is the limit that is in the way, then, and not the kernel. */
static bool
has_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY;
}

#define LIMITED " (RLIMIT_MEMLOCK is not to be lifted without CAP_SYS_RESOURCE)"

void
isolate_memory(bool privileged, const char **ret_lacks)
{
	bool dumps = !dump_nothing(), swaps = !swap_nothing(privileged);

	if (swaps && has_limit())
		*ret_lacks = dumps ? "memory out of dumps and swap" LIMITED
				   : "memory out of swap" LIMITED;
	else
		*ret_lacks = dumps && swaps ? "memory out of swap and dumps"
		    : dumps		    ? "memory out of dumps"
		    : swaps		    ? "memory out of swap"
					    : "";
}

/*
 * Landlock, by the kernel's own interface (linux/landlock.h; Debian 12's knows
 * the first three versions of it). All rights that a version has are handled,
 * and no rule allows one: nothing is allowed.
 */

struct ruleset {
	uint64_t files; /* 13 rights in version 1, then 14, 15, 16 in 5 */
	uint64_t net;	/* version 4: bind and connect, TCP */
	uint64_t scope; /* version 6: abstract sockets, signals */
};

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif
#define RULESET_VERSION (1u << 0)

static int
deny_files(void)
{
	static const unsigned file_rights[] = { 0, 13, 14, 15, 15, 16 };
	struct ruleset all = { 0 };
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	size_t size = sizeof(all.files);
	int fd, r = 0;

	if (version < 1)
		return -ENOSYS;
	all.files = (UINT64_C(1) << file_rights[version < 5 ? version : 5]) - 1;
	if (version >= 4) {
		all.net = 3;
		size += sizeof(all.net);
	}
	if (version >= 6) {
		all.scope = 3;
		size += sizeof(all.scope);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	close(fd);
	return r;
}

int
isolate_process(const struct isolate_account *a, const char *dir,
    const char **ret_lacks)
{
	pid_t parent = getppid();
	int r;

	*ret_lacks = "";
	if (a->uid == 0 || a->gid == 0)
		return -EINVAL;
	if ((r = drop_bounding()) < 0 || (r = empty_root(dir)) < 0 ||
	    (r = become(a)) < 0 || (r = drop_capabilities()) < 0 ||
	    (r = close_up(parent)) < 0)
		return r;
	if (deny_files() < 0)
		*ret_lacks = "Landlock";
	return 0;
}

/*
 * System calls.
 */

#ifdef TUNGATE_NO_CALL_FILTER

/* A sanitizer makes calls of its own, and opens files. */
int
isolate_calls(const char **ret_lacks)
{
	*ret_lacks = "";
	return 0;
}

#else

static bool
is_under_valgrind(void)
{
#ifdef TUNGATE_VALGRIND
	return RUNNING_ON_VALGRIND != 0;
#else
	return false;
#endif
}

static const int allowed[] = {
	/* packets: from the tun, to the uplink; what servers answer */
	SCMP_SYS(readv),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(
	    recvmmsg), /* from the uplink's namespace; writev() to the tun */
	/* the parent, and descriptors that come from it */
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	/* who asks; accept() where libevent has no accept4() */
	SCMP_SYS(accept4),
	SCMP_SYS(accept),
	SCMP_SYS(getsockopt), /* SO_PEERCRED, SO_PEERGROUPS, SO_ERROR */
	SCMP_SYS(sendto),     /* send() */
	SCMP_SYS(shutdown),
	SCMP_SYS(writev), /* a bufferevent's output */
	/* the pipes between the threads, and the log */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	/* waiting; which of them, libc and libevent choose */
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(futex),
	SCMP_SYS(restart_syscall), /* after SIGSTOP and SIGCONT */
	/* the time, where the vDSO does not know it */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	/* OpenSSL's random numbers; it makes sure it was not forked */
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	/* memory; mmap(), mremap() and mprotect() are below */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* the end, of a thread and of all */
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int
allow_with_limits(scmp_filter_ctx f)
{
	static const int commands[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL };
	int r;

	/* No memory that can be run. */
	if ((r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))) < 0 ||
	    (r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))) < 0)
		return r;
	/* Not F_SETOWN, which has signals sent. */
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if ((r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			 SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]))) < 0)
			return r;
	/*
	 * libevent 2.1 asks how much there is to be read, and lives without an
	 * answer. No ioctl() reaches the kernel: TUNSETPERSIST would need no
	 * privilege but the device's descriptor.
	 */
	return seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1,
	    SCMP_A1(SCMP_CMP_EQ, FIONREAD));
}

static int
load_filter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = -ENOMEM;

	if (f == NULL)
		return r;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if ((r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0)) <
		    0)
			goto release;
	if ((r = allow_with_limits(f)) < 0)
		goto release;
	/* All threads; another architecture's calls kill, by default. */
	if ((r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1)) < 0 ||
	    (r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
		 SCMP_ACT_KILL_PROCESS)) < 0)
		goto release;
	r = seccomp_load(f);

release:
	seccomp_release(f);
	return r;
}

int
isolate_calls(const char **ret_lacks)
{
	int r;

	*ret_lacks = "";
	if (is_under_valgrind())
		return 0;
	/* A kernel built without it says EINVAL to prctl(). */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) {
		*ret_lacks = "seccomp";
		return 0;
	}
	r = load_filter();
	return r < 0 ? r : 0;
}

#endif

/*
 * The parent.
 */

static const capng_type_t kinds =
    CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;

static const unsigned kept[] = {
	CAP_NET_ADMIN, /* tun, routes, rules, marks; and clients */
	CAP_NET_RAW,   /* the uplink's and the ears' packet sockets; clients */
	CAP_KILL,      /* the worker has another account */
	/* for a new worker: its account, its root, no capabilities */
	CAP_SETUID,
	CAP_SETGID,
	CAP_SETPCAP,
	CAP_SYS_CHROOT,
	/* the control socket's group; clients that change their account */
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_FOWNER,
	/* only for clients: port 500 (IKEv2), --mlock (OpenVPN) */
	CAP_NET_BIND_SERVICE,
	CAP_IPC_LOCK,
};

int
isolate_parent(bool namespaces)
{
	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (unsigned c = 0; c <= CAP_LAST_CAP; c++) {
		bool keep = namespaces && c == CAP_SYS_ADMIN;

		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			keep |= kept[i] == c;
		if (!keep)
			(void)capng_update(CAPNG_DROP, kinds, c);
	}
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}

void
isolate_client(void)
{
	/* Not there, or not ours to drop: then there is none to be had. */
	(void)prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
}
