/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/rpc.h"
#include "tests/unit/packet.h"

static enum rpc_error
read_line(const char *line, size_t len, struct rpc_request *ret)
{
	char *copy = (char *)packet_exact(line, len);
	const char *why = NULL;
	enum rpc_error e = rpc_read(copy, len, ret, &why);

	assert_non_null(why);
	assert_int_equal(e == RPC_OK, why[0] == '\0');
	assert_int_equal(e == RPC_OK, ret->method != RPC_NONE);
	free(copy);
	return e;
}

/* What a line that is refused, or has no values to keep, is. */
static enum rpc_error
verdict(const char *line)
{
	struct rpc_request r;
	enum rpc_error e = read_line(line, strlen(line), &r);

	rpc_done(&r);
	return e;
}

#define REQUEST(rest) "{\"jsonrpc\":\"2.0\",\"id\":1," rest "}"

static void
each_method_is_read(void **state)
{
	static const struct {
		const char *line;
		enum rpc_method method;
	} cases[] = {
		{ REQUEST("\"method\":\"disconnect\""), RPC_DISCONNECT },
		{ REQUEST("\"method\":\"release\""), RPC_RELEASE },
		{ REQUEST("\"method\":\"block\""), RPC_BLOCK },
		{ REQUEST("\"method\":\"status\",\"params\":{}"), RPC_STATUS },
		{ REQUEST("\"method\":\"servers\""), RPC_SERVERS },
		{ REQUEST("\"method\":\"stats\""), RPC_STATS },
		{ REQUEST("\"method\":\"reload\""), RPC_RELOAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rpc_request r;

		assert_int_equal(
		    read_line(cases[i].line, strlen(cases[i].line), &r),
		    RPC_OK);
		assert_int_equal(r.method, cases[i].method);
		assert_int_equal(json_integer_value(r.id), 1);
		rpc_done(&r);
		assert_null(r.id);
	}
}

static void
the_params_of_each_method_are_read(void **state)
{
	static const char connect[] =
	    REQUEST("\"method\":\"connect\",\"params\":{\"server\":\"bern\"}");
	static const char explain[] = REQUEST(
	    "\"method\":\"explain\",\"params\":{\"packet\":\"45FFab00\"}");
	static const char subscribe[] =
	    REQUEST("\"method\":\"subscribe\",\"params\":{\"topics\":"
		    "[\"state\",\"stats\",\"drops\",\"state\"]}");
	struct rpc_request r;

	(void)state;
	assert_int_equal(read_line(connect, sizeof(connect) - 1, &r), RPC_OK);
	assert_int_equal(r.method, RPC_CONNECT);
	assert_string_equal(r.server, "bern");
	rpc_done(&r);
	assert_int_equal(read_line(explain, sizeof(explain) - 1, &r), RPC_OK);
	assert_int_equal(r.method, RPC_EXPLAIN);
	assert_int_equal(r.packet_len, 4);
	assert_memory_equal(r.packet, "\x45\xff\xab\0", 4);
	rpc_done(&r);
	assert_int_equal(read_line(subscribe, sizeof(subscribe) - 1, &r),
	    RPC_OK);
	assert_int_equal(r.method, RPC_SUBSCRIBE);
	assert_int_equal(r.topics, RPC_STATE | RPC_DROPS | RPC_STATISTICS);
	rpc_done(&r);
	assert_int_equal(
	    verdict(
		REQUEST("\"method\":\"subscribe\",\"params\":{\"topics\":[]}")),
	    RPC_OK);
}

static void
what_is_no_json_is_a_parse_error(void **state)
{
	static const char *const lines[] = { "", " ", "{", "connect bern",
		"{\"a\":1}x", "{\"a\":}", "{'a':1}", "\xff\xfe", "{\"a\":1,}",
		"{\"a\":\"\xc3\x28\"}", "{\"a\":\"\\u0000\"}", "nul",
		"GET / HTTP/1.1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(verdict(lines[i]), RPC_PARSE_ERROR);
}

static void
what_is_deeply_nested_is_a_parse_error(void **state)
{
	static char line[100000];

	(void)state;
	memset(line, '[', sizeof(line) - 1);
	assert_int_equal(verdict(line), RPC_PARSE_ERROR);
}

static void
what_is_no_request_is_invalid(void **state)
{
	static const char *const lines[] = { "[]", "{}",
		"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}]",
		"{\"id\":1,\"method\":\"status\"}",
		"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"status\"}",
		"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"status\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(verdict(lines[i]), RPC_INVALID_REQUEST);
}

/* Else it would be taken for a notification, and its sender wait. */
static void
an_id_that_cannot_be_is_invalid(void **state)
{
	static const char *const ids[] = { "{}", "[]", "[1]", "true", "false" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char line[128];

		(void)snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"status\"}",
		    ids[i]);
		assert_int_equal(verdict(line), RPC_INVALID_REQUEST);
	}
}

static void
a_method_that_is_not_known_is_named_so(void **state)
{
	static const char *const names[] = { "", "Connect", "status ", "quit" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[128];

		(void)snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}",
		    names[i]);
		assert_int_equal(verdict(line), RPC_UNKNOWN_METHOD);
	}
}

static void
params_that_do_not_fit_are_invalid(void **state)
{
	static const char unknown[] = "\"explain\",\"params\":"
				      "{\"packet\":\"45\","
				      "\"payload_known\":1}";
	static const char *const rests[] = { "\"connect\"",
		"\"connect\",\"params\":[\"bern\"]",
		"\"connect\",\"params\":null", "\"connect\",\"params\":{}",
		"\"connect\",\"params\":{\"server\":1}",
		"\"connect\",\"params\":{\"server\":\"\"}",
		"\"status\",\"params\":[]", "\"explain\"",
		"\"explain\",\"params\":{\"packet\":\"\"}",
		"\"explain\",\"params\":{\"packet\":\"4\"}",
		"\"explain\",\"params\":{\"packet\":\"4g\"}",
		"\"explain\",\"params\":{\"packet\":\"0x45\"}",
		"\"explain\",\"params\":{\"packet\":[69]}", unknown,
		"\"subscribe\"",
		"\"subscribe\",\"params\":{\"topics\":\"state\"}",
		"\"subscribe\",\"params\":{\"topics\":[\"all\"]}",
		"\"subscribe\",\"params\":{\"topics\":[\"state\",1]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rests); i++) {
		char line[256];

		(void)snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":%s}", rests[i]);
		assert_int_equal(verdict(line), RPC_INVALID_PARAMS);
	}
}

static void
a_name_up_to_the_longest_is_read(void **state)
{
	(void)state;
	for (int len = 1; len <= SERVER_NAME_MAX + 10; len++) {
		char line[256];

		(void)snprintf(line, sizeof(line),
		    REQUEST("\"method\":\"connect\","
			    "\"params\":{\"server\":\"%0*d\"}"),
		    len, 1);
		assert_int_equal(verdict(line),
		    len < SERVER_NAME_MAX ? RPC_OK : RPC_INVALID_PARAMS);
	}
}

static void
the_largest_packet_is_read_and_one_byte_more_is_not(void **state)
{
	static char line[2 * (RPC_PACKET_MAX + 1) + 128];

	(void)state;
	for (size_t bytes = RPC_PACKET_MAX; bytes <= RPC_PACKET_MAX + 1;
	     bytes++) {
		static const char head[] = REQUEST(
		    "\"method\":\"explain\",\"params\":{\"packet\":\"%\"}");
		size_t before = (size_t)(strchr(head, '%') - head);

		memcpy(line, head, before);
		memset(line + before, '0', 2 * bytes);
		memcpy(line + before + 2 * bytes, head + before + 1,
		    sizeof(head) - before - 1);
		assert_int_equal(verdict(line),
		    bytes == RPC_PACKET_MAX ? RPC_OK : RPC_INVALID_PARAMS);
		assert_true(
		    bytes > RPC_PACKET_MAX || strlen(line) < RPC_LINE_MAX);
	}
}

static void
an_id_is_kept_also_of_what_is_refused(void **state)
{
	static const char *const ids[] = { "1", "\"x\"", "null", "1.5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct rpc_request r;
		char line[128];

		(void)snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"nonsense\"}",
		    ids[i]);
		assert_int_equal(read_line(line, strlen(line), &r),
		    RPC_UNKNOWN_METHOD);
		assert_non_null(r.id);
		rpc_done(&r);
	}
	assert_int_equal(verdict("{\"jsonrpc\":\"2.0\",\"method\":\"status\"}"),
	    RPC_OK);
}

/* Cut anywhere, a request is refused, and nothing beyond is read. */
static void
every_beginning_of_a_request_is_refused(void **state)
{
	static const char whole[] =
	    REQUEST("\"method\":\"explain\",\"params\":{\"packet\":\"4500\"}");

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct rpc_request r;

		assert_int_equal(read_line(whole, len, &r), RPC_PARSE_ERROR);
		rpc_done(&r);
	}
}

static void
an_answer_is_one_line_of_json(void **state)
{
	json_t *id = json_string("a\nb");
	char *text = rpc_write_result(id, json_pack("{s:s}", "x", "1\n2"));

	(void)state;
	assert_string_equal(text,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\\nb\","
	    "\"result\":{\"x\":\"1\\n2\"}}\n");
	free(text);
	text = rpc_write_error(id, RPC_REFUSED, "no");
	assert_string_equal(text,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\\nb\","
	    "\"error\":{\"code\":1,\"message\":\"no\"}}\n");
	free(text);
	text = rpc_write_error(NULL, RPC_PARSE_ERROR, "?");
	assert_non_null(strstr(text, "\"id\":null"));
	free(text);
	text = rpc_write_notification("state", json_object());
	assert_string_equal(text,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"state\",\"params\":{}}\n");
	free(text);
	json_decref(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_method_is_read),
		cmocka_unit_test(the_params_of_each_method_are_read),
		cmocka_unit_test(what_is_no_json_is_a_parse_error),
		cmocka_unit_test(what_is_deeply_nested_is_a_parse_error),
		cmocka_unit_test(what_is_no_request_is_invalid),
		cmocka_unit_test(an_id_that_cannot_be_is_invalid),
		cmocka_unit_test(a_method_that_is_not_known_is_named_so),
		cmocka_unit_test(params_that_do_not_fit_are_invalid),
		cmocka_unit_test(a_name_up_to_the_longest_is_read),
		cmocka_unit_test(
		    the_largest_packet_is_read_and_one_byte_more_is_not),
		cmocka_unit_test(an_id_is_kept_also_of_what_is_refused),
		cmocka_unit_test(every_beginning_of_a_request_is_refused),
		cmocka_unit_test(an_answer_is_one_line_of_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
