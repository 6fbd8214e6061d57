/* SPDX-License-Identifier: ISC */
/*
 * detail: what a connection that is not there yet waits for, as a sentence.
 *
 * Pure.
 */
#ifndef CONTROL_DETAIL_H
#define CONTROL_DETAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "control/gate.h"

struct hop;
struct net_view;
struct server;

struct detail_input {
	enum gate_state state;
	const struct server *server; /* that was chosen last */
	const struct net_view *view;
	const struct hop *hops; /* one for each of the server's endpoints */
	bool client_ended;	/* once since the connect, */
	int client_code;	/* with this */
};

/* Empty, if there is nothing to wait for. */
void detail_print(const struct detail_input *in, char to[], size_t size);

#endif /* CONTROL_DETAIL_H */
