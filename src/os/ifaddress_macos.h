/* SPDX-License-Identifier: ISC */
/*
 * ifaddress: the addresses of interfaces.
 */
#ifndef OS_IFADDRESS_H
#define OS_IFADDRESS_H

#include <stdbool.h>

#include "src/base/addr.h"

struct sockaddr;

/* ADDR_NONE if sa is NULL or of another family. */
struct addr ifaddress_read(const struct sockaddr *sa);

/* The length of a netmask of that family. */
unsigned ifaddress_prefix(const struct sockaddr *mask, enum addr_family family);

/*
 * May something be sent from this address of the interface? Not from a
 * link-local one, nor from one that is not confirmed yet, found twice on the
 * link, or on its way out (RFC 4862).
 */
bool ifaddress_is_usable(const char *ifname, const struct addr *a);

/*
 * Has the interface these addresses, and no other but link-local ones?
 * ADDR_NONE: it shall have none of that family. No, if we cannot tell.
 */
bool ifaddress_is_set(const char *ifname, const struct addr *v4,
    const struct addr *v6);

/*
 * Make it so, of a point-to-point interface. Needs privilege. 0, or a negative
 * errno after doing what could be done.
 */
int
ifaddress_set(const char *ifname, const struct addr *v4, const struct addr *v6);

#endif /* OS_IFADDRESS_H */
