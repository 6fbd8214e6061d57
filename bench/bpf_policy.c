/* SPDX-License-Identifier: ISC */
#include "bench/bpf_policy.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/policy.h"

/* An endpoint takes under 120 characters. */
#define FILTER_MAX 8192

struct text {
	char s[FILTER_MAX];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *fmt, ...)
{
	size_t room = sizeof(t->s) - t->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->s + t->len, room, fmt, args);
	va_end(args);
	t->len += n > 0 && (size_t)n < room ? (size_t)n : room - 1;
}

/*
 * One family: what all its endpoints ask for once, then the endpoints, then
 * the shape. "link" is the packet from its first byte on, without libpcap's
 * own checks, which would be made twice.
 */
static void
add_family(struct text *t, const struct policy *pol, enum addr_family family)
{
	bool v4 = family == ADDR_V4, first = true;
	unsigned ip = v4 ? 20 : 40;
	char a[ADDR_TEXT_MAX];

	if (v4)
		add(t,
		    "(link[0] = 0x45 and link[2:2] = len and "
		    "link[6:2] & 0x3fff = 0 and link[9] = 17 and ip src %s",
		    addr_print(&pol->source4, a));
	else
		add(t,
		    "(link[0] & 0xf0 = 0x60 and link[4:2] = len - 40 and "
		    "link[6] = 17 and ip6 src %s",
		    addr_print(&pol->source6, a));
	add(t, " and link[%u:2] = len - %u and (", ip + 4, ip);
	for (unsigned i = 0; i < pol->n_endpoints; i++) {
		const struct endpoint *e = &pol->endpoints[i];

		if (e->addr.family != family)
			continue;
		add(t, "%s(%s dst %s and link[%u:2] = %u)", first ? "" : " or ",
		    v4 ? "ip" : "ip6", addr_print(&e->addr, a), ip + 2,
		    e->port);
		first = false;
	}
	/* The shape, the bulk first: see is_wireguard() in shape.c. */
	add(t,
	    ") and ((link[%u:4] = 0x04000000 and len >= %u and "
	    "((len - %u) & 15 = 0 or len >= %u))",
	    ip + 8, ip + 8 + 32, ip + 8, ip + 8 + 608);
	for (unsigned type = 1; type <= 3; type++) {
		static const unsigned lens[] = { 0, 148, 92, 64 };

		add(t, " or (link[%u:4] = 0x0%u000000 and len = %u)", ip + 8,
		    type, ip + 8 + lens[type]);
	}
	add(t, "))");
}

int
bpf_policy_compile(const struct policy *pol, struct bpf_program *ret)
{
	struct text *t = calloc(1, sizeof(*t));
	pcap_t *pcap = pcap_open_dead(DLT_RAW, 65535);
	bool families[2] = { false, false };
	int r = -1;

	if (t == NULL || pcap == NULL) {
		(void)fprintf(stderr, "bpf: no memory\n");
		goto out;
	}
	for (unsigned i = 0; i < pol->n_endpoints; i++) {
		if (pol->endpoints[i].shape != SHAPE_WIREGUARD) {
			(void)fprintf(stderr, "bpf: only WireGuard's shape\n");
			goto out;
		}
		families[pol->endpoints[i].addr.family == ADDR_V6] = true;
	}
	if (families[0])
		add_family(t, pol, ADDR_V4);
	if (families[0] && families[1])
		add(t, " or ");
	if (families[1])
		add_family(t, pol, ADDR_V6);
	r = pcap_compile(pcap, ret, t->s, 1, PCAP_NETMASK_UNKNOWN);
	if (r < 0)
		(void)fprintf(stderr, "bpf: %s: in the filter: %s\n",
		    pcap_geterr(pcap), t->s);
out:
	if (pcap != NULL)
		pcap_close(pcap);
	free(t);
	return r < 0 ? -1 : 0;
}
