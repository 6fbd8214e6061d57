/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * pf closes the physical interfaces wholly: what the gate sends goes out
 * beneath it, through BPF, so there is nobody's frame that it would have to
 * know. src/os/pfrules.c says what the rules are, src/os/pf.c how they are put.
 *
 * pf sends no word of changes: so it is looked at once a second, which costs
 * three short runs of pfctl. A plan that is in force already costs none.
 *
 * A probe frame cannot be had: what is injected does not come by pf, and what
 * is sent by a socket is answered with EHOSTUNREACH by pf and by the routes
 * alike. So the rules are read back instead.
 */
#include "src/os/firewall.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mono.h"
#include "src/os/pf.h"
#include "src/os/pfrules.h"
#include "src/os/ticker_macos.h"

#define PFCTL "/sbin/pfctl"
/* Not in the configured folder: --release must find it without one. */
#define TOKEN TUNGATE_RUN_DIR "/pf-token"

enum { LOOK_EVERY_MS = 1000 };

struct firewall {
	struct pf *pf;
	struct ticker *ticker;
	char rules[PFRULES_MAX]; /* that were put last, */
	bool made;		 /* and are in force, */
	bool unlike;		 /* shown in another way than written */
	bool unasked;		 /* or not, for the main ruleset never asks */
	struct mono since;	 /* since then */
	char next[PFRULES_MAX];	 /* the plan's */
};

int
firewall_open(const struct uplink_sender *gate, bool held,
    struct firewall **ret)
{
	struct firewall *f = calloc(1, sizeof(*f));
	int r;

	(void)gate; /* pf never sees what it sends */
	(void)held; /* its rules are nobody's, and root's to flush */
	if (f == NULL)
		return -ENOMEM;
	if ((r = pf_open(PFCTL, TOKEN, &f->pf)) < 0)
		goto free_firewall;
	if ((r = ticker_open(LOOK_EVERY_MS, &f->ticker)) < 0)
		goto close_pf;
	*ret = f;
	return 0;

close_pf:
	pf_close(f->pf);
free_firewall:
	free(f);
	return r;
}

void
firewall_close(struct firewall *f)
{
	if (f == NULL)
		return;
	ticker_close(f->ticker);
	pf_close(f->pf);
	free(f);
}

/* An interface that went has no name: what it let pass is closed. */
static void
name_interface(unsigned ifindex, char ret[IFNAME_MAX])
{
	char name[IF_NAMESIZE];

	if (ifindex != 0 && if_indextoname(ifindex, name) != NULL &&
	    strlen(name) < IFNAME_MAX)
		memcpy(ret, name, strlen(name) + 1);
}

int
firewall_apply(struct firewall *f, const struct firewall_plan *plan)
{
	struct pfrules_names names = { 0 };
	int r;

	name_interface(plan->gate_ifindex, names.gate);
	name_interface(plan->tunnel_ifindex, names.tunnel);
	name_interface(plan->uplink4_ifindex, names.uplink4);
	name_interface(plan->uplink6_ifindex, names.uplink6);
	if ((r = pfrules_write(plan, &names, f->next, sizeof(f->next))) < 0)
		return r;
	if (strcmp(f->next, f->rules) == 0) {
		if (f->made)
			return 0;
		/* It takes the operator: no need to try ten times a second. */
		if (f->unasked &&
		    mono_ms_between(f->since, mono_now()) < LOOK_EVERY_MS)
			return -ENOENT;
	}
	r = pf_put(f->pf, f->next);
	/* Shown in another way than we know, they are in force none the less;
	 * from now on it is this way that is looked for. */
	f->made = r == 0 || r == -EPROTO;
	f->unasked = r == -ENOENT;
	f->unlike = r == -EPROTO;
	f->since = mono_now();
	memcpy(f->rules, f->next, sizeof(f->rules));
	return f->made ? 0 : r;
}

int
firewall_fd(const struct firewall *f)
{
	return ticker_fd(f->ticker);
}

int
firewall_drain(struct firewall *f)
{
	if (!ticker_drain(f->ticker) || !f->made || pf_is_put(f->pf))
		return 0;
	f->made = false;
	return 1;
}

const char *
firewall_lacks(const struct firewall *f)
{
	if (f->unlike)
		return "pfctl shows the rules in another way than they were "
		       "written, so that they are not seen to be in force";
	if (pf_is_overruled(f->pf))
		return "rules of others are asked before these, or interfaces "
		       "skipped, and may let pass what these stop; what a "
		       "program of root's sends "
		       "through BPF is not stopped, nor what macOS keeps from "
		       "pf";
	return "what a program of root's sends through BPF is not stopped, nor "
	       "what macOS keeps from pf; root can switch pf off, which is "
	       "seen within a second";
}

int
firewall_release(struct firewall *f)
{
	f->made = f->unasked = false;
	return pf_take_away(f->pf);
}
