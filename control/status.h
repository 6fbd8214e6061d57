/* SPDX-License-Identifier: ISC */
/*
 * status: what is told of the gate, as one value.
 */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/gate.h"
#include "control/server.h"
#include "src/base/mono.h"
#include "src/os/netmon.h"

/* Room for a sentence that says why. */
#define STATUS_WHY_MAX 256

struct status {
	enum gate_state state;
	uint64_t epoch;	   /* counts changes of policy */
	struct mono since; /* when the state was entered */
	bool has_server;
	struct server server; /* the chosen one, if there is one */
	struct net_view view;
	bool allow_lan;
	bool open_on_stop;
	char detail[STATUS_WHY_MAX]; /* what it waits for; empty: nothing */
};

#endif /* CONTROL_STATUS_H */
