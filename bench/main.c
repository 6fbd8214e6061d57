/* SPDX-License-Identifier: ISC */
/*
 * main: tungate-bench, which says what the stages of tungate cost.
 *
 * Exit status: 0 measured (whether or not the goals are met), 1 could not
 * measure, 2 usage.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/report.h"

static const struct rung {
	const char *name, *options, *help;
	bench_rung *run;
} rungs[] = {
	{ "classify",
	    "[--rounds N] [--seed N] [--endpoints N] [--drops PERCENT] "
	    "[--cold N]",
	    "the verdict on a packet: ns a packet, beside touching it and "
	    "beside libpcap's bpf_filter(), hot and cold; and the cost of "
	    "publishing policies meanwhile",
	    bench_classify },
	{ "control", "[--daemon FILE] [--rounds N]",
	    "tungated in a network of its own (root): start, connect, "
	    "disconnect, status, memory",
	    bench_control },
	{ "wireguard", "[--rounds N]",
	    "our own tunnel: ns a packet, a handshake, and a message of an "
	    "attacker",
	    bench_wireguard },
};

static void
usage(FILE *to)
{
	(void)fprintf(to,
	    "usage: tungate-bench [--json] [--note TEXT] RUNG [OPTIONS]\n\n");
	for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++)
		(void)fprintf(to, "  %s %s\n      %s\n", rungs[i].name,
		    rungs[i].options, rungs[i].help);
	(void)fprintf(to,
	    "\n  --json     one object with the machine and all figures\n"
	    "  --note     is kept with them, as the commit they are of\n"
	    "  --version\n");
}

int
bench_number(const char *text, unsigned long min, unsigned long max,
    unsigned long *ret)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n < min || n > max) {
		(void)fprintf(stderr,
		    "tungate-bench: %s: must be a number from %lu to %lu\n",
		    text, min, max);
		return -1;
	}
	*ret = n;
	return 0;
}

static int
run(const struct rung *rung, int argc, char *argv[], const char *note,
    bool json)
{
	struct report *r = report_new(rung->name);
	int status;

	if (r == NULL) {
		(void)fprintf(stderr, "tungate-bench: no memory\n");
		return BENCH_FAILED;
	}
	if (note != NULL)
		report_fact(r, "note", "%s", note);
	optind = 1; /* the rung reads its options anew */
	status = rung->run(argc, argv, r);
	if (status == BENCH_DONE)
		report_print(r, json);
	else if (status == BENCH_USAGE)
		usage(stderr);
	report_free(r);
	return status;
}

int
main(int argc, char *argv[])
{
	enum { JSON = 256, NOTE, VERSION };
	static const struct option longs[] = {
		{ "json", no_argument, NULL, JSON },
		{ "note", required_argument, NULL, NOTE },
		{ "version", no_argument, NULL, VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *note = NULL;
	bool json = false;
	int c;

	/* "+": what follows the rung's name is the rung's. */
	while ((c = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		switch (c) {
		case JSON:
			json = true;
			break;
		case NOTE:
			note = optarg;
			break;
		case VERSION:
			(void)printf("tungate-bench %s\n", TUNGATE_VERSION);
			return BENCH_DONE;
		case 'h':
			usage(stdout);
			return BENCH_DONE;
		default:
			usage(stderr);
			return BENCH_USAGE;
		}
	}
	for (size_t i = 0;
	     optind < argc && i < sizeof(rungs) / sizeof(rungs[0]); i++)
		if (strcmp(argv[optind], rungs[i].name) == 0)
			return run(&rungs[i], argc - optind, argv + optind,
			    note, json);
	usage(stderr);
	return BENCH_USAGE;
}
