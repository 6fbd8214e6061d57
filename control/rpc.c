/* SPDX-License-Identifier: ISC */
#include "control/rpc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {
	[RPC_NONE] = "",
	[RPC_CONNECT] = "connect",
	[RPC_DISCONNECT] = "disconnect",
	[RPC_RELEASE] = "release",
	[RPC_BLOCK] = "block",
	[RPC_STATUS] = "status",
	[RPC_SERVERS] = "servers",
	[RPC_STATS] = "stats",
	[RPC_RELOAD] = "reload",
	[RPC_EXPLAIN] = "explain",
	[RPC_SUBSCRIBE] = "subscribe",
};

static enum rpc_method
method_of(const char *name)
{
	for (int i = RPC_NONE + 1; i < RPC_METHODS; i++)
		if (strcmp(name, methods[i]) == 0)
			return (enum rpc_method)i;
	return RPC_NONE;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *
read_packet(const json_t *params, struct rpc_request *r)
{
	const json_t *hex = json_object_get(params, "packet");
	const char *text = json_string_value(hex);
	const json_t *known = json_object_get(params, "payload_known");
	size_t len = json_string_length(hex);

	if (text == NULL)
		return "params.packet must be the packet's bytes in hex";
	if (known != NULL && !json_is_boolean(known))
		return "params.payload_known must be true or false";
	r->headers_only = json_is_false(known);
	if (len == 0 || len % 2 != 0 || len / 2 > RPC_PACKET_MAX)
		return "params.packet must be 1 to 65535 bytes in hex";
	if ((r->packet = malloc(len / 2)) == NULL)
		return "no memory";
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(text[i]), low = digit(text[i + 1]);

		if (high < 0 || low < 0)
			return "params.packet has a character that is not hex";
		r->packet[i / 2] = (uint8_t)(high << 4 | low);
	}
	r->packet_len = len / 2;
	return NULL;
}

static const char *
read_server(const json_t *params, struct rpc_request *r)
{
	const json_t *server = json_object_get(params, "server");
	const char *name = json_string_value(server);
	size_t len = json_string_length(server);

	if (name == NULL)
		return "params.server must be a server's name";
	if (len == 0 || len >= sizeof(r->server))
		return "params.server must be 1 to 63 bytes";
	memcpy(r->server, name, len + 1);
	return NULL;
}

static const char *
read_topics(const json_t *params, struct rpc_request *r)
{
	const json_t *topics = json_object_get(params, "topics");
	size_t n = json_array_size(topics);

	/* An array of no topics ends the subscription. */
	if (!json_is_array(topics))
		return "params.topics must be a list of state, drops, stats";
	for (size_t i = 0; i < n; i++) {
		const char *t = json_string_value(json_array_get(topics, i));

		if (t != NULL && strcmp(t, "state") == 0)
			r->topics |= RPC_STATE;
		else if (t != NULL && strcmp(t, "drops") == 0)
			r->topics |= RPC_DROPS;
		else if (t != NULL && strcmp(t, "stats") == 0)
			r->topics |= RPC_STATISTICS;
		else
			return "params.topics must be a list of state, drops, "
			       "stats";
	}
	return NULL;
}

static enum rpc_error
read_object(const json_t *o, struct rpc_request *r, const char **why)
{
	const json_t *params = json_object_get(o, "params");
	const char *method = json_string_value(json_object_get(o, "method"));
	const char *version = json_string_value(json_object_get(o, "jsonrpc"));
	const char *bad = NULL;

	*why = "not a JSON-RPC 2.0 request: {\"jsonrpc\": \"2.0\", \"id\": 1, "
	       "\"method\": ...}";
	if (version == NULL || strcmp(version, "2.0") != 0 || method == NULL)
		return RPC_INVALID_REQUEST;
	*why = "params must be an object";
	if (params != NULL && !json_is_object(params))
		return RPC_INVALID_PARAMS;
	*why = "unknown method";
	if ((r->method = method_of(method)) == RPC_NONE)
		return RPC_UNKNOWN_METHOD;
	if (r->method == RPC_CONNECT)
		bad = read_server(params, r);
	else if (r->method == RPC_EXPLAIN)
		bad = read_packet(params, r);
	else if (r->method == RPC_SUBSCRIBE)
		bad = read_topics(params, r);
	if (bad != NULL) {
		*why = bad;
		r->method = RPC_NONE;
		return RPC_INVALID_PARAMS;
	}
	*why = "";
	return RPC_OK;
}

enum rpc_error
rpc_read(const char *line, size_t len, struct rpc_request *ret,
    const char **why)
{
	enum rpc_error e;
	json_t *o, *id;

	memset(ret, 0, sizeof(*ret));
	if ((o = json_loadb(line, len, JSON_DECODE_ANY, NULL)) == NULL) {
		*why = "not JSON: one object a line is expected";
		return RPC_PARSE_ERROR;
	}
	if (!json_is_object(o)) {
		*why = "not a JSON object: one object a line is expected";
		json_decref(o);
		return RPC_INVALID_REQUEST;
	}
	id = json_object_get(o, "id");
	if (json_is_string(id) || json_is_number(id) || json_is_null(id))
		ret->id = json_incref(id);
	if (id != NULL && ret->id == NULL) {
		/* Not a notification: its sender would wait for ever. */
		*why = "an id must be a string, a number or null";
		e = RPC_INVALID_REQUEST;
	} else {
		e = read_object(o, ret, why);
	}
	json_decref(o);
	return e;
}

void
rpc_done(struct rpc_request *r)
{
	json_decref(r->id);
	free(r->packet);
	memset(r, 0, sizeof(*r));
}

/* One line: jansson escapes what could end it. Consumes o. */
static char *
as_line(json_t *o)
{
	char *text, *line = NULL;
	size_t n;

	if (o == NULL)
		return NULL;
	if ((text = json_dumps(o, JSON_COMPACT)) != NULL) {
		n = strlen(text);
		if ((line = malloc(n + 2)) != NULL) {
			memcpy(line, text, n);
			memcpy(line + n, "\n", 2);
		}
		free(text);
	}
	json_decref(o);
	return line;
}

static json_t *
id_or_null(json_t *id)
{
	return id != NULL ? json_incref(id) : json_null();
}

char *
rpc_write_result(json_t *id, json_t *result)
{
	return as_line(json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id",
	    id_or_null(id), "result", result));
}

char *
rpc_write_error(json_t *id, enum rpc_error code, const char *message)
{
	return as_line(json_pack("{s:s, s:o, s:{s:i, s:s}}", "jsonrpc", "2.0",
	    "id", id_or_null(id), "error", "code", (int)code, "message",
	    message));
}

char *
rpc_write_notification(const char *method, json_t *params)
{
	return as_line(json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method",
	    method, "params", params));
}
