/* SPDX-License-Identifier: ISC */
#include "control/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/engine.h"
#include "control/msg.h"
#include "src/base/log.h"

static int
refuse(const struct msg *m, char why[STATUS_WHY_MAX])
{
	log_warn("control: %s without a user who may", msg_name_of(m->type));
	(void)snprintf(why, STATUS_WHY_MAX,
	    "this user may not control tungate, or is gone");
	return -EPERM;
}

static int
carry_out(const struct command *c, const struct msg *m, int fd,
    char why[STATUS_WHY_MAX])
{
	struct engine *e = c->engine;
	bool root;

	if (!permit_is_connection(fd, c->path) ||
	    !permit_allows(c->permit, fd, &root))
		return refuse(m, why);
	switch (m->type) {
	case MSG_CONNECT:
		return engine_connect(e, m->body.name.name, why);
	case MSG_DISCONNECT:
		return engine_disconnect(e, why);
	case MSG_RELEASE:
		return engine_release(e, why);
	case MSG_BLOCK:
		return engine_block(e, why);
	case MSG_RELOAD:
		return c->reload(c->arg, why, STATUS_WHY_MAX);
	default:
		return -EPROTO;
	}
}

void
command_carry_out(const struct command *c, const struct msg *m, int fd,
    struct msg *ret_answer)
{
	memset(ret_answer, 0, sizeof(*ret_answer));
	if (m->type == MSG_STATS) {
		ret_answer->type = MSG_KERNEL;
		engine_kernel(c->engine, &ret_answer->body.kernel.packets,
		    &ret_answer->body.kernel.dropped);
		return;
	}
	ret_answer->type = MSG_REPLY;
	ret_answer->body.reply.code =
	    carry_out(c, m, fd, ret_answer->body.reply.why);
}
