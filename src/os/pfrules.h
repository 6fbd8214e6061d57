/* SPDX-License-Identifier: ISC */
/*
 * pfrules: a firewall's plan as the text of pf's rules (macOS's pf.conf(5)).
 *
 * Pure: it asks the system nothing. pf reads names, not numbers, so the names
 * of the plan's interfaces come with it.
 */
#ifndef OS_PFRULES_H
#define OS_PFRULES_H

#include <stddef.h>

#include "src/base/ifname.h"

struct firewall_plan;

/* "": there is none. */
struct pfrules_names {
	char gate[IFNAME_MAX];
	char tunnel[IFNAME_MAX];
	char uplink4[IFNAME_MAX], uplink6[IFNAME_MAX];
};

/* Room for the largest plan, without and with its labels. */
#define PFRULES_MAX	     65536
#define PFRULES_LABELLED_MAX (2 * PFRULES_MAX)

/*
 * One rule a line, the first that matches decides, and the last one blocks.
 * An interface whose name pf might read as something else is none: what it
 * would let pass is left out. 0, or -EINVAL (a count beyond its array) or
 * -ENOSPC, with out holding nothing of use.
 */
int pfrules_write(const struct firewall_plan *plan,
    const struct pfrules_names *names, char *out, size_t cap);

/*
 * The same rules, each with a label that names this text and the rule's place
 * in it: so that what pf shows later can be known for these. 0 or -ENOSPC.
 */
int pfrules_label(const char *rules, char *out, size_t cap);

#endif /* OS_PFRULES_H */
