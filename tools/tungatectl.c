/* SPDX-License-Identifier: ISC */
/*
 * tungatectl: speaks to tungated over its control socket.
 *
 * Exit status: 0 done, 1 refused or failed, 2 usage.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/mono.h"
#include "tools/ctl_import.h"
#include "tools/ctl_metrics.h"
#include "tools/ctl_packet.h"
#include "tools/ctl_print.h"
#include "tools/ctl_socket.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static const char gone_sentence[] =
    "the connection ended: tungated or its worker ended, and nothing passes "
    "that did not pass before; tungatectl status says whether it is back";

struct ctl {
	struct ctl_socket *socket; /* NULL: no daemon, and none is needed */
	bool json;
	const char *name, *conf_file; /* of import */
	int timeout_s;
	int argc; /* of the verb */
	char **argv;
};

/* {"error": ...} to standard error, or standard output with --json. */
static int
failed(const struct ctl *ctl, const char *sentence)
{
	if (ctl->json) {
		json_t *o = json_pack("{s:s}", "error", sentence);

		(void)json_dumpf(o, stdout, JSON_COMPACT);
		(void)printf("\n");
		json_decref(o);
	} else {
		(void)fprintf(stderr, "tungatectl: %s\n", sentence);
	}
	return FAILED;
}

static void
print_json(const json_t *o)
{
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	(void)printf("\n");
	(void)fflush(stdout);
}

/*
 * Call a method (params consumed) and print its result. *ret_result (may be
 * NULL) is to be released. The exit status.
 */
static int
call(const struct ctl *ctl, const char *method, json_t *params,
    void (*print)(const json_t *), json_t **ret_result)
{
	json_t *answer = ctl_socket_call(ctl->socket, method, params);
	const json_t *error;
	json_t *result;
	int status = DONE;

	if (answer == NULL)
		return failed(ctl, gone_sentence);
	error = json_object_get(answer, "error");
	result = json_object_get(answer, "result");
	if (error != NULL) {
		const char *m =
		    json_string_value(json_object_get(error, "message"));

		status = failed(ctl, m != NULL ? m : "refused");
	} else if (ctl->json && print != NULL) {
		print_json(result);
	} else if (print != NULL) {
		print(result);
	}
	if (status == DONE && ret_result != NULL)
		*ret_result = json_incref(result);
	json_decref(answer);
	return status;
}

static const char *
state_of(const json_t *status)
{
	const char *s = json_string_value(json_object_get(status, "state"));

	return s != NULL ? s : "";
}

/*
 * Wait until the tunnel is proven. Each new word of what it waits for is a
 * line of progress.
 */
static int
await_connected(const struct ctl *ctl, const json_t *first)
{
	struct mono start = mono_now();
	char last[512] = "", why[1024];
	json_t *status = json_deep_copy(first);
	int gone = 0, result = -1;

	while (result < 0) {
		const char *state = state_of(status),
			   *detail = json_string_value(
			       json_object_get(status, "detail"));
		uint64_t passed = mono_ms_between(start, mono_now());
		int left = (int)((uint64_t)ctl->timeout_s * 1000 - passed);
		json_t *next;

		if (strcmp(state, "connected") == 0) {
			if (ctl->json)
				print_json(status);
			else
				(void)printf("connected\n");
			result = DONE;
			break;
		}
		if (strcmp(state, "blocked") == 0 ||
		    strcmp(state, "open") == 0) {
			result = failed(ctl, "somebody else disconnected it");
			break;
		}
		if (detail != NULL && strcmp(detail, last) != 0) {
			(void)snprintf(last, sizeof(last), "%s", detail);
			if (!ctl->json && *detail != '\0') {
				(void)printf("%s: %s\n", state, detail);
				(void)fflush(stdout);
			}
		}
		if (left <= 0) {
			(void)snprintf(why, sizeof(why),
			    "not connected after "
			    "%d s: %s; it goes on trying (tungatectl "
			    "disconnect ends that)",
			    ctl->timeout_s, last);
			result = failed(ctl, why);
			break;
		}
		next = ctl_socket_next(ctl->socket, left < 500 ? left : 500,
		    &gone);
		if (gone) {
			result = failed(ctl, gone_sentence);
			break;
		}
		json_decref(status);
		status = next != NULL
		    ? json_incref(json_object_get(next, "params"))
		    : NULL;
		json_decref(next);
		/* Nothing came: what it waits for may have changed. */
		if (status == NULL &&
		    call(ctl, "status", NULL, NULL, &status) != DONE)
			return FAILED;
	}
	json_decref(status);
	return result;
}

static int
do_connect(const struct ctl *ctl)
{
	json_t *status = NULL;
	int r;

	r = call(ctl, "subscribe", json_pack("{s:[s]}", "topics", "state"),
	    NULL, NULL);
	if (r == DONE)
		r = call(ctl, "connect",
		    json_pack("{s:s}", "server", ctl->argv[1]), NULL, &status);
	if (r == DONE)
		r = await_connected(ctl, status);
	json_decref(status);
	return r;
}

static int
do_simple(const struct ctl *ctl)
{
	return call(ctl, ctl->argv[0], NULL, ctl_print_status, NULL);
}

static int
do_servers(const struct ctl *ctl)
{
	return call(ctl, "servers", NULL, ctl_print_servers, NULL);
}

static int
do_stats(const struct ctl *ctl)
{
	return call(ctl, "stats", NULL, ctl_print_stats, NULL);
}

static int
do_metrics(const struct ctl *ctl)
{
	json_t *status = NULL, *stats = NULL;
	int r = call(ctl, "status", NULL, NULL, &status);

	if (r == DONE)
		r = call(ctl, "stats", NULL, NULL, &stats);
	if (r == DONE && ctl->json) {
		json_t *both =
		    json_pack("{s:O, s:O}", "status", status, "stats", stats);

		print_json(both);
		json_decref(both);
	} else if (r == DONE) {
		ctl_metrics_print(status, stats, stdout);
	}
	json_decref(status);
	json_decref(stats);
	/* Half of it would be taken for all of it. */
	if (r == DONE && (fflush(stdout) != 0 || ferror(stdout)))
		r = failed(ctl, "the metrics cannot be written");
	return r;
}

static int
do_watch(const struct ctl *ctl)
{
	int gone = 0, r;

	r = call(ctl, "subscribe",
	    json_pack("{s:[s, s]}", "topics", "state", "drops"),
	    ctl->json ? NULL : ctl_print_state_line, NULL);
	(void)fflush(stdout);
	while (r == DONE && !gone) {
		json_t *o = ctl_socket_next(ctl->socket, -1, &gone);
		const json_t *params = json_object_get(o, "params");
		const char *method =
		    json_string_value(json_object_get(o, "method"));

		if (ctl->json && o != NULL)
			print_json(o);
		else if (method != NULL && strcmp(method, "state") == 0)
			ctl_print_state_line(params);
		else if (method != NULL && strcmp(method, "drop") == 0)
			ctl_print_drop_line(params);
		else if (method != NULL)
			ctl_print_not_shown_line(params);
		(void)fflush(stdout);
		json_decref(o);
	}
	return gone ? failed(ctl, gone_sentence) : r;
}

static int
explain(const struct ctl *ctl, const uint8_t *packet, size_t len,
    bool payload_known)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = malloc(2 * len + 1);
	json_t *params;

	if (hex == NULL)
		return failed(ctl, "no memory");
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[packet[i] >> 4];
		hex[2 * i + 1] = digits[packet[i] & 15];
	}
	hex[2 * len] = '\0';
	params = json_pack("{s:s, s:b}", "packet", hex, "payload_known",
	    payload_known);
	free(hex);
	return call(ctl, "explain", params, ctl_print_explanation, NULL);
}

static int
explain_one(const uint8_t *packet, size_t len, void *arg)
{
	const struct ctl *ctl = arg;

	if (explain(ctl, packet, len, true) != DONE)
		return -1;
	if (!ctl->json)
		(void)printf("\n");
	return 0;
}

static int
do_explain(const struct ctl *ctl)
{
	static uint8_t packet[CTL_PACKET_MAX];
	const char *sentence = NULL;
	char why[256];
	size_t len;
	long n;

	if (ctl->argc >= 4) {
		len = ctl_packet_build(ctl->argv[1], ctl->argv[2], ctl->argv[3],
		    ctl->argc > 4 ? ctl->argv[4] : NULL, packet, &sentence);
		return len > 0 ? explain(ctl, packet, len, ctl->argc > 4)
			       : failed(ctl, sentence);
	}
	if (ctl->argc != 2)
		return USAGE;
	if ((len = ctl_packet_hex(ctl->argv[1], packet, sizeof(packet))) > 0)
		return explain(ctl, packet, len, true);
	if (access(ctl->argv[1], R_OK) < 0)
		return failed(ctl,
		    "explain takes hex bytes, a capture file, "
		    "or: udp|tcp|icmp SOURCE DESTINATION [PAYLOAD-HEX]");
	n = ctl_packet_capture(ctl->argv[1], explain_one,
	    (void *)(uintptr_t)ctl, why);
	if (n < 0)
		return why[0] != '\0' ? failed(ctl, why) : FAILED;
	return n > 0 ? DONE : failed(ctl, "there is no IP packet in that file");
}

/* A daemon that runs reads it at once; without one it will when it starts. */
static int
do_import(const struct ctl *ctl)
{
	const struct ctl_import import = { .file = ctl->argv[1],
		.name = ctl->name,
		.conf_file = ctl->conf_file };
	json_t *result = ctl_import(&import);
	const char *error = json_string_value(json_object_get(result, "error"));
	int r = DONE;

	if (result == NULL || error != NULL) {
		r = failed(ctl,
		    error != NULL ? error
				  : "no memory, or a path that is no UTF-8");
		json_decref(result);
		return r;
	}
	if (ctl->socket != NULL)
		r = call(ctl, "reload", NULL, NULL, NULL);
	(void)json_object_set_new(result, "reloaded",
	    json_boolean(ctl->socket != NULL && r == DONE));
	if (ctl->json)
		print_json(result);
	else
		ctl_print_import(result);
	json_decref(result);
	return r;
}

static const struct verb {
	const char *name, *arguments, *help;
	int min, max; /* arguments */
	int (*run)(const struct ctl *);
} verbs[] = {
	{ "connect", "SERVER",
	    "let that server's tunnel, and nothing else, "
	    "pass; waits until it works",
	    1, 1, do_connect },
	{ "disconnect", "", "end it: nothing passes", 0, 0, do_simple },
	{ "release", "", "open the gate: the machine is not protected", 0, 0,
	    do_simple },
	{ "block", "", "close the gate: nothing passes", 0, 0, do_simple },
	{ "status", "", "the state, and what it waits for", 0, 0, do_simple },
	{ "servers", "", "the servers it knows", 0, 0, do_servers },
	{ "stats", "", "packets passed, and dropped by reason", 0, 0,
	    do_stats },
	{ "metrics", "", "status and stats as OpenMetrics text", 0, 0,
	    do_metrics },
	{ "reload", "", "read the configuration anew", 0, 0, do_simple },
	{ "import", "FILE",
	    "a provider's wg-quick file becomes a server, with the addresses "
	    "of its names; also without a daemon",
	    1, 1, do_import },
	{ "explain", "PACKET",
	    "would it pass, why not, and what would let "
	    "it: hex bytes, a capture file, or udp|tcp|icmp SOURCE "
	    "DESTINATION [PAYLOAD-HEX]",
	    1, 4, do_explain },
	{ "watch", "", "state changes and dropped packets, as they happen", 0,
	    0, do_watch },
};

static void
usage(FILE *to)
{
	(void)fprintf(to,
	    "usage: tungatectl [-s SOCKET] [--json] "
	    "[--timeout SECONDS] VERB\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		(void)fprintf(to, "  %-10s %-7s %s\n", verbs[i].name,
		    verbs[i].arguments, verbs[i].help);
	(void)fprintf(to,
	    "\n  -s SOCKET  instead of " TUNGATE_RUN_DIR
	    "/control.sock (or $TUNGATE_SOCKET)\n"
	    "  --json     one JSON object a line, for programs\n"
	    "  --timeout  how long connect waits (30 s)\n"
	    "  --name     what import calls the server (as the file)\n"
	    "  -c FILE    tungated's configuration, for import, instead "
	    "of " TUNGATE_CONF_DIR "/tungate.conf\n"
	    "  --version\n");
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
run(struct ctl *ctl, const struct verb *verb, const char *path)
{
	char why[512];
	int r;

	if ((r = ctl_socket_open(path, &ctl->socket)) < 0 &&
	    verb->run != do_import) {
		(void)snprintf(why, sizeof(why),
		    r == -EACCES
			? "%s: %s: be root, or in the daemon's group"
			: "%s: %s: is tungated running? Without it the gate "
			  "stays as it was; tungated --release opens it",
		    path, strerror(-r));
		return failed(ctl, why);
	}
	r = verb->run(ctl);
	ctl_socket_close(ctl->socket);
	if (r == USAGE)
		usage(stderr);
	return r;
}

int
main(int argc, char *argv[])
{
	enum { JSON = 256, TIMEOUT, NAME, VERSION };
	static const struct option longs[] = {
		{ "json", no_argument, NULL, JSON },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "name", required_argument, NULL, NAME },
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = getenv("TUNGATE_SOCKET");
	struct ctl ctl = { .timeout_s = 30 };
	const struct verb *verb;
	int c;

	/* A daemon that turns us away has said why: that is to be read. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (path == NULL)
		path = TUNGATE_RUN_DIR "/control.sock";
	while ((c = getopt_long(argc, argv, "s:c:h", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case JSON:
			ctl.json = true;
			break;
		case TIMEOUT:
			ctl.timeout_s = (int)strtol(optarg, NULL, 10);
			if (ctl.timeout_s < 1 || ctl.timeout_s > 86400) {
				(void)fprintf(stderr,
				    "tungatectl: --timeout "
				    "takes 1 to 86400 seconds\n");
				return USAGE;
			}
			break;
		case NAME:
			ctl.name = optarg;
			break;
		case 'c':
			ctl.conf_file = optarg;
			break;
		case VERSION:
			(void)printf("tungatectl %s\n", TUNGATE_VERSION);
			return DONE;
		case 'h':
			usage(stdout);
			return DONE;
		default:
			usage(stderr);
			return USAGE;
		}
	}
	ctl.argc = argc - optind;
	ctl.argv = argv + optind;
	if (ctl.argc < 1 || (verb = find_verb(ctl.argv[0])) == NULL ||
	    ctl.argc - 1 < verb->min || ctl.argc - 1 > verb->max ||
	    (verb->run != do_import &&
		(ctl.name != NULL || ctl.conf_file != NULL))) {
		usage(stderr);
		return USAGE;
	}
	return run(&ctl, verb, path);
}
