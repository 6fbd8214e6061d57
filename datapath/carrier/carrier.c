/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 *   CONNECTING --> SHAKING_HANDS --> SETTLING --> UP
 *        |  (without TLS: not)           |         |
 *        '---------------+---------------+---------'--> DOWN
 *
 * One timer means in each state what is due in it: that the connection is up;
 * that a moment is over; that the server takes something; that the owner is
 * told. Only the timer calls the owner, so nothing is closed under the feet of
 * what runs: a callback of libevent's may be within a write of ours.
 */
#include "datapath/carrier/carrier.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/wireguard/message.h"

/*
 * Proton's clients say nothing for so long after TLS's handshake: what came
 * sooner was lost, it seems, at some server of theirs (dial() in
 * conn/bind_std_tcp.go of https://github.com/ProtonVPN/wireguard-go).
 */
#define SETTLE_MS 100

/* Datagrams a wake-up, and their bytes: one write, or four TLS records. */
#define BATCH_MAX   64
#define BATCH_BYTES ((size_t)64 * 1024)

enum state { CONNECTING, SHAKING_HANDS, SETTLING, UP, DOWN };

struct carrier {
	enum state state;
	struct event_base *base;
	struct carrier_conf conf;
	struct carrier_tls *tls;
	struct carrier_calls calls;
	int tcp;
	int datagrams;
	struct event *connected; /* until it is */
	struct event *readable;	 /* the datagrams' socket, once up */
	struct event *timer;
	struct bufferevent *stream; /* once connected */
	struct evbuffer_cb_entry *watch;
	SSL *ssl;   /* NULL without TLS */
	bool begun; /* any message may be sent now */
	struct framing_out out;
	struct framing_in in;
	struct carrier_counts counts;
	char why[160];
	uint8_t datagram[FRAMING_MESSAGE_MAX + 1]; /* one too long shows */
};

static void
set_timer(struct carrier *c, long ms)
{
	const struct timeval after = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	(void)evtimer_add(c->timer, &after);
}

/* The first reason stays. */
__attribute__((format(printf, 2, 3))) static void
go_down(struct carrier *c, const char *fmt, ...)
{
	va_list ap;

	if (c->state == DOWN)
		return;
	c->state = DOWN;
	va_start(ap, fmt);
	(void)vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	(void)event_del(c->connected);
	(void)event_del(c->readable);
	if (c->stream != NULL)
		(void)bufferevent_disable(c->stream, EV_READ | EV_WRITE);
	set_timer(c, 0);
}

/*
 * From the device to the server.
 */

/* As many datagrams as there are, or as fit; their frames are `used` bytes. */
static size_t
read_batch(struct carrier *c, uint8_t *to, size_t size, size_t waiting)
{
	size_t used = 0;

	for (int i = 0; i < BATCH_MAX && size - used >= FRAMING_FRAME_MAX;
	     i++) {
		ssize_t n = recv(c->datagrams, c->datagram, sizeof(c->datagram),
		    MSG_DONTWAIT);
		size_t len;

		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				go_down(c, "datagrams: %s", strerror(errno));
			break;
		}
		if (n == 0) {
			go_down(c, "datagrams: the other end is closed");
			break;
		}
		c->begun |= wg_type_of(c->datagram, (size_t)n) == WG_INITIATION;
		if (!c->begun || waiting + used >= CARRIER_QUEUE_MAX) {
			c->counts.sent_dropped++;
			continue;
		}
		len = framing_write(&c->out, c->datagram, (size_t)n, to + used);
		if (len == 0)
			c->counts.sent_refused++;
		else
			c->counts.sent++;
		used += len;
	}
	return used;
}

static void
on_datagrams(evutil_socket_t fd, short what, void *arg)
{
	struct carrier *c = arg;
	struct evbuffer *output = bufferevent_get_output(c->stream);
	struct evbuffer_iovec space;

	(void)fd;
	(void)what;
	if (evbuffer_reserve_space(output, BATCH_BYTES, &space, 1) != 1) {
		go_down(c, "no memory");
		return;
	}
	space.iov_len = read_batch(c, space.iov_base, BATCH_BYTES,
	    evbuffer_get_length(output));
	if (space.iov_len > 0)
		(void)evbuffer_commit_space(output, &space, 1);
}

/* Is less waiting than before? If nothing is, nobody has to be patient. */
static void
on_output(struct evbuffer *output, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct carrier *c = arg;

	if (c->state != UP)
		return;
	if (evbuffer_get_length(output) == 0)
		(void)evtimer_del(c->timer);
	else if (info->n_deleted > 0 || !evtimer_pending(c->timer, NULL))
		set_timer(c, CARRIER_PATIENCE_S * 1000L);
}

/*
 * From the server to the device.
 */

static void
deliver(struct carrier *c, const uint8_t *msg, size_t len)
{
	if (send(c->datagrams, msg, len, MSG_DONTWAIT) >= 0)
		c->counts.received++;
	else if (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE ||
	    errno == EINTR)
		c->counts.received_dropped++;
	else
		go_down(c, "datagrams: %s", strerror(errno));
}

static void
on_input(struct bufferevent *stream, void *arg)
{
	struct carrier *c = arg;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t n;

	while (c->state != DOWN &&
	    (n = evbuffer_get_contiguous_space(input)) > 0) {
		const uint8_t *data = evbuffer_pullup(input, (ev_ssize_t)n);
		enum framing_result r = FRAMING_MORE;
		size_t left = n;

		while (data != NULL && c->state != DOWN &&
		    (r = framing_read(&c->in, &data, &left)) == FRAMING_MESSAGE)
			deliver(c, c->in.msg, c->in.len);
		if (r != FRAMING_MORE && r != FRAMING_MESSAGE)
			go_down(c, "received a %s", framing_result_name(r));
		(void)evbuffer_drain(input, n);
	}
}

/*
 * The connection.
 */

static void
settle(struct carrier *c, long ms)
{
	c->state = SETTLING;
	set_timer(c, ms);
}

static const char *
why_ended(const struct carrier *c, short what)
{
	int err = errno;
	const char *why;

	if (c->ssl != NULL) {
		why = carrier_tls_why(c->ssl,
		    bufferevent_get_openssl_error(c->stream));
		if (why != NULL)
			return why;
	}
	if ((what & BEV_EVENT_ERROR) != 0 && err != 0)
		return strerror(err);
	return "closed by the server";
}

static void
on_event(struct bufferevent *stream, short what, void *arg)
{
	struct carrier *c = arg;

	(void)stream;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		go_down(c, "%s%s", c->state == SHAKING_HANDS ? "TLS: " : "",
		    why_ended(c, what));
	else if ((what & BEV_EVENT_CONNECTED) == 0 || c->state != SHAKING_HANDS)
		return;
	else if (!carrier_tls_is_pinned(c->tls, c->ssl, &c->conf.server))
		go_down(c, "TLS: the server's key is not the one configured");
	else
		settle(c, SETTLE_MS);
}

static struct bufferevent *
new_stream(const struct carrier *c)
{
	if (c->ssl == NULL)
		return bufferevent_socket_new(c->base, c->tcp, 0);
	return bufferevent_openssl_socket_new(c->base, c->tcp, c->ssl,
	    BUFFEREVENT_SSL_CONNECTING, 0);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct carrier *c = arg;
	int err = 0;
	socklen_t len = sizeof(err);

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err != 0) {
		go_down(c, "connect: %s", strerror(err));
		return;
	}
	if ((c->stream = new_stream(c)) == NULL ||
	    (c->watch = evbuffer_add_cb(bufferevent_get_output(c->stream),
		 on_output, c)) == NULL) {
		go_down(c, "no memory");
		return;
	}
	bufferevent_setcb(c->stream, on_input, NULL, on_event, c);
	if (bufferevent_enable(c->stream, EV_READ | EV_WRITE) < 0)
		go_down(c, "no memory");
	else if (c->ssl != NULL)
		c->state = SHAKING_HANDS; /* with the timer as it is */
	else
		settle(c, 0);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct carrier *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CONNECTING:
		go_down(c, "connect: no answer for %d s", CARRIER_PATIENCE_S);
		break;
	case SHAKING_HANDS:
		go_down(c, "TLS: no handshake within %d s", CARRIER_PATIENCE_S);
		break;
	case SETTLING:
		c->state = UP;
		if (event_add(c->readable, NULL) < 0)
			go_down(c, "no memory");
		else
			c->calls.on_up(c->calls.arg);
		break;
	case UP:
		go_down(c, "the server took nothing for %d s",
		    CARRIER_PATIENCE_S);
		break;
	case DOWN:
		c->calls.on_down(c->calls.arg, c->why);
		break;
	}
}

/* The handshakes in it are too old to be answered, or too many. */
static void
drop_waiting(struct carrier *c)
{
	while (recv(c->datagrams, c->datagram, sizeof(c->datagram),
		   MSG_DONTWAIT) > 0)
		c->counts.sent_dropped++;
}

/* All but the socket, which is still the caller's. */
static void
free_parts(struct carrier *c)
{
	if (c->watch != NULL)
		(void)evbuffer_remove_cb_entry(
		    bufferevent_get_output(c->stream), c->watch);
	if (c->stream != NULL)
		bufferevent_free(c->stream);
	if (c->connected != NULL)
		event_free(c->connected);
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->timer != NULL)
		event_free(c->timer);
	SSL_free(c->ssl);
	free(c);
}

int
carrier_open(struct event_base *base, const struct carrier_conf *conf,
    struct carrier_tls *tls, int tcp, int datagrams,
    const struct carrier_calls *calls, struct carrier **ret)
{
	struct carrier *c;
	int r = -ENOMEM;

	if (conf->framing >= CARRIER_FRAMINGS || (conf->tls && tls == NULL))
		return -EINVAL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -ENOMEM;
	c->base = base;
	c->conf = *conf;
	c->tls = tls;
	c->calls = *calls;
	c->tcp = tcp;
	c->datagrams = datagrams;
	c->begun = !conf->initiation_first;
	framing_out_init(&c->out, conf->framing);
	framing_in_init(&c->in, conf->framing);
	if (conf->tls &&
	    (r = carrier_tls_connection(tls, &conf->server, &c->ssl)) < 0)
		goto fail;
	r = -ENOMEM;
	c->connected = event_new(base, tcp, EV_WRITE, on_connected, c);
	c->readable =
	    event_new(base, datagrams, EV_READ | EV_PERSIST, on_datagrams, c);
	c->timer = evtimer_new(base, on_timer, c);
	if (c->connected == NULL || c->readable == NULL || c->timer == NULL ||
	    evutil_make_socket_nonblocking(tcp) < 0 ||
	    event_add(c->connected, NULL) < 0)
		goto fail;
	drop_waiting(c);
	set_timer(c, CARRIER_PATIENCE_S * 1000L);
	*ret = c;
	return 0;

fail:
	free_parts(c);
	return r;
}

void
carrier_close(struct carrier *c)
{
	int tcp;

	if (c == NULL)
		return;
	tcp = c->tcp;
	/* Says so to the server, if it can be said at once. */
	if (c->ssl != NULL && (c->state == SETTLING || c->state == UP)) {
		(void)SSL_shutdown(c->ssl);
		ERR_clear_error();
	}
	free_parts(c);
	close(tcp);
}

const struct carrier_counts *
carrier_counts(const struct carrier *c)
{
	return &c->counts;
}
