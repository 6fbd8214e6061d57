/* SPDX-License-Identifier: ISC */
/*
 * kept_name: what a server's name stood for when it was looked up, kept in a
 * comment of its file, for it is not looked up again:
 *
 *     # tungate: vpn.example.net = 203.0.113.5 2001:db8::5
 */
#ifndef CONTROL_KEPT_NAME_H
#define CONTROL_KEPT_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/addr.h"

#define KEPT_NAME_MAX	    254 /* with its NUL (RFC 1035, 2.3.4) */
#define KEPT_NAME_ADDRS_MAX 8	/* of one name */
/* Room for any such comment, with its newline and NUL. */
#define KEPT_NAME_LINE_MAX \
	(16 + KEPT_NAME_MAX + KEPT_NAME_ADDRS_MAX * ADDR_TEXT_MAX)

/*
 * Can a host be called that? Letters, digits, "-", "_" and dots; not what
 * looks like an IPv4 address.
 */
bool kept_name_is_valid(const char *name);

/* Is this line such a comment? */
bool kept_name_is_line(const char *line, size_t len);

/*
 * What the len bytes of a file say that a name stands for. The number of
 * addresses, 0 if it is not there, or -EINVAL if they cannot be read.
 */
int kept_name_find(const char *text, size_t len, const char *name,
    struct addr ret[KEPT_NAME_ADDRS_MAX]);

/* The comment, with its newline. Returns line. */
const char *kept_name_print(const char *name, const struct addr *addrs,
    unsigned n, char line[KEPT_NAME_LINE_MAX]);

#endif /* CONTROL_KEPT_NAME_H */
