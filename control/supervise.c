/* SPDX-License-Identifier: ISC */
#include "control/supervise.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/server.h"
#include "src/base/log.h"

enum {
	RESTART_FIRST_MS = 250, /* a client that ended, and then doubled */
	RESTART_MAX_MS = 10000,
};

struct supervise {
	struct event_base *base;
	struct supervise_calls calls;
	const struct server *server; /* whose client is wanted; NULL: none */
	struct client *client;
	bool stopping; /* by our word: its end is no failure */
	bool ended;    /* once since the start, with code */
	int code;
	unsigned restart_ms;
	struct event *restart;
};

static void
start_later(struct supervise *s)
{
	struct timeval tv = { .tv_sec = (time_t)(s->restart_ms / 1000),
		.tv_usec = (suseconds_t)(s->restart_ms % 1000 * 1000) };

	if (event_add(s->restart, &tv) < 0)
		log_error("client: no timer to start it again");
}

static void start_now(struct supervise *s);

static void
on_end(int code, void *arg)
{
	struct supervise *s = arg;

	client_free(s->client);
	s->client = NULL;
	if (s->server == NULL)
		return;
	if (s->stopping) {
		start_now(s);
		return;
	}
	s->ended = true;
	s->code = code;
	log_warn("client %s: ended with status %d, started again in %u ms",
	    s->server->name, code, s->restart_ms);
	start_later(s);
	s->restart_ms *= 2;
	if (s->restart_ms > RESTART_MAX_MS)
		s->restart_ms = RESTART_MAX_MS;
	s->calls.on_loss(s->calls.arg);
}

static void
start_now(struct supervise *s)
{
	const struct server *server = s->server;
	int r;

	/* One that is being stopped: its end calls this again. */
	if (server == NULL || server->command[0] == '\0' || s->client != NULL)
		return;
	r = client_start(s->base, server->name, server->interface,
	    server->command, on_end, s, &s->client);
	if (r < 0) {
		log_error("client %s: cannot be started (%s)", server->name,
		    strerror(-r));
		start_later(s);
		return;
	}
	s->stopping = false;
	log_info("client %s: started: %s", server->name, server->command);
	s->calls.on_start(s->calls.arg);
}

static void
on_restart(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_now(arg);
}

struct supervise *
supervise_new(struct event_base *base, struct supervise_calls calls)
{
	struct supervise *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base = base;
	s->calls = calls;
	if ((s->restart = evtimer_new(base, on_restart, s)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
supervise_free(struct supervise *s)
{
	if (s == NULL)
		return;
	event_free(s->restart);
	if (s->client != NULL) {
		client_stop_and_wait(s->client);
		client_free(s->client);
	}
	free(s);
}

void
supervise_stop(struct supervise *s)
{
	s->server = NULL;
	(void)event_del(s->restart);
	if (s->client == NULL)
		return;
	s->stopping = true;
	client_stop(s->client);
}

void
supervise_restart(struct supervise *s)
{
	if (s->client == NULL || s->stopping)
		return;
	s->stopping = true;
	client_stop(s->client);
}

void
supervise_start(struct supervise *s, const struct server *server)
{
	s->server = server;
	s->ended = false;
	s->restart_ms = RESTART_FIRST_MS;
	start_now(s);
}

void
supervise_proven(struct supervise *s)
{
	s->restart_ms = RESTART_FIRST_MS;
}

bool
supervise_is_up(const struct supervise *s)
{
	if (s->server == NULL)
		return false;
	return s->server->command[0] == '\0' ||
	    (s->client != NULL && !s->stopping);
}

bool
supervise_has_ended(const struct supervise *s, int *ret_code)
{
	if (s->ended)
		*ret_code = s->code;
	return s->ended;
}
