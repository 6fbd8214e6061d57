/* SPDX-License-Identifier: ISC */
/*
 * classify: the verdict on one packet. The heart of the gate.
 *
 * A function of its arguments: no clock, no memory of its own, no I/O. The
 * hot path, the control socket's `explain`, the benchmark and the proof call
 * this one function.
 */
#ifndef DATAPATH_CLASSIFY_H
#define DATAPATH_CLASSIFY_H

#include <stddef.h>
#include <stdint.h>

#include "datapath/drop.h"
#include "src/os/pktbuf.h"

struct policy;
struct streams;

/*
 * May this packet leave? PASSED, with the index of the endpoint in
 * *ret_endpoint, or why not, with *ret_endpoint untouched.
 *
 * `segment`: payload bytes of each datagram, where the packet is several in
 * one (UDP segmentation offload); 0: it is what it seems. Each one's shape is
 * looked at.
 * `streams`: what is known of open TCP connections; it changes.
 *
 * Whether it can be sent is the sender's to find out (DROP_NO_NEIGHBOUR, ...);
 * here only whether the policy has an address to send from (DROP_NO_UPLINK).
 */
enum drop classify(const uint8_t *data, size_t len, size_t segment,
    const struct policy *pol, struct streams *streams, unsigned *ret_endpoint);

/* As classify() says it, in two bytes. */
struct verdict {
	uint8_t why;	  /* enum drop */
	uint8_t endpoint; /* if it may leave */
};

/*
 * classify() on n packets, in their order: the same verdicts, sooner, for
 * memory is asked for a packet while others are judged.
 */
void classify_batch(const struct pktbuf in[], unsigned n,
    const struct policy *pol, struct streams *streams, struct verdict ret[]);

/*
 * The same verdict, worked out step by step and without the short way: what
 * classify() falls back to, and its oracle in the tests.
 */
enum drop classify_slowly(const uint8_t *data, size_t len, size_t segment,
    const struct policy *pol, struct streams *streams, unsigned *ret_endpoint);

#endif /* DATAPATH_CLASSIFY_H */
