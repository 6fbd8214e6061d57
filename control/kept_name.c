/* SPDX-License-Identifier: ISC */
#include "control/kept_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char mark[] = "# tungate: ";

bool
kept_name_is_valid(const char *name)
{
	size_t n = strlen(name);
	bool numbers = true;

	if (n == 0 || n >= KEPT_NAME_MAX || name[0] == '-' || name[0] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		bool number = (c >= '0' && c <= '9') || c == '.';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!number && !letter && c != '-' && c != '_')
			return false;
		if (c == '.' && name[i - 1] == '.')
			return false;
		numbers &= number;
	}
	return !numbers;
}

bool
kept_name_is_line(const char *line, size_t len)
{
	return len >= sizeof(mark) - 1 &&
	    memcmp(line, mark, sizeof(mark) - 1) == 0;
}

/* The next word of a line. Its length, or 0 at the line's end. */
static size_t
next_word(const char **at, const char *end)
{
	const char *word;

	while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
		(*at)++;
	for (word = *at; word < end; word++)
		if (*word == ' ' || *word == '\t' || *word == '\r')
			break;
	return (size_t)(word - *at);
}

static int
read_addresses(const char *at, const char *end,
    struct addr ret[KEPT_NAME_ADDRS_MAX])
{
	char word[ADDR_TEXT_MAX];
	int found = 0;
	size_t n;

	while ((n = next_word(&at, end)) > 0) {
		if (n >= sizeof(word) || found == KEPT_NAME_ADDRS_MAX)
			return -EINVAL;
		memcpy(word, at, n);
		word[n] = '\0';
		if (addr_parse(word, &ret[found]) < 0)
			return -EINVAL;
		found++;
		at += n;
	}
	return found > 0 ? found : -EINVAL;
}

int
kept_name_find(const char *text, size_t len, const char *name,
    struct addr ret[KEPT_NAME_ADDRS_MAX])
{
	const char *end = text + len, *line_end;
	size_t n, n_name = strlen(name);

	for (; text < end; text = line_end < end ? line_end + 1 : end) {
		line_end = memchr(text, '\n', (size_t)(end - text));
		if (line_end == NULL)
			line_end = end;
		if (!kept_name_is_line(text, (size_t)(line_end - text)))
			continue;
		text += sizeof(mark) - 1;
		n = next_word(&text, line_end);
		if (n != n_name || strncasecmp(text, name, n) != 0)
			continue;
		text += n;
		if (next_word(&text, line_end) != 1 || *text != '=')
			return -EINVAL;
		return read_addresses(text + 1, line_end, ret);
	}
	return 0;
}

const char *
kept_name_print(const char *name, const struct addr *addrs, unsigned n,
    char line[KEPT_NAME_LINE_MAX])
{
	char where[ADDR_TEXT_MAX];
	size_t used;

	(void)snprintf(line, KEPT_NAME_LINE_MAX, "%s%.*s =", mark,
	    KEPT_NAME_MAX - 1, name);
	for (unsigned i = 0; i < n && i < KEPT_NAME_ADDRS_MAX; i++) {
		used = strlen(line);
		(void)snprintf(line + used, KEPT_NAME_LINE_MAX - used, " %s",
		    addr_print(&addrs[i], where));
	}
	used = strlen(line);
	(void)snprintf(line + used, KEPT_NAME_LINE_MAX - used, "\n");
	return line;
}
