/* SPDX-License-Identifier: ISC */
#include "src/os/pfread.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* A piece of somebody's text. */
struct piece {
	const char *at;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line, without blanks at its ends; false: there is none. */
static bool
next_line(const char **text, struct piece *ret)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	*ret = (struct piece){ *text, len };
	*text += len;
	*text += **text == '\n';
	while (ret->len > 0 && is_blank(ret->at[0])) {
		ret->at++;
		ret->len--;
	}
	while (ret->len > 0 && is_blank(ret->at[ret->len - 1]))
		ret->len--;
	return true;
}

/* The next word of a line; false: there is none. */
static bool
next_word(struct piece *line, struct piece *ret)
{
	size_t n = 0;

	while (line->len > 0 && is_blank(line->at[0])) {
		line->at++;
		line->len--;
	}
	while (n < line->len && !is_blank(line->at[n]))
		n++;
	*ret = (struct piece){ line->at, n };
	line->at += n;
	line->len -= n;
	return n > 0;
}

static bool
is_text(struct piece p, const char *text)
{
	return p.len == strlen(text) && memcmp(p.at, text, p.len) == 0;
}

static bool
is_piece(struct piece a, struct piece b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool
has_word(struct piece line, const char *text)
{
	struct piece word;

	while (next_word(&line, &word))
		if (is_text(word, text))
			return true;
	return false;
}

/* Digits only, not 0, and no more than fits. */
static bool
read_number(struct piece p, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p.len; i++) {
		unsigned digit = (unsigned)(p.at[i] - '0');

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return false;
		n = 10 * n + digit;
	}
	*ret = n;
	return n != 0;
}

/* "Token : 9357183464523241" */
int
pfread_token(const char *text, uint64_t *ret)
{
	struct piece line, word;
	uint64_t token;

	while (next_line(&text, &line))
		if (next_word(&line, &word) && is_text(word, "Token") &&
		    next_word(&line, &word) && is_text(word, ":") &&
		    next_word(&line, &word) && line.len == 0 &&
		    read_number(word, &token)) {
			*ret = token;
			return 0;
		}
	return -EINVAL;
}

/* A line for each: who asked for it, the token, and since when. */
bool
pfread_lists_token(const char *text, uint64_t token)
{
	struct piece line, word;
	uint64_t n;

	while (next_line(&text, &line)) {
		/* The first number is a process. */
		(void)next_word(&line, &word);
		while (next_word(&line, &word))
			if (read_number(word, &n) && n == token)
				return true;
	}
	return false;
}

/* "Status: Enabled for 0 days 00:12:25           Debug: Urgent" */
bool
pfread_is_enabled(const char *text)
{
	struct piece line, word;

	while (next_line(&text, &line))
		if (next_word(&line, &word) && is_text(word, "Status:"))
			return next_word(&line, &word) &&
			    is_text(word, "Enabled");
	return false;
}

/*
 * Rules.
 */

enum kind { KIND_OTHER, KIND_PASS, KIND_BLOCK, KIND_ANCHOR };

/* Of the first word, which it takes from the line. */
static enum kind
kind_of(struct piece *line)
{
	struct piece word;

	if (!next_word(line, &word))
		return KIND_OTHER;
	if (is_text(word, "pass"))
		return KIND_PASS;
	if (is_text(word, "block"))
		return KIND_BLOCK;
	return is_text(word, "anchor") ? KIND_ANCHOR : KIND_OTHER;
}

/* anchor "NAME" all: for every packet. The first word is gone already. */
static bool
is_anchor(struct piece line, const char *name)
{
	struct piece word;

	return next_word(&line, &word) && word.len == strlen(name) + 2 &&
	    word.at[0] == '"' && word.at[word.len - 1] == '"' &&
	    memcmp(word.at + 1, name, word.len - 2) == 0 &&
	    next_word(&line, &word) && is_text(word, "all") && line.len == 0;
}

/* A rule that is asked before, and may have the last word, lets it pass. */
static bool
may_let_pass(enum kind kind, struct piece line)
{
	return kind == KIND_ANCHOR ||
	    (kind == KIND_PASS && has_word(line, "quick"));
}

enum pfread_place
pfread_place(const char *text, const char *anchor)
{
	enum pfread_place place = PFREAD_FIRST;
	bool empty = true;
	struct piece line;

	while (next_line(&text, &line)) {
		enum kind kind = kind_of(&line);

		if (kind == KIND_OTHER)
			continue;
		empty = false;
		if (kind == KIND_ANCHOR && is_anchor(line, anchor))
			return place;
		if (may_let_pass(kind, line))
			place = PFREAD_BEHIND;
	}
	return empty ? PFREAD_EMPTY : PFREAD_ABSENT;
}

/* "  com.apple/200.AirDrop", one a line. */
bool
pfread_is_first(const char *text, const char *own)
{
	const char *slash = strrchr(own, '/');
	size_t parent = slash != NULL ? (size_t)(slash - own) + 1 : 0;
	struct piece line;

	while (next_line(&text, &line)) {
		size_t common;
		int order;

		/* Not one of them, a warning say. */
		if (line.len <= parent || memcmp(line.at, own, parent) != 0)
			continue;
		common = line.len < strlen(own) ? line.len : strlen(own);
		order = memcmp(line.at, own, common);
		if (order < 0 || (order == 0 && line.len < strlen(own)))
			return false;
	}
	return true;
}

/* "en0 (skip)" */
bool
pfread_skips(const char *text)
{
	struct piece line, name;

	while (next_line(&text, &line))
		if (next_word(&line, &name) &&
		    (name.len < 2 || memcmp(name.at, "lo", 2) != 0) &&
		    has_word(line, "(skip)"))
			return true;
	return false;
}

/* From the line up to `label "`, and from there to the next quote. */
static bool
label_of(struct piece line, struct piece *ret)
{
	static const char head[] = "label \"";
	const size_t len = sizeof(head) - 1;

	for (size_t i = 0; i + len <= line.len; i++) {
		const char *start = line.at + i + len, *end;

		if (memcmp(line.at + i, head, len) != 0)
			continue;
		end = memchr(start, '"', line.len - i - len);
		if (end == NULL)
			return false;
		*ret = (struct piece){ start, (size_t)(end - start) };
		return true;
	}
	return false;
}

/* The same label, and the same words up to "quick"? */
static bool
is_same_rule(struct piece a, struct piece b)
{
	struct piece label_a, label_b, word_a, word_b;

	if (!label_of(a, &label_a) || !label_of(b, &label_b) ||
	    !is_piece(label_a, label_b))
		return false;
	while (next_word(&a, &word_a) && next_word(&b, &word_b) &&
	    is_piece(word_a, word_b))
		if (is_text(word_a, "quick"))
			return true;
	return false;
}

/* The next line that decides about packets; false: there is none. */
static bool
next_rule(const char **text, struct piece *ret)
{
	struct piece line;

	while (next_line(text, ret)) {
		line = *ret;
		if (kind_of(&line) != KIND_OTHER)
			return true;
	}
	return false;
}

enum pfread_match
pfread_match(const char *text, const char *labelled)
{
	enum pfread_match match = PFREAD_THESE;
	struct piece shown, ours;

	while (next_rule(&labelled, &ours)) {
		if (!next_rule(&text, &shown))
			return PFREAD_OTHERS;
		if (!is_same_rule(shown, ours))
			match = PFREAD_UNLIKE;
	}
	return next_rule(&text, &shown) ? PFREAD_OTHERS : match;
}

void
pfread_why(const char *text, char ret[PFREAD_WHY_MAX])
{
	struct piece line, last = { "nothing", 7 };
	size_t n = 0;

	while (next_line(&text, &line))
		if (line.len > 0)
			last = line;
	for (; n < last.len && n < PFREAD_WHY_MAX - 1; n++)
		ret[n] = last.at[n];
	for (size_t i = 0; i < n; i++)
		if (ret[i] < ' ' || ret[i] > '~')
			ret[i] = '?';
	ret[n] = '\0';
}
