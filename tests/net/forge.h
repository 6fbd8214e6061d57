/* SPDX-License-Identifier: ISC */
/*
 * forge: packets that no honest program sends, made byte by byte.
 */
#ifndef TESTS_NET_FORGE_H
#define TESTS_NET_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FORGE_MAX = 1500, CANARY_BYTES = 16 };

/* What is asked for. Addresses are 4 or 16 bytes by `v6`. */
struct order {
	bool v6;
	uint8_t from[16], to[16];
	uint8_t via[16];   /* another router, asked for or told of */
	uint8_t about[16]; /* where a redirect is for */
	uint16_t sport, port;
	uint8_t protocol; /* of the kind "protocol" */
	uint8_t mac[6];	  /* the device's own */
	uint8_t canary[CANARY_BYTES];
};

struct packet {
	uint16_t ethertype;
	size_t len;
	uint8_t bytes[FORGE_MAX];
};

/* Make one of that kind. False if there is no such kind for the family. */
bool forge(const char *kind, const struct order *o, struct packet *ret);

/* The kinds' names, one a line. */
void forge_list(FILE *out);

/*
 * What a lookalike of WireGuard's first message says: the length and the
 * type are right, the rest is the canary. Returns its length.
 */
size_t forge_wireguard(const uint8_t canary[CANARY_BYTES], uint8_t *ret);

#endif /* TESTS_NET_FORGE_H */
