/* SPDX-License-Identifier: ISC */
/*
 * moved: where the peers of a tunnel that listens spoke from, as endpoints of
 * its server. Pure.
 *
 * It is the worker's word. What it is taken for: that WireGuard goes there,
 * sealed, and comes from there.
 */
#ifndef CONTROL_MOVED_H
#define CONTROL_MOVED_H

struct msg_moved;
struct net_view;
struct server;

/*
 * The server's endpoints are the first `given` of it, as its file has them, and
 * behind them those places, each once, that somebody can have there; as many as
 * there is room for, and no others.
 */
void moved_take(const struct msg_moved *m, const struct net_view *view,
    unsigned given, struct server *s);

#endif /* CONTROL_MOVED_H */
