/* SPDX-License-Identifier: ISC */
#include "tools/ctl_resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* No address, if it is of another family. */
static struct addr
addr_of(const struct sockaddr *sa)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return addr_from_bytes(ADDR_V4, &in.sin_addr);
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		return addr_from_bytes(ADDR_V6, &in6.sin6_addr);
	}
	return (struct addr){ .family = ADDR_NONE };
}

int
ctl_resolve(const char *name, struct addr ret[KEPT_NAME_ADDRS_MAX],
    const char **ret_why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	int n = 0, i, r = getaddrinfo(name, NULL, &hints, &found);

	if (r != 0) {
		*ret_why = gai_strerror(r);
		return -1;
	}
	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		struct addr addr = addr_of(a->ai_addr);

		for (i = 0; i < n && !addr_equal(&ret[i], &addr); i++)
			;
		if (i == n && n < KEPT_NAME_ADDRS_MAX &&
		    addr_is_usable_server(&addr))
			ret[n++] = addr;
	}
	freeaddrinfo(found);
	*ret_why = "no address that a server can have";
	return n > 0 ? n : -1;
}
