/* SPDX-License-Identifier: ISC */
/*
 * holder: a process that does nothing but keep a descriptor open, so that what
 * belongs to it does not lose its owner when its maker is killed.
 *
 * It has no privilege, no other descriptor, and ends only when it is killed.
 * It is known by its name, root's account and the network namespace that it
 * is in: so it is found without a file that says where.
 */
#ifndef OS_HOLDER_LINUX_H
#define OS_HOLDER_LINUX_H

/* Hold the descriptor. 0, or a negative errno. */
int holder_start(int fd);

/*
 * End all that there are in this network namespace, and wait until they are
 * gone (a second each at most). 0 also if there is none.
 */
int holder_end(void);

#endif /* OS_HOLDER_LINUX_H */
