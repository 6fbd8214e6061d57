/* SPDX-License-Identifier: ISC */
#include "control/ini_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/wireguard/crypto.h"

struct ini_file {
	const char *name;
	const char *at, *end; /* what inih has not read yet */
	unsigned line;	      /* of what it reads now */
	unsigned problems;
	bool wg;
	bool begins; /* a section does: to be said next */
	bool says;   /* what inih reads now says so */
	/* Of a line that inih reads in pieces: its key, and what is left. */
	const char *key, *rest;
	size_t n_key, n_rest;
	ini_file_pair *pair;
	ini_file_report *report;
	void *arg;
};

void
ini_file_problem(struct ini_file *f, const char *fmt, ...)
{
	char what[512], text[768];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)snprintf(text, sizeof(text), "%s:%u: %s", f->name, f->line, what);
	f->problems++;
	f->report(text, f->arg);
}

unsigned
ini_file_line(const struct ini_file *f)
{
	return f->line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* What inih would cut off in silence: half a command, perhaps. */
static bool
has_inline_comment(const char *line, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (line[i] == ';' && is_blank(line[i - 1]) && line[0] != ';' &&
		    line[0] != '#')
			return true;
	return false;
}

/* inih names the first that is not, and counts lines that are not the file's.
 */
static bool
is_known(const struct ini_file *f, const char *line, size_t n)
{
	const char *closed;

	if (n == 0 || line[0] == ';' || line[0] == '#')
		return true;
	if (line[0] == '[') {
		closed = memchr(line, ']', n);
		while (f->wg && is_blank(line[n - 1]))
			n--;
		return closed != NULL && (!f->wg || closed == line + n - 1);
	}
	return memchr(line, '=', n) != NULL || memchr(line, ':', n) != NULL;
}

/* As many bytes of a list as there is room for: up to a comma or a blank. */
static size_t
part_of(const char *list, size_t n, size_t room)
{
	if (n <= room)
		return n;
	while (room > 0 && list[room - 1] != ',' && !is_blank(list[room - 1]))
		room--;
	return room;
}

/* The line, or its next piece. A ";" stands after no blank in it. */
static void
hand_on(struct ini_file *f, char *to, size_t room)
{
	size_t n = 0, part;

	if (f->n_key > 0) {
		memcpy(to, f->key, f->n_key);
		n = f->n_key;
	}
	part = part_of(f->rest, f->n_rest, room - n);
	if (part == 0 && f->n_rest > 0) {
		ini_file_problem(f, "a word of more than %zu bytes", room - n);
		n = 0;
		f->n_rest = 0;
	}
	for (size_t i = 0; i < part; i++) {
		if (f->wg && f->rest[i] == ';')
			while (n > 0 && is_blank(to[n - 1]))
				n--;
		to[n++] = f->rest[i];
	}
	/* inih takes lines with their end, and strips it. */
	memcpy(to + n, "\n", 2);
	f->rest += part;
	f->n_rest -= part;
}

/* The next line of the text; false: there is none. */
static bool
take_line(struct ini_file *f, const char **ret_line, size_t *ret_n)
{
	size_t n = (size_t)(f->end - f->at);
	const char *newline, *line = f->at;

	if (n == 0)
		return false;
	if ((newline = memchr(f->at, '\n', n)) != NULL)
		n = (size_t)(newline - f->at);
	f->at += n + (newline != NULL ? 1 : 0);
	f->line++;
	*ret_line = line;
	*ret_n = n;
	return true;
}

/*
 * What is wrong with a line is named here. What is left of it, from its first
 * byte that is no blank, or nothing.
 */
static size_t
check_line(struct ini_file *f, const char **line, size_t n)
{
	const char *comment = f->wg && n > 0 ? memchr(*line, '#', n) : NULL;
	size_t length = n;

	if (memchr(*line, '\0', n) != NULL) {
		ini_file_problem(f, "a NUL byte: this is no text");
		return 0;
	}
	if (comment != NULL)
		n = (size_t)(comment - *line);
	/* A line that begins with a blank is no continuation here. */
	for (; n > 0 && is_blank(**line); n--)
		(*line)++;
	if (!f->wg && length > INI_FILE_LINE_MAX) {
		ini_file_problem(f, "line of %zu bytes: at most %d", length,
		    INI_FILE_LINE_MAX);
		return 0;
	}
	if (!f->wg && has_inline_comment(*line, n)) {
		ini_file_problem(f,
		    "\";\" after a blank: inih takes it for "
		    "a comment; comments need a line of their "
		    "own");
		return 0;
	}
	if (!is_known(f, *line, n)) {
		ini_file_problem(f,
		    "neither [section], comment nor "
		    "\"key = value\"");
		return 0;
	}
	return n;
}

/* "Key = " of a line that is too long to be handed on at once. */
static void
cut_up(struct ini_file *f, size_t room)
{
	const char *equals = memchr(f->rest, '=', f->n_rest);

	if (f->n_rest <= room || equals == NULL ||
	    (size_t)(equals - f->rest) > room / 2)
		return;
	f->key = f->rest;
	f->n_key = (size_t)(equals - f->rest) + 1;
	f->rest += f->n_key;
	f->n_rest -= f->n_key;
}

/*
 * inih's reader, as fgets(). One line at a time, so that f->line is right
 * when a pair is handed on.
 */
static char *
read_line(char *to, int size, void *arg)
{
	struct ini_file *f = arg;
	size_t n, room = (size_t)size - 2;
	const char *line;

	/* What stands there was the line before: a key, perhaps. */
	wg_wipe(to, (size_t)size);
	if (f->begins) {
		/* No key and no value, in the section that inih is in now. */
		memcpy(to, "=\n", 3);
		f->begins = false;
		f->says = true;
		return to;
	}
	if (f->n_rest == 0) {
		if (!take_line(f, &line, &n))
			return NULL;
		f->n_key = 0;
		f->n_rest = check_line(f, &line, n);
		f->rest = line;
		f->begins = f->wg && f->n_rest > 0 && *line == '[';
		cut_up(f, room);
	}
	hand_on(f, to, room);
	return to;
}

static int
on_pair(void *arg, const char *section, const char *key, const char *value)
{
	struct ini_file *f = arg;

	f->pair(f, section, f->says ? NULL : key, f->says ? NULL : value,
	    f->arg);
	f->says = false;
	return 1;
}

static unsigned
parse(struct ini_file *f, size_t len)
{
	/* A byte order mark, as some editors write it. */
	if (len >= 3 && memcmp(f->at, "\xef\xbb\xbf", 3) == 0)
		f->at += 3;
	if (ini_parse_stream(read_line, f, on_pair, f) != 0 && f->problems == 0)
		ini_file_problem(f, "cannot be read");
	return f->problems;
}

unsigned
ini_file_parse(const char *name, const char *text, size_t len,
    ini_file_pair *pair, ini_file_report *report, void *arg)
{
	struct ini_file f = { .name = name,
		.at = text,
		.end = text + len,
		.pair = pair,
		.report = report,
		.arg = arg };

	return parse(&f, len);
}

unsigned
ini_file_parse_wg(const char *name, const char *text, size_t len,
    ini_file_pair *pair, ini_file_report *report, void *arg)
{
	struct ini_file f = { .name = name,
		.at = text,
		.end = text + len,
		.wg = true,
		.pair = pair,
		.report = report,
		.arg = arg };

	return parse(&f, len);
}

int
ini_file_read(const char *path, char **ret_text, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
	size_t len = 0;
	char *text;

	if (fd < 0)
		return -errno;
	if ((text = malloc(INI_FILE_MAX + 2)) == NULL) {
		r = -ENOMEM;
		goto close_fd;
	}
	while (len <= INI_FILE_MAX) {
		ssize_t n = read(fd, text + len, INI_FILE_MAX + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			goto free_text;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > INI_FILE_MAX) {
		r = -EFBIG;
		goto free_text;
	}
	text[len] = '\0';
	close(fd);
	*ret_text = text;
	*ret_len = len;
	return 0;

free_text:
	ini_file_free(text, len);
close_fd:
	close(fd);
	return r;
}

void
ini_file_free(char *text, size_t len)
{
	if (text != NULL)
		wg_wipe(text, len);
	free(text);
}
