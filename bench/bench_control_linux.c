/* SPDX-License-Identifier: ISC */
/*
 * bench_control: how soon the daemon starts and obeys, and what it takes.
 *
 * The real daemon, in a network of its own, is asked over its control socket
 * as tungatectl does it. The answer to connect and disconnect is sent when the
 * policy is in force, and routes and marks are set; so the round trip is what
 * a user waits, and more than until the gate is right.
 *
 * Paced: commands have pauses between them that are longer than what the
 * daemon does of its own after a change (it looks at the network again). Back
 * to back: the next command meets just that.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/daemon_linux.h"
#include "bench/net_linux.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "src/base/mono.h"

#define STARTS	  11
#define PAIRS	  1000 /* connects, and as many disconnects, before memory */
#define PAUSE_NS  20000000
#define STATUS_NS 1000000000u

/* Goals (issue 2). */
#define GOAL_RSS_MIB	16.0
#define GOAL_START_MS	100.0
#define GOAL_COMMAND_MS 2.0

struct commands {
	struct samples connect_ms, disconnect_ms;
};

struct found {
	struct samples start_ms, status_us;
	struct commands paced, hasty;
	struct samples rss_mib, pss_mib;
};

static int
read_options(int argc, char *argv[], const char **program,
    unsigned long *rounds)
{
	enum { DAEMON = 256, ROUNDS };
	static const struct option longs[] = {
		{ "daemon", required_argument, NULL, DAEMON },
		{ "rounds", required_argument, NULL, ROUNDS },
		{ NULL, 0, NULL, 0 },
	};
	int c, r = 0;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == DAEMON)
			*program = optarg;
		else if (c == ROUNDS)
			r |= bench_number(optarg, 10, PAIRS, rounds);
		else
			r = -1;
	}
	return optind < argc ? -1 : r;
}

/* tungated, where we are ourselves. */
static const char *
beside_us(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 16);
	char *slash;

	if (n < 0)
		return "tungated";
	path[n] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash + 1, "tungated", sizeof("tungated"));
	return path;
}

static int
measure_starts(const char *program, struct samples *ms)
{
	for (int i = 0; i < STARTS; i++) {
		struct daemon *d;
		double v;

		(void)fprintf(stderr, "control: start %d of %d\n", i + 1,
		    STARTS);
		if (daemon_start(program, &d, &v) < 0)
			return -1;
		daemon_stop(d);
		if (samples_add(ms, v) < 0)
			return -1;
	}
	return 0;
}

static int
measure_commands(struct daemon *d, unsigned long pairs, long pause_ns,
    struct commands *ms)
{
	const struct timespec pause = { .tv_nsec = pause_ns };

	for (unsigned long i = 0; i < pairs; i++) {
		double us;

		if (i % 50 == 0)
			(void)fprintf(stderr,
			    "control: connect and disconnect "
			    "%s, %lu of %lu\n",
			    pause_ns > 0 ? "paced" : "back to back", i, pairs);
		(void)nanosleep(&pause, NULL);
		us = daemon_call(d, "connect",
		    json_pack("{s:s}", "server", "bench"), "connecting");
		if (us < 0 || samples_add(&ms->connect_ms, us / 1e3) < 0)
			return -1;
		(void)nanosleep(&pause, NULL);
		us = daemon_call(d, "disconnect", NULL, "blocked");
		if (us < 0 || samples_add(&ms->disconnect_ms, us / 1e3) < 0)
			return -1;
	}
	return 0;
}

static int
measure_status(struct daemon *d, struct samples *us)
{
	struct mono start = mono_now();

	while (mono_now().ns - start.ns < STATUS_NS) {
		double v = daemon_call(d, "status", NULL, "blocked");

		if (v < 0 || samples_add(us, v) < 0)
			return -1;
	}
	return 0;
}

static int
measure_memory(const struct daemon *d, struct found *f)
{
	long rss = daemon_kb(d, "status", "VmRSS"),
	     pss = daemon_kb(d, "smaps_rollup", "Pss");

	if (rss < 0 || samples_add(&f->rss_mib, (double)rss / 1024) < 0)
		return -1;
	/* Not every kernel has it. */
	return pss < 0 ? 0 : samples_add(&f->pss_mib, (double)pss / 1024);
}

static int
measure(const char *program, unsigned long rounds, struct found *f)
{
	struct daemon *d;
	double ignored;
	int r = -1;

	if (measure_starts(program, &f->start_ms) < 0 ||
	    daemon_start(program, &d, &ignored) < 0)
		return -1;
	if (measure_commands(d, rounds, PAUSE_NS, &f->paced) == 0 &&
	    measure_commands(d, PAIRS - rounds, 0, &f->hasty) == 0 &&
	    measure_status(d, &f->status_us) == 0 && measure_memory(d, f) == 0)
		r = 0;
	daemon_stop(d);
	return r;
}

static void
figure(struct report *r, const char *group, const char *name, const char *unit,
    const struct samples *s)
{
	if (s->n > 0)
		report_figure(r,
		    &(struct figure){ .group = group,
			.name = name,
			.unit = unit,
			.value = samples_sum_up(s) });
}

static void
tell(struct report *r, const struct found *f)
{
	static const char hasty[] = "commands back to back";
	static const char paced[] = "commands, 20 ms apart";
	static const char memory[] =
	    "memory of both, after 1,000 connects and disconnects";

	report_fact(r, "status", "%.0f requests a second, one after the other",
	    1e6 * (double)f->status_us.n / ((double)STATUS_NS / 1e3));
	figure(r, "start", "from fork and exec to \"blocked\"", "ms",
	    &f->start_ms);
	figure(r, paced, "connect", "ms", &f->paced.connect_ms);
	figure(r, paced, "disconnect", "ms", &f->paced.disconnect_ms);
	figure(r, hasty, "connect", "ms", &f->hasty.connect_ms);
	figure(r, hasty, "disconnect", "ms", &f->hasty.disconnect_ms);
	figure(r, hasty, "status", "us", &f->status_us);
	figure(r, memory, "resident (VmRSS)", "MiB", &f->rss_mib);
	figure(r, memory, "its share of it (Pss)", "MiB", &f->pss_mib);
}

static void
set_goals(struct report *r, const struct found *f)
{
	struct summary start = samples_sum_up(&f->start_ms),
		       connect = samples_sum_up(&f->paced.connect_ms),
		       disconnect = samples_sum_up(&f->paced.disconnect_ms),
		       rss = samples_sum_up(&f->rss_mib);

	report_goal(r, "start to blocked, the slowest", GOAL_AT_MOST,
	    GOAL_START_MS, start.max, "ms");
	report_goal(r, "connect, median", GOAL_AT_MOST, GOAL_COMMAND_MS,
	    connect.median, "ms");
	report_goal(r, "connect, 99 of 100", GOAL_AT_MOST, GOAL_COMMAND_MS,
	    connect.p99, "ms");
	report_goal(r, "disconnect, median", GOAL_AT_MOST, GOAL_COMMAND_MS,
	    disconnect.median, "ms");
	report_goal(r, "disconnect, 99 of 100", GOAL_AT_MOST, GOAL_COMMAND_MS,
	    disconnect.p99, "ms");
	report_goal(r, "resident memory", GOAL_AT_MOST, GOAL_RSS_MIB,
	    rss.median, "MiB");
}

int
bench_control(int argc, char *argv[], struct report *r)
{
	char path[PATH_MAX];
	const char *program = beside_us(path);
	unsigned long rounds = 200;
	struct found f = { 0 };
	int result = BENCH_FAILED;

	if (read_options(argc, argv, &program, &rounds) < 0)
		return BENCH_USAGE;
	if (access(program, X_OK) < 0) {
		(void)fprintf(stderr,
		    "control: no daemon at %s: name it with "
		    "--daemon\n",
		    program);
		return BENCH_FAILED;
	}
	if (net_enter() < 0)
		return BENCH_FAILED;
	/* Its name: where it lies is nobody's business. */
	report_fact(r, "daemon", "%s",
	    strrchr(program, '/') != NULL ? strrchr(program, '/') + 1
					  : program);
	if (measure(program, rounds, &f) == 0) {
		tell(r, &f);
		set_goals(r, &f);
		result = BENCH_DONE;
	}
	samples_done(&f.start_ms);
	samples_done(&f.status_us);
	samples_done(&f.paced.connect_ms);
	samples_done(&f.paced.disconnect_ms);
	samples_done(&f.hasty.connect_ms);
	samples_done(&f.hasty.disconnect_ms);
	samples_done(&f.rss_mib);
	samples_done(&f.pss_mib);
	return result;
}
