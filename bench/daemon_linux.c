/* SPDX-License-Identifier: ISC */
#include "bench/daemon_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/base/mono.h"
#include "tools/ctl_socket.h"

#define START_MAX_MS 10000
#define STOP_MAX_MS  5000

struct daemon {
	char dir[64];
	pid_t pid; /* 0: not there */
	struct ctl_socket *socket;
};

/* What it makes and what we make in the folder, innermost first. */
static const char *const files[] = { "servers/bench.conf", "servers",
	"run/control.sock", "run/lock", "run", "tungate.conf", "log" };

/* The one that is to end if we are told to; and that we were. */
static volatile sig_atomic_t running, stopped;

/* It ends, so calls fail, and whoever called cleans up. */
static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
	if (running > 0)
		(void)kill((pid_t)running, SIGTERM);
}

static void
path_of(const struct daemon *d, const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", d->dir, name);
}

static bool
write_file(const struct daemon *d, const char *name, const char *text)
{
	char path[128];
	FILE *f;
	bool ok;

	path_of(d, name, path);
	if ((f = fopen(path, "we")) == NULL)
		return false;
	ok = fputs(text, f) >= 0;
	return fclose(f) == 0 && ok;
}

static bool
make_folder(struct daemon *d)
{
	char path[128], text[512];

	(void)snprintf(d->dir, sizeof(d->dir), "/tmp/tungate-bench-XXXXXX");
	if (mkdtemp(d->dir) == NULL) {
		d->dir[0] = '\0';
		return false;
	}
	path_of(d, "servers", path);
	if (mkdir(path, 0700) < 0)
		return false;
	(void)snprintf(text, sizeof(text),
	    "[tungate]\n"
	    "tun = tungate-bench\n"
	    "run_dir = %s/run\n"
	    "servers = %s/servers\n"
	    "on_stop = open\n"
	    "log_level = warn\n",
	    d->dir, d->dir);
	return write_file(d, "tungate.conf", text) &&
	    write_file(d, "servers/bench.conf",
		"[Server]\n"
		"Protocol = wireguard\n"
		"Endpoint = 203.0.113.5:51820\n"
		"Endpoint = [2001:db8:1::5]:51820\n"
		"Interface = wg-bench\n");
}

static void
remove_folder(const struct daemon *d)
{
	char path[128];

	if (d->dir[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path_of(d, files[i], path);
		(void)remove(path);
	}
	if (rmdir(d->dir) < 0)
		(void)fprintf(stderr, "control: %s is left behind (%s)\n",
		    d->dir, strerror(errno));
}

/* In the child: become the daemon. */
static void
run(const char *program, const struct daemon *d, pid_t parent)
{
	char conf[128], log[128];
	int fd;

	/* It ends with us, however we end. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	path_of(d, "tungate.conf", conf);
	path_of(d, "log", log);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
	(void)execl(program, program, "-c", conf, (char *)NULL);
	(void)fprintf(stderr, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

static void
show_log(const struct daemon *d)
{
	char path[128], line[512];
	FILE *f;

	path_of(d, "log", path);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		(void)fprintf(stderr, "  %s", line);
	(void)fclose(f);
}

static bool
has_ended(struct daemon *d)
{
	if (d->pid == 0 || waitpid(d->pid, NULL, WNOHANG) == 0)
		return false;
	d->pid = 0;
	running = 0;
	return true;
}

/* Until it listens. */
static bool
await_socket(struct daemon *d, struct mono start)
{
	static const struct timespec pause = { .tv_nsec = 100000 };
	char path[128];

	path_of(d, "run/control.sock", path);
	while (ctl_socket_open(path, &d->socket) < 0) {
		d->socket = NULL;
		if (has_ended(d) ||
		    mono_ms_between(start, mono_now()) > START_MAX_MS)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

int
daemon_start(const char *program, struct daemon **ret, double *ret_ms)
{
	struct sigaction on = { .sa_handler = on_signal };
	struct daemon *d = calloc(1, sizeof(*d));
	pid_t parent = getpid();
	struct mono start;

	if (d == NULL || !make_folder(d)) {
		(void)fprintf(stderr, "control: no folder in /tmp (%s)\n",
		    strerror(errno));
		goto fail;
	}
	(void)sigaction(SIGINT, &on, NULL);
	(void)sigaction(SIGTERM, &on, NULL);
	(void)signal(SIGPIPE, SIG_IGN);

	if (stopped)
		goto fail;
	start = mono_now();
	if ((d->pid = fork()) < 0) {
		d->pid = 0;
		(void)fprintf(stderr, "control: fork: %s\n", strerror(errno));
		goto fail;
	}
	if (d->pid == 0)
		run(program, d, parent);
	running = (sig_atomic_t)d->pid;
	if (!await_socket(d, start) ||
	    daemon_call(d, "status", NULL, "blocked") < 0) {
		(void)fprintf(stderr,
		    "control: %s does not come to be "
		    "blocked; its log:\n",
		    program);
		show_log(d);
		goto fail;
	}
	*ret_ms = (double)(mono_now().ns - start.ns) / 1e6;
	*ret = d;
	return 0;

fail:
	daemon_stop(d);
	return -1;
}

void
daemon_stop(struct daemon *d)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	struct mono start = mono_now();

	if (d == NULL)
		return;
	ctl_socket_close(d->socket);
	if (d->pid > 0)
		(void)kill(d->pid, SIGTERM);
	while (d->pid > 0 && !has_ended(d)) {
		(void)nanosleep(&pause, NULL);
		if (mono_ms_between(start, mono_now()) > STOP_MAX_MS)
			(void)kill(d->pid, SIGKILL);
	}
	remove_folder(d);
	free(d);
}

double
daemon_call(struct daemon *d, const char *method, json_t *params,
    const char *state)
{
	struct mono start = mono_now();
	json_t *answer = ctl_socket_call(d->socket, method, params);
	double us = (double)(mono_now().ns - start.ns) / 1e3;
	const json_t *result = json_object_get(answer, "result");
	const char *is = json_string_value(json_object_get(result, "state"));

	if (answer == NULL || result == NULL ||
	    (state != NULL && (is == NULL || strcmp(is, state) != 0))) {
		char *text = json_dumps(answer, JSON_COMPACT);

		(void)fprintf(stderr, "control: %s: %s\n", method,
		    answer == NULL     ? "the daemon is gone"
			: text != NULL ? text
				       : "a wrong answer");
		free(text);
		us = -1;
	}
	json_decref(answer);
	return us;
}

static long
kb_of(int pid, const char *file, const char *key)
{
	char path[64], line[256];
	long kb = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	if ((f = fopen(path, "re")) == NULL)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), f) != NULL) {
		size_t n = strlen(key);

		if (strncmp(line, key, n) == 0 && line[n] == ':')
			kb = strtol(line + n + 1, NULL, 10);
	}
	(void)fclose(f);
	return kb;
}

/* It starts no client here: its only child is the worker. 0: none. */
static int
worker_of(const struct daemon *d)
{
	char path[64], line[64] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)d->pid, (int)d->pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	(void)fclose(f);
	return (int)strtol(line, NULL, 10);
}

long
daemon_kb(const struct daemon *d, const char *file, const char *key)
{
	int worker = worker_of(d);
	long parents = kb_of((int)d->pid, file, key),
	     workers = worker > 0 ? kb_of(worker, file, key) : 0;

	return parents < 0 || workers < 0 ? -1 : parents + workers;
}
