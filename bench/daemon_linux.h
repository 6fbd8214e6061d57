/* SPDX-License-Identifier: ISC */
/*
 * daemon: a tungated of our own, with a folder of its own, and its control
 * socket.
 */
#ifndef BENCH_DAEMON_LINUX_H
#define BENCH_DAEMON_LINUX_H

#include <jansson.h>

struct daemon;

/*
 * Start the program, with one server, "bench", of which no client is started.
 * 0 when it answers that it is blocked, with the milliseconds since just
 * before it was started in *ret_ms; or -1 after lines on standard error.
 */
int daemon_start(const char *program, struct daemon **ret, double *ret_ms);

/*
 * End it (its gate opens), and remove its folder. daemon_stop(NULL) does
 * nothing.
 */
void daemon_stop(struct daemon *d);

/*
 * Call a method and wait for the answer, which must be a result and, if state
 * is not NULL, say this state. params: consumed; NULL: none. The microseconds
 * from before the request was written until the answer was read, or -1 after a
 * line on standard error.
 */
double daemon_call(struct daemon *d, const char *method, json_t *params,
    const char *state);

/*
 * A figure in kB of a file below /proc/PID, summed over the daemon and its
 * worker: "status" and "VmRSS", for instance. -1: it is not there.
 */
long daemon_kb(const struct daemon *d, const char *file, const char *key);

#endif /* BENCH_DAEMON_LINUX_H */
