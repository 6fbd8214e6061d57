/* SPDX-License-Identifier: ISC */
#include "tools/ctl_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/base/mono.h"

struct ctl_socket {
	int fd;
	char *in; /* what was read and not yet used */
	size_t len, room;
	json_t *waiting; /* notifications that came before an answer */
};

int
ctl_socket_open(const char *path, struct ctl_socket **ret)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct ctl_socket *s;
	int r;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path) + 1);
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->waiting = json_array()) == NULL) {
		free(s);
		return -ENOMEM;
	}
	if ((s->fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0 ||
	    connect(s->fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		r = -errno;
		ctl_socket_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void
ctl_socket_close(struct ctl_socket *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	json_decref(s->waiting);
	free(s->in);
	free(s);
}

/* A whole line out of what was read, as JSON. NULL: not yet. */
static json_t *
take_line(struct ctl_socket *s)
{
	char *newline = s->len > 0 ? memchr(s->in, '\n', s->len) : NULL;
	size_t n;
	json_t *o;

	if (newline == NULL)
		return NULL;
	n = (size_t)(newline - s->in) + 1;
	o = json_loadb(s->in, n, 0, NULL);
	s->len -= n;
	memmove(s->in, s->in + n, s->len);
	/* What is no JSON is as good as nothing, but a line was there. */
	return o != NULL ? o : json_null();
}

/* 1: read something, 0: the time is over, -1: the daemon is gone. */
static int
read_more(struct ctl_socket *s, int ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t n;
	int r;

	if (s->room - s->len < 4096) {
		size_t room = s->room * 2 + 8192;
		char *more = realloc(s->in, room);

		if (more == NULL)
			return -1;
		s->in = more;
		s->room = room;
	}
	if ((r = poll(&p, 1, ms)) <= 0)
		return r == 0 || errno == EINTR ? 0 : -1;
	n = read(s->fd, s->in + s->len, s->room - s->len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -1;
	s->len += (size_t)n;
	return 1;
}

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

json_t *
ctl_socket_call(struct ctl_socket *s, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o*}", "jsonrpc", "2.0",
	    "id", 1, "method", method, "params", params);
	char *text = json_dumps(request, JSON_COMPACT);
	bool sent;

	json_decref(request);
	if (text == NULL)
		return NULL;
	sent =
	    write_all(s->fd, text, strlen(text)) && write_all(s->fd, "\n", 1);
	free(text);
	/* A daemon that turned us away has said why before it closed. */
	(void)sent;
	for (;;) {
		json_t *o = take_line(s);

		if (o == NULL) {
			if (read_more(s, -1) < 0)
				return NULL;
			continue;
		}
		if (json_object_get(o, "id") != NULL)
			return o;
		(void)json_array_append_new(s->waiting, o);
	}
}

json_t *
ctl_socket_next(struct ctl_socket *s, int ms, int *ret_gone)
{
	struct mono start = mono_now();

	*ret_gone = 0;
	if (json_array_size(s->waiting) > 0) {
		json_t *o = json_incref(json_array_get(s->waiting, 0));

		(void)json_array_remove(s->waiting, 0);
		return o;
	}
	for (;;) {
		uint64_t passed = mono_ms_between(start, mono_now());
		json_t *o = take_line(s);
		int r;

		if (o != NULL)
			return o;
		if (ms >= 0 && passed >= (uint64_t)ms)
			return NULL;
		r = read_more(s, ms < 0 ? -1 : ms - (int)passed);
		if (r < 0) {
			*ret_gone = 1;
			return NULL;
		}
		if (r == 0 && ms < 0)
			return NULL; /* a signal: the caller decides */
	}
}
