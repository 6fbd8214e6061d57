/* SPDX-License-Identifier: ISC */
/*
 * bench_classify: what a verdict costs, beside touching and bpf_filter().
 *
 * Contenders go through one trace, in the same order, in rounds: in each
 * round each has a turn, and who begins changes. What is reported is the
 * median over the rounds, and of ratios the median of each round's own.
 *
 * Hot: 4,096 packets, 512 KiB with their slots: beyond the first cache, within
 * the second. Each turn is preceded by a sweep that is not counted. Cold:
 * 1,000,000 packets, 128 MB: more than any cache, so that each packet comes
 * from memory, and the branches are those of a stranger.
 */
#include "bench/bench.h"

#include <getopt.h>
#include <stdio.h>

#include "bench/bpf_policy.h"
#include "bench/publish.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "bench/sweep.h"
#include "bench/trace.h"
#include "bench/trace_policy.h"
#include "datapath/policy.h"

#define HOT_PACKETS 4096
#define HOT_NS	    20000000u /* 20 ms a turn: some hundred sweeps */

/* Goals (issue 2): times the floor, and times faster than bpf_filter(). */
#define GOAL_TOUCH_HOT	3.0
#define GOAL_TOUCH_COLD 1.3
#define GOAL_BPF_HOT	6.0

struct options {
	unsigned long rounds, seed, endpoints, drops, cold;
};

enum contender { TOUCH, BPF, CLASSIFY, CONTENDERS };

static sweep *const sweeps[CONTENDERS] = {
	[TOUCH] = sweep_touch,
	[BPF] = sweep_bpf,
	[CLASSIFY] = sweep_classify,
};

static const char *const names[CONTENDERS] = {
	[TOUCH] = "touch one byte",
	[BPF] = "libpcap's bpf_filter()",
	[CLASSIFY] = "classify_batch(), 32 at a time",
};

static int
read_options(int argc, char *argv[], struct options *o)
{
	enum { ROUNDS = 256, SEED, ENDPOINTS, DROPS, COLD };
	static const struct option longs[] = {
		{ "rounds", required_argument, NULL, ROUNDS },
		{ "seed", required_argument, NULL, SEED },
		{ "endpoints", required_argument, NULL, ENDPOINTS },
		{ "drops", required_argument, NULL, DROPS },
		{ "cold", required_argument, NULL, COLD },
		{ NULL, 0, NULL, 0 },
	};
	int c, r = 0;

	*o = (struct options){ .rounds = 15,
		.seed = 1,
		.endpoints = 4,
		.drops = 2,
		.cold = 1000000 };
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == ROUNDS)
			r |= bench_number(optarg, 1, 1000, &o->rounds);
		else if (c == SEED)
			r |= bench_number(optarg, 0, ~0ul, &o->seed);
		else if (c == ENDPOINTS)
			r |= bench_number(optarg, 1, POLICY_ENDPOINTS_MAX,
			    &o->endpoints);
		else if (c == DROPS)
			r |= bench_number(optarg, 0, 100, &o->drops);
		else if (c == COLD)
			r |= bench_number(optarg, HOT_PACKETS, 100000000,
			    &o->cold);
		else
			r = -1;
	}
	return optind < argc ? -1 : r;
}

/* Do all answer what the packets were made for? Then speed may be spoken of. */
static int
check(const struct trace *t, const struct sweep_by *by)
{
	size_t wrong = trace_check(t, by->pol);

	if (wrong < t->n) {
		(void)fprintf(stderr,
		    "classify: packet %zu was made to be "
		    "\"%s\", and is not\n",
		    wrong, drop_name((enum drop)t->verdicts[wrong]));
		return -1;
	}
	for (size_t i = 0; i < t->n; i++) {
		bool pass = bpf_policy_passes(by->bpf, &t->in[i]);

		if (pass == (t->verdicts[i] == PASSED))
			continue;
		(void)fprintf(stderr,
		    "classify: packet %zu, made to be \"%s\":"
		    " bpf_filter() says %s\n",
		    i, drop_name((enum drop)t->verdicts[i]),
		    pass ? "pass" : "drop");
		return -1;
	}
	return 0;
}

static int
measure(const char *temperature, const struct trace *t, struct sweep_by *by,
    unsigned long rounds, bool warm, struct samples ns[CONTENDERS])
{
	for (unsigned long round = 0; round < rounds; round++) {
		(void)fprintf(stderr, "classify: %s, round %lu of %lu\n",
		    temperature, round + 1, rounds);
		for (unsigned i = 0; i < CONTENDERS; i++) {
			unsigned who = (unsigned)(round + i) % CONTENDERS;
			double v;

			if (warm)
				(void)sweep_time(sweeps[who], t, by, 0);
			v = sweep_time(sweeps[who], t, by, warm ? HOT_NS : 0);
			if (samples_add(&ns[who], v) < 0)
				return -1;
		}
	}
	return 0;
}

static void
tell(struct report *r, const char *group, const struct samples ns[CONTENDERS])
{
	for (int i = 0; i < CONTENDERS; i++)
		report_figure(r,
		    &(struct figure){ .group = group,
			.name = names[i],
			.unit = "ns",
			.value = samples_sum_up(&ns[i]),
			.ratios = {
			    { "x touch",
				samples_sum_up_ratio(&ns[i], &ns[TOUCH]) },
			    { "x faster than bpf_filter",
				samples_sum_up_ratio(&ns[BPF], &ns[i]) } } });
}

static void
set_goals(struct report *r, const struct samples hot[CONTENDERS],
    const struct samples cold[CONTENDERS])
{
	report_goal(r, "classify(), hot, beside touching", GOAL_AT_MOST,
	    GOAL_TOUCH_HOT,
	    samples_sum_up_ratio(&hot[CLASSIFY], &hot[TOUCH]).median, "times");
	report_goal(r, "classify(), cold, beside touching", GOAL_AT_MOST,
	    GOAL_TOUCH_COLD,
	    samples_sum_up_ratio(&cold[CLASSIFY], &cold[TOUCH]).median,
	    "times");
	report_goal(r, "classify(), hot, faster than bpf_filter()",
	    GOAL_AT_LEAST, GOAL_BPF_HOT,
	    samples_sum_up_ratio(&hot[BPF], &hot[CLASSIFY]).median, "times");
}

static int
run(const struct options *o, struct sweep_by *by, struct report *r)
{
	struct samples hot[CONTENDERS] = { 0 }, cold[CONTENDERS] = { 0 },
		       bad[CONTENDERS] = { 0 };
	struct trace *few = NULL, *many = NULL, *drops = NULL;
	char title[64];
	int result = BENCH_FAILED;

	(void)fprintf(stderr, "classify: making %lu packets\n", o->cold);
	if (trace_new(by->pol, HOT_PACKETS, o->seed, (unsigned)o->drops, &few) <
		0 ||
	    trace_new(by->pol, o->cold, o->seed + 1, (unsigned)o->drops,
		&many) < 0 ||
	    trace_new(by->pol, HOT_PACKETS, o->seed + 2, 100, &drops) < 0) {
		(void)fprintf(stderr, "classify: no memory\n");
		goto out;
	}
	if (check(few, by) < 0 || check(many, by) < 0 || check(drops, by) < 0)
		goto out;
	report_fact(r, "agreed",
	    "classify() and bpf_filter() on all %zu "
	    "packets, %zu of which pass",
	    few->n + many->n + drops->n,
	    few->counts[PASSED] + many->counts[PASSED]);
	if (measure("hot", few, by, o->rounds, true, hot) < 0 ||
	    measure("cold", many, by, o->rounds, false, cold) < 0 ||
	    measure("all dropped", drops, by, o->rounds, true, bad) < 0) {
		(void)fprintf(stderr, "classify: no memory\n");
		goto out;
	}
	(void)snprintf(title, sizeof(title), "hot: %zu packets", few->n);
	tell(r, title, hot);
	(void)snprintf(title, sizeof(title), "cold: %zu packets", many->n);
	tell(r, title, cold);
	tell(r, "hot, and all of them to be dropped", bad);
	if (publish_measure(few, (unsigned)o->endpoints, (unsigned)o->rounds,
		r) < 0)
		goto out;
	set_goals(r, hot, cold);
	result = BENCH_DONE;
out:
	for (int i = 0; i < CONTENDERS; i++) {
		samples_done(&hot[i]);
		samples_done(&cold[i]);
		samples_done(&bad[i]);
	}
	trace_free(drops);
	trace_free(many);
	trace_free(few);
	return result;
}

int
bench_classify(int argc, char *argv[], struct report *r)
{
	struct bpf_program bpf;
	struct sweep_by by = { .bpf = &bpf };
	struct policy *pol;
	struct options o;
	int result = BENCH_FAILED;

	if (read_options(argc, argv, &o) < 0)
		return BENCH_USAGE;
	if ((pol = trace_policy_new((unsigned)o.endpoints, 1)) == NULL) {
		(void)fprintf(stderr, "classify: no memory\n");
		return BENCH_FAILED;
	}
	if (bpf_policy_compile(pol, &bpf) == 0) {
		by.pol = pol;
		report_fact(r, "trace",
		    "seed %lu, slots of %d bytes, IPv4 and "
		    "IPv6 mixed, %lu %% to be dropped",
		    o.seed, TRACE_SLOT, o.drops);
		report_fact(r, "policy",
		    "WireGuard, %lu endpoints; "
		    "as a filter: %u instructions",
		    o.endpoints, bpf.bf_len);
		report_fact(r, "rounds", "%lu; times are ns a packet",
		    o.rounds);
		result = run(&o, &by, r);
		pcap_freecode(&bpf);
	}
	policy_free(pol);
	return result;
}
