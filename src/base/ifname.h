/* SPDX-License-Identifier: ISC */
/*
 * ifname: the name of a network interface.
 */
#ifndef BASE_IFNAME_H
#define BASE_IFNAME_H

#include <stdbool.h>

#define IFNAME_MAX 16 /* with its NUL: IFNAMSIZ, on both systems */

/*
 * May an interface be called that? What the kernel takes (dev_valid_name: no
 * slash, colon, blank, "." or ".."), of printable ASCII, and no "%", for which
 * it would put in a number.
 */
bool ifname_is_valid(const char *name);

#endif /* BASE_IFNAME_H */
