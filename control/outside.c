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

enum { DHCP_AGAIN_S = 5 };

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
	struct client *dhcp;	   /* NULL: it does not run */
	struct event *dhcp_again;
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
	    (r = firewall_open(sender, false, &o->firewall)) < 0) {
		log_warn("firewall: not in the uplink's namespace (%s)",
		    strerror(-r));
		r = 0;
	}
	netns_leave(o->netns);
	return r;
}

static void start_dhcp(evutil_socket_t fd, short what, void *arg);

int
outside_open(struct event_base *base, const struct conf *conf,
    const struct uplink_sender *sender, struct outside **ret)
{
	struct outside *o = calloc(1, sizeof(*o));
	int r = -ENOMEM;

	if (o == NULL)
		return -ENOMEM;
	o->base = base;
	o->conf = conf;
	o->paths = paths_in(conf->run_dir);
	if ((o->dhcp_again = evtimer_new(base, start_dhcp, o)) == NULL ||
	    (r = netns_open(o->paths.netns, true, &o->netns)) < 0 ||
	    (r = open_inside(o, sender)) < 0) {
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
	firewall_close(o->firewall);
	inlet_close(o->inlet);
	uplink_close(o->uplink);
	netmon_close(o->netmon);
	netns_close(o->netns);
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
	char command[CONF_PATH_MAX + 256];
	int r;

	(void)fd;
	(void)what;
	if (o->dhcp != NULL || o->conf->uplink_dhcp[0] == '\0')
		return;
	(void)snprintf(command, sizeof(command), "exec nsenter --net=%s %s",
	    o->paths.netns, o->conf->uplink_dhcp);
	r = client_start(o->base, "uplink_dhcp", o->conf->uplink.name, command,
	    on_dhcp_end, o, &o->dhcp);
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

int
outside_take(struct outside *o)
{
	const char *name = o->conf->uplink.name;
	struct ifsettings was;
	int r;

	if (if_nametoindex(name) == 0) {
		/* A start finds it in there. */
		r = ifsettings_load(o->paths.settings, &was);
		if (r < 0 || strcmp(was.name, name) != 0)
			memset(&was, 0, sizeof(was));
		memcpy(was.name, name, strlen(name) + 1);
		return set_up(o, &was);
	}
	if ((r = ifsettings_look(name, &was)) < 0 ||
	    (r = ifsettings_save(&was, o->paths.settings)) < 0 ||
	    (r = netns_take(o->netns, name)) < 0)
		return r;
	log_info("uplink: %s is in a namespace of its own", name);
	return set_up(o, &was);
}

/* From that namespace, set up as the file says, if it can be read. */
static int
bring_home(struct netns *n, const struct paths *p, const char *name)
{
	struct ifsettings was;
	int known = ifsettings_load(p->settings, &was), r;

	if (known < 0) {
		if (name == NULL)
			return known;
		memset(&was, 0, sizeof(was));
		memcpy(was.name, name, strlen(name) + 1);
		log_error("uplink: how %s was set up is not known any more "
			  "(%s): give it its address again",
		    name, strerror(-known));
	}
	r = netns_give_back(n, was.name);
	if (r < 0 && r != -ENODEV)
		return r;
	if (r == 0 && (r = ifsettings_apply(&was)) < 0)
		return r;
	(void)unlink(p->settings);
	return 0;
}

int
outside_give_back(struct outside *o)
{
	(void)event_del(o->dhcp_again);
	if (o->dhcp != NULL) {
		client_stop_and_wait(o->dhcp);
		client_free(o->dhcp);
		o->dhcp = NULL;
	}
	return bring_home(o->netns, &o->paths, o->conf->uplink.name);
}

int
outside_rescue(const char *run_dir)
{
	struct paths p = paths_in(run_dir);
	struct netns *n = NULL;
	int r;

	if ((r = netns_open(p.netns, false, &n)) < 0)
		return r == -ENOENT || r == -EOPNOTSUPP ? 0 : r;
	r = bring_home(n, &p, NULL);
	netns_close(n);
	/* Nothing was in there, or it is home. */
	if (r < 0 && r != -ENOENT)
		return r;
	return netns_remove(p.netns);
}

/*
 * Looking, and closing.
 */

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
	view->v4 = there.v4;
	view->v6 = there.v6;
	return r;
}

int
outside_firewall(struct outside *o, const struct firewall_plan *plan)
{
	struct firewall_plan there = *plan;
	int r;

	/* The numbers of other namespaces' interfaces mean others here. */
	there.gate_ifindex = there.tunnel_ifindex = 0;
	memset(&there.tunnel4, 0, sizeof(there.tunnel4));
	memset(&there.tunnel6, 0, sizeof(there.tunnel6));
	if (o->firewall == NULL)
		return 0;
	/* It looks at the devices where it is. */
	if ((r = netns_enter(o->netns)) < 0)
		return r;
	r = firewall_apply(o->firewall, &there);
	netns_leave(o->netns);
	return r;
}
