/* SPDX-License-Identifier: ISC */
/* A kqueue with a timer: it is readable itself, as netmon's. */
#include "src/os/ticker_macos.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/event.h>
#include <unistd.h>

struct ticker {
	int kq;
};

int
ticker_open(unsigned ms, struct ticker **ret)
{
	struct ticker *t = malloc(sizeof(*t));
	struct kevent ev;
	int r;

	if (t == NULL)
		return -ENOMEM;
	if ((t->kq = kqueue()) < 0) {
		r = -errno;
		goto free_ticker;
	}
	EV_SET(&ev, 1, EVFILT_TIMER, EV_ADD, 0, (intptr_t)ms, NULL);
	if (fcntl(t->kq, F_SETFD, FD_CLOEXEC) < 0 ||
	    kevent(t->kq, &ev, 1, NULL, 0, NULL) < 0) {
		r = -errno;
		goto close_kq;
	}
	*ret = t;
	return 0;

close_kq:
	close(t->kq);
free_ticker:
	free(t);
	return r;
}

void
ticker_close(struct ticker *t)
{
	if (t == NULL)
		return;
	close(t->kq);
	free(t);
}

int
ticker_fd(const struct ticker *t)
{
	return t->kq;
}

bool
ticker_drain(struct ticker *t)
{
	static const struct timespec now = { 0 };
	struct kevent ev;

	return kevent(t->kq, NULL, 0, &ev, 1, &now) > 0;
}
