/* SPDX-License-Identifier: ISC */
/*
 * dnsfile: resolv.conf with our lines in it, and put back as it was.
 */
#ifndef OS_DNSFILE_LINUX_H
#define OS_DNSFILE_LINUX_H

#include <stdbool.h>
#include <stddef.h>

#include "src/os/dnstext.h"

/*
 * Make it this text, which has our header. What is there and is not ours is
 * kept beside it first. 0; or a negative errno: then all is as it was.
 */
int dnsfile_put(const char *path, const char *text, size_t len);

/* Is it this, and a file? */
bool dnsfile_is(const char *path, const char *text, size_t len);

/* Who made it, as it says, or the link does. */
enum dnstext_maker dnsfile_maker(const char *path);

/* See dns_restore(). */
int dnsfile_restore(const char *path);

#endif /* OS_DNSFILE_LINUX_H */
