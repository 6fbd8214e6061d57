/* SPDX-License-Identifier: ISC */
#include "control/outside.h"

#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "control/conf.h"
#include "src/base/log.h"
#include "src/os/firewall.h"
#include "src/os/ifsettings.h"
#include "src/os/inlet.h"
#include "src/os/netmon.h"
#include "src/os/netns.h"
#include "src/os/uplink.h"

enum { DHCP_AGAIN_S = 5, AGAIN_AFTER_US = 100000 };

struct paths {
	char netns[CONF_PATH_MAX + 16], settings[CONF_PATH_MAX + 20];
};

struct outside {
	struct event_base *base;
	const struct conf *conf;
	struct paths paths;
	struct netns *netns;
	struct netmon *netmon;
	struct uplink *uplink;
	struct inlet *inlet;
	struct firewall *firewall; /* NULL: the kernel has none */
	struct firewall_plan plan; /* the last for it */
	struct event *on_firewall;
	struct client *dhcp; /* NULL: it does not run */
	struct event *dhcp_again;
	bool at_home; /* nothing is in there */
	char other4[NET_NAME_MAX], other6[NET_NAME_MAX];
};

static struct paths
paths_in(const char *run_dir)
{
	struct paths p;

	(void)snprintf(p.netns, sizeof(p.netns), "%s/uplink.netns", run_dir);
	(void)snprintf(p.settings, sizeof(p.settings), "%s/uplink.settings",
	    run_dir);
	return p;
}

/*
 * Opening.
 */

static int
open_inside(struct outside *o, const struct uplink_sender *sender)
{
	int r;

	if ((r = netns_enter(o->netns)) < 0)
		return r;
	if ((r = netmon_open(&o->netmon)) == 0 &&
	    (r = uplink_open(sender, &o->uplink)) == 0 &&
	    (r = inlet_open(&o->inlet)) == 0 &&
	    (r = firewall_open(sender, false, &o->firewall)) ==
		-EPROTONOSUPPORT) {
		log_warn("firewall: not in the uplink's namespace (%s)",
		    strerror(-r));
		r = 0;
	}
	netns_leave(o->netns);
	return r;
}

static void start_dhcp(evutil_socket_t fd, short what, void *arg);
static void on_firewall(evutil_socket_t fd, short what, void *arg);

static int
make_events(struct outside *o)
{
	if ((o->dhcp_again = evtimer_new(o->base, start_dhcp, o)) == NULL)
		return -ENOMEM;
	if (o->firewall == NULL || firewall_fd(o->firewall) < 0)
		return 0;
	o->on_firewall = event_new(o->base, firewall_fd(o->firewall),
	    EV_READ | EV_PERSIST, on_firewall, o);
	if (o->on_firewall == NULL || event_add(o->on_firewall, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int
outside_open(struct event_base *base, const struct conf *conf,
    const struct uplink_sender *sender, struct outside **ret)
{
	struct outside *o = calloc(1, sizeof(*o));
	int r;

	if (o == NULL)
		return -ENOMEM;
	o->base = base;
	o->conf = conf;
	o->paths = paths_in(conf->run_dir);
	if ((r = netns_open(o->paths.netns, true, &o->netns)) < 0 ||
	    (r = open_inside(o, sender)) < 0 || (r = make_events(o)) < 0) {
		outside_close(o);
		return r;
	}
	*ret = o;
	return 0;
}

void
outside_close(struct outside *o)
{
	if (o == NULL)
		return;
	if (o->dhcp != NULL) {
		client_stop_and_wait(o->dhcp);
		client_free(o->dhcp);
	}
	if (o->dhcp_again != NULL)
		event_free(o->dhcp_again);
	if (o->on_firewall != NULL)
		event_free(o->on_firewall);
	firewall_close(o->firewall);
	inlet_close(o->inlet);
	uplink_close(o->uplink);
	netmon_close(o->netmon);
	netns_close(o->netns);
	if (o->at_home)
		(void)netns_remove(o->paths.netns);
	free(o);
}

struct uplink *
outside_uplink(const struct outside *o)
{
	return o->uplink;
}

struct inlet *
outside_inlet(const struct outside *o)
{
	return o->inlet;
}

struct netmon *
outside_netmon(const struct outside *o)
{
	return o->netmon;
}

int
outside_enter(struct outside *o)
{
	return o != NULL ? netns_enter(o->netns) : 0;
}

void
outside_leave(struct outside *o)
{
	if (o != NULL)
		netns_leave(o->netns);
}

/*
 * A DHCP client, in there.
 */

static void
on_dhcp_end(int code, void *arg)
{
	static const struct timeval again = { .tv_sec = DHCP_AGAIN_S };
	struct outside *o = arg;

	client_free(o->dhcp);
	o->dhcp = NULL;
	log_warn("uplink: uplink_dhcp ended with status %d, started again in "
		 "%d s",
	    code, DHCP_AGAIN_S);
	if (event_add(o->dhcp_again, &again) < 0)
		log_error("uplink: no timer to start uplink_dhcp again");
}

static void
start_dhcp(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { .tv_sec = DHCP_AGAIN_S };
	struct outside *o = arg;
	int r;

	(void)fd;
	(void)what;
	if (o->dhcp != NULL || o->conf->uplink_dhcp[0] == '\0')
		return;
	/* It is forked in there, and stays. */
	if ((r = netns_enter(o->netns)) == 0) {
		r = client_start(o->base, "uplink_dhcp", o->conf->uplink.name,
		    o->conf->uplink_dhcp, on_dhcp_end, o, &o->dhcp);
		netns_leave(o->netns);
	}
	if (r < 0) {
		log_error("uplink: uplink_dhcp cannot be started (%s)",
		    strerror(-r));
		(void)event_add(o->dhcp_again, &again);
	}
}

/*
 * In and home.
 */

/* As the user says; by DHCP; or as it was. */
static int
set_up(struct outside *o, const struct ifsettings *was)
{
	struct ifsettings s = o->conf->uplink;
	int r;

	if (s.n_addresses == 0 && s.n_gateways == 0 &&
	    o->conf->uplink_dhcp[0] == '\0')
		s = *was;
	s.down = false;
	if ((r = netns_enter(o->netns)) < 0)
		return r;
	r = ifsettings_apply(&s);
	netns_leave(o->netns);
	start_dhcp(-1, 0, o);
	return r;
}

/* Of an interface of which no more is known. */
static struct ifsettings
bare(const char *name)
{
	struct ifsettings s = { 0 };

	(void)snprintf(s.name, sizeof(s.name), "%s", name);
	return s;
}

/*
 * Killed when it came home, we left it with some of what it had, or nothing;
 * plugged in it has nothing. Then what was kept is right.
 */
static bool
is_part_of(const struct ifsettings *now, const struct ifsettings *kept)
{
	unsigned found = 0;

	for (unsigned i = 0; i < now->n_addresses; i++)
		for (unsigned j = 0; j < kept->n_addresses; j++)
			if (addr_equal(&now->addresses[i].addr,
				&kept->addresses[j].addr)) {
				found++;
				break;
			}
	return found == now->n_addresses;
}

static int bring_home(struct netns *n, const struct paths *p);

int
outside_take(struct outside *o)
{
	const char *name = o->conf->uplink.name;
	struct ifsettings kept = bare(name), was;
	int r;

	o->at_home = false;
	/* The configuration meant another when we were killed. */
	if (ifsettings_load(o->paths.settings, &was) == 0) {
		if (strcmp(was.name, name) == 0)
			kept = was;
		else if ((r = bring_home(o->netns, &o->paths)) < 0)
			return r;
	}
	/* A start finds it in there. */
	if (if_nametoindex(name) == 0)
		return set_up(o, &kept);
	if ((r = ifsettings_look(name, &was)) < 0)
		return r;
	if (is_part_of(&was, &kept) && kept.n_addresses > 0)
		was = kept;
	if ((r = ifsettings_save(&was, o->paths.settings)) < 0 ||
	    (r = netns_take(o->netns, name)) < 0)
		return r;
	log_info("uplink: %s is in a namespace of its own", name);
	return set_up(o, &was);
}

struct homecoming {
	char names[8][16];
	unsigned n;
};

static void
note_home(const char *ifname, void *arg)
{
	struct homecoming *h = arg;

	if (h->n < sizeof(h->names) / sizeof(h->names[0]))
		(void)snprintf(h->names[h->n++], sizeof(h->names[0]), "%s",
		    ifname);
}

/* As was (NULL: nobody knows). 1 after a word if something is left to do. */
static int
set_up_at_home(const struct ifsettings *was, const struct homecoming *home)
{
	int r, by_hand = 0;

	for (unsigned i = 0; i < home->n; i++) {
		struct ifsettings up = bare(home->names[i]);

		if (was != NULL && strcmp(was->name, up.name) == 0)
			continue;
		(void)ifsettings_apply(&up);
		log_error("uplink: %s is home and up, but how it was set up is "
			  "not known any more: give it its addresses and "
			  "default routes by hand",
		    up.name);
		by_hand = 1;
	}
	/* Even if it did not come now: see is_part_of(). */
	if (was == NULL || if_nametoindex(was->name) == 0)
		return by_hand;
	if ((r = ifsettings_apply(was)) < 0) {
		log_error("uplink: %s is home, but not all of its settings "
			  "could be set (%s): see to its addresses and default "
			  "routes by hand",
		    was->name, strerror(-r));
		by_hand = 1;
	}
	return by_hand;
}

/* n: NULL if there is none any more. */
static int
bring_home(struct netns *n, const struct paths *p)
{
	struct homecoming home = { .n = 0 };
	struct ifsettings was;
	bool known = ifsettings_load(p->settings, &was) == 0;
	int r = n != NULL ? netns_give_back(n, note_home, &home) : 0;
	int by_hand = set_up_at_home(known ? &was : NULL, &home);

	if (r < 0)
		return r;
	(void)unlink(p->settings);
	return by_hand;
}

int
outside_give_back(struct outside *o)
{
	int r;

	(void)event_del(o->dhcp_again);
	if (o->dhcp != NULL) {
		client_stop_and_wait(o->dhcp);
		client_free(o->dhcp);
		o->dhcp = NULL;
	}
	if ((r = bring_home(o->netns, &o->paths)) < 0)
		return r;
	o->at_home = true;
	return r;
}

int
outside_rescue(const char *run_dir)
{
	struct paths p = paths_in(run_dir);
	struct netns *n = NULL;
	int r, by_hand;

	r = netns_open(p.netns, false, &n);
	if (r == -EOPNOTSUPP)
		return 0;
	if (r < 0 && r != -ENOENT)
		return r;
	by_hand = bring_home(n, &p);
	netns_close(n);
	if (by_hand < 0)
		return by_hand;
	r = netns_remove(p.netns);
	return r < 0 ? r : by_hand;
}

void
outside_warn(const char *run_dir)
{
	struct paths p = paths_in(run_dir);
	struct ifsettings was;

	if (ifsettings_load(p.settings, &was) == 0)
		log_warn("uplink: %s is in a namespace of its own since "
			 "tungated was killed: bring it home with tungated "
			 "--release",
		    was.name);
}

/*
 * Looking, and closing.
 */

void
outside_hold(struct outside *o)
{
	int r = netns_hold(o->netns, o->paths.netns);

	if (r > 0)
		log_warn("uplink: what holds its namespace was taken away by "
			 "someone else, repaired");
	if (r < 0)
		log_error("uplink: nothing holds its namespace when tungated "
			  "dies (%s)",
		    strerror(-r));
}

/* Another card, that the machine has kept. Said once of each family's. */
static void
note_other(struct outside *o, const char *name, char noted[NET_NAME_MAX])
{
	if (o->at_home || name[0] == '\0' ||
	    strcmp(name, o->conf->uplink.name) == 0 || strcmp(name, noted) == 0)
		return;
	(void)snprintf(noted, NET_NAME_MAX, "%s", name);
	log_warn("uplink: %s is a way out, too, and stays in the machine: only "
		 "the firewall and the routes close it",
	    name);
}

int
outside_view(struct outside *o, struct net_view *view)
{
	struct net_view there = { 0 };
	int r;

	/* Its socket is there; one that is opened anew is, where we are. */
	if ((r = netns_enter(o->netns)) == 0) {
		r = netmon_view(o->netmon, "", NULL, &there);
		netns_leave(o->netns);
	}
	note_other(o, view->v4.link.name, o->other4);
	note_other(o, view->v6.link.name, o->other6);
	view->v4 = there.v4;
	view->v6 = there.v6;
	return r;
}

static int
apply(struct outside *o)
{
	int r;

	/* It looks at the devices where it is. */
	if ((r = netns_enter(o->netns)) < 0)
		return r;
	r = firewall_apply(o->firewall, &o->plan);
	netns_leave(o->netns);
	return r;
}

int
outside_firewall(struct outside *o, const struct firewall_plan *plan)
{
	if (o->firewall == NULL)
		return 0;
	o->plan = *plan;
	/* The numbers of other namespaces' interfaces mean others here. */
	o->plan.gate_ifindex = o->plan.tunnel_ifindex = 0;
	memset(&o->plan.tunnel4, 0, sizeof(o->plan.tunnel4));
	memset(&o->plan.tunnel6, 0, sizeof(o->plan.tunnel6));
	memset(o->plan.also, 0, sizeof(o->plan.also));
	o->plan.n_also = 0;
	return apply(o);
}

static void
on_firewall(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { .tv_usec = AGAIN_AFTER_US };
	struct outside *o = arg;
	int r;

	(void)fd;
	if ((what & EV_TIMEOUT) == 0 && firewall_drain(o->firewall) == 0)
		return;
	if ((r = apply(o)) < 0) {
		log_error("firewall: cannot be set in the uplink's namespace "
			  "(%s); it is tried again",
		    strerror(-r));
		(void)event_add(o->on_firewall, &again);
		return;
	}
	(void)event_remove_timer(o->on_firewall);
	log_warn("firewall: was changed by someone else in the uplink's "
		 "namespace, repaired");
}
