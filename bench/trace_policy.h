/* SPDX-License-Identifier: ISC */
/*
 * trace_policy: the policy that a trace is made for, and judged by.
 *
 * A WireGuard server with an IPv4 and an IPv6 address, each answering at
 * several ports: endpoints 0, 2, ... are IPv4, 1, 3, ... IPv6.
 */
#ifndef BENCH_TRACE_POLICY_H
#define BENCH_TRACE_POLICY_H

#include <stdint.h>

struct policy;

/*
 * At most POLICY_ENDPOINTS_MAX endpoints; equal but for the generation. To be
 * published, or freed with policy_free(). NULL: no memory.
 */
struct policy *trace_policy_new(unsigned endpoints, uint64_t generation);

#endif /* BENCH_TRACE_POLICY_H */
