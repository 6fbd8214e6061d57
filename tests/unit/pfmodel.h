/* SPDX-License-Identifier: ISC */
/*
 * pfmodel: what macOS's pf does with a packet, as pf.conf(5) and xnu's pf.c
 * have it, for the rules that tungate writes.
 *
 * It knows no more of the language than these use: a word that it does not
 * know ends the test. It was made from the documents, not from pfrules.c.
 */
#ifndef TESTS_PFMODEL_H
#define TESTS_PFMODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/addr.h"

struct pfmodel_packet {
	bool in;
	const char *interface;
	const char *protocol; /* "udp", "tcp", "icmp", "ipv6-icmp", "igmp" */
	const char *from, *to;
	unsigned from_port, to_port;
	const char *type; /* of ICMP, as pf.conf(5) names it */
	unsigned code;
	unsigned user;
	bool fragment; /* one that is not put together */
	bool options;  /* IPv4's */
};

/* May it pass by these rules? */
bool pfmodel_passes(const char *rules, const struct pfmodel_packet *p);

#endif /* TESTS_PFMODEL_H */
