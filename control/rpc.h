/* SPDX-License-Identifier: ISC */
/*
 * rpc: one line of the control socket, read: JSON-RPC 2.0 (jsonrpc.org).
 *
 * Pure: it reads a request, and writes answers; methods.c carries it out.
 */
#ifndef CONTROL_RPC_H
#define CONTROL_RPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/server.h"

enum rpc_method {
	RPC_NONE = 0,
	RPC_CONNECT, /* {"server": NAME} */
	RPC_DISCONNECT,
	RPC_RELEASE,
	RPC_BLOCK,
	RPC_STATUS,
	RPC_SERVERS,
	RPC_STATS,
	RPC_RELOAD,
	RPC_EXPLAIN,   /* {"packet": HEX, "payload_known": BOOL (true)} */
	RPC_SUBSCRIBE, /* {"topics": ["state", "drops", "stats"]} */
	RPC_METHODS
};

enum rpc_topic { RPC_STATE = 1, RPC_DROPS = 2, RPC_STATISTICS = 4 };

/* JSON-RPC's own error codes, and ours. */
enum rpc_error {
	RPC_OK = 0,
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_UNKNOWN_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_REFUSED = 1,     /* it makes no sense now, or failed */
	RPC_NOT_ALLOWED = 2, /* not for this user */
	RPC_TOO_MUCH = 3,    /* a line too long, or too many connections */
};

/* Longest packet that explain takes: what IP can carry. */
#define RPC_PACKET_MAX 65535
/* Longest request: such a packet in hex, and some. */
#define RPC_LINE_MAX   (2 * RPC_PACKET_MAX + 4096)

struct rpc_request {
	enum rpc_method method;
	json_t *id; /* owned; NULL: a notification, not to be answered */
	char server[SERVER_NAME_MAX];
	unsigned topics; /* RPC_STATE | ... */
	uint8_t *packet; /* owned */
	size_t packet_len;
	bool headers_only; /* its payload is not known */
};

/*
 * Read the len bytes of a line (without its newline). RPC_OK with *ret
 * filled; or an error with a sentence in why, and only ret->id set (NULL if
 * it could not be read). Release *ret with rpc_done() in either case.
 */
enum rpc_error rpc_read(const char *line, size_t len, struct rpc_request *ret,
    const char **why);

void rpc_done(struct rpc_request *r);

/*
 * Answers as text, one line with its newline, to be freed; NULL: no memory.
 * id is borrowed (NULL: null), result and params are consumed.
 */
char *rpc_write_result(json_t *id, json_t *result);
char *rpc_write_error(json_t *id, enum rpc_error code, const char *message);
char *rpc_write_notification(const char *method, json_t *params);

#endif /* CONTROL_RPC_H */
