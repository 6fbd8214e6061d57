/* SPDX-License-Identifier: ISC */
#include "tools/ctl_print.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* Text of a member; "" if it is not there. */
static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static int64_t
number(const json_t *o, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(o, key));
}

static void
print_uplink(const char *family, const json_t *u)
{
	if (!json_is_object(u)) {
		(void)printf("  %s      none\n", family);
		return;
	}
	(void)printf("  %s      %s on %s", family, text(u, "address"),
	    text(u, "interface"));
	if (*text(u, "gateway") != '\0')
		(void)printf(", router %s", text(u, "gateway"));
	(void)printf("\n");
}

static void
print_peer(const json_t *p)
{
	const char *at = text(p, "endpoint");

	(void)printf("peer      %s\n          %s", text(p, "public_key"),
	    *at != '\0' ? at : "(no endpoint yet)");
	if (json_is_integer(json_object_get(p, "latest_handshake")))
		(void)printf(", handshake %" PRId64 " s ago",
		    number(p, "latest_handshake"));
	else
		(void)printf(", no handshake yet");
	if (json_is_integer(json_object_get(p, "round_trip_us")))
		(void)printf(" in %.1f ms",
		    (double)number(p, "round_trip_us") / 1000);
	(void)printf("\n          %" PRId64 " bytes sent, %" PRId64
		     " received\n",
	    number(p, "sent"), number(p, "received"));
}

void
ctl_print_status(const json_t *s)
{
	const json_t *peers = json_object_get(s, "peers");
	const json_t *server = json_object_get(s, "server");
	const json_t *tunnel = json_object_get(s, "tunnel");
	const json_t *uplink = json_object_get(s, "uplink");

	(void)printf("state     %s, for %" PRId64 " s\n", text(s, "state"),
	    number(s, "seconds"));
	if (*text(s, "detail") != '\0')
		(void)printf("          %s\n", text(s, "detail"));
	if (json_is_object(server)) {
		const json_t *ends = json_object_get(server, "endpoints");

		(void)printf("server    %s (%s%s%s)\n", text(server, "name"),
		    text(server, "protocol"),
		    *text(server, "transport") != '\0' ? " over " : "",
		    text(server, "transport"));
		if (number(server, "listen") > 0)
			(void)printf("          listens at %" PRId64 " udp\n",
			    number(server, "listen"));
		for (size_t i = 0; i < json_array_size(ends); i++) {
			const json_t *e = json_array_get(ends, i);

			(void)printf("          %s %s\n", text(e, "address"),
			    text(e, "protocol"));
		}
	}
	if (json_is_object(tunnel))
		(void)printf("tunnel    %s%s %s %s\n",
		    text(tunnel, "interface"),
		    json_is_true(json_object_get(tunnel, "running"))
			? ""
			: " (down)",
		    text(tunnel, "address4"), text(tunnel, "address6"));
	for (size_t i = 0; i < json_array_size(peers); i++)
		print_peer(json_array_get(peers, i));
	(void)printf("uplink\n");
	print_uplink("v4", json_object_get(uplink, "v4"));
	print_uplink("v6", json_object_get(uplink, "v6"));
	(void)printf("lan       %s\n", text(s, "lan"));
	(void)printf("on stop   %s\n", text(s, "on_stop"));
}

void
ctl_print_servers(const json_t *result)
{
	const json_t *list = json_object_get(result, "servers");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		const json_t *ends = json_object_get(s, "endpoints");

		(void)printf("%-20s %-12s", text(s, "name"),
		    text(s, "protocol"));
		if (number(s, "listen") > 0)
			(void)printf(" listens at %" PRId64,
			    number(s, "listen"));
		for (size_t k = 0; k < json_array_size(ends); k++)
			(void)printf(" %s",
			    text(json_array_get(ends, k), "address"));
		(void)printf("\n");
	}
	if (json_array_size(list) == 0)
		(void)printf("there are no servers: put a file NAME.conf into "
			     "the servers' directory and run tungatectl "
			     "reload\n");
}

static void
print_counts(const json_t *s)
{
	json_t *dropped = json_object_get(s, "dropped");
	const char *name;
	json_t *count;

	(void)printf("%-20s %12" PRId64 "  (%" PRId64 " bytes)\n", "passed",
	    number(s, "passed"), number(s, "bytes_passed"));
	json_object_foreach(dropped, name,
	    count) if (json_integer_value(count) > 0)(void)
	    printf("%-20s %12" PRId64 "\n", name,
		(int64_t)json_integer_value(count));
	(void)printf("%-20s %12" PRId64 "\n", "total", number(s, "total"));
}

void
ctl_print_stats(const json_t *s)
{
	const json_t *kernel = json_object_get(s, "kernel");
	const json_t *tunnel = json_object_get(s, "tunnel");

	print_counts(s);
	(void)printf("%-20s %12" PRId64 "  handed over by the kernel\n",
	    "kernel", number(kernel, "packets"));
	(void)printf("%-20s %12" PRId64 "  no room or no reader\n",
	    "kernel-dropped", number(kernel, "dropped"));
	if (number(tunnel, "total") > 0) {
		(void)printf("into tungate's own tunnel\n");
		print_counts(tunnel);
	}
}

static void
print_flow(const json_t *f)
{
	if (!json_is_object(f)) {
		(void)printf("(no addresses)");
		return;
	}
	(void)printf("%s %s", text(f, "protocol"), text(f, "source"));
	if (number(f, "source_port") != 0)
		(void)printf(" port %" PRId64, number(f, "source_port"));
	(void)printf(" > %s", text(f, "destination"));
	if (number(f, "destination_port") != 0)
		(void)printf(" port %" PRId64, number(f, "destination_port"));
}

void
ctl_print_explanation(const json_t *r)
{
	const json_t *ends = json_object_get(r, "passes");

	(void)printf("packet    ");
	print_flow(json_object_get(r, "flow"));
	(void)printf("\nverdict   %s: %s\n", text(r, "verdict"),
	    text(r, "reason"));
	(void)printf("because   %s\n", text(r, "meaning"));
	(void)printf("to pass   %s\n", text(r, "remedy"));
	(void)printf("state     %s, epoch %" PRId64 "\n", text(r, "state"),
	    number(r, "epoch"));
	for (size_t i = 0; i < json_array_size(ends); i++) {
		const json_t *e = json_array_get(ends, i);

		(void)printf("%s %s %s in the shape of %s\n",
		    i == 0 ? "passes   " : "         ", text(e, "protocol"),
		    text(e, "address"), text(e, "shape"));
	}
}

static void
print_time(double seconds)
{
	time_t whole = (time_t)seconds;
	struct tm tm;

	(void)localtime_r(&whole, &tm);
	(void)printf("%02d:%02d:%02d.%03d ", tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)((seconds - (double)whole) * 1000));
}

void
ctl_print_state_line(const json_t *s)
{
	const json_t *server = json_object_get(s, "server");
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	print_time((double)now.tv_sec + (double)now.tv_nsec / 1e9);
	(void)printf("state %s", text(s, "state"));
	if (json_is_object(server))
		(void)printf(", server %s", text(server, "name"));
	if (*text(s, "detail") != '\0')
		(void)printf(": %s", text(s, "detail"));
	(void)printf("\n");
}

void
ctl_print_drop_line(const json_t *d)
{
	print_time(json_number_value(json_object_get(d, "time")));
	(void)printf("drop  %-16s ", text(d, "reason"));
	print_flow(json_object_get(d, "flow"));
	(void)printf(", %" PRId64 " bytes\n", number(d, "bytes"));
}

void
ctl_print_not_shown_line(const json_t *params)
{
	(void)printf("             drop  (%" PRId64 " more, not shown)\n",
	    number(params, "packets"));
}

void
ctl_print_import(const json_t *result)
{
	const char *name;
	json_t *addrs;

	(void)printf("%s %s: %s\n",
	    json_is_true(json_object_get(result, "replaced")) ? "replaced"
							      : "imported",
	    text(result, "imported"), text(result, "file"));
	json_object_foreach(json_object_get(result, "names"), name, addrs)
	{
		(void)printf("%s =", name);
		for (size_t i = 0; i < json_array_size(addrs); i++)
			(void)printf(" %s",
			    json_string_value(json_array_get(addrs, i)));
		(void)printf("\n");
	}
	addrs = json_object_get(result, "notes");
	for (size_t i = 0; i < json_array_size(addrs); i++)
		(void)printf("%s\n",
		    json_string_value(json_array_get(addrs, i)));
	if (!json_is_true(json_object_get(result, "reloaded")))
		(void)printf("tungated has not read it yet\n");
}
