/* SPDX-License-Identifier: ISC */
/*
 * publish: one thread flips between two policies at full speed while two
 * classify, each with a slot of its own.
 *
 * test_publish [SECONDS]
 *
 * The policies agree in nothing: servers, ports and next hops differ, and each
 * carries its generation in all of them. So a reader that saw parts of two
 * would find a hop that is not its policy's, or a verdict of neither. And the
 * writer, once it was told that a policy is in force, notes its generation: no
 * batch begun later may be judged by an older one.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/classify.h"
#include "datapath/policy.h"
#include "datapath/policy_slot.h"
#include "datapath/stream.h"
#include "src/base/mono.h"

enum { READERS = 2, BATCH = 32, PACKET = 76 }; /* 48 bytes of payload */

struct reader {
	pthread_t thread;
	struct policy_slot *slot;
	/* The newest generation that control was told is in force here. */
	_Alignas(64) _Atomic uint64_t in_force;
	_Alignas(64) uint64_t verdicts, taken;
	_Atomic(const char *) wrong; /* NULL: nothing was */
};

static atomic_bool stop;
static uint8_t packets[2][PACKET];

/* The server and port of a generation: even and odd ones differ. */
static void
make_packet(uint8_t *p, unsigned which)
{
	static const uint8_t head[] = { 0x45, 0, 0, PACKET, 0, 0, 0, 0, 64, 17,
		0, 0, 192, 0, 2, 10, 203, 0, 113 };

	memset(p, 0, PACKET);
	memcpy(p, head, sizeof(head));
	p[19] = (uint8_t)(5 + which);
	p[22] = (uint8_t)(10 + which);
	p[25] = PACKET - 20;
	p[28] = 4;
}

static const struct policy *
make_policy(uint64_t generation)
{
	unsigned which = generation % 2;
	struct policy *p = policy_new();

	if (p == NULL)
		abort();
	p->generation = generation;
	p->state = (unsigned)generation;
	p->source4 = (struct addr){ ADDR_V4, { 192, 0, 2, 10 } };
	p->n_endpoints = 1 + which;
	for (unsigned i = 0; i < p->n_endpoints; i++) {
		p->endpoints[i] = (struct endpoint){
			.addr = { ADDR_V4,
			    { 203, 0, 113, (uint8_t)(5 + which) } },
			.port = (uint16_t)((10 + which) << 8),
			.protocol = PROTO_UDP,
			.shape = SHAPE_WIREGUARD
		};
		p->hops[i].ifindex = (unsigned)generation;
	}
	policy_finish(p);
	return p;
}

/* What is wrong with what this policy says; NULL: nothing. */
static const char *
judge(const struct policy *pol, struct streams *streams)
{
	unsigned which = pol->generation % 2, endpoint = 99;

	if (classify(packets[!which], PACKET, 0, pol, streams, &endpoint) !=
		DROP_NOT_ENCAPSULATED ||
	    endpoint != 99)
		return "the other policy's packet passed";
	if (classify(packets[which], PACKET, 0, pol, streams, &endpoint) !=
	    PASSED)
		return "its own packet did not pass";
	if (pol->hops[endpoint].ifindex != (unsigned)pol->generation ||
	    pol->state != (unsigned)pol->generation)
		return "parts of two policies";
	return NULL;
}

static void *
read_policies(void *arg)
{
	struct reader *r = arg;
	struct streams streams = { 0 };
	uint64_t last = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		/* What was announced before this batch began. */
		uint64_t announced = atomic_load(&r->in_force);
		const struct policy *pol = policy_slot_take(r->slot);

		if (pol->generation < announced || pol->generation < last)
			r->wrong = "an older policy after a newer one";
		r->taken += pol->generation != last;
		last = pol->generation;
		if (pol->generation == 0)
			continue;
		for (int i = 0; i < BATCH && r->wrong == NULL; i++) {
			r->wrong = judge(pol, &streams);
			r->verdicts += 2;
		}
		if (r->wrong != NULL)
			break;
	}
	return NULL;
}

int
main(int argc, char *argv[])
{
	uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 10) : 10;
	uint64_t generation = 0, verdicts = 0;
	static struct reader readers[READERS];
	struct mono start = mono_now();
	int status = 0;

	for (unsigned i = 0; i < 2; i++)
		make_packet(packets[i], i);
	for (int i = 0; i < READERS; i++) {
		if ((readers[i].slot = policy_slot_new()) == NULL ||
		    pthread_create(&readers[i].thread, NULL, read_policies,
			&readers[i]) != 0)
			return 1;
	}
	while (mono_ms_between(start, mono_now()) < seconds * 1000) {
		generation++;
		for (int i = 0; i < READERS; i++) {
			const struct policy *p = make_policy(generation);

			policy_slot_publish(readers[i].slot, p);
			/* Mostly as fast as can be; now and then as control
			 * does it, which waits. */
			if (generation % 4096 != 0)
				continue;
			while (!policy_slot_in_force(readers[i].slot, p) &&
			    readers[i].wrong == NULL &&
			    mono_ms_between(start, mono_now()) <
				(seconds + 20) * 1000)
				continue;
			atomic_store(&readers[i].in_force, generation);
		}
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		if (readers[i].wrong != NULL) {
			(void)fprintf(stderr, "publish: reader %d: %s\n", i,
			    readers[i].wrong);
			status = 1;
		}
		/* Nothing was shown if nothing was read. */
		if (readers[i].taken < 100) {
			(void)fprintf(stderr,
			    "publish: reader %d took %llu policies\n", i,
			    (unsigned long long)readers[i].taken);
			status = 1;
		}
		verdicts += readers[i].verdicts;
		policy_slot_free(readers[i].slot);
	}
	(void)printf("publish: %llu s: %llu flips, %llu verdicts\n",
	    (unsigned long long)seconds, (unsigned long long)generation,
	    (unsigned long long)verdicts);
	return status;
}
