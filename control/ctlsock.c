/* SPDX-License-Identifier: ISC */
#include "control/ctlsock.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/methods.h"
#include "control/mirror.h"
#include "control/permit.h"
#include "control/rpc.h"
#include "datapath/drop_ring.h"
#include "src/base/log.h"

enum {
	REQUESTS_A_TURN = 32, /* then others have theirs */
	PAUSE_ABOVE = 65536,  /* bytes not read by the peer: no new requests */
	STATS_EVERY_MS = 1000,
};

struct connection {
	struct ctlsock *owner;
	struct bufferevent *bev; /* NULL: this place is free */
	unsigned topics;	 /* enum rpc_topic, ored */
	bool ended;		 /* the peer sends no more */
	bool closing;		 /* after what is written is read */
};

struct ctlsock {
	struct event_base *base;
	struct evconnlistener *listener;
	struct mirror *mirror;
	struct connection connections[CTLSOCK_CONNECTIONS_MAX];
	struct permit permit;
	struct event *drain, *stats; /* while somebody is subscribed */
	uint64_t missed;	     /* drops not shown, so far told */
};

static unsigned
topics_of_all(const struct ctlsock *s)
{
	unsigned topics = 0;

	for (int i = 0; i < CTLSOCK_CONNECTIONS_MAX; i++)
		topics |= s->connections[i].topics;
	return topics;
}

/* Watching costs the hot path something: only while there is a watcher. */
static void
update_subscriptions(struct ctlsock *s)
{
	struct timeval drain = { .tv_usec = DROP_RING_DRAIN_MS * 1000L };
	struct timeval stats = { .tv_sec = STATS_EVERY_MS / 1000 };
	struct drop_ring *drops = mirror_drops(s->mirror);
	unsigned topics = topics_of_all(s);
	bool watching = event_pending(s->drain, EV_TIMEOUT, NULL) != 0;

	if ((topics & RPC_DROPS) != 0 && !watching) {
		s->missed = drop_ring_missed(drops);
		drop_ring_watch(drops, true);
		(void)event_add(s->drain, &drain);
	} else if ((topics & RPC_DROPS) == 0 && watching) {
		drop_ring_watch(drops, false);
		(void)event_del(s->drain);
	}
	if ((topics & RPC_STATISTICS) == 0)
		(void)event_del(s->stats);
	else if (!event_pending(s->stats, EV_TIMEOUT, NULL))
		(void)event_add(s->stats, &stats);
}

static void
end_connection(struct connection *c)
{
	struct ctlsock *s = c->owner;

	bufferevent_free(c->bev);
	memset(c, 0, sizeof(*c));
	update_subscriptions(s);
}

static size_t
unread(const struct connection *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* Consumes text. NULL (no memory): the peer misses a line, no more. */
static void
write_line(struct connection *c, char *text)
{
	if (text != NULL)
		(void)bufferevent_write(c->bev, text, strlen(text));
	free(text);
}

/* To all subscribers of a topic; who does not read is sent away. */
static void
publish(struct ctlsock *s, unsigned topic, const char *method, json_t *params)
{
	char *text = rpc_write_notification(method, params);

	for (int i = 0; text != NULL && i < CTLSOCK_CONNECTIONS_MAX; i++) {
		struct connection *c = &s->connections[i];

		if ((c->topics & topic) == 0 || c->closing)
			continue;
		if (unread(c) + strlen(text) > CTLSOCK_UNREAD_MAX)
			end_connection(c);
		else
			(void)bufferevent_write(c->bev, text, strlen(text));
	}
	free(text);
}

static void
on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct ctlsock *s = arg;
	struct drop_ring *drops = mirror_drops(s->mirror);
	struct drop_event d;
	uint64_t missed;

	(void)fd;
	(void)what;
	for (int i = 0; i < DROP_RING_SIZE && drop_ring_take(drops, &d); i++)
		publish(s, RPC_DROPS, "drop", methods_drop(&d));
	missed = drop_ring_missed(drops);
	if (missed != s->missed)
		publish(s, RPC_DROPS, "drops_not_shown",
		    json_pack("{s:I}", "packets",
			(json_int_t)(missed - s->missed)));
	s->missed = missed;
}

static void
on_stats(evutil_socket_t fd, short what, void *arg)
{
	struct ctlsock *s = arg;

	(void)fd;
	(void)what;
	publish(s, RPC_STATISTICS, "stats", methods_stats(s->mirror));
}

/* An error that ends the connection, once it is read. */
static void
refuse(struct connection *c, enum rpc_error code, const char *why)
{
	write_line(c, rpc_write_error(NULL, code, why));
	c->closing = true;
	(void)bufferevent_disable(c->bev, EV_READ);
}

static void
answer(struct connection *c, const char *line, size_t len)
{
	char sentence[STATUS_WHY_MAX];
	struct rpc_request request;
	const char *why = sentence;
	json_t *result = NULL;
	enum rpc_error e;

	if ((e = rpc_read(line, len, &request, &why)) == RPC_OK) {
		why = sentence;
		e = methods_call(c->owner->mirror, &request,
		    bufferevent_getfd(c->bev), &result, sentence);
	}
	if (e == RPC_OK && request.method == RPC_SUBSCRIBE) {
		c->topics = request.topics;
		update_subscriptions(c->owner);
	}
	if (e != RPC_OK &&
	    (request.id != NULL || e == RPC_PARSE_ERROR ||
		e == RPC_INVALID_REQUEST))
		write_line(c, rpc_write_error(request.id, e, why));
	else if (e == RPC_OK && request.id != NULL)
		write_line(c,
		    rpc_write_result(request.id, json_incref(result)));
	json_decref(result);
	rpc_done(&request);
}

/* Close once all that was written is read. */
static void
finish(struct connection *c)
{
	c->closing = true;
	if (unread(c) == 0)
		end_connection(c);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	for (int i = 0; i < REQUESTS_A_TURN; i++) {
		size_t len;
		char *line;

		if (c->closing)
			return;
		/*
		 * Answers wait to be read: on_written() goes on. Until then
		 * nothing is read, or libevent (2.1.12) would call again and
		 * again for an input that is full.
		 */
		if (unread(c) > PAUSE_ABOVE) {
			(void)bufferevent_disable(bev, EV_READ);
			return;
		}
		line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (line == NULL) {
			if (evbuffer_get_length(in) >= RPC_LINE_MAX)
				refuse(c, RPC_TOO_MUCH, "the line is too long");
			else if (c->ended)
				finish(c);
			return;
		}
		if (len > 0)
			answer(c, line, len);
		free(line);
	}
	if (c->ended || evbuffer_get_length(in) > 0)
		bufferevent_trigger(bev, EV_READ,
		    BEV_TRIG_DEFER_CALLBACKS | BEV_TRIG_IGNORE_WATERMARKS);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;

	if (c->closing) {
		end_connection(c);
		return;
	}
	if (!c->ended)
		(void)bufferevent_enable(bev, EV_READ);
	if (c->ended || evbuffer_get_length(bufferevent_get_input(bev)) > 0)
		on_read(bev, c);
}

/* The peer may have shut down its half and still wait for answers. */
static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	struct connection *c = arg;

	if ((what & BEV_EVENT_EOF) == 0 || c->topics != 0 || c->closing) {
		end_connection(c);
		return;
	}
	c->ended = true;
	on_read(bev, c);
}

/* Say why, as far as the socket takes it at once, and close. */
static void
turn_away(int fd, enum rpc_error code, const char *why)
{
	char *text = rpc_write_error(NULL, code, why);

	if (text != NULL)
		(void)!write(fd, text, strlen(text));
	free(text);
	(void)evutil_closesocket(fd);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *from, int len, void *arg)
{
	struct ctlsock *s = arg;
	struct connection *c, *end;
	bool root;

	(void)listener;
	(void)from;
	(void)len;
	if (!permit_allows(&s->permit, fd, &root)) {
		log_warn("control: a user who may not was turned away");
		turn_away(fd, RPC_NOT_ALLOWED,
		    "this user may not control tungate");
		return;
	}
	c = s->connections;
	end = c + CTLSOCK_CONNECTIONS_MAX - (root ? 0 : CTLSOCK_ROOTS_OWN);
	while (c < end && c->bev != NULL)
		c++;
	if (c == end) {
		turn_away(fd, RPC_TOO_MUCH, "too many connections");
		return;
	}
	c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		turn_away(fd, RPC_TOO_MUCH, "no memory");
		return;
	}
	c->owner = s;
	bufferevent_setcb(c->bev, on_read, on_written, on_end, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, RPC_LINE_MAX);
	if (bufferevent_enable(c->bev, EV_READ | EV_WRITE) < 0)
		end_connection(c);
}

int
ctlsock_open(struct event_base *base, int fd, const struct permit *permit,
    struct mirror *mirror, struct ctlsock **ret)
{
	struct ctlsock *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->base = base;
	s->permit = *permit;
	s->mirror = mirror;
	s->drain = event_new(base, -1, EV_PERSIST, on_drain, s);
	s->stats = event_new(base, -1, EV_PERSIST, on_stats, s);
	/* It listens already. */
	if (s->drain != NULL && s->stats != NULL)
		s->listener = evconnlistener_new(base, on_accept, s,
		    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (s->listener == NULL)
		goto free_events;
	*ret = s;
	return 0;

free_events:
	if (s->drain != NULL)
		event_free(s->drain);
	if (s->stats != NULL)
		event_free(s->stats);
	free(s);
	return -ENOMEM;
}

void
ctlsock_close(struct ctlsock *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < CTLSOCK_CONNECTIONS_MAX; i++)
		if (s->connections[i].bev != NULL)
			end_connection(&s->connections[i]);
	evconnlistener_free(s->listener);
	event_free(s->drain);
	event_free(s->stats);
	free(s);
}

void
ctlsock_state_changed(struct ctlsock *s)
{
	publish(s, RPC_STATE, "state", methods_status(s->mirror));
}
