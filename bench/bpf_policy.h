/* SPDX-License-Identifier: ISC */
/*
 * bpf_policy: a policy as a filter of libpcap's, which says "pass" of the
 * same packets as classify(): what a program that has no classifier of its
 * own would use.
 */
#ifndef BENCH_BPF_POLICY_H
#define BENCH_BPF_POLICY_H

#include <pcap/pcap.h>
#include <stdbool.h>

#include "bench/trace.h"
#include "src/os/pktbuf.h"

struct policy;

/*
 * For packets that begin with their IP header. Only endpoints of WireGuard's
 * shape can be expressed. 0 with *ret to be released with pcap_freecode(); or
 * -1 after a line on standard error.
 */
int bpf_policy_compile(const struct policy *pol, struct bpf_program *ret);

/*
 * bpf_filter()'s word on a packet of a trace. pcap_offline_filter() only calls
 * it (1 ns of 50), and is among what macOS's libpcap is known to export.
 */
static inline bool
bpf_policy_passes(const struct bpf_program *program, const struct pktbuf *b)
{
	struct pcap_pkthdr h = { .len = b->len };

	h.caplen = b->len < TRACE_SLOT ? b->len : TRACE_SLOT;
	return pcap_offline_filter(program, &h, b->data) != 0;
}

#endif /* BENCH_BPF_POLICY_H */
