/* SPDX-License-Identifier: ISC */
/*
 * shared: the memory that outlives a worker: where packets ended. Made by the
 * parent, mapped by both; the worker writes. What it says is the worker's
 * word: the parent does not decide by it.
 */
#ifndef CONTROL_SHARED_H
#define CONTROL_SHARED_H

#include "datapath/drop_ring.h"
#include "datapath/pump.h"

struct shared {
	struct pump_counters counters;
	struct drop_ring drops; /* of one worker, and its control thread */
};

/* Zeroed, for this process and those that it forks. NULL: no memory. */
struct shared *shared_new(void);

/* In this process. shared_free(NULL) does nothing. */
void shared_free(struct shared *s);

#endif /* CONTROL_SHARED_H */
