/* SPDX-License-Identifier: ISC */
/*
 * dnstext: resolv.conf(5), and our note of whom we told: written and read.
 */
#ifndef OS_DNSTEXT_H
#define OS_DNSTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/ifname.h"
#include "src/os/dns.h"

/* What a file of ours begins with. */
#define DNSTEXT_HEADER                                                       \
	"# tungate: while the tunnel is up; what was here comes back after " \
	"it.\n"

/* 8 domains of 253 letters, 8 servers of 57, and the header. */
#define DNSTEXT_MAX 4096

enum dnstext_maker {
	DNSTEXT_ANYBODY = 0,
	DNSTEXT_OURS,
	DNSTEXT_RESOLVED,   /* asks systemd-resolved, and nobody else */
	DNSTEXT_RESOLVCONF, /* resolvconf or openresolv made it */
};

/*
 * Are all of its words what they must be: an interface, addresses, domains of
 * letters, digits, "-", "." and "_"? None can be taken for an option or for two
 * words.
 */
bool dnstext_is_sound(const struct dns_plan *plan);

/* The lines of a sound plan, after the header if wanted. Their length. */
size_t
dnstext_print(const struct dns_plan *plan, bool header, char text[DNSTEXT_MAX]);

/* Who made it, as it says. */
enum dnstext_maker dnstext_maker(const char *text, size_t len);

/* The same but for line ends at the end? */
bool dnstext_same(const char *a, size_t a_len, const char *b, size_t b_len);

/*
 * Whom we told: "resolved tungate0". 0, or -EINVAL with *ret untouched.
 */
struct dnstext_note {
	enum dnstext_maker told; /* DNSTEXT_RESOLVED or DNSTEXT_RESOLVCONF */
	char interface[IFNAME_MAX];
};

#define DNSTEXT_NOTE_MAX 40

size_t
dnstext_print_note(const struct dnstext_note *n, char text[DNSTEXT_NOTE_MAX]);
int dnstext_read_note(const char *text, size_t len, struct dnstext_note *ret);

#endif /* OS_DNSTEXT_H */
