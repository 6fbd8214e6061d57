/* SPDX-License-Identifier: ISC */
/*
 * log: one line to standard error, "level area: what happened: which (why)".
 *
 * Levels: error (not protected, or not connected: act), warn (degraded, going
 * on), info (state changes, start, stop, reload), debug (the rest). Keys,
 * payloads and single packets never appear at any level. Threads: one write a
 * line, so lines never mix.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LEVEL_ERROR = 0, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG, LEVELS };

/* Lines above this level are not written. Starts at info. */
void log_set_level(enum log_level level);

/* "error", "warn", "info" or "debug"; -1 if text is none of them. */
int log_level_parse(const char *text);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* BASE_LOG_H */
