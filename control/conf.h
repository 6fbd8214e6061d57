/* SPDX-License-Identifier: ISC */
/*
 * conf: tungate.conf as values.
 *
 *     [tungate]
 *     tun = tungate0              the gate's device (macOS: the system chooses)
 *     run_dir = /run/tungate      the control socket, control.sock, is here
 *     servers = /etc/tungate/servers
 *     group = tungate             who may use the control socket, beside root
 *     user = tungate              the account of the worker process
 *     lan = block | allow         the local network (STATES.md 0.5)
 *     uplink = machine | namespace  where the network card is (Linux)
 *     uplink_interface = eth0     in a namespace: which card it is,
 *     uplink_address = 192.0.2.10/24  and its addresses,
 *     uplink_gateway = 192.0.2.1  and its routers; or else
 *     uplink_dhcp = udhcpc -f -i eth0  what finds them out; or as they were
 *     on_stop = closed | open     what the gate does when the daemon is told
 *                                 to stop
 *     scripts = refuse | ignore   PostUp and the like in wg-quick files
 *     log_level = error | warn | info | debug
 */
#ifndef CONTROL_CONF_H
#define CONTROL_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "src/os/ifsettings.h"

#define CONF_PATH_MAX 180 /* a line of the file bounds it */

struct conf {
	char tun[16];
	char run_dir[CONF_PATH_MAX];
	char servers[CONF_PATH_MAX];
	char group[64];
	char user[64];
	bool allow_lan;
	bool uplink_namespace;
	struct ifsettings uplink; /* named, if it is to be in a namespace */
	char uplink_dhcp[160];	  /* empty: none */
	bool open_on_stop;
	bool ignore_scripts;
	int log_level; /* enum log_level */
};

/* One sentence a problem: "FILE:LINE: what". */
typedef void conf_report(const char *problem, void *arg);

/* What holds where the file says nothing. */
struct conf conf_defaults(void);

/*
 * Read the len bytes of text over the defaults; file names it in reports. 0,
 * or -EINVAL after at least one report, with *ret untouched.
 */
int conf_parse(const char *file, const char *text, size_t len, struct conf *ret,
    conf_report *report, void *arg);

/*
 * Read a file. 0, or a negative errno after at least one report. A file that
 * is not there is an error, too: the caller decides.
 */
int
conf_read(const char *file, struct conf *ret, conf_report *report, void *arg);

#endif /* CONTROL_CONF_H */
