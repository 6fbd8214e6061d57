/* SPDX-License-Identifier: ISC */
/*
 * command: what users ask for, as the worker passes it on, carried out.
 *
 * The worker is not trusted: with each request comes the connection of who
 * asks, and who that is, the parent asks the kernel itself. So a worker gone
 * wrong can use the word of a user who may and is connected at the moment;
 * without one it can do nothing.
 */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <stddef.h>

#include "control/permit.h"

struct engine;
struct msg;

struct command {
	struct engine *engine;
	const struct permit *permit;
	const char *path; /* of the control socket */
	/* Reads the configuration anew: 0, or -1 with a sentence in why. */
	int (*reload)(void *arg, char why[], size_t size);
	void *arg;
};

/* A request that msg_check() let through. *ret_answer: what is said to it. */
void command_carry_out(const struct command *c, const struct msg *m, int fd,
    struct msg *ret_answer);

#endif /* CONTROL_COMMAND_H */
