/* SPDX-License-Identifier: ISC */
/*
 * forwarding: what the system says of forwarding IPv4 between interfaces.
 */
#ifndef OS_FORWARDING_H
#define OS_FORWARDING_H

#define FORWARDING_WHY_MAX 160

/*
 * Would what comes in by that interface be forwarded, as an answer to what left
 * by it? That is for the machine's administrator to say. 0; -ENODEV: there is
 * none; -EPERM: not, and why as a sentence; -EOPNOTSUPP: not on this system.
 */
int forwarding_check(const char *ifname, char why[FORWARDING_WHY_MAX]);

/* What comes in by an interface of ours. 0, or a negative errno. */
int forwarding_allow(const char *ifname);

#endif /* OS_FORWARDING_H */
