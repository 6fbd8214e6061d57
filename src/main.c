/* SPDX-License-Identifier: ISC */
/*
 * tungated: the daemon, put together, top to bottom.
 *
 *   read options           --check, --lockdown and --release go no further
 *   memory                 from here on what it holds stays in it
 *   read configuration     with the servers' keys
 *   lock                   one daemon; from here on we may change the system
 *   engine                 the default route is taken: nothing passes
 *   control socket         listens; nobody serves it yet
 *   worker                 forked, isolated: commands may come (serve.c)
 *   isolate                what is not needed is dropped
 *   run
 *   stop                   closed, or open if the configuration says so
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control/command.h"
#include "control/conf.h"
#include "control/engine.h"
#include "control/listen.h"
#include "control/server.h"
#include "datapath/carrier/tls.h"
#include "src/base/log.h"
#include "src/lock.h"
#include "src/oneshot.h"
#include "src/os/isolate.h"
#include "src/serve.h"

#define DEFAULT_CONF TUNGATE_CONF_DIR "/tungate.conf"

struct options {
	const char *conf_file;
	bool conf_given; /* the default file may be missing, a given one not */
	bool check, lockdown, release;
};

struct daemon {
	struct options options;
	struct conf conf;
	struct server_list servers;
	struct event_base *base;
	struct engine *engine;
	struct carrier_tls *tls; /* the workers' */
	struct permit permit;
	struct isolate_account account;
	struct command command;
	struct event *signals[3];
	char socket[CONF_PATH_MAX + 16];
	int listener; /* -1: not yet */
	int lock;
	char **argv; /* where a process's title is */
};

static void
usage(FILE *to)
{
	(void)fprintf(to,
	    "usage: tungated [-c FILE] [--check | --lockdown | --release | "
	    "--version]\n"
	    "\n"
	    "  -c, --config FILE  read FILE instead of " DEFAULT_CONF "\n"
	    "      --check        read the configuration, say what is wrong, "
	    "and exit\n"
	    "      --lockdown     close the machine for a daemon that starts "
	    "later, and exit\n"
	    "      --release      give the network back, without a daemon, "
	    "and exit\n"
	    "      --version      print the version and exit\n"
	    "  -h, --help         print this and exit\n");
}

/* 0 to go on; else *ret_status is the exit status. */
static int
read_options(int argc, char *argv[], struct options *o, int *ret_status)
{
	enum { CHECK = 256, LOCKDOWN, RELEASE, VERSION };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, CHECK },
		{ "lockdown", no_argument, NULL, LOCKDOWN },
		{ "release", no_argument, NULL, RELEASE },
		{ "version", no_argument, NULL, VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*o = (struct options){ .conf_file = DEFAULT_CONF };
	*ret_status = 0;
	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->conf_file = optarg;
			o->conf_given = true;
			break;
		case CHECK:
			o->check = true;
			break;
		case LOCKDOWN:
			o->lockdown = true;
			break;
		case RELEASE:
			o->release = true;
			break;
		case VERSION:
			(void)printf("tungated %s\n", TUNGATE_VERSION);
			return -1;
		case 'h':
			usage(stdout);
			return -1;
		default:
			*ret_status = 2;
			usage(stderr);
			return -1;
		}
	}
	if (optind < argc || o->check + o->lockdown + o->release > 1) {
		*ret_status = 2;
		usage(stderr);
		return -1;
	}
	return 0;
}

/*
 * Configuration.
 */

static void
to_log(const char *problem, void *arg)
{
	(void)arg;
	log_error("conf: %s", problem);
}

static void
to_stderr(const char *problem, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", problem);
}

static void
note_to_log(const char *note, void *arg)
{
	(void)arg;
	log_warn("conf: %s", note);
}

static struct server_how
servers_how(const struct conf *c, bool log)
{
	return (struct server_how){ .ignore_scripts = c->ignore_scripts,
		.report = log ? to_log : to_stderr,
		.note = log ? note_to_log : to_stderr };
}

static int
read_conf(const struct options *o, struct conf *ret, conf_report *report)
{
	*ret = conf_defaults();
	if (!o->conf_given && access(o->conf_file, F_OK) < 0 && errno == ENOENT)
		return 0;
	return conf_read(o->conf_file, ret, report, NULL);
}

static int
check(const struct options *o)
{
	struct server_list servers;
	struct server_how how;
	struct conf conf;
	int r;

	if (read_conf(o, &conf, to_stderr) < 0)
		return 1;
	how = servers_how(&conf, false);
	r = server_list_read(conf.servers, &how, &servers);
	if (r == 0)
		(void)printf("%s: fine, %u server%s\n", o->conf_file, servers.n,
		    servers.n == 1 ? "" : "s");
	server_list_free(&servers);
	return r < 0 ? 1 : 0;
}

/* A broken configuration does not keep it from anything. */
static int
oneshot(const struct options *o)
{
	struct conf conf;

	if (read_conf(o, &conf, to_stderr) < 0) {
		(void)fprintf(stderr, "going on with the defaults\n");
		conf = conf_defaults();
	}
	return o->release ? oneshot_release(&conf) : oneshot_lockdown(&conf);
}

/*
 * The life of the daemon.
 */

static bool
same_uplink(const struct conf *a, const struct conf *b)
{
	char x[IFSETTINGS_TEXT_MAX], y[IFSETTINGS_TEXT_MAX];

	(void)ifsettings_print(&a->uplink, x);
	(void)ifsettings_print(&b->uplink, y);
	return a->uplink_namespace == b->uplink_namespace &&
	    strcmp(x, y) == 0 && strcmp(a->uplink_dhcp, b->uplink_dhcp) == 0;
}

static int
reload(void *arg, char why[], size_t size)
{
	struct daemon *d = arg;
	struct server_list servers;
	struct server_how how;
	struct conf conf;

	if (read_conf(&d->options, &conf, to_log) < 0) {
		(void)snprintf(why, size,
		    "the configuration has errors, the "
		    "old one stays: see the log, or tungated --check");
		return -1;
	}
	if (strcmp(conf.tun, d->conf.tun) != 0 ||
	    strcmp(conf.run_dir, d->conf.run_dir) != 0 ||
	    strcmp(conf.group, d->conf.group) != 0 ||
	    strcmp(conf.user, d->conf.user) != 0 ||
	    !same_uplink(&conf, &d->conf))
		log_warn(
		    "conf: tun, run_dir, group, user and the uplink change "
		    "with the next start only");
	memcpy(conf.tun, d->conf.tun, sizeof(conf.tun));
	memcpy(conf.run_dir, d->conf.run_dir, sizeof(conf.run_dir));
	memcpy(conf.group, d->conf.group, sizeof(conf.group));
	memcpy(conf.user, d->conf.user, sizeof(conf.user));
	conf.uplink_namespace = d->conf.uplink_namespace;
	conf.uplink = d->conf.uplink;
	memcpy(conf.uplink_dhcp, d->conf.uplink_dhcp, sizeof(conf.uplink_dhcp));
	how = servers_how(&conf, true);
	if (server_list_read(conf.servers, &how, &servers) < 0) {
		server_list_free(&servers);
		(void)snprintf(why, size,
		    "the servers have errors, the old "
		    "ones stay: see the log, or tungated --check");
		return -1;
	}
	server_list_free(&d->servers);
	d->servers = servers;
	d->conf = conf;
	log_set_level((enum log_level)conf.log_level);
	engine_reload(d->engine, &d->conf, &d->servers);
	log_info("conf: reloaded, %u servers", servers.n);
	return 0;
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	char why[ENGINE_WHY_MAX];
	struct daemon *d = arg;

	(void)what;
	if (sig == SIGHUP) {
		if (reload(d, why, sizeof(why)) < 0)
			log_error("conf: %s", why);
		return;
	}
	log_info("tungated: stopping on signal %d", (int)sig);
	(void)event_base_loopbreak(d->base);
}

static int
watch_signals(struct daemon *d)
{
	static const int which[] = { SIGTERM, SIGINT, SIGHUP };

	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		d->signals[i] = evsignal_new(d->base, which[i], on_signal, d);
		if (d->signals[i] == NULL || event_add(d->signals[i], NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Few descriptors are needed; control/client.c closes as many. */
static void
limit_descriptors(void)
{
	struct rlimit limit = { .rlim_cur = 1024, .rlim_max = 1024 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void
keep_memory(void)
{
	const char *lacks;

	isolate_memory(true, &lacks);
	if (*lacks != '\0')
		log_warn("tungated: this system has no means for: %s", lacks);
}

/* What ps shows; as much of it as the arguments have room for. */
static void
set_title(char *argv[], const char *title)
{
	char *end = argv[0];

	if (end == NULL)
		return;
	for (int i = 0; argv[i] != NULL && argv[i] == end; i++)
		end += strlen(argv[i]) + 1;
	memset(argv[0], 0, (size_t)(end - argv[0]));
	(void)snprintf(argv[0], (size_t)(end - argv[0]), "%s", title);
}

/* In a process of its own. */
static int
run_worker(int channel, void *arg)
{
	struct daemon *d = arg;
	const struct serve s = { .servers = &d->servers,
		.memory = engine_memory(d->engine),
		.inlet = engine_inlet(d->engine),
		.uplink = engine_uplink(d->engine),
		.tls = d->tls,
		.permit = d->permit,
		.listener = d->listener,
		.account = d->account,
		.run_dir = d->conf.run_dir };

	/* The keys of all servers came along with the fork. */
	server_list_forget(&d->servers);
	set_title(d->argv, "tungated: worker");
	return serve_run(&s, channel);
}

static void
on_request(const struct msg *m, int fd, struct msg *ret_answer, void *arg)
{
	struct daemon *d = arg;

	command_carry_out(&d->command, m, fd, ret_answer);
}

static int
start_worker(struct daemon *d)
{
	const struct engine_worker worker = { run_worker, on_request, d };

	d->account = isolate_account(d->conf.user);
	if (!d->account.named)
		log_warn("worker: there is no account %s (or it is root's): it "
			 "is number %u, which nobody has",
		    d->conf.user, (unsigned)d->account.uid);
	/* With the system's roots, for which workers have no files. */
	if ((d->tls = carrier_tls_new()) == NULL)
		log_warn("tunnel: no TLS: no memory, or this OpenSSL lacks "
			 "something");
	d->command = (struct command){ .engine = d->engine,
		.permit = &d->permit,
		.path = d->socket,
		.reload = reload,
		.arg = d };
	return engine_serve(d->engine, &worker);
}

static int
run(struct daemon *d)
{
	char why[ENGINE_WHY_MAX];
	int r;

	if ((d->base = event_base_new()) == NULL || watch_signals(d) < 0) {
		log_error("tungated: no event loop");
		return 1;
	}
	if (engine_new(d->base, &d->conf, &d->servers, &d->engine, why) < 0) {
		log_error("tungated: %s", why);
		log_error("tungated: the gate may be closed already; to open "
			  "it by hand: tungated --release");
		return 1;
	}
	d->permit = permit_of(d->conf.group);
	(void)snprintf(d->socket, sizeof(d->socket), "%s/control.sock",
	    d->conf.run_dir);
	if ((r = listen_open(d->socket, &d->permit, &d->listener)) < 0) {
		log_error("control: %s: %s", d->socket, strerror(-r));
		return 1;
	}
	if ((r = start_worker(d)) < 0)
		log_error("worker: cannot be started (%s): nothing passes",
		    strerror(-r));
	if (isolate_parent(d->conf.uplink_namespace) < 0) {
		log_error("tungated: privileges cannot be dropped");
		return 1;
	}
	r = event_base_dispatch(d->base);
	return r < 0 || engine_failure(d->engine) != NULL;
}

static int
stop(struct daemon *d, int status)
{
	/* Only a stop that was asked for opens. */
	bool open = status == 0 && d->conf.open_on_stop;
	bool taken = d->engine != NULL;
	struct status s;
	int r;

	if (taken) {
		engine_status(d->engine, &s);
		open |= status == 0 && s.state == GATE_OPEN;
	}
	r = engine_free(d->engine, open);
	listen_close(d->listener, d->socket);
	for (int i = 0; i < 3; i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->base != NULL)
		event_base_free(d->base);
	libevent_global_shutdown();
	carrier_tls_free(d->tls);
	server_list_free(&d->servers);
	close(d->lock);
	if (taken && !open)
		log_info("tungated: stopped, the gate stays closed; to open it "
			 "by hand: tungated --release");
	else if (taken && r == 0)
		log_info("tungated: stopped, the gate is open");
	return r < 0;
}

int
main(int argc, char *argv[])
{
	static struct daemon d = { .listener = -1 };
	struct server_how how;
	int r, status;

	if (read_options(argc, argv, &d.options, &status) < 0)
		return status;
	if (d.options.check)
		return check(&d.options);
	if (d.options.release || d.options.lockdown)
		return oneshot(&d.options);

	d.argv = argv;
	limit_descriptors();
	keep_memory();
	if (read_conf(&d.options, &d.conf, to_log) < 0)
		return 1;
	log_set_level((enum log_level)d.conf.log_level);
	/* A server that cannot be used is no reason to be without a gate. */
	how = servers_how(&d.conf, true);
	(void)server_list_read(d.conf.servers, &how, &d.servers);
	if ((r = lock_take(d.conf.run_dir, &d.lock)) < 0) {
		log_error("tungated: %s/lock: %s", d.conf.run_dir,
		    r == -EBUSY ? "another tungated is running" : strerror(-r));
		server_list_free(&d.servers);
		return 1;
	}
	status = run(&d);
	return stop(&d, status) | status;
}
