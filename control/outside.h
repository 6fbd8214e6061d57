/* SPDX-License-Identifier: ISC */
/*
 * outside: the uplink in a network namespace of its own (`uplink = namespace`):
 * the machine itself has no network device but the gate's and the client's, so
 * nothing that runs on it has one to leak through, whatever its privileges.
 *
 * The namespace outlives every process of ours. Who starts later finds the
 * interface in it; who releases brings it home, set up as it was.
 */
#ifndef CONTROL_OUTSIDE_H
#define CONTROL_OUTSIDE_H

#include <stddef.h>

struct addr;
struct conf;
struct event_base;
struct firewall_plan;
struct hop;
struct inlet;
struct net_view;
struct netmon;
struct outside;
struct uplink;
struct uplink_sender;

/*
 * Make the namespace, or find it, and open there what is opened once. conf is
 * borrowed. 0, or a negative errno with *ret untouched.
 */
int outside_open(struct event_base *base, const struct conf *conf,
    const struct uplink_sender *sender, struct outside **ret);

/*
 * All stays as it is; but an interface that was given back needs no namespace.
 * outside_close(NULL) does nothing.
 */
void outside_close(struct outside *o);

/* Opened there: borrowed. */
struct uplink *outside_uplink(const struct outside *o);
struct inlet *outside_inlet(const struct outside *o);
struct netmon *outside_netmon(const struct outside *o);

/*
 * Bring the interface in, if it is not, with its settings kept in a file
 * first; and set it up. 0; -ENODEV: there is none of that name, it may come
 * later; or another negative errno.
 */
int outside_take(struct outside *o);

/*
 * Bring home what is in there. 0 also when nothing is; 1 if something came home
 * that is to be set up by hand, which the log says; or a negative errno.
 */
int outside_give_back(struct outside *o);

/* The same without a daemon: run_dir is the configuration's. */
int outside_rescue(const char *run_dir);

/* For who has no namespace: says in the log if one was left with a card. */
void outside_warn(const char *run_dir);

/*
 * See to it, now and then, that the namespace would outlive us. Says in the log
 * what somebody else changed.
 */
void outside_hold(struct outside *o);

/*
 * The uplinks there, into *view's v4 and v6, which hold the machine's own: says
 * in the log if there are any. 0, or a negative errno.
 */
int outside_view(struct outside *o, struct net_view *view);

/* Go in and come back, for what is opened later: see netns.h. */
int outside_enter(struct outside *o);
void outside_leave(struct outside *o);

/*
 * The firewall there: what is planned for the uplink. What others change of it
 * is put back. 0, or a negative errno.
 */
int outside_firewall(struct outside *o, const struct firewall_plan *plan);

#endif /* CONTROL_OUTSIDE_H */
