/* SPDX-License-Identifier: ISC */
/*
 * bench: the rungs of the ladder. Each measures one thing.
 *
 * A new rung is a file bench_NAME.c, a line here and one in main.c.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

struct report;

/* What a rung returns, and the program's exit status. */
enum { BENCH_DONE = 0, BENCH_FAILED = 1, BENCH_USAGE = 2 };

/*
 * Each: argv[0] is the rung's name, its options follow. What was measured is
 * put into r; progress, and why it failed, goes to standard error.
 */
typedef int bench_rung(int argc, char *argv[], struct report *r);

/* Nanoseconds a packet: the verdict, and what else would cost. */
bench_rung bench_classify;

/* The daemon: start, commands, memory. */
bench_rung bench_control;

/* Our own tunnel: packets, handshakes, attacks. */
bench_rung bench_wireguard;

/* For --option VALUE: a whole number from min to max. 0, or -1 if it is not. */
int bench_number(const char *text, unsigned long min, unsigned long max,
    unsigned long *ret);

#endif /* BENCH_BENCH_H */
