/* SPDX-License-Identifier: ISC */
#include "bench/publish.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/machine.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "bench/sweep.h"
#include "bench/trace.h"
#include "bench/trace_policy.h"
#include "datapath/policy.h"
#include "datapath/policy_slot.h"
#include "src/base/mono.h"

#define ROUND_NS 50000000u /* 50 ms: 50 policies at 1 kHz */

/* One side of the table: who publishes meanwhile. */
enum writer_kind { NOBODY, EACH_MS, FULL_SPEED, KINDS };

struct writer {
	pthread_t thread;
	enum writer_kind kind;
	struct policy_slot *slot;
	unsigned endpoints;
	uint64_t generation; /* of the last one published */
	atomic_bool stop;
	bool no_memory;
	struct samples in_force_us;
};

/*
 * Until it is in force. The reader is busy all the time, so it is soon; where
 * it shares our processor, it must be let run.
 */
static bool
await_in_force(struct writer *w, const struct policy *p)
{
	struct mono start = mono_now();

	while (!policy_slot_in_force(w->slot, p)) {
		if (mono_now().ns - start.ns > ROUND_NS ||
		    atomic_load(&w->stop))
			return false;
	}
	return samples_add(&w->in_force_us,
		   (double)(mono_now().ns - start.ns) / 1e3) == 0;
}

static void *
write_policies(void *arg)
{
	static const struct timespec ms = { .tv_nsec = 1000000 };
	struct writer *w = arg;

	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		/* All say the same, so that only the publishing costs. */
		const struct policy *p =
		    trace_policy_new(w->endpoints, ++w->generation);

		if (p == NULL) {
			w->no_memory = true;
			break;
		}
		policy_slot_publish(w->slot, p);
		if (w->kind == EACH_MS) {
			(void)await_in_force(w, p);
			(void)nanosleep(&ms, NULL);
		}
	}
	return NULL;
}

/* A round beside one writer. ns a packet, or -1: could not be measured. */
static double
measure(struct writer *w, enum writer_kind kind, const struct trace *t,
    struct sweep_by *by)
{
	double ns;

	w->kind = kind;
	atomic_store(&w->stop, false);
	(void)sweep_time(sweep_batches, t, by, 0);
	if (kind != NOBODY &&
	    pthread_create(&w->thread, NULL, write_policies, w) != 0)
		return -1;
	ns = sweep_time(sweep_batches, t, by, ROUND_NS);
	if (kind != NOBODY) {
		atomic_store(&w->stop, true);
		(void)pthread_join(w->thread, NULL);
	}
	return w->no_memory ? -1 : ns;
}

static int
run(struct writer *w, const struct trace *t, unsigned rounds,
    struct samples ns[KINDS], struct samples published[KINDS],
    struct samples taken[KINDS])
{
	const struct policy *p = trace_policy_new(w->endpoints, 1);
	struct sweep_by by = { .slot = w->slot };

	if (p == NULL)
		return -1;
	policy_slot_publish(w->slot, p);
	w->generation = 1;
	for (unsigned round = 0; round < rounds; round++) {
		(void)fprintf(stderr, "publish: round %u of %u\n", round + 1,
		    rounds);
		for (unsigned i = 0; i < KINDS; i++) {
			unsigned kind = (round + i) % KINDS;
			uint64_t before = w->generation;
			double v;

			by.taken = 0;
			v = measure(w, (enum writer_kind)kind, t, &by);
			if (v < 0 || samples_add(&ns[kind], v) < 0 ||
			    samples_add(&published[kind],
				(double)(w->generation - before) * 1e9 /
				    ROUND_NS) < 0 ||
			    samples_add(&taken[kind],
				(double)by.taken * 1e9 / ROUND_NS) < 0)
				return -1;
		}
	}
	return 0;
}

static void
tell(struct report *r, const struct samples ns[KINDS],
    const struct samples published[KINDS], const struct samples taken[KINDS],
    const struct samples *in_force_us)
{
	static const char *const names[KINDS] = {
		[NOBODY] = "classify, nobody publishes",
		[EACH_MS] = "classify, a writer each millisecond",
		[FULL_SPEED] = "classify, a writer at full speed",
	};
	static const char group[] =
	    "publish: hot, the policy taken every 32 packets";

	for (int i = 0; i < KINDS; i++)
		report_figure(r,
		    &(struct figure){ .group = group,
			.name = names[i],
			.unit = "ns",
			.value = samples_sum_up(&ns[i]),
			.ratios = { { "x nobody",
			    samples_sum_up_ratio(&ns[i], &ns[NOBODY]) } } });
	report_figure(r,
	    &(struct figure){ .group = group,
		.name = "published at full speed",
		.unit = "a second",
		.value = samples_sum_up(&published[FULL_SPEED]) });
	report_figure(r,
	    &(struct figure){ .group = group,
		.name = "of these came into force",
		.unit = "a second",
		.value = samples_sum_up(&taken[FULL_SPEED]) });
	report_figure(r,
	    &(struct figure){ .group = group,
		.name = "published to in force",
		.unit = "us",
		.value = samples_sum_up(in_force_us) });
}

int
publish_measure(const struct trace *t, unsigned endpoints, unsigned rounds,
    struct report *r)
{
	struct samples ns[KINDS] = { 0 }, published[KINDS] = { 0 },
		       taken[KINDS] = { 0 };
	struct writer w = { .slot = policy_slot_new(), .endpoints = endpoints };
	int result = -1;

	if (machine_cpus() < 2)
		report_fact(r, "note",
		    "one processor: the writer and the "
		    "reader take turns on it");
	if (w.slot != NULL &&
	    (result = run(&w, t, rounds, ns, published, taken)) == 0)
		tell(r, ns, published, taken, &w.in_force_us);
	else
		(void)fprintf(stderr, "publish: no memory or no thread\n");
	policy_slot_free(w.slot);
	samples_done(&w.in_force_us);
	for (int i = 0; i < KINDS; i++) {
		samples_done(&ns[i]);
		samples_done(&published[i]);
		samples_done(&taken[i]);
	}
	return result;
}
