/* SPDX-License-Identifier: ISC */
/*
 * fuzz_pfread: nothing that pfctl says makes pfread read past its end, or
 * take it for what it is not.
 *
 * Two texts: what is said, and, after a NUL, what was to be said.
 *
 * Needs: src/os/pfread.c
 */
#include "src/os/pfread.h"
#include "tests/fuzz/exact.h"

/* To be freed. */
static char *
text(const uint8_t *data, size_t len)
{
	char *t = malloc(len + 1);

	if (t == NULL)
		abort();
	if (len > 0)
		memcpy(t, data, len);
	t[len] = '\0';
	return t;
}

static void
check(const char *said, const char *expected)
{
	char why[PFREAD_WHY_MAX];
	uint64_t token = 1;

	if (pfread_token(said, &token) < 0 ? token != 1 : token == 0)
		abort();
	(void)pfread_lists_token(said, token);
	(void)pfread_is_enabled(said);
	(void)pfread_skips(said);
	(void)pfread_is_first(said, expected);
	(void)pfread_place(said, expected);
	/* A text that has a rule is not like one that has none. */
	if (pfread_place(said, "") != PFREAD_EMPTY &&
	    pfread_match(said, "") != PFREAD_OTHERS)
		abort();
	(void)pfread_match(said, expected);
	if (pfread_match(said, said) == PFREAD_OTHERS)
		abort();
	pfread_why(said, why);
	if (why[0] == '\0' || strlen(why) >= sizeof(why))
		abort();
	for (const char *c = why; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *nul = len > 0 ? memchr(data, 0, len) : NULL;
	size_t first = nul != NULL ? (size_t)(nul - data) : len;
	char *said = text(data, first), *expected;

	expected = nul != NULL ? text(nul + 1, len - first - 1) : text(NULL, 0);
	check(said, expected);
	free(said);
	free(expected);
	return 0;
}
