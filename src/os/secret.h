/* SPDX-License-Identifier: ISC */
/*
 * secret: memory for what is secret and kept for long: processes that are
 * forked do not get it, where the system can keep it from them. From swap and
 * dumps all of a process is kept: isolate_memory().
 */
#ifndef OS_SECRET_H
#define OS_SECRET_H

#include <stddef.h>

/*
 * So many bytes, zeroed. NULL: no memory. In a process that is forked they
 * are zeros (Linux 4.14), or as they were.
 */
void *secret_new(size_t len);

/* Wipes it; len as it was made. secret_free(NULL, 0) does nothing. */
void secret_free(void *p, size_t len);

#endif /* OS_SECRET_H */
