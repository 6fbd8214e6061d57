/* SPDX-License-Identifier: ISC */
#include "tools/ctl_import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/conf.h"
#include "control/ini_file.h"
#include "control/kept_name.h"
#include "control/server.h"
#include "control/wgquick.h"
#include "datapath/tunnel_conf.h"
#include "tools/ctl_resolve.h"

/*
 * The text is parsed twice. First with its names left alone, so that nothing
 * is looked up for a file that is wrong; then as it is to be written, and as
 * the daemon will read it.
 */

#define DEFAULT_CONF TUNGATE_CONF_DIR "/tungate.conf"

/* An import on its way. */
struct import {
	const struct ctl_import *asked;
	struct conf conf;
	char name[SERVER_NAME_MAX];
	char path[CONF_PATH_MAX + SERVER_NAME_MAX + 8];
	char problems[4096]; /* a line each */
	json_t *names, *notes;
	char *text; /* secret */
	size_t len, room;
};

static void
note_problem(const char *problem, void *arg)
{
	struct import *m = arg;
	size_t used = strlen(m->problems);

	(void)snprintf(m->problems + used, sizeof(m->problems) - used, "%s%s",
	    used > 0 ? "\n" : "", problem);
}

static void
note_note(const char *note, void *arg)
{
	struct import *m = arg;

	(void)json_array_append_new(m->notes, json_string(note));
}

__attribute__((format(printf, 2, 3))) static int
fail(struct import *m, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note_problem(text, m);
	return -1;
}

static int
read_conf(struct import *m)
{
	const char *file = m->asked->conf_file;

	m->conf = conf_defaults();
	if (file == NULL && access(DEFAULT_CONF, F_OK) < 0 && errno == ENOENT)
		return 0;
	return conf_read(file != NULL ? file : DEFAULT_CONF, &m->conf,
	    note_problem, m);
}

/* "zurich" of "/home/me/zurich.conf", if no name was given. */
static int
choose_name(struct import *m)
{
	const char *slash = strrchr(m->asked->file, '/'),
		   *base = slash != NULL ? slash + 1 : m->asked->file;
	size_t n = strlen(base);
	char name[SERVER_NAME_MAX + 1]; /* one more: too long */

	if (m->asked->name != NULL) {
		base = m->asked->name;
		n = strlen(base);
	} else if (n > 5 && strcmp(base + n - 5, ".conf") == 0) {
		n -= 5;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)n, base);
	if (!server_name_is_valid(name))
		return fail(m,
		    "a server's name is 1 to %d letters, digits and signs, "
		    "without blanks: say --name NAME",
		    SERVER_NAME_MAX - 1);
	memcpy(m->name, name, sizeof(m->name));
	(void)snprintf(m->path, sizeof(m->path), "%s/%s.conf", m->conf.servers,
	    m->name);
	return 0;
}

/* Without the comments that an import before this one has left. */
static void
forget_kept(struct import *m)
{
	char *line = m->text, *end = m->text + m->len, *next;

	while (line < end) {
		next = memchr(line, '\n', (size_t)(end - line));
		next = next != NULL ? next + 1 : end;
		if (kept_name_is_line(line, (size_t)(next - line))) {
			memmove(line, next, (size_t)(end - next));
			end -= next - line;
		} else {
			line = next;
		}
	}
	m->len = (size_t)(end - m->text);
}

static int
append(struct import *m, const char *text)
{
	size_t n = strlen(text);

	if (m->len + n > m->room)
		return fail(m, "%s: too large with the addresses of its names",
		    m->asked->file);
	memcpy(m->text + m->len, text, n);
	m->len += n;
	return 0;
}

static int
keep_name(struct import *m, const char *name)
{
	struct addr found[KEPT_NAME_ADDRS_MAX];
	char line[KEPT_NAME_LINE_MAX], text[ADDR_TEXT_MAX];
	json_t *addrs = json_array();
	const char *why;
	int n;

	(void)json_object_set_new(m->names, name, addrs);
	if ((n = ctl_resolve(name, found, &why)) < 0)
		return fail(m,
		    "%s: cannot be looked up: %s (while the gate is closed no "
		    "name can be; do it before, or connected)",
		    name, why);
	for (int i = 0; i < n; i++)
		(void)json_array_append_new(addrs,
		    json_string(addr_print(&found[i], text)));
	if (m->len > 0 && m->text[m->len - 1] != '\n' && append(m, "\n") < 0)
		return -1;
	return append(m, kept_name_print(name, found, (unsigned)n, line));
}

static int
keep_names(struct import *m)
{
	const struct wgquick_how how = {
		.ignore_scripts = m->conf.ignore_scripts,
		.leave_names = true,
		.report = note_problem,
		.arg = m,
	};
	struct wgquick w;
	int r = 0;

	if (wgquick_parse(m->asked->file, m->text, m->len, &how, &w) < 0)
		return -1;
	forget_kept(m);
	for (unsigned i = 0; i < w.n_names && r == 0; i++)
		r = keep_name(m, w.names[i]);
	wgquick_done(&w);
	return r;
}

/* As the daemon will read it. */
static int
check(struct import *m)
{
	const struct server_how how = {
		.ignore_scripts = m->conf.ignore_scripts,
		.report = note_problem,
		.note = note_note,
		.arg = m,
	};
	struct tunnel_conf *conf;
	struct server server;
	int r = server_parse_tunnel(m->asked->file, m->text, m->len, &how,
	    &server, &conf);

	tunnel_conf_free(conf);
	return r;
}

static int
read_text(struct import *m)
{
	int r = ini_file_read(m->asked->file, &m->text, &m->len);

	/* That much it has allocated, and the daemon will not read more. */
	m->room = INI_FILE_MAX;
	return r < 0 ? fail(m, "%s: %s", m->asked->file, strerror(-r)) : 0;
}

static int
make_directory(const char *path)
{
	char part[CONF_PATH_MAX];

	for (const char *at = path; at != NULL && *at != '\0';) {
		at = strchr(at + 1, '/');
		(void)snprintf(part, sizeof(part), "%.*s",
		    (int)(at != NULL ? at - path : CONF_PATH_MAX), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The name, too, outlives a crash. */
static int
sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A temporary file has a name that the daemon does not look at. */
static int
install(struct import *m)
{
	char temporary[sizeof(m->path) + 8];
	int fd, r;

	if ((r = make_directory(m->conf.servers)) < 0)
		return fail(m, "%s: %s", m->conf.servers, strerror(-r));
	(void)snprintf(temporary, sizeof(temporary), "%s/.%s.XXXXXX",
	    m->conf.servers, m->name);
	/* It is made readable by its owner alone. */
	if ((fd = mkstemp(temporary)) < 0)
		return fail(m, "%s: %s%s", m->conf.servers, strerror(errno),
		    errno == EACCES ? ": be root" : "");
	r = write_all(fd, m->text, m->len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, m->path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return fail(m, "%s: %s", m->path, strerror(-r));
	}
	if ((r = sync_directory(m->conf.servers)) < 0)
		return fail(m, "%s: %s", m->conf.servers, strerror(-r));
	return 0;
}

json_t *
ctl_import(const struct ctl_import *i)
{
	struct import m = { .asked = i,
		.names = json_object(),
		.notes = json_array() };
	json_t *result;
	int replaced = 0, r;

	r = read_conf(&m) < 0 || choose_name(&m) < 0 || read_text(&m) < 0 ||
	    keep_names(&m) < 0 || check(&m) < 0;
	if (r == 0) {
		replaced = access(m.path, F_OK) == 0;
		r = install(&m);
	}
	if (r == 0)
		result = json_pack("{s:s, s:s, s:b, s:O, s:O}", "imported",
		    m.name, "file", m.path, "replaced", replaced, "names",
		    m.names, "notes", m.notes);
	else
		result = json_pack("{s:s}", "error", m.problems);
	ini_file_free(m.text, m.len);
	json_decref(m.names);
	json_decref(m.notes);
	return result;
}
