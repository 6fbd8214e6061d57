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

struct ini_file {
	const char *name;
	const char *at, *end; /* what inih has not read yet */
	unsigned line;	      /* of what it reads now */
	unsigned problems;
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

/* What inih would cut off in silence: half a command, perhaps. */
static bool
has_inline_comment(const char *line, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (line[i] == ';' &&
		    (line[i - 1] == ' ' || line[i - 1] == '\t') &&
		    line[0] != ';' && line[0] != '#')
			return true;
	return false;
}

/*
 * inih's reader, as fgets(). One line at a time, so that f->line is right
 * when a pair is handed on. A line that inih would cut is named, and given to
 * it empty.
 */
static char *
read_line(char *to, int size, void *arg)
{
	struct ini_file *f = arg;
	size_t n = (size_t)(f->end - f->at), used;
	const char *newline, *start;

	if (n == 0)
		return NULL;
	if ((newline = memchr(f->at, '\n', n)) != NULL)
		n = (size_t)(newline - f->at);
	f->line++;
	start = f->at;
	used = n;
	/* A line that begins with a blank is no continuation here. */
	while (used > 0 && (*start == ' ' || *start == '\t')) {
		start++;
		used--;
	}
	if (n > INI_FILE_LINE_MAX || n + 2 > (size_t)size) {
		ini_file_problem(f, "line of %zu bytes: at most %d", n,
		    INI_FILE_LINE_MAX);
		used = 0;
	} else if (memchr(f->at, '\0', n) != NULL) {
		ini_file_problem(f, "a NUL byte: this is no text");
		used = 0;
	} else if (has_inline_comment(start, used)) {
		ini_file_problem(f,
		    "\";\" after a blank: inih takes it for "
		    "a comment; comments need a line of their "
		    "own");
		used = 0;
	}
	/* inih takes lines with their end, and strips it. */
	memcpy(to, start, used);
	memcpy(to + used, "\n", 2);
	f->at += n + (newline != NULL ? 1 : 0);
	return to;
}

static int
on_pair(void *arg, const char *section, const char *key, const char *value)
{
	struct ini_file *f = arg;

	f->pair(f, section, key, value, f->arg);
	return 1;
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
	int bad = ini_parse_stream(read_line, &f, on_pair, &f);

	if (bad > 0) {
		f.line = (unsigned)bad;
		ini_file_problem(&f,
		    "neither [section], comment nor "
		    "\"key = value\"");
	} else if (bad < 0) {
		ini_file_problem(&f, "cannot be read: no memory");
	}
	return f.problems;
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
	free(text);
close_fd:
	close(fd);
	return r;
}
