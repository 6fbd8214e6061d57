/* SPDX-License-Identifier: ISC */
/*
 * egress: the last question before a packet leaves, and the system's answer
 * after it, as reasons. Pure.
 */
#ifndef DATAPATH_EGRESS_H
#define DATAPATH_EGRESS_H

#include "datapath/drop.h"

struct hop;
struct pktbuf;

/* Can it be sent there? A large segment is cut to fit on its way. */
enum drop egress_check(const struct hop *hop, const struct pktbuf *b);

/* What the uplink's result means. */
enum drop egress_why(int result);

#endif /* DATAPATH_EGRESS_H */
