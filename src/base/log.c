/* SPDX-License-Identifier: ISC */
#include "src/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[LEVELS] = {
	[LEVEL_ERROR] = "error",
	[LEVEL_WARN] = "warn",
	[LEVEL_INFO] = "info",
	[LEVEL_DEBUG] = "debug",
};

static _Atomic int threshold = LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

int
log_level_parse(const char *text)
{
	for (int i = 0; i < LEVELS; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return -1;
}

static void
write_line(enum log_level level, const char *fmt, va_list ap)
{
	char line[1024];
	size_t n;
	int r, keep = errno;

	if ((int)level > atomic_load(&threshold))
		return;
	n = (size_t)snprintf(line, sizeof(line), "%-5s ", names[level]);
	r = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	if (r > 0)
		n += (size_t)r;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	/* A line is a line: what came from outside cannot forge a second. */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	line[n] = '\n';
	/* Nobody reads the log: nothing to be done about it. */
	if (write(STDERR_FILENO, line, n + 1) < 0)
		errno = 0;
	errno = keep;
}

#define LOG_FUNCTION(name, level)           \
	void name(const char *fmt, ...)     \
	{                                   \
		va_list ap;                 \
		va_start(ap, fmt);          \
		write_line(level, fmt, ap); \
		va_end(ap);                 \
	}

LOG_FUNCTION(log_error, LEVEL_ERROR)
LOG_FUNCTION(log_warn, LEVEL_WARN)
LOG_FUNCTION(log_info, LEVEL_INFO)
LOG_FUNCTION(log_debug, LEVEL_DEBUG)
