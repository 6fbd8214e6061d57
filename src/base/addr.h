/* SPDX-License-Identifier: ISC */
/*
 * addr: an IPv4 or IPv6 address as a value.
 *
 * The family is ours, not the system's AF_ number, so that a value means the
 * same on every system and in every test. Zeroed is "no address".
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_family { ADDR_NONE = 0, ADDR_V4 = 4, ADDR_V6 = 6 };

struct addr {
	uint8_t family;	   /* enum addr_family */
	uint8_t bytes[16]; /* network order; an IPv4 address is the first 4 */
};

/* A network: the first bits of its addresses; the others are zero. */
struct prefix {
	struct addr net;
	unsigned bits;
};

/* Room for any printed address, or "[address]:port", with its NUL. */
#define ADDR_TEXT_MAX 56

/* Length of the address in bytes: 4, 16, or 0 for no address. */
size_t addr_len(const struct addr *a);

bool addr_equal(const struct addr *a, const struct addr *b);

/* An address from its bytes: 4 of them for ADDR_V4, 16 for ADDR_V6. */
struct addr addr_from_bytes(enum addr_family family, const void *bytes);

/*
 * Read "192.0.2.1" or "2001:db8::1" (no brackets, no scope). 0, or -EINVAL
 * with *ret untouched.
 */
int addr_parse(const char *text, struct addr *ret);

/*
 * Read "192.0.2.1:51820" or "[2001:db8::1]:51820"; the port in host order, 1
 * to 65535. Without ":port" the port is 0. 0, or -EINVAL with both untouched.
 */
int addr_parse_port(const char *text, struct addr *ret, uint16_t *ret_port);

/* Write the address into text and return text; "none" for no address. */
const char *addr_print(const struct addr *a, char text[ADDR_TEXT_MAX]);

/* As addr_parse_port reads it; port 0 leaves the port out. */
const char *
addr_print_port(const struct addr *a, uint16_t port, char text[ADDR_TEXT_MAX]);

/* Do the first `prefix` bits of the two agree? No, if the families differ. */
bool
addr_in_prefix(const struct addr *a, const struct addr *net, unsigned prefix);

/*
 * May a VPN server have this address? Not: unspecified, loopback, multicast,
 * broadcast, link-local, 0/8, and IPv4 inside IPv6. (IANA special-purpose
 * registries, RFC 6890.)
 */
bool addr_is_usable_server(const struct addr *a);

#endif /* BASE_ADDR_H */
