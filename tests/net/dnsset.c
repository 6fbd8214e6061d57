/* SPDX-License-Identifier: ISC */
/*
 * dnsset: sets this machine's resolvers with src/os/dns.h, and puts them back.
 *
 *	dnsset apply INTERFACE WORD...	addresses are servers, others domains
 *	dnsset hold INTERFACE WORD...	and stays, as a daemon does
 *	dnsset restore
 *
 * hold prints a line when something was done: "applied", "put back". The time
 * that it hands in runs ten times as fast as the clock's. The exit status is 0,
 * 1 (somebody else's was left alone) or 2, after a line with the reason.
 */
#include "src/os/dns.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "src/base/mono.h"

static int
fail(const char *what, int r)
{
	fprintf(stderr, "dnsset: %s: %s\n", what, strerror(-r));
	return 2;
}

static void
say(const char *what)
{
	printf("%s\n", what);
	fflush(stdout);
}

static int
plan_of(char *argv[], struct dns_plan *ret)
{
	struct addr a;

	(void)snprintf(ret->interface, sizeof(ret->interface), "%s", argv[0]);
	for (argv++; *argv != NULL; argv++) {
		if (addr_parse(*argv, &a) == 0) {
			if (ret->n_servers == DNS_SERVERS_MAX)
				return -E2BIG;
			ret->servers[ret->n_servers++] = a;
		} else {
			if (ret->n_domains == DNS_DOMAINS_MAX)
				return -E2BIG;
			(void)snprintf(ret->domains[ret->n_domains++],
			    DNS_DOMAIN_MAX, "%s", *argv);
		}
	}
	return 0;
}

static int
hold(struct dns *d)
{
	struct pollfd p = { .fd = dns_fd(d), .events = POLLIN };
	int r;

	say("applied");
	for (;;) {
		struct mono now = mono_now();

		now.ns *= 10;
		if ((r = dns_drain(d, now)) > 0)
			say("put back");
		if (r < 0 && r != -EAGAIN)
			return fail("drain", r);
		(void)poll(&p, 1, r == -EAGAIN ? 100 : -1);
	}
}

int
main(int argc, char *argv[])
{
	struct dns_plan plan = { .n_servers = 0 };
	struct dns *d;
	int r, status = 0;

	if (argc < 2 || (strcmp(argv[1], "restore") != 0 && argc < 3)) {
		fprintf(stderr, "dnsset: see its first lines\n");
		return 2;
	}
	if ((r = dns_open(NULL, NULL, &d)) < 0)
		return fail("open", r);
	if (strcmp(argv[1], "restore") == 0) {
		r = dns_restore(d);
		status = r < 0 ? fail("restore", r) : r;
	} else if ((r = plan_of(argv + 2, &plan)) < 0 ||
	    (r = dns_apply(d, &plan)) < 0) {
		status = fail("apply", r);
	} else if (strcmp(argv[1], "hold") == 0) {
		status = hold(d);
	}
	dns_close(d);
	return status;
}
