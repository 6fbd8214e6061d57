/* SPDX-License-Identifier: ISC */
/*
 * counters: where packets ended. Written by one thread, read by any.
 */
#ifndef DATAPATH_COUNTERS_H
#define DATAPATH_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "datapath/drop.h"

struct counters {
	_Atomic uint64_t packets[DROP_REASONS];
	_Atomic uint64_t bytes_passed; /* of IP packets */
};

/* n packets more ended so; those that passed had so many bytes. */
void counters_add(struct counters *c, enum drop why, uint64_t n, size_t bytes);

#endif /* DATAPATH_COUNTERS_H */
