/* SPDX-License-Identifier: ISC */
/*
 * plan: from a state and what the network looks like to what is wanted.
 *
 * Pure. The policy, the routes and the firewall come from the same values, so
 * they cannot disagree.
 */
#ifndef CONTROL_PLAN_H
#define CONTROL_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/gate.h"
#include "src/os/uplink.h"

struct firewall_plan;
struct net_view;
struct policy;
struct routes_plan;
struct server;

struct plan_input {
	enum gate_state state;
	const struct server *server; /* NULL: none is chosen */
	const struct net_view *view;
	const struct hop *hops; /* one for each of the server's endpoints */
	unsigned gate_ifindex;	/* our tun */
	bool allow_lan;		/* the user's word (STATES.md 0.5) */
	uid_t worker;		/* its account */
	uint64_t generation;	/* of the policy to be made */
};

/*
 * What may pass (STATES.md 1-5). policy_block_all for BLOCKED and OPEN, so
 * that closing needs no memory; NULL: no memory.
 */
const struct policy *plan_policy(const struct plan_input *in);

/* Where the machine's packets go. */
void plan_routes(const struct plan_input *in, struct routes_plan *ret);

/* What the system's firewall lets through: not less than the policy does. */
void plan_firewall(const struct plan_input *in, struct firewall_plan *ret);

#endif /* CONTROL_PLAN_H */
