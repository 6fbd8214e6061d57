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
struct mirror;
struct permit;

#define CTLSOCK_CONNECTIONS_MAX 64
#define CTLSOCK_ROOTS_OWN	8 /* of them: nobody else keeps root out */
#define CTLSOCK_UNREAD_MAX	(1 << 20)

/*
 * Serve those that connect to fd, which listens, and is the socket's from now
 * on; permit is copied, mirror borrowed. 0, or a negative errno with *ret
 * untouched.
 */
int ctlsock_open(struct event_base *base, int fd, const struct permit *permit,
    struct mirror *mirror, struct ctlsock **ret);

/* Close it and all connections. ctlsock_close(NULL) does nothing. */
void ctlsock_close(struct ctlsock *s);

/* Tell those who subscribed to the state. */
void ctlsock_state_changed(struct ctlsock *s);

#endif /* CONTROL_CTLSOCK_H */
