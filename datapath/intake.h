/* SPDX-License-Identifier: ISC */
/*
 * intake: what the servers answer, from the uplink's namespace into the gate's
 * device, where the client is.
 *
 *     inlet -> parse and compare -> tun
 *
 * Only what comes from an endpoint of the policy, whole, to the uplink's own
 * address; and a router's word that a packet to one was too large. Used by
 * one thread.
 */
#ifndef DATAPATH_INTAKE_H
#define DATAPATH_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inlet;
struct intake;
struct policy;
struct tun;

/* inlet is borrowed. 0, or -ENOMEM with *ret untouched. */
int intake_new(struct inlet *inlet, struct intake **ret);

/* intake_free(NULL) does nothing. */
void intake_free(struct intake *t);

/* May this packet come in? Pure. */
bool intake_admits(const struct policy *pol, const uint8_t *data, size_t len);

/*
 * Move one batch into tun (NULL: what waits is dropped). The number read, or
 * a negative errno of the inlet.
 */
int intake_batch(struct intake *t, const struct policy *pol, struct tun *tun);

#endif /* DATAPATH_INTAKE_H */
