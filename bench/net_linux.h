/* SPDX-License-Identifier: ISC */
/*
 * net: a network of our own, so that nothing is measured or changed in the
 * machine's.
 *
 *     here: eth0 192.0.2.7, 2001:db8::7 ---- router: 192.0.2.1, 2001:db8::1
 *
 * Two network namespaces and a veth pair. They vanish with the processes in
 * them.
 */
#ifndef BENCH_NET_LINUX_H
#define BENCH_NET_LINUX_H

/*
 * Move this process, once and for good, to such a network. Needs root. 0, or
 * a negative errno after a line on standard error.
 */
int net_enter(void);

#endif /* BENCH_NET_LINUX_H */
