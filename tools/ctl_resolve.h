/* SPDX-License-Identifier: ISC */
/*
 * ctl_resolve: a host's name as addresses, asked of the system's resolver.
 */
#ifndef TOOLS_CTL_RESOLVE_H
#define TOOLS_CTL_RESOLVE_H

#include "control/kept_name.h"

/*
 * Each once, in the order that the system would use them. Their number, or -1
 * with *ret_why saying why there is none.
 */
int ctl_resolve(const char *name, struct addr ret[KEPT_NAME_ADDRS_MAX],
    const char **ret_why);

#endif /* TOOLS_CTL_RESOLVE_H */
