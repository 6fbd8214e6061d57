/* SPDX-License-Identifier: ISC */
/*
 * gate: the states of the gate and the edges between them.
 *
 * Pure: no I/O, no clock, no allocation. engine.c asks for an edge and
 * carries it out. What may pass in each state is in STATES.md.
 *
 *             BLOCK              CONNECT                 PROVEN
 *      OPEN ---------> BLOCKED ----------> CONNECTING ----------> CONNECTED
 *        ^              ^   ^                  |  ^ CONNECT          |   ^
 *        |              |   '--- DISCONNECT ---'  '---- from --------'   |
 *        '-- RELEASE ---'         (BLOCK)              anywhere but OPEN |
 *          from anywhere                                                 |
 *                             TUNNEL_LOST, UPLINK_LOST,           PROVEN |
 *                CONNECTED ---- UPLINK_CHANGED, -----> RECONNECTING -----'
 *                               WORKER_STARTED
 */
#ifndef CONTROL_GATE_H
#define CONTROL_GATE_H

enum gate_state {
	GATE_BLOCKED = 0,  /* no server: nothing passes; waits for the user */
	GATE_OPEN,	   /* stands aside; by the user's word only */
	GATE_CONNECTING,   /* only encapsulation to the server passes */
	GATE_CONNECTED,	   /* the same, and the tunnel is proven */
	GATE_RECONNECTING, /* the same; the tunnel was lost */
	GATE_STATES
};

enum gate_event {
	EV_CONNECT = 0,	      /* user: to a server, also another one */
	EV_DISCONNECT,	      /* user */
	EV_RELEASE,	      /* user */
	EV_BLOCK,	      /* user */
	EV_PROVEN,	      /* interface up, and the server answered */
	EV_TUNNEL_LOST,	      /* the client or its interface is gone */
	EV_TUNNEL_CHANGED,    /* its interface came, or its address changed */
	EV_UPLINK_LOST,	      /* no way out any more */
	EV_UPLINK_CHANGED,    /* a way out, not the one of before */
	EV_NEIGHBOUR_CHANGED, /* the same way out, another next hop */
	EV_WORKER_STARTED,    /* anew: the proof was the last one's */
	GATE_EVENTS
};

enum gate_action {
	ACT_CLOSE = 0, /* hang up, and see that the default route is ours */
	ACT_NONE,
	ACT_REFUSE,    /* the user's command makes no sense here */
	ACT_REPLAN,    /* what may pass, and where to, anew */
	ACT_DIAL,      /* hang up, then start with the chosen server */
	ACT_GIVE_BACK, /* hang up, and leave nothing of ours in the system */
};

struct gate_edge {
	enum gate_state to;
	enum gate_action act;
};

/* The edge from a state on an event. Out of range: to BLOCKED, ACT_CLOSE. */
struct gate_edge gate_edge(enum gate_state from, enum gate_event ev);

/* "blocked", ...; "unknown" out of range. */
const char *gate_state_name(enum gate_state s);
const char *gate_event_name(enum gate_event ev);

#endif /* CONTROL_GATE_H */
