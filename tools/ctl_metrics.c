/* SPDX-License-Identifier: ISC */
#include "tools/ctl_metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "control/gate.h"

struct label {
	const char *name, *value;
};

static void
family(FILE *to, const char *name, const char *type, const char *help)
{
	(void)fprintf(to, "# TYPE %s %s\n# HELP %s %s\n", name, type, name,
	    help);
}

/* A server's name is a file's: it may hold what the format gives a meaning. */
static void
print_escaped(FILE *to, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			(void)fputs("\\n", to);
			continue;
		}
		if (*value == '"' || *value == '\\')
			(void)fputc('\\', to);
		(void)fputc(*value, to);
	}
}

/* The name and the labels of a sample; its value is the caller's to print. */
static void
sample(FILE *to, const char *name, const struct label *labels, size_t n)
{
	(void)fputs(name, to);
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(to, "%c%s=\"", i == 0 ? '{' : ',',
		    labels[i].name);
		print_escaped(to, labels[i].value);
		(void)fputc('"', to);
	}
	(void)fputs(n > 0 ? "} " : " ", to);
}

static void
print_integer(FILE *to, const json_t *value)
{
	(void)fprintf(to, "%" PRId64 "\n", (int64_t)json_integer_value(value));
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static void
print_state(FILE *to, const json_t *status)
{
	const char *now = text(status, "state");

	family(to, "tungate_state", "stateset",
	    "What the gate does: STATES.md. Only open leaves the machine "
	    "unprotected.");
	for (int s = 0; s < GATE_STATES; s++) {
		const char *name = gate_state_name((enum gate_state)s);

		sample(to, "tungate_state",
		    &(struct label){ "tungate_state", name }, 1);
		(void)fprintf(to, "%d\n", strcmp(name, now) == 0);
	}
	family(to, "tungate_state_age_seconds", "gauge",
	    "How long it has been in this state.");
	sample(to, "tungate_state_age_seconds", NULL, 0);
	print_integer(to, json_object_get(status, "seconds"));
}

static void
print_server(FILE *to, const json_t *status)
{
	const json_t *server = json_object_get(status, "server");
	const struct label labels[] = {
		{ "name", text(server, "name") },
		{ "protocol", text(server, "protocol") },
		{ "transport", text(server, "transport") },
	};

	if (!json_is_object(server))
		return;
	family(to, "tungate_server", "info", "The server that is chosen.");
	sample(to, "tungate_server_info", labels,
	    sizeof(labels) / sizeof(labels[0]));
	(void)fputs("1\n", to);
}

/* What is counted twice: at the gate, and into tungate's own tunnel. */
struct path {
	const char *name;
	const json_t *counts;
};

enum { PATHS = 2 };

static void
print_passed(FILE *to, const char *name, const char *key, const char *help,
    const struct path paths[PATHS])
{
	char total[64];

	family(to, name, "counter", help);
	(void)snprintf(total, sizeof(total), "%s_total", name);
	for (unsigned i = 0; i < PATHS; i++) {
		sample(to, total, &(struct label){ "path", paths[i].name }, 1);
		print_integer(to, json_object_get(paths[i].counts, key));
	}
}

static void
print_counts(FILE *to, const json_t *stats)
{
	const struct path paths[PATHS] = {
		{ "gate", stats },
		{ "tunnel", json_object_get(stats, "tunnel") },
	};
	const json_t *kernel = json_object_get(stats, "kernel");

	print_passed(to, "tungate_passed_packets", "passed",
	    "Packets let out, or into tungate's own tunnel.", paths);
	print_passed(to, "tungate_passed_bytes", "bytes_passed", "Their bytes.",
	    paths);
	family(to, "tungate_dropped_packets", "counter",
	    "Packets dropped, by reason: tungatectl(1), DROP REASONS.");
	for (unsigned i = 0; i < PATHS; i++) {
		const char *reason;
		json_t *count,
		    *dropped = json_object_get(paths[i].counts, "dropped");

		json_object_foreach(dropped, reason, count)
		{
			const struct label labels[] = {
				{ "path", paths[i].name },
				{ "reason", reason },
			};

			sample(to, "tungate_dropped_packets_total", labels, 2);
			print_integer(to, count);
		}
	}
	family(to, "tungate_kernel_packets", "counter",
	    "Packets that the kernel handed over.");
	sample(to, "tungate_kernel_packets_total", NULL, 0);
	print_integer(to, json_object_get(kernel, "packets"));
	family(to, "tungate_kernel_dropped_packets", "counter",
	    "Packets that it did not: no room, or no reader.");
	sample(to, "tungate_kernel_dropped_packets_total", NULL, 0);
	print_integer(to, json_object_get(kernel, "dropped"));
}

/* What is known of each peer: a member of it, and its family here. */
static const struct peer_family {
	const char *key, *name, *type, *suffix, *help;
	bool is_us; /* told in microseconds */
} peer_families[] = {
	{ "sent", "tungate_peer_sent_bytes", "counter", "_total",
	    "Bytes sent to a peer of tungate's own tunnel, as wg(8) counts.",
	    false },
	{ "received", "tungate_peer_received_bytes", "counter", "_total",
	    "Bytes received from it.", false },
	{ "latest_handshake", "tungate_peer_handshake_age_seconds", "gauge", "",
	    "How long ago the latest handshake was.", false },
	{ "round_trip_us", "tungate_peer_round_trip_seconds", "gauge", "",
	    "How long its answer took.", true },
};

/* A null is not known, and no sample. */
static void
print_peers(FILE *to, const json_t *peers, const struct peer_family *f)
{
	char name[64];

	family(to, f->name, f->type, f->help);
	(void)snprintf(name, sizeof(name), "%s%s", f->name, f->suffix);
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *peer = json_array_get(peers, i);
		const json_t *value = json_object_get(peer, f->key);

		if (!json_is_integer(value))
			continue;
		sample(to, name,
		    &(struct label){ "peer", text(peer, "public_key") }, 1);
		if (f->is_us)
			(void)fprintf(to, "%.6f\n",
			    (double)json_integer_value(value) / 1e6);
		else
			print_integer(to, value);
	}
}

void
ctl_metrics_print(const json_t *status, const json_t *stats, FILE *to)
{
	const json_t *peers = json_object_get(status, "peers");
	size_t families = sizeof(peer_families) / sizeof(peer_families[0]);

	print_state(to, status);
	print_server(to, status);
	print_counts(to, stats);
	for (size_t i = 0; i < families && json_array_size(peers) > 0; i++)
		print_peers(to, peers, &peer_families[i]);
	(void)fputs("# EOF\n", to);
}
