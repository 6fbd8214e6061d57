/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 *     daemon --- life ---> keeper --- fork ---> sh -c COMMAND (own group)
 *        <----- done -----'                          |
 *        <----- output (stdout and stderr) ----------'
 *
 * `life` is a pipe of which only the daemon holds the writing end: its end of
 * file is the order to stop, and comes also when the daemon is killed. `done`
 * gives the command's status as one byte; its end of file without one is a
 * keeper that was killed. The keeper is forked from the parent, which has one
 * thread; it calls nothing that would need more (signal-safety(7)).
 */
#include "control/client.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/base/mono.h"
#include "src/os/isolate.h"

/* The daemon keeps its descriptors below this (src/main.c sets the limit). */
#define DESCRIPTORS_MAX 1024
#define KILL_AFTER_MS	2000
#define WAIT_MAX_MS	3000

struct client {
	pid_t keeper;
	int life; /* -1: told to stop */
	int done;
	int output;
	struct event *on_done, *on_output;
	client_ended *on_end;
	void *arg;
	char name[64];
	char line[512]; /* of output, not yet ended */
	size_t line_len;
};

/*
 * The keeper.
 */

static void
on_child(int sig)
{
	(void)sig; /* it only has to interrupt pselect() */
}

/* Wait for the command, the order to stop, or the time. */
static bool
wait_for_end(pid_t command, int life, unsigned ms, int *ret_status)
{
	struct mono start = mono_now();
	sigset_t mask;

	/* SIGCHLD is let in only in pselect(): it cannot be missed. */
	sigfillset(&mask);
	sigdelset(&mask, SIGCHLD);
	for (;;) {
		struct timespec left = { .tv_sec = 1 };
		fd_set fds;
		int r;

		if (waitpid(command, ret_status, WNOHANG) == command)
			return true;
		if (life < 0 && mono_ms_between(start, mono_now()) >= ms)
			return false;
		FD_ZERO(&fds);
		if (life >= 0)
			FD_SET(life, &fds);
		r = pselect(life + 1, &fds, NULL, NULL,
		    life >= 0 ? NULL : &left, &mask);
		if (life >= 0 && r > 0)
			return false;
	}
}

static void
run_command(const char *command, int output)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null;

	(void)setsid();
	sigemptyset(&none);
	(void)sigaction(SIGCHLD, &normal, NULL);
	(void)sigaction(SIGPIPE, &normal, NULL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if ((null = open("/dev/null", O_RDONLY)) >= 0)
		(void)dup2(null, STDIN_FILENO);
	(void)dup2(output, STDOUT_FILENO);
	(void)dup2(output, STDERR_FILENO);
	for (int fd = 3; fd < DESCRIPTORS_MAX; fd++)
		close(fd);
	isolate_client();
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void
keep(const char *command, int life, int done, int output)
{
	struct sigaction note = { .sa_handler = on_child };
	int status = 0;
	char code;
	pid_t pid;

	/* Nothing of the daemon's: least of all the tun. */
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (fd != life && fd != done && fd != output &&
		    fd != STDERR_FILENO)
			close(fd);
	(void)sigaction(SIGCHLD, &note, NULL);
	/* Ctrl-C reaches us too: the daemon says when to stop. All signals are
	 * blocked since before the fork, and stay so. */
	if ((pid = fork()) < 0)
		_exit(126);
	if (pid == 0)
		run_command(command, output);
	close(output);
	if (!wait_for_end(pid, life, 0, &status)) {
		(void)kill(-pid, SIGTERM);
		if (!wait_for_end(pid, -1, KILL_AFTER_MS, &status)) {
			(void)kill(-pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
		}
	}
	/* What it left running goes with it. */
	(void)kill(-pid, SIGKILL);
	code = (char)(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					  : WEXITSTATUS(status));
	(void)!write(done, &code, 1);
	_exit(0);
}

/*
 * The daemon's side.
 */

static void
log_line(struct client *c)
{
	if (c->line_len > 0)
		log_info("client %s: %.*s", c->name, (int)c->line_len, c->line);
	c->line_len = 0;
}

static void
on_output(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	char text[1024];
	ssize_t n = read(fd, text, sizeof(text));

	(void)what;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		log_line(c);
		event_del(c->on_output);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '\n' || c->line_len == sizeof(c->line))
			log_line(c);
		if (text[i] != '\n')
			c->line[c->line_len++] = text[i];
	}
}

static void
on_done(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	unsigned char code;
	int result = 137; /* the keeper itself was killed */

	(void)what;
	if (read(fd, &code, 1) == 1)
		result = code;
	event_del(c->on_done);
	on_output(c->output, EV_READ, c);
	(void)waitpid(c->keeper, NULL, 0);
	c->keeper = -1;
	c->on_end(result, c->arg);
}

static int
make_pipe(int p[2])
{
	if (pipe(p) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		(void)fcntl(p[i], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void
close_both(int p[2])
{
	close(p[0]);
	close(p[1]);
}

int
client_start(struct event_base *base, const char *name, const char *interface,
    const char *command, client_ended *on_end, void *arg, struct client **ret)
{
	struct client *c = calloc(1, sizeof(*c));
	int life[2], done[2], output[2], r = -ENOMEM;
	sigset_t all, before;

	if (c == NULL)
		return -ENOMEM;
	if ((r = make_pipe(life)) < 0)
		goto free_client;
	if ((r = make_pipe(done)) < 0)
		goto close_life;
	if ((r = make_pipe(output)) < 0)
		goto close_done;
	(void)fcntl(output[0], F_SETFL, O_NONBLOCK);

	r = -ENOMEM;
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->on_end = on_end;
	c->arg = arg;
	c->on_done = event_new(base, done[0], EV_READ | EV_PERSIST, on_done, c);
	c->on_output =
	    event_new(base, output[0], EV_READ | EV_PERSIST, on_output, c);
	if (c->on_done == NULL || c->on_output == NULL ||
	    event_add(c->on_done, NULL) < 0 ||
	    event_add(c->on_output, NULL) < 0)
		goto free_events;

	(void)setenv("TUNGATE_SERVER", name, 1);
	(void)setenv("TUNGATE_INTERFACE", interface, 1);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	if ((c->keeper = fork()) == 0)
		keep(command, life[0], done[1], output[1]);
	r = -errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (c->keeper < 0)
		goto free_events;
	close(life[0]);
	close(done[1]);
	close(output[1]);
	c->life = life[1];
	c->done = done[0];
	c->output = output[0];
	*ret = c;
	return 0;

free_events:
	if (c->on_done != NULL)
		event_free(c->on_done);
	if (c->on_output != NULL)
		event_free(c->on_output);
	close_both(output);
close_done:
	close_both(done);
close_life:
	close_both(life);
free_client:
	free(c);
	return r;
}

void
client_stop(struct client *c)
{
	if (c->life >= 0)
		close(c->life);
	c->life = -1;
}

void
client_stop_and_wait(struct client *c)
{
	struct pollfd done = { .fd = c->done, .events = POLLIN };

	client_stop(c);
	event_del(c->on_done);
	if (c->keeper > 0 && poll(&done, 1, WAIT_MAX_MS) == 1)
		(void)waitpid(c->keeper, NULL, 0);
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	client_stop(c);
	event_free(c->on_done);
	event_free(c->on_output);
	close(c->done);
	close(c->output);
	free(c);
}
