/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl_metrics.h"

/* What it prints of two answers. To be freed. */
static char *
metrics(const char *status_text, const char *stats_text)
{
	json_t *status = json_loads(status_text, 0, NULL);
	json_t *stats = json_loads(stats_text, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(status);
	assert_non_null(stats);
	assert_non_null(f);
	ctl_metrics_print(status, stats, f);
	assert_int_equal(fclose(f), 0);
	json_decref(status);
	json_decref(stats);
	return text;
}

static const char counts[] =
    "{\"passed\":7,\"bytes_passed\":9223372036854775807,"
    "\"dropped\":{\"blocked\":3},\"total\":10,"
    "\"kernel\":{\"packets\":11,\"dropped\":1},"
    "\"tunnel\":{\"passed\":5,\"bytes_passed\":600,"
    "\"dropped\":{\"no-peer\":2},\"total\":7}}";

static void
each_answer_has_its_sample(void **state)
{
	static const char want[] =
	    "tungate_state{tungate_state=\"blocked\"} 0\n"
	    "tungate_state{tungate_state=\"open\"} 0\n"
	    "tungate_state{tungate_state=\"connecting\"} 0\n"
	    "tungate_state{tungate_state=\"connected\"} 1\n"
	    "tungate_state{tungate_state=\"reconnecting\"} 0\n"
	    "tungate_state_age_seconds 12\n"
	    "tungate_server_info{name=\"zurich\",protocol=\"tunnel\","
	    "transport=\"tls\"} 1\n"
	    "tungate_passed_packets_total{path=\"gate\"} 7\n"
	    "tungate_passed_packets_total{path=\"tunnel\"} 5\n"
	    "tungate_passed_bytes_total{path=\"gate\"} "
	    "9223372036854775807\n"
	    "tungate_passed_bytes_total{path=\"tunnel\"} 600\n"
	    "tungate_dropped_packets_total{path=\"gate\","
	    "reason=\"blocked\"} 3\n"
	    "tungate_dropped_packets_total{path=\"tunnel\","
	    "reason=\"no-peer\"} 2\n"
	    "tungate_kernel_packets_total 11\n"
	    "tungate_kernel_dropped_packets_total 1\n"
	    "tungate_peer_sent_bytes_total{peer=\"one=\"} 100\n"
	    "tungate_peer_sent_bytes_total{peer=\"two=\"} 0\n"
	    "tungate_peer_received_bytes_total{peer=\"one=\"} 200\n"
	    "tungate_peer_received_bytes_total{peer=\"two=\"} 0\n"
	    "tungate_peer_handshake_age_seconds{peer=\"one=\"} 4\n"
	    "tungate_peer_round_trip_seconds{peer=\"one=\"} 0.012345\n";
	char *text =
	    metrics("{\"state\":\"connected\",\"seconds\":12,"
		    "\"server\":{\"name\":\"zurich\",\"protocol\":\"tunnel\","
		    "\"transport\":\"tls\"},\"peers\":["
		    "{\"public_key\":\"one=\",\"sent\":100,\"received\":200,"
		    "\"latest_handshake\":4,\"round_trip_us\":12345},"
		    "{\"public_key\":\"two=\",\"sent\":0,\"received\":0,"
		    "\"latest_handshake\":null,\"round_trip_us\":null}]}",
		counts);
	char *samples = calloc(1, strlen(text) + 1), *to = samples;

	(void)state;
	assert_non_null(samples);
	for (const char *at = text, *end; *at != '\0'; at = end) {
		end = strchr(at, '\n') + 1;
		if (*at == '#')
			continue;
		memcpy(to, at, (size_t)(end - at));
		to += end - at;
	}
	assert_string_equal(samples, want);
	free(samples);
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
}

static void
without_a_server_there_is_none(void **state)
{
	char *text = metrics("{\"state\":\"blocked\",\"seconds\":0,"
			     "\"server\":null,\"peers\":[]}",
	    counts);

	(void)state;
	assert_non_null(
	    strstr(text, "tungate_state{tungate_state=\"blocked\"} 1\n"));
	assert_null(strstr(text, "tungate_server"));
	assert_null(strstr(text, "tungate_peer"));
	free(text);
}

static void
a_name_cannot_break_out_of_its_quotes(void **state)
{
	char *text =
	    metrics("{\"state\":\"connected\",\"seconds\":0,\"server\":{"
		    "\"name\":\"a\\\"} 1\\n\\\\b\",\"protocol\":\"ikev2\"}}",
		counts);

	(void)state;
	assert_non_null(strstr(text,
	    "tungate_server_info{name=\"a\\\"} 1\\n\\\\b\","
	    "protocol=\"ikev2\",transport=\"\"} 1\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_has_its_sample),
		cmocka_unit_test(without_a_server_there_is_none),
		cmocka_unit_test(a_name_cannot_break_out_of_its_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
