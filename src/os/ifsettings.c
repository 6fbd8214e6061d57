/* SPDX-License-Identifier: ISC */
/*
 * The text, the same on every system.
 */
#include "src/os/ifsettings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/ifname.h"

size_t
ifsettings_print(const struct ifsettings *s, char text[IFSETTINGS_TEXT_MAX])
{
	char a[ADDR_TEXT_MAX];
	size_t n;

	/* A line has under 80 bytes, and there are at most 20. */
	n = (size_t)snprintf(text, IFSETTINGS_TEXT_MAX, "interface %s\n",
	    s->name);
	for (unsigned i = 0; i < s->n_addresses; i++)
		n += (size_t)snprintf(text + n, IFSETTINGS_TEXT_MAX - n,
		    "address %s/%u\n", addr_print(&s->addresses[i].addr, a),
		    s->addresses[i].bits);
	for (unsigned i = 0; i < s->n_gateways; i++) {
		n += (size_t)snprintf(text + n, IFSETTINGS_TEXT_MAX - n,
		    "gateway %s", addr_print(&s->gateways[i].addr, a));
		if (s->gateways[i].metric != 0)
			n += (size_t)snprintf(text + n, IFSETTINGS_TEXT_MAX - n,
			    " metric %" PRIu32, s->gateways[i].metric);
		n += (size_t)snprintf(text + n, IFSETTINGS_TEXT_MAX - n, "\n");
	}
	if (s->down)
		n += (size_t)snprintf(text + n, IFSETTINGS_TEXT_MAX - n,
		    "down\n");
	return n;
}

/* All of it, digits only, up to max. */
static bool
read_number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && *ret <= max;
}

/* The address that text begins with, up to `rest`. */
static bool
read_head(const char *text, const char *rest, struct addr *ret)
{
	char head[ADDR_TEXT_MAX];
	size_t n = (size_t)(rest - text);

	if (n >= sizeof(head))
		return false;
	memcpy(head, text, n);
	head[n] = '\0';
	return addr_parse(head, ret) == 0;
}

/* "192.0.2.10/24" */
static bool
read_address(const char *text, struct ifsettings *s)
{
	const char *slash = strchr(text, '/');
	struct addr a;
	unsigned long bits;

	if (slash == NULL || s->n_addresses == IFSETTINGS_MAX ||
	    !read_head(text, slash, &a) ||
	    !read_number(slash + 1, 8 * addr_len(&a), &bits))
		return false;
	s->addresses[s->n_addresses].addr = a;
	s->addresses[s->n_addresses++].bits = (unsigned)bits;
	return true;
}

/* "192.0.2.1", or "192.0.2.1 metric 100" */
static bool
read_gateway(const char *text, struct ifsettings *s)
{
	const char *metric = strstr(text, " metric ");
	unsigned long number = 0;
	struct addr a;

	if (s->n_gateways == IFSETTINGS_GATEWAYS ||
	    !read_head(text, metric != NULL ? metric : text + strlen(text),
		&a) ||
	    (metric != NULL &&
		(!read_number(metric + 8, UINT32_MAX, &number) || number == 0)))
		return false;
	s->gateways[s->n_gateways].addr = a;
	s->gateways[s->n_gateways++].metric = (uint32_t)number;
	return true;
}

static bool
read_name(const char *text, struct ifsettings *s)
{
	if (s->name[0] != '\0' || !ifname_is_valid(text))
		return false;
	memcpy(s->name, text, strlen(text) + 1);
	return true;
}

static bool
read_line(const char *line, struct ifsettings *s)
{
	if (strncmp(line, "interface ", 10) == 0)
		return read_name(line + 10, s);
	if (strncmp(line, "address ", 8) == 0)
		return read_address(line + 8, s);
	if (strncmp(line, "gateway ", 8) == 0)
		return read_gateway(line + 8, s);
	if (strcmp(line, "down") == 0 && !s->down)
		return s->down = true;
	return false;
}

int
ifsettings_parse(const char *text, size_t len, struct ifsettings *ret)
{
	struct ifsettings s = { 0 };

	memset(ret, 0, sizeof(*ret));
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		char line[80];
		size_t n = end != NULL ? (size_t)(end - text) : len;

		if (end == NULL || n >= sizeof(line))
			return -EINVAL;
		memcpy(line, text, n);
		line[n] = '\0';
		/* A NUL amid it would hide the rest. */
		if (strlen(line) != n || !read_line(line, &s))
			return -EINVAL;
		text += n + 1;
		len -= n + 1;
	}
	if (s.name[0] == '\0')
		return -EINVAL;
	*ret = s;
	return 0;
}

int
ifsettings_save(const struct ifsettings *s, const char *path)
{
	char text[IFSETTINGS_TEXT_MAX], new[4096];
	size_t n = ifsettings_print(s, text);
	int fd, r = 0;

	(void)snprintf(new, sizeof(new), "%s.new", path);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, n) != (ssize_t)n || fsync(fd) < 0)
		r = errno != 0 ? -errno : -EIO;
	close(fd);
	if (r == 0 && rename(new, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(new);
	return r;
}

int
ifsettings_load(const char *path, struct ifsettings *ret)
{
	char text[IFSETTINGS_TEXT_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return -errno;
	return ifsettings_parse(text, (size_t)n, ret);
}
