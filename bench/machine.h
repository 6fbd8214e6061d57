/* SPDX-License-Identifier: ISC */
/*
 * machine: the processor that the figures are of.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#define MACHINE_TEXT_MAX 128

/* The processor's name, and text; "unknown" if the system does not say. */
const char *machine_cpu(char text[MACHINE_TEXT_MAX]);

/* How many processors we may use. */
long machine_cpus(void);

#endif /* BENCH_MACHINE_H */
