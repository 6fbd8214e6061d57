/* SPDX-License-Identifier: ISC */
/*
 * toolrun: runs a program of the system's, and comes back whatever it does.
 *
 * For a process with one thread. The program gets an environment of our own,
 * no descriptor but its three, and a process group that ends with it.
 */
#ifndef OS_TOOLRUN_H
#define OS_TOOLRUN_H

#include <stddef.h>

/*
 * Run argv[0], an absolute path, with `in` on its standard input (NULL:
 * nothing). What it writes to standard output and error is in out, with a NUL
 * after it. Its exit status, or a negative errno after which it is gone, too:
 * -ETIMEDOUT (not done after ms), -EMSGSIZE (it said more than fits), -EINTR
 * (a signal ended it). 127: there is no such program.
 */
int toolrun(const char *const argv[], const char *in, unsigned ms, char *out,
    size_t cap);

#endif /* OS_TOOLRUN_H */
