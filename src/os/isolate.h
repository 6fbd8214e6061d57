/* SPDX-License-Identifier: ISC */
/*
 * isolate: takes from a process what it does not need.
 *
 * The worker, which looks at what strangers send, keeps its descriptors, its
 * memory and its threads, and nothing else; the parent keeps what devices,
 * routes and starting clients take. None of it can be had back.
 */
#ifndef OS_ISOLATE_H
#define OS_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct isolate_account {
	uid_t uid; /* never 0 */
	gid_t gid;
	bool named; /* there is such an account */
};

/*
 * Whom to be. Without an account of that name, or if it is root's, a number
 * that no account has.
 */
struct isolate_account isolate_account(const char *name);

/*
 * Close all descriptors but 0 to 2 and these n; 0 and 1 become /dev/null. 0,
 * or a negative errno.
 */
int isolate_descriptors(const int keep[], size_t n);

/*
 * What is in this process's memory stays there: no dump, no swap, and nobody
 * but root may look into it; of the processes that it forks, all but swap
 * holds again. Before there are secrets. privileged: it stays so, and the limit
 * of what it may lock is none to it. *ret_lacks as below.
 */
void isolate_memory(bool privileged, const char **ret_lacks);

/*
 * For the worker, while it has one thread: another account without groups and
 * capabilities, an empty root, nobody who may look into it, its parent's death
 * is its own. dir: where an empty folder can be made for a moment. 0, or a
 * negative errno: then the process must end. *ret_lacks: what this system has
 * no means for, or "".
 */
int isolate_process(const struct isolate_account *a, const char *dir,
    const char **ret_lacks);

/*
 * For the worker, once all its threads are there: only the system calls it
 * needs; any other ends it. Returns and *ret_lacks as above.
 */
int isolate_calls(const char **ret_lacks);

/*
 * For the parent: no privilege beyond what it uses and VPN clients need, for
 * itself and all that it starts; with namespaces, also what going into one
 * takes. 0, or a negative errno.
 */
int isolate_parent(bool namespaces);

/*
 * For a process of the parent's that becomes a client: it has no business in
 * other namespaces. In force from its next exec on.
 */
void isolate_client(void);

#endif /* OS_ISOLATE_H */
