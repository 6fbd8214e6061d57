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
 *     on_stop = closed | open     what the gate does when the daemon is told
 *                                 to stop
 *     log_level = error | warn | info | debug
 */
#ifndef CONTROL_CONF_H
#define CONTROL_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_PATH_MAX 180 /* a line of the file bounds it */

struct conf {
	char tun[16];
	char run_dir[CONF_PATH_MAX];
	char servers[CONF_PATH_MAX];
	char group[64];
	char user[64];
	bool allow_lan;
	bool open_on_stop;
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
