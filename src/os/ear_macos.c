/* SPDX-License-Identifier: ISC */
#include "src/os/ear.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/os/frames_macos.h"
#include "src/os/routes.h"

struct ear {
	struct frames *frames;
};

/* " or ", "ip6 src host ", an address. */
#define TERM_MAX (4 + 13 + ADDR_TEXT_MAX)

/* "ip src host 192.0.2.1 or ip6 src host 2001:db8::1"; NULL for nobody. */
static const char *
print_filter(char *out, size_t cap, const struct addr *servers, unsigned n)
{
	char text[ADDR_TEXT_MAX];
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		const char *kind = servers[i].family == ADDR_V4 ? "ip" : "ip6";

		if (servers[i].family == ADDR_NONE)
			continue;
		at += (size_t)snprintf(out + at, cap - at, "%s%s src host %s",
		    at == 0 ? "" : " or ", kind, addr_print(&servers[i], text));
	}
	return at == 0 ? NULL : out;
}

int
ear_open(unsigned ifindex, const struct addr *servers, unsigned n,
    struct ear **ret)
{
	char filter[ROUTES_SERVERS_MAX * TERM_MAX + 1];
	struct ear *e;
	int r;

	if (n > ROUTES_SERVERS_MAX)
		return -EINVAL;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -ENOMEM;
	r = frames_open(ifindex,
	    print_filter(filter, sizeof(filter), servers, n), &e->frames);
	if (r < 0) {
		free(e);
		return r;
	}
	*ret = e;
	return 0;
}

/* libpcap cannot take a handle over: it is opened anew. */
int
ear_adopt(int fd, unsigned ifindex, const struct addr *servers, unsigned n,
    struct ear **ret)
{
	close(fd);
	return ear_open(ifindex, servers, n, ret);
}

void
ear_close(struct ear *e)
{
	if (e == NULL)
		return;
	frames_close(e->frames);
	free(e);
}

int
ear_fd(const struct ear *e)
{
	return frames_fd(e->frames);
}

int
ear_read(struct ear *e, uint8_t *data, size_t cap, size_t *ret_len)
{
	struct frame f;
	int r;

	if ((r = frames_next(e->frames, &f)) < 0)
		return r;
	memcpy(data, f.data, f.cap < cap ? f.cap : cap);
	*ret_len = f.len;
	return 0;
}
