/* SPDX-License-Identifier: ISC */
#include "bench/sweep.h"

#include "bench/bpf_policy.h"
#include "bench/trace.h"
#include "datapath/classify.h"
#include "datapath/policy.h"
#include "datapath/policy_slot.h"
#include "datapath/pump.h"
#include "src/base/mono.h"
#include "src/os/pktbuf.h"

uint64_t
sweep_touch(const struct trace *t, struct sweep_by *by)
{
	uint64_t sum = 0;

	(void)by;
	for (size_t i = 0; i < t->n; i++)
		sum += t->in[i].data[0];
	return sum;
}

uint64_t
sweep_bpf(const struct trace *t, struct sweep_by *by)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += bpf_policy_passes(by->bpf, &t->in[i]);
	return sum;
}

uint64_t
sweep_classify(const struct trace *t, struct sweep_by *by)
{
	unsigned endpoint = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i++) {
		sum += classify(t->in[i].data, t->in[i].len, 0, by->pol,
		    &by->streams, &endpoint);
		sum += endpoint;
	}
	return sum;
}

uint64_t
sweep_batches(const struct trace *t, struct sweep_by *by)
{
	unsigned endpoint = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i += PUMP_BATCH) {
		const struct policy *pol = policy_slot_take(by->slot);
		size_t end = i + PUMP_BATCH < t->n ? i + PUMP_BATCH : t->n;

		by->taken += pol->generation != by->generation;
		by->generation = pol->generation;
		for (size_t j = i; j < end; j++) {
			sum += classify(t->in[j].data, t->in[j].len, 0, pol,
			    &by->streams, &endpoint);
			sum += endpoint;
		}
	}
	return sum;
}

double
sweep_time(sweep *s, const struct trace *t, struct sweep_by *by, uint64_t ns)
{
	/* Written where everyone might look: the sums have to be made. */
	static volatile uint64_t sums;
	struct mono start = mono_now();
	uint64_t passed, n = 0;

	do {
		sums += s(t, by);
		n++;
		passed = mono_now().ns - start.ns;
	} while (passed < ns);
	(void)sums;
	return (double)passed / ((double)n * (double)t->n);
}
