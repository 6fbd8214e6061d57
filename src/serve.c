/* SPDX-License-Identifier: ISC */
/*
 * The order never varies; each step says what is impossible from there on.
 *
 *   descriptors    nothing of the parent's can be used but what is listed
 *   memory         not in swap, not in a dump
 *   account, root  no file, no other process, no privilege
 *   threads        all there are: one that pumps, one for the rest
 *   system calls   no way to anything new
 *   mirror         the parent says what is in force; now there are packets
 *   control socket commands may come
 */
#include "src/serve.h"

#include <event2/event.h>
#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "control/ctlsock.h"
#include "control/mirror.h"
#include "datapath/drop_ring.h"
#include "datapath/worker.h"
#include "src/base/log.h"
#include "src/os/inlet.h"
#include "src/os/uplink.h"

struct serving {
	struct event_base *base;
	struct worker *worker;
	struct drop_ring drops;
	struct mirror *mirror;
	struct ctlsock *ctlsock;
};

static bool
is_done(int r, const char *what)
{
	if (r < 0)
		log_error("worker: %s: %s", what, strerror(-r));
	return r >= 0;
}

static void
note_lacks(const char *lacks)
{
	if (*lacks != '\0')
		log_warn("worker: this system has no means for: %s", lacks);
}

static bool
isolate(const struct serve *s, struct serving *g, int channel)
{
	const int keep[] = { channel, s->listener, uplink_fd(s->uplink),
		s->inlet != NULL ? inlet_fd(s->inlet) : -1 };
	const char *lacks;

	if (!is_done(isolate_descriptors(keep, sizeof(keep) / sizeof(keep[0])),
		"descriptors"))
		return false;
	/* It would open a file for that, the first time it is needed. */
	json_object_seed(0);
	if ((g->base = event_base_new()) == NULL) {
		log_error("worker: no event loop");
		return false;
	}
	isolate_memory(false, &lacks);
	note_lacks(lacks);
	if (!is_done(isolate_process(&s->account, s->run_dir, &lacks),
		"isolation"))
		return false;
	note_lacks(lacks);
	if (!is_done(worker_start(s->uplink, s->inlet, &g->drops, s->memory,
			 &g->worker),
		"its thread"))
		return false;
	if (!is_done(isolate_calls(&lacks), "system calls"))
		return false;
	note_lacks(lacks);
	return true;
}

static void
on_change(void *arg)
{
	ctlsock_state_changed(arg);
}

static int
serve(const struct serve *s, struct serving *g, int channel)
{
	const struct mirror_parts parts = { .worker = g->worker,
		.uplink = s->uplink,
		.drops = &g->drops,
		.memory = s->memory,
		.servers = s->servers,
		.tls = s->tls };

	g->mirror = mirror_new(g->base, channel, &parts);
	if (g->mirror == NULL) {
		log_error("worker: no memory");
		return 1;
	}
	if (mirror_start(g->mirror) < 0)
		return 0;
	if (!is_done(ctlsock_open(g->base, s->listener, &s->permit, g->mirror,
			 &g->ctlsock),
		"control socket"))
		return 1;
	mirror_set_listener(g->mirror, on_change, g->ctlsock);
	return event_base_dispatch(g->base) < 0;
}

int
serve_run(const struct serve *s, int channel)
{
	struct serving g = { 0 };
	int status = 1;

	if (isolate(s, &g, channel))
		status = serve(s, &g, channel);
	/* The thread first: the gate is closed without it. */
	worker_stop(g.worker);
	ctlsock_close(g.ctlsock);
	mirror_free(g.mirror);
	if (g.base != NULL)
		event_base_free(g.base);
	return status;
}
