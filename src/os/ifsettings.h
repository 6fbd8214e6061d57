/* SPDX-License-Identifier: ISC */
/*
 * ifsettings: how an interface is set up: its addresses and default routes.
 *
 * Kept in a file while the interface is away, so that whoever brings it home
 * can set it up as it was. The text is ours:
 *
 *     interface eth0
 *     address 192.0.2.10/24
 *     gateway 192.0.2.1 metric 100
 *     down
 *
 * Names and numbers only; a line that is not understood is an error.
 */
#ifndef OS_IFSETTINGS_H
#define OS_IFSETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

#define IFSETTINGS_MAX	    16
#define IFSETTINGS_GATEWAYS 2
#define IFSETTINGS_TEXT_MAX 2048

struct ifsettings {
	char name[16];
	struct {
		struct addr addr;
		unsigned bits;
	} addresses[IFSETTINGS_MAX];
	unsigned n_addresses;
	struct {
		struct addr addr;
		uint32_t metric; /* of the route; 0: what the kernel chooses */
	} gateways[IFSETTINGS_GATEWAYS]; /* of any family */
	unsigned n_gateways;
	bool down;
};

/*
 * As text, ended by NUL; its length. Read: 0, or -EINVAL with *ret zeroed.
 */
size_t
ifsettings_print(const struct ifsettings *s, char text[IFSETTINGS_TEXT_MAX]);
int ifsettings_parse(const char *text, size_t len, struct ifsettings *ret);

/* In a file, written as a whole or not at all. 0, or a negative errno. */
int ifsettings_save(const struct ifsettings *s, const char *path);
int ifsettings_load(const char *path, struct ifsettings *ret);

/*
 * What the interface has now, in the namespace we are in: global addresses,
 * and where its default routes lead; but not what the kernel has from routers
 * (RFC 4862): it asks them again, and they would be kept for ever. 0, or a
 * negative errno (-ENODEV).
 */
int ifsettings_look(const char *name, struct ifsettings *ret);

/*
 * Bring the interface up (but for `down`) and give it all of that; what is
 * there stays. A gateway that none of its networks has is taken to be on the
 * link. 0, or the first error, after trying all.
 */
int ifsettings_apply(const struct ifsettings *s);

#endif /* OS_IFSETTINGS_H */
