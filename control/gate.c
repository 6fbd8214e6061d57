/* SPDX-License-Identifier: ISC */
#include "control/gate.h"

/*
 * A cell that is not written here is zero: to GATE_BLOCKED, ACT_CLOSE. What
 * nobody thought of closes the gate; even staying must be said.
 */
/* clang-format off: a table is read by its columns */
static const struct gate_edge edges[GATE_STATES][GATE_EVENTS] = {
	[GATE_OPEN] = {
		[EV_CONNECT]           = { GATE_OPEN,         ACT_REFUSE },
		[EV_DISCONNECT]        = { GATE_OPEN,         ACT_REFUSE },
		[EV_RELEASE]           = { GATE_OPEN,         ACT_NONE },
		[EV_BLOCK]             = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_PROVEN]            = { GATE_OPEN,         ACT_NONE },
		[EV_TUNNEL_LOST]       = { GATE_OPEN,         ACT_NONE },
		[EV_TUNNEL_CHANGED]    = { GATE_OPEN,         ACT_NONE },
		[EV_UPLINK_LOST]       = { GATE_OPEN,         ACT_NONE },
		[EV_UPLINK_CHANGED]    = { GATE_OPEN,         ACT_NONE },
		[EV_NEIGHBOUR_CHANGED] = { GATE_OPEN,         ACT_NONE },
		[EV_WORKER_STARTED]    = { GATE_OPEN,        ACT_NONE },
	},
	[GATE_BLOCKED] = {
		[EV_CONNECT]           = { GATE_CONNECTING,   ACT_DIAL },
		[EV_DISCONNECT]        = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_RELEASE]           = { GATE_OPEN,         ACT_GIVE_BACK },
		[EV_BLOCK]             = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_PROVEN]            = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_TUNNEL_LOST]       = { GATE_BLOCKED,      ACT_NONE },
		[EV_TUNNEL_CHANGED]    = { GATE_BLOCKED,      ACT_NONE },
		[EV_UPLINK_LOST]       = { GATE_BLOCKED,      ACT_REPLAN },
		[EV_UPLINK_CHANGED]    = { GATE_BLOCKED,      ACT_REPLAN },
		[EV_NEIGHBOUR_CHANGED] = { GATE_BLOCKED,      ACT_NONE },
		[EV_WORKER_STARTED]    = { GATE_BLOCKED,     ACT_NONE },
	},
	[GATE_CONNECTING] = {
		[EV_CONNECT]           = { GATE_CONNECTING,   ACT_DIAL },
		[EV_DISCONNECT]        = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_RELEASE]           = { GATE_OPEN,         ACT_GIVE_BACK },
		[EV_BLOCK]             = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_PROVEN]            = { GATE_CONNECTED,    ACT_NONE },
		[EV_TUNNEL_LOST]       = { GATE_CONNECTING,   ACT_REPLAN },
		[EV_TUNNEL_CHANGED]    = { GATE_CONNECTING,   ACT_REPLAN },
		[EV_UPLINK_LOST]       = { GATE_CONNECTING,   ACT_REPLAN },
		[EV_UPLINK_CHANGED]    = { GATE_CONNECTING,   ACT_REPLAN },
		[EV_NEIGHBOUR_CHANGED] = { GATE_CONNECTING,   ACT_REPLAN },
		[EV_WORKER_STARTED]    = { GATE_CONNECTING,  ACT_REPLAN },
	},
	[GATE_CONNECTED] = {
		[EV_CONNECT]           = { GATE_CONNECTING,   ACT_DIAL },
		[EV_DISCONNECT]        = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_RELEASE]           = { GATE_OPEN,         ACT_GIVE_BACK },
		[EV_BLOCK]             = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_PROVEN]            = { GATE_CONNECTED,    ACT_NONE },
		[EV_TUNNEL_LOST]       = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_TUNNEL_CHANGED]    = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_UPLINK_LOST]       = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_UPLINK_CHANGED]    = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_NEIGHBOUR_CHANGED] = { GATE_CONNECTED,    ACT_REPLAN },
		[EV_WORKER_STARTED]    = { GATE_RECONNECTING,ACT_REPLAN },
	},
	[GATE_RECONNECTING] = {
		[EV_CONNECT]           = { GATE_CONNECTING,   ACT_DIAL },
		[EV_DISCONNECT]        = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_RELEASE]           = { GATE_OPEN,         ACT_GIVE_BACK },
		[EV_BLOCK]             = { GATE_BLOCKED,      ACT_CLOSE },
		[EV_PROVEN]            = { GATE_CONNECTED,    ACT_NONE },
		[EV_TUNNEL_LOST]       = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_TUNNEL_CHANGED]    = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_UPLINK_LOST]       = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_UPLINK_CHANGED]    = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_NEIGHBOUR_CHANGED] = { GATE_RECONNECTING, ACT_REPLAN },
		[EV_WORKER_STARTED]    = { GATE_RECONNECTING,ACT_REPLAN },
	},
};
/* clang-format on */

struct gate_edge
gate_edge(enum gate_state from, enum gate_event ev)
{
	if ((unsigned)from >= GATE_STATES || (unsigned)ev >= GATE_EVENTS)
		return (struct gate_edge){ GATE_BLOCKED, ACT_CLOSE };
	return edges[from][ev];
}

const char *
gate_state_name(enum gate_state s)
{
	static const char *const names[GATE_STATES] = {
		[GATE_BLOCKED] = "blocked",
		[GATE_OPEN] = "open",
		[GATE_CONNECTING] = "connecting",
		[GATE_CONNECTED] = "connected",
		[GATE_RECONNECTING] = "reconnecting",
	};

	return (unsigned)s < GATE_STATES ? names[s] : "unknown";
}

const char *
gate_event_name(enum gate_event ev)
{
	static const char *const names[GATE_EVENTS] = {
		[EV_CONNECT] = "connect",
		[EV_DISCONNECT] = "disconnect",
		[EV_RELEASE] = "release",
		[EV_BLOCK] = "block",
		[EV_PROVEN] = "proven",
		[EV_TUNNEL_LOST] = "tunnel-lost",
		[EV_TUNNEL_CHANGED] = "tunnel-changed",
		[EV_UPLINK_LOST] = "uplink-lost",
		[EV_UPLINK_CHANGED] = "uplink-changed",
		[EV_NEIGHBOUR_CHANGED] = "neighbour-changed",
		[EV_WORKER_STARTED] = "worker-started",
	};

	return (unsigned)ev < GATE_EVENTS ? names[ev] : "unknown";
}
