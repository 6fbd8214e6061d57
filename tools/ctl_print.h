/* SPDX-License-Identifier: ISC */
/*
 * ctl_print: the daemon's JSON, and our own, as text for people.
 */
#ifndef TOOLS_CTL_PRINT_H
#define TOOLS_CTL_PRINT_H

#include <jansson.h>

/* Each prints one answer's "result" to standard output. */
void ctl_print_status(const json_t *status);
void ctl_print_servers(const json_t *result);
void ctl_print_stats(const json_t *stats);
void ctl_print_explanation(const json_t *result);

/* ctl_import()'s, with "reloaded". */
void ctl_print_import(const json_t *result);

/* One line each, for watch. */
void ctl_print_state_line(const json_t *status);
void ctl_print_drop_line(const json_t *drop);
void ctl_print_not_shown_line(const json_t *params);

#endif /* TOOLS_CTL_PRINT_H */
