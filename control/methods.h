/* SPDX-License-Identifier: ISC */
/*
 * methods: what each method of the control socket does, and the JSON it
 * answers with. The shapes are described in tungatectl(1).
 */
#ifndef CONTROL_METHODS_H
#define CONTROL_METHODS_H

#include <jansson.h>

#include "control/rpc.h"

struct drop_event;
struct mirror;

/*
 * Carry a request out, for who is at the other end of fd. RPC_OK with the
 * result in *ret (to be released), or an error with a sentence in why
 * (STATUS_WHY_MAX bytes). RPC_SUBSCRIBE is the connection's own affair: it is
 * answered with the state, and changes nothing.
 */
enum rpc_error methods_call(struct mirror *m, const struct rpc_request *request,
    int fd, json_t **ret, char why[]);

/* For subscribers. NULL: no memory. */
json_t *methods_status(const struct mirror *m);
json_t *methods_stats(struct mirror *m);
json_t *methods_drop(const struct drop_event *d);

#endif /* CONTROL_METHODS_H */
