/* SPDX-License-Identifier: ISC */
/*
 * serve: the worker process, put together: it looks at packets, and at what
 * users say on the control socket, and has no other means.
 */
#ifndef SRC_SERVE_H
#define SRC_SERVE_H

#include "control/permit.h"
#include "src/os/isolate.h"

struct carrier_tls;
struct pump_memory;
struct server_list;
struct inlet;
struct uplink;

/* What it has of the parent's, when it is forked. */
struct serve {
	const struct server_list *servers;
	struct pump_memory *memory;
	struct inlet *inlet; /* NULL: the kernel takes in */
	struct uplink *uplink;
	struct carrier_tls *tls; /* NULL: it cannot be had */
	struct permit permit;
	int listener; /* of the control socket */
	struct isolate_account account;
	const char *run_dir; /* see isolate_process() */
};

/*
 * Be the worker until the parent is gone. channel: this end of it. The exit
 * status.
 */
int serve_run(const struct serve *s, int channel);

#endif /* SRC_SERVE_H */
