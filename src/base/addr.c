/* SPDX-License-Identifier: ISC */
#include "src/base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t
addr_len(const struct addr *a)
{
	switch (a->family) {
	case ADDR_V4:
		return 4;
	case ADDR_V6:
		return 16;
	default:
		return 0;
	}
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, addr_len(a)) == 0;
}

struct addr
addr_from_bytes(enum addr_family family, const void *bytes)
{
	struct addr a = { .family = (uint8_t)family };

	memcpy(a.bytes, bytes, addr_len(&a));
	return a;
}

int
addr_parse(const char *text, struct addr *ret)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*ret = addr_from_bytes(ADDR_V4, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*ret = addr_from_bytes(ADDR_V6, bytes);
	else
		return -EINVAL;
	return 0;
}

static int
parse_port(const char *text, uint16_t *ret)
{
	unsigned long n = 0;

	if (*text == '\0' || strlen(text) > 5)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (unsigned long)(*text - '0');
	}
	if (n == 0 || n > 65535)
		return -EINVAL;
	*ret = (uint16_t)n;
	return 0;
}

int
addr_parse_port(const char *text, struct addr *ret, uint16_t *ret_port)
{
	char host[ADDR_TEXT_MAX];
	const char *end, *rest, *start = text;
	uint16_t port = 0;
	struct addr a;

	if (*text == '[') {
		start = text + 1;
		if ((end = strchr(start, ']')) == NULL)
			return -EINVAL;
		rest = end + 1;
	} else {
		/* Two colons without brackets: an IPv6 address, no port. */
		end = strchr(text, ':');
		if (end == NULL || strchr(end + 1, ':') != NULL)
			end = text + strlen(text);
		rest = end;
	}
	if ((size_t)(end - start) >= sizeof(host))
		return -EINVAL;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	if (addr_parse(host, &a) < 0)
		return -EINVAL;
	if (*text == '[' && a.family != ADDR_V6)
		return -EINVAL;
	if (*rest == ':') {
		if (parse_port(rest + 1, &port) < 0)
			return -EINVAL;
	} else if (*rest != '\0') {
		return -EINVAL;
	}

	*ret = a;
	*ret_port = port;
	return 0;
}

const char *
addr_print(const struct addr *a, char text[ADDR_TEXT_MAX])
{
	int family = a->family == ADDR_V4 ? AF_INET : AF_INET6;

	if (a->family == ADDR_NONE ||
	    inet_ntop(family, a->bytes, text, ADDR_TEXT_MAX) == NULL)
		memcpy(text, "none", sizeof("none"));
	return text;
}

const char *
addr_print_port(const struct addr *a, uint16_t port, char text[ADDR_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];

	addr_print(a, host);
	if (port == 0)
		(void)snprintf(text, ADDR_TEXT_MAX, "%.46s", host);
	else if (a->family == ADDR_V6)
		(void)snprintf(text, ADDR_TEXT_MAX, "[%.46s]:%u", host, port);
	else
		(void)snprintf(text, ADDR_TEXT_MAX, "%.46s:%u", host, port);
	return text;
}

bool
addr_in_prefix(const struct addr *a, const struct addr *net, unsigned prefix)
{
	size_t whole = prefix / 8;
	unsigned rest = prefix % 8;

	if (a->family != net->family || a->family == ADDR_NONE ||
	    prefix > 8 * addr_len(a))
		return false;
	if (memcmp(a->bytes, net->bytes, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	return ((a->bytes[whole] ^ net->bytes[whole]) >> (8 - rest)) == 0;
}

bool
addr_is_usable_server(const struct addr *a)
{
	static const struct {
		struct addr net;
		unsigned prefix;
	} never[] = {
		{ { ADDR_V4, { 0 } }, 8 },	   /* "this network" */
		{ { ADDR_V4, { 127 } }, 8 },	   /* loopback */
		{ { ADDR_V4, { 169, 254 } }, 16 }, /* link-local */
		{ { ADDR_V4, { 224 } }, 3 },	   /* multicast, reserved */
		{ { ADDR_V6, { 0 } }, 96 }, /* ::, ::1, IPv4-compatible */
		{ { ADDR_V6, { [10] = 0xff, 0xff } }, 96 }, /* IPv4-mapped */
		{ { ADDR_V6, { 0xfe, 0x80 } }, 10 },	    /* link-local */
		{ { ADDR_V6, { 0xff } }, 8 },		    /* multicast */
	};

	if (a->family == ADDR_NONE)
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (addr_in_prefix(a, &never[i].net, never[i].prefix))
			return false;
	return true;
}
