/* SPDX-License-Identifier: ISC */
/*
 * TCP connections in a network of their own, where from some moment on all
 * packets are lost. As root.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/mono.h"
#include "src/os/tcpsocket.h"

#define SECONDS 10

static struct sockaddr_in at = { .sin_family = AF_INET };

static int
listener(void)
{
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 4) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		_exit(90);
	return fd;
}

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || tcpsocket_prepare(fd, SECONDS) < 0 ||
	    (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 &&
		errno != EINPROGRESS))
		_exit(91);
	return fd;
}

static bool
run(char *const argv[])
{
	int status = 1;
	pid_t pid;

	return posix_spawnp(&pid, argv[0], NULL, NULL, argv, NULL) == 0 &&
	    waitpid(pid, &status, 0) == pid && status == 0;
}

/* One that is quiet, one that has something to say, one that is not there. */
static int
in_a_network_that_dies(void)
{
	static char *const up[] = { "ip", "link", "set", "lo", "up", NULL };
	static char *const lose[] = { "nft",
		"add table ip t; add chain ip t c "
		"{ type filter hook input priority 0; policy drop; }",
		NULL };
	struct pollfd fds[3];
	struct mono since;
	int server;

	if (unshare(CLONE_NEWNET) < 0 || !run(up))
		return 77;
	server = listener();
	for (int i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){ .fd = dial() };
		if (accept(server, NULL, NULL) < 0)
			return 92;
	}
	if (!run(lose))
		return 77;
	since = mono_now();
	fds[2] = (struct pollfd){ .fd = dial(), .events = POLLOUT };
	if (send(fds[1].fd, "x", 1, 0) != 1)
		return 93;
	for (int i = 0; i < 3; i++) {
		while (poll(&fds[i], 1, 20 * 1000) < 0)
			continue;
		if ((fds[i].revents & POLLERR) == 0 ||
		    mono_ms_between(since, mono_now()) > 1000UL * SECONDS)
			return 1 + i;
	}
	return 0;
}

static void
it_fails_soon_when_nothing_comes_back(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (getuid() != 0)
		skip();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(in_a_network_that_dies());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
what_is_no_tcp_socket_is_refused(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_true(tcpsocket_prepare(fd, SECONDS) < 0);
	assert_int_equal(tcpsocket_prepare(-1, SECONDS), -EBADF);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fails_soon_when_nothing_comes_back),
		cmocka_unit_test(what_is_no_tcp_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
