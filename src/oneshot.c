/* SPDX-License-Identifier: ISC */
#include "src/oneshot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/conf.h"
#include "control/outside.h"
#include "src/lock.h"
#include "src/os/dns.h"
#include "src/os/firewall.h"
#include "src/os/returnpath.h"
#include "src/os/routes.h"
#include "src/os/tun.h"
#include "src/os/uplink.h"

/* The gate's frames: from here there are none. */
static const struct uplink_sender nobody;

/* 0, or -1 after a word: a daemon runs. Without a lock it goes on: *fd is -1.
 */
static int
lock(const char *verb, const struct conf *conf, const char *instead, int *fd)
{
	int r;

	*fd = -1;
	if ((r = lock_take(conf->run_dir, fd)) == -EBUSY) {
		(void)fprintf(stderr, "%s: tungated is running: %s\n", verb,
		    instead);
		return -1;
	}
	if (r < 0)
		(void)fprintf(stderr,
		    "%s: %s cannot be locked (%s), going on\n", verb,
		    conf->run_dir, strerror(-r));
	return 0;
}

static void
unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Prints the outcome of one step; returns whether it failed. */
static int
said(const char *what, int r, const char *done)
{
	(void)printf("%s: %s\n", what, r < 0 ? strerror(-r) : done);
	return r < 0;
}

/*
 * Closing.
 */

static int
close_firewall(const char **ret_lacks)
{
	static const struct firewall_plan closed;
	struct firewall *f = NULL;
	int r;

	if ((r = firewall_open(&nobody, true, &f)) < 0)
		return r;
	if ((r = firewall_apply(f, &closed)) == 0)
		*ret_lacks = firewall_lacks(f);
	firewall_close(f);
	return r;
}

static int
close_routes(void)
{
	static const struct routes_plan closed;
	struct routes *routes = NULL;
	int r;

	if ((r = routes_open(&routes)) == 0)
		r = routes_apply(routes, &closed, NULL);
	routes_close(routes);
	return r;
}

int
oneshot_lockdown(const struct conf *conf)
{
	const char *lacks = NULL;
	int fd, status = 0;

	if (lock("lockdown", conf, "close it with: tungatectl block", &fd) < 0)
		return 1;
	status |= said("firewall", close_firewall(&lacks), "closed");
	if (lacks != NULL)
		(void)printf("firewall: this kernel can do less than it "
			     "should: %s\n",
		    lacks);
	status |= said("rules and routes", close_routes(), "closed");
	unlock(fd);
	(void)printf("%s\n",
	    status == 0
		? "nothing passes until tungated runs; to open it by hand: "
		  "tungated --release"
		: "the machine is not wholly closed: is this run as root?");
	return status;
}

/*
 * Giving back.
 */

/* 1: they are somebody else's by now. */
static int
release_resolvers(void)
{
	struct dns *dns = NULL;
	int r;

	if ((r = dns_open(NULL, NULL, &dns)) == 0)
		r = dns_restore(dns);
	dns_close(dns);
	/* A system on which they are never changed. */
	return r == -EOPNOTSUPP ? 0 : r;
}

static int
release_marks(void)
{
	struct returnpath *returnpath = NULL;
	int r;

	if ((r = returnpath_open(&returnpath)) == 0)
		r = returnpath_release(returnpath);
	returnpath_close(returnpath);
	/* A kernel without nftables has nothing of ours in it. */
	return r == -EPROTONOSUPPORT ? 0 : r;
}

static int
release_routes(void)
{
	struct routes *routes = NULL;
	int r;

	if ((r = routes_open(&routes)) == 0)
		r = routes_release(routes);
	routes_close(routes);
	return r;
}

static int
release_firewall(void)
{
	struct firewall *f = NULL;
	int r;

	if ((r = firewall_open(&nobody, true, &f)) == 0)
		r = firewall_release(f);
	firewall_close(f);
	return r == -EPROTONOSUPPORT ? 0 : r;
}

int
oneshot_release(const struct conf *conf)
{
	char device[sizeof(conf->tun) + 8];
	int fd, r, status = 0;

	if (lock("release", conf,
		"it would take the route again: use tungatectl release, or end "
		"it first",
		&fd) < 0)
		return 1;
	(void)snprintf(device, sizeof(device), "device %s", conf->tun);
	/* While the interface is there that they were set for. */
	r = release_resolvers();
	status |= said("resolvers", r,
	    r > 0 ? "as somebody else wrote them" : "as they were");
	status |= said("marks on arrival", release_marks(), "none left");
	status |= said(device, tun_remove(conf->tun), "not there any more");
	status |= said("rules and routes", release_routes(), "none left");
	r = outside_rescue(conf->run_dir);
	status |= said("uplink", r,
	    r > 0 ? "at home, to be set up by hand" : "at home");
	status |= said("firewall", release_firewall(), "none left");
	unlock(fd);
	(void)printf("%s\n",
	    status != 0 ? "something is left: is this run as root?"
		: r > 0 ? "tungate has let go, but the network is not as it "
			  "was without it: see above"
			: "tungate has let go: the network is as it was "
			  "without it");
	return status != 0 || r > 0;
}
