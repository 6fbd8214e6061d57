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

/* A batch, as the pump does it. */
static uint64_t
classify_some(const struct trace *t, size_t from, const struct policy *pol,
    struct streams *streams)
{
	struct verdict verdicts[PUMP_BATCH];
	size_t n = t->n - from < PUMP_BATCH ? t->n - from : PUMP_BATCH;
	uint64_t sum = 0;

	classify_batch(t->in + from, (unsigned)n, pol, streams, verdicts);
	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)verdicts[i].why + verdicts[i].endpoint;
	return sum;
}

uint64_t
sweep_classify(const struct trace *t, struct sweep_by *by)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i += PUMP_BATCH)
		sum += classify_some(t, i, by->pol, &by->streams);
	return sum;
}

uint64_t
sweep_batches(const struct trace *t, struct sweep_by *by)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i += PUMP_BATCH) {
		const struct policy *pol = policy_slot_take(by->slot);

		by->taken += pol->generation != by->generation;
		by->generation = pol->generation;
		sum += classify_some(t, i, pol, &by->streams);
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
