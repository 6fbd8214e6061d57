/* SPDX-License-Identifier: ISC */
/*
 * inlet: what comes in by the uplink, where the uplink is in a namespace of its
 * own and the kernel hands it to nobody.
 *
 * It hears every packet that is for this host, on all interfaces there. What
 * may go on is the caller's to decide. Used by one thread.
 */
#ifndef OS_INLET_H
#define OS_INLET_H

#include "src/os/pktbuf.h"

struct inlet;

/* Packets of one batch. */
#define INLET_BATCH 32

/*
 * In the namespace that we are in. Needs privilege. 0, or a negative errno
 * (-EOPNOTSUPP: this system has no such thing) with *ret untouched.
 */
int inlet_open(struct inlet **ret);

/* inlet_close(NULL) does nothing. */
void inlet_close(struct inlet *in);

/* For the event loop: readable means that inlet_read() will not block. */
int inlet_fd(const struct inlet *in);

/*
 * The next packets, without their link headers: at most n (INLET_BATCH) into
 * in[], each with room for PKTBUF_MAX bytes. How many; 0 if none waits; or a
 * negative errno.
 */
int inlet_read(struct inlet *in, struct pktbuf bufs[], unsigned n);

#endif /* OS_INLET_H */
