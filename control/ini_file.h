/* SPDX-License-Identifier: ISC */
/*
 * ini_file: the door to inih: INI text to keys and values, with line numbers.
 *
 * inih cuts long lines and what follows " ;", and takes a line that begins
 * with a blank for more of the one before. Here the first two, NUL bytes and
 * text that is no "key = value" are problems that are named, and blanks before
 * a key mean nothing.
 *
 * wg-quick's files follow other rules, and inih does not tell where a section
 * begins, or that a second of the same name does. ini_file_parse_wg() hands
 * them to inih so that it reads them as wg(8) does:
 *
 *   "#" anywhere begins a comment, and " ;" does not;
 *   a section's beginning is a call with a key of NULL;
 *   a line that is too long for inih is read as several of the same key, each
 *   with a part of the list that it is.
 */
#ifndef CONTROL_INI_FILE_H
#define CONTROL_INI_FILE_H

#include <stddef.h>

/* Longest line, without its end: inih's buffer (INI_MAX_LINE), less its ends.
 */
#define INI_FILE_LINE_MAX 197
/* Longest file. */
#define INI_FILE_MAX	  (2 << 20)

struct ini_file;

/*
 * Called for each "key = value". The strings are borrowed for the call. It
 * says what is wrong by ini_file_problem().
 */
typedef void ini_file_pair(struct ini_file *f, const char *section,
    const char *key, const char *value, void *arg);

typedef void ini_file_report(const char *problem, void *arg);

/*
 * Go through len bytes of text. The number of problems reported: 0 if all is
 * well. `name` stands before each problem.
 */
unsigned ini_file_parse(const char *name, const char *text, size_t len,
    ini_file_pair *pair, ini_file_report *report, void *arg);

/* The same, by the rules of wg-quick's files. */
unsigned ini_file_parse_wg(const char *name, const char *text, size_t len,
    ini_file_pair *pair, ini_file_report *report, void *arg);

/* A problem in the line that is being read (0 lines read: in the file). */
void ini_file_problem(struct ini_file *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The number of the line that is being read, from 1. */
unsigned ini_file_line(const struct ini_file *f);

/*
 * Read a whole file into *ret_text (ini_file_free()), NUL-terminated. 0, or a
 * negative errno: -EFBIG beyond INI_FILE_MAX bytes.
 */
int ini_file_read(const char *path, char **ret_text, size_t *ret_len);

/* Wipe and free such a text, which may hold keys. NULL: nothing. */
void ini_file_free(char *text, size_t len);

#endif /* CONTROL_INI_FILE_H */
