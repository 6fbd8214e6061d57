/* SPDX-License-Identifier: ISC */
#include "datapath/pump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "datapath/bytes.h"
#include "datapath/classify.h"
#include "datapath/counters.h"
#include "datapath/drop_ring.h"
#include "datapath/egress.h"
#include "datapath/policy.h"
#include "datapath/policy_slot.h"
#include "datapath/stream.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"
#include "src/os/uplink.h"

struct pump {
	struct tun *tun;
	struct uplink *uplink;
	struct policy_slot *slot;
	struct drop_ring *drops;
	struct pump_memory *memory;
	uint8_t *room; /* PUMP_BATCH times PKTBUF_MAX */
	struct pktbuf in[PUMP_BATCH];
	struct verdict verdicts[PUMP_BATCH];
	struct uplink_out out[PUMP_BATCH];
	_Atomic uint64_t answer_at; /* generation << 16 | port */
};

struct pump_memory *
pump_memory_new(void)
{
	void *at = mmap(NULL, sizeof(struct pump_memory),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);

	return at != MAP_FAILED ? at : NULL;
}

void
pump_memory_free(struct pump_memory *m)
{
	if (m != NULL)
		(void)munmap(m, sizeof(*m));
}

int
pump_new(struct tun *tun, struct uplink *uplink, struct policy_slot *slot,
    struct drop_ring *drops, struct pump_memory *memory, struct pump **ret)
{
	struct pump *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -ENOMEM;
	/* Mapped, so that only the pages that packets reach are backed. */
	p->room = mmap(NULL, (size_t)PUMP_BATCH * PKTBUF_MAX,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	if (p->room == MAP_FAILED) {
		free(p);
		return -ENOMEM;
	}
	p->tun = tun;
	p->uplink = uplink;
	p->slot = slot;
	p->drops = drops;
	p->memory = memory;
	/* Of a pump that was killed amid it, or was not itself any more. */
	if (atomic_load(&memory->judging) || !stream_is_sound(&memory->streams))
		memset(&memory->streams, 0, sizeof(memory->streams));
	atomic_store(&memory->judging, false);
	for (unsigned i = 0; i < PUMP_BATCH; i++)
		p->in[i].data = p->room + (size_t)i * PKTBUF_MAX;
	*ret = p;
	return 0;
}

void
pump_use(struct pump *p, struct tun *tun)
{
	p->tun = tun;
}

void
pump_free(struct pump *p)
{
	if (p == NULL)
		return;
	munmap(p->room, (size_t)PUMP_BATCH * PKTBUF_MAX);
	free(p);
}

static void
count(struct pump *p, const struct policy *pol, const struct pktbuf *b,
    enum drop why)
{
	counters_add(&p->memory->counters, why, 1, b->len);
	if (why != PASSED)
		drop_ring_put(p->drops, b->data, b->len, why, pol->generation);
}

/*
 * Whoever reads the memory after our death finds the stores up to one point
 * of the program: it is enough that the compiler keeps their order.
 */
static void
judge(struct pump *p, const struct policy *pol, unsigned n)
{
	atomic_store_explicit(&p->memory->judging, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	classify_batch(p->in, n, pol, &p->memory->streams, p->verdicts);
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&p->memory->judging, false, memory_order_relaxed);
}

/* What passed has no options (classify.h): ports follow the fixed header. */
static void
note_port(struct pump *p, const struct policy *pol, const struct pktbuf *b)
{
	bool v4 = b->data[0] >> 4 == 4;
	unsigned port = 0;

	if (b->data[v4 ? 9 : 6] != PROTO_ESP)
		port = bytes_be16(b->data + (v4 ? 20 : 40));
	atomic_store_explicit(&p->answer_at, pol->generation << 16 | port,
	    memory_order_relaxed);
}

int
pump_answer_port(const struct pump *p, uint64_t generation)
{
	uint64_t note =
	    atomic_load_explicit(&p->answer_at, memory_order_relaxed);

	return note != 0 && note >> 16 == generation ? (int)(note & UINT16_MAX)
						     : -1;
}

int
pump_batch(struct pump *p)
{
	const struct policy *pol = policy_slot_take(p->slot);
	unsigned n_in, n_out = 0;
	int r = 0;

	for (n_in = 0; n_in < PUMP_BATCH; n_in++)
		if ((r = tun_read(p->tun, &p->in[n_in])) < 0)
			break;
	judge(p, pol, n_in);
	for (unsigned i = 0; i < n_in; i++) {
		const struct hop *hop = &pol->hops[p->verdicts[i].endpoint];
		enum drop why = (enum drop)p->verdicts[i].why;

		if (why == PASSED)
			why = egress_check(hop, &p->in[i]);
		if (why != PASSED) {
			count(p, pol, &p->in[i], why);
			continue;
		}
		p->out[n_out++] =
		    (struct uplink_out){ .hop = hop, .packet = &p->in[i] };
	}
	if (n_out > 0) {
		/* Before it can be answered. One a batch will do. */
		note_port(p, pol, p->out[n_out - 1].packet);
		uplink_send(p->uplink, p->out, n_out);
	}
	for (unsigned i = 0; i < n_out; i++)
		count(p, pol, p->out[i].packet, egress_why(p->out[i].result));

	return r < 0 && r != -EAGAIN ? r : (int)n_in;
}
