/* SPDX-License-Identifier: ISC */
/*
 * pf: an anchor of macOS's packet filter, held by way of pfctl(8).
 *
 * It puts rules there in one transaction, keeps pf running, and looks whether
 * both are still so. What the rules say is pfrules' matter. Each call runs
 * pfctl some times, and takes milliseconds; none takes longer than the sum of
 * their time limits.
 */
#ifndef OS_PF_H
#define OS_PF_H

#include <stdbool.h>

struct pf;

/*
 * pfctl: the program. token: the file that keeps the word pf gave for running,
 * so that whoever comes after us can give it back. Both borrowed. 0, or a
 * negative errno (-EPROTONOSUPPORT: there is no such program).
 */
int pf_open(const char *pfctl, const char *token, struct pf **ret);

/* What was put stays. pf_close(NULL) does nothing. */
void pf_close(struct pf *p);

/*
 * Put these rules (pfrules_write()) in the place of what is there. 0 after
 * having looked, or a negative errno: -EPROTO: they were put, and there are as
 * many, but pfctl does not show them as they are known; -ENOENT: they were put,
 * but the main ruleset never asks them; -EPERM and -EIO: pfctl refused, or they
 * are not seen to be there.
 */
int pf_put(struct pf *p, const char *rules);

/*
 * Is everything still as it was after the last pf_put()? False also when it
 * cannot be seen.
 */
bool pf_is_put(struct pf *p);

/*
 * Do others have rules that are asked before ours, or interfaces that pf is to
 * leave alone? After pf_put().
 */
bool pf_is_overruled(const struct pf *p);

/* Empty the anchor, and give the word back. 0 also if there was neither. */
int pf_take_away(struct pf *p);

#endif /* OS_PF_H */
