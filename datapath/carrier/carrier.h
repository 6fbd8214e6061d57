/* SPDX-License-Identifier: ISC */
/*
 * carrier: WireGuard's datagrams on one TCP or TLS connection.
 *
 *   device  --- datagrams --- carrier === TCP or TLS === server
 *            a pair of local           made by who may
 *            sockets                   make sockets
 *
 * To the device it is a link like another: what does not fit is dropped, and
 * counted, in both directions; nothing waits without bound. Whatever goes wrong
 * with the connection ends it: within CARRIER_PATIENCE_S, if the socket was
 * prepared by tcpsocket_prepare(). A new one is a new carrier.
 *
 * Runs on its event base, on one thread. Opens and makes nothing, and sets no
 * option, so that it works where that is forbidden. SIGPIPE must be ignored.
 */
#ifndef DATAPATH_CARRIER_CARRIER_H
#define DATAPATH_CARRIER_CARRIER_H

#include "datapath/carrier/framing.h"
#include "datapath/carrier/tls.h"

struct event_base;
struct carrier;

/*
 * Until the connection is up, and from then on while the server takes nothing
 * of what waits.
 */
#define CARRIER_PATIENCE_S 10

/* What waits for the connection: 0.2 s at 10 Mbit/s. The rest is dropped. */
#define CARRIER_QUEUE_MAX ((size_t)256 * 1024)

struct carrier_conf {
	enum carrier_framing framing;
	/*
	 * Of what is sent the first message is to be an initiation: what comes
	 * before it is dropped. The gate, and some servers, want it so.
	 */
	bool initiation_first;
	bool tls;
	struct carrier_tls_conf server; /* with tls */
};

/*
 * Both are called by the event loop, never from within another call of this
 * header, and may close the carrier.
 */
struct carrier_calls {
	/*
	 * From now on datagrams pass: the time for a handshake, if there is no
	 * session.
	 */
	void (*on_up)(void *arg);
	/*
	 * The connection is no more, because. Once, and the last call; why is
	 * valid until carrier_close(), which is still to be called.
	 */
	void (*on_down)(void *arg, const char *why);
	void *arg;
};

struct carrier_counts {
	uint64_t sent;	       /* to the connection */
	uint64_t received;     /* from it */
	uint64_t sent_dropped; /* CARRIER_QUEUE_MAX waited already, or it came
				* before an initiation */
	uint64_t sent_refused; /* not a message of WireGuard's, or too long */
	uint64_t received_dropped; /* the device took no more */
};

/*
 * tcp: a stream socket, connected or on its way; consumed, if this succeeds.
 * datagrams: one end of a socketpair that keeps the borders of messages;
 * borrowed. Its send buffer is what may wait for the device: 90 messages with
 * Linux's default. What waits there for us from before is dropped. tls is
 * borrowed, too; NULL will do without conf->tls. conf and calls are copied. 0;
 * -EINVAL: the conf cannot be used; -ENOENT: roots are asked for, and this
 * system has none; -ENOMEM.
 */
int carrier_open(struct event_base *base, const struct carrier_conf *conf,
    struct carrier_tls *tls, int tcp, int datagrams,
    const struct carrier_calls *calls, struct carrier **ret);

/* Nothing is called any more. carrier_close(NULL) does nothing. */
void carrier_close(struct carrier *c);

/* Until carrier_close(). */
const struct carrier_counts *carrier_counts(const struct carrier *c);

#endif /* DATAPATH_CARRIER_CARRIER_H */
