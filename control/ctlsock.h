/* SPDX-License-Identifier: ISC */
/*
 * ctlsock: the control socket: connections, lines, limits, subscribers.
 *
 * What a client may cost is bounded: CTLSOCK_CONNECTIONS_MAX connections, a
 * request of RPC_LINE_MAX bytes, answers of CTLSOCK_UNREAD_MAX bytes that it
 * does not read. Each request of many is answered in turn with those of
 * others.
 */
#ifndef CONTROL_CTLSOCK_H
#define CONTROL_CTLSOCK_H

struct ctlsock;
struct event_base;
struct methods;

#define CTLSOCK_CONNECTIONS_MAX 64
#define CTLSOCK_ROOTS_OWN	8 /* of them: nobody else keeps root out */
#define CTLSOCK_UNREAD_MAX	(1 << 20)

/*
 * Listen at path (made anew; mode 0660, the group's if there is one of that
 * name). methods is borrowed. 0, or a negative errno with *ret untouched:
 * -EADDRINUSE if another daemon answers there.
 */
int ctlsock_open(struct event_base *base, const char *path, const char *group,
    const struct methods *methods, struct ctlsock **ret);

/* Close it and all connections. ctlsock_close(NULL) does nothing. */
void ctlsock_close(struct ctlsock *s);

/* Tell those who subscribed to the state. */
void ctlsock_state_changed(struct ctlsock *s);

#endif /* CONTROL_CTLSOCK_H */
