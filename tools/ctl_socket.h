/* SPDX-License-Identifier: ISC */
/*
 * ctl_socket: tungatectl's end of the control socket.
 */
#ifndef TOOLS_CTL_SOCKET_H
#define TOOLS_CTL_SOCKET_H

#include <jansson.h>

struct ctl_socket;

/* 0, or a negative errno with *ret untouched. */
int ctl_socket_open(const char *path, struct ctl_socket **ret);

/* ctl_socket_close(NULL) does nothing. */
void ctl_socket_close(struct ctl_socket *s);

/*
 * Send a request (params consumed; NULL: none) and wait for its answer: the
 * whole object, with "result" or "error", to be released. What comes
 * meanwhile is kept for ctl_socket_next(). NULL: the daemon is gone.
 */
json_t *
ctl_socket_call(struct ctl_socket *s, const char *method, json_t *params);

/*
 * The next notification, to be released. Waits at most ms milliseconds (-1:
 * for ever). NULL: none came, and *ret_gone says whether one can still come.
 */
json_t *ctl_socket_next(struct ctl_socket *s, int ms, int *ret_gone);

#endif /* TOOLS_CTL_SOCKET_H */
