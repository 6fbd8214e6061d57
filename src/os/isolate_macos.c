/* SPDX-License-Identifier: ISC */
/*
 * macOS has no call filter and no capabilities that a program may use; an
 * account and an empty root it has. But a BPF device is opened when the first
 * packet leaves by an interface (uplink_macos.c), by the worker, which needs
 * root for it. Until the parent opens these and hands them over, the worker
 * stays root here, and what it is parted from is only what it inherits. So
 * nothing is claimed: all of it is said to be lacking.
 */
#include "src/os/isolate.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

struct isolate_account
isolate_account(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw != NULL && pw->pw_uid != 0 && pw->pw_gid != 0)
		return (struct isolate_account){ .uid = pw->pw_uid,
			.gid = pw->pw_gid,
			.named = true };
	/* "nobody" has -2 here. */
	return (struct isolate_account){ .uid = (uid_t)-2, .gid = (gid_t)-2 };
}

/* There is no mlockall() that works (mlockall(2): ENOSYS). */
void
isolate_memory(bool privileged, const char **ret_lacks)
{
	const struct rlimit none = { 0, 0 };

	(void)privileged;
	*ret_lacks = setrlimit(RLIMIT_CORE, &none) < 0
	    ? "memory out of swap and dumps"
	    : "memory out of swap";
}

int
isolate_process(const struct isolate_account *a, const char *dir,
    const char **ret_lacks)
{
	(void)a;
	(void)dir;
	*ret_lacks = "an account of its own and an empty root";
	return 0;
}

int
isolate_calls(const char **ret_lacks)
{
	*ret_lacks = "a filter of system calls";
	return 0;
}

int
isolate_parent(bool namespaces)
{
	(void)namespaces;
	return 0;
}

void
isolate_client(void)
{
}
