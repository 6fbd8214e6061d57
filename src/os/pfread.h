/* SPDX-License-Identifier: ISC */
/*
 * pfread: reads what macOS's pfctl says.
 *
 * Pure; the texts end with a NUL, and are not trusted: what is not understood
 * is no word of anything good. pfctl mixes its warnings ("No ALTQ support in
 * kernel") among what it is asked for.
 */
#ifndef OS_PFREAD_H
#define OS_PFREAD_H

#include <stdbool.h>
#include <stdint.h>

/* From `pfctl -E`. 0, or -EINVAL with *ret untouched; never 0 in *ret. */
int pfread_token(const char *text, uint64_t *ret);

/* In `pfctl -s References`: does pf still run in that token's name? */
bool pfread_lists_token(const char *text, uint64_t token);

/* In `pfctl -s info`. */
bool pfread_is_enabled(const char *text);

/* Where an anchor stands in the main ruleset, as `pfctl -s rules` shows it. */
enum pfread_place {
	PFREAD_EMPTY = 0, /* there are no rules at all */
	PFREAD_ABSENT,	  /* it is never asked */
	PFREAD_BEHIND,	  /* after rules that may let pass */
	PFREAD_FIRST,
};

/* anchor: as the ruleset names it, "com.apple/" and a star. */
enum pfread_place pfread_place(const char *text, const char *anchor);

/*
 * In `pfctl -a PARENT -s Anchors`: is `own` asked before all others? They are
 * asked in the order of their names.
 */
bool pfread_is_first(const char *text, const char *own);

/*
 * In `pfctl -v -s Interfaces`: does pf leave one alone that is not loopback
 * (`set skip on` in somebody's pf.conf)?
 */
bool pfread_skips(const char *text);

/* What `pfctl -a ANCHOR -s rules` shows, against what was put there. */
enum pfread_match {
	PFREAD_OTHERS = 0, /* not as many rules: they are not these */
	PFREAD_UNLIKE,	   /* as many, but they are not known again */
	PFREAD_THESE,
};

/*
 * labelled: from pfrules_label(). Rules are known by their labels and by what
 * they do, for pfctl has a spelling of its own for addresses and ports.
 */
enum pfread_match pfread_match(const char *text, const char *labelled);

#define PFREAD_WHY_MAX 128

/* What pfctl complains of: its last line, of printable characters. */
void pfread_why(const char *text, char ret[PFREAD_WHY_MAX]);

#endif /* OS_PFREAD_H */
