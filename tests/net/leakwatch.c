/* SPDX-License-Identifier: ISC */
/*
 * leakwatch: the judge: captures what arrives at the router from the laptop
 * and says of each frame whether the state at that moment allowed it.
 *
 *	leakwatch -i INTERFACE -w FILE [-x HEX]...
 *
 * What is legal is a libpcap filter, given by whoever drives the test; the
 * judge shares no code with the gate. A frame is legal if the filter of the
 * current epoch takes it and none of the byte strings given with -x (a canary
 * that every leak attempt carries) is in it. Everything else is a leak.
 *
 * Commands, one a line on standard input:
 *
 *	epoch NAME FILTER...	end the current epoch, begin NAME
 *	control NAME FILTER...	the same, but leaks are what is wanted: a judge
 *				who sees none in a control is blind
 *	count			says how things stand
 *	quit			(or end of file)
 *
 * Lines on standard output, each ended epoch first:
 *
 *	ready
 *	leak EPOCH SECONDS KIND SOURCE > DESTINATION length N [canary]
 *	kind EPOCH KIND N	what the leaks were, summed
 *	epoch NAME frames N legal N leaked N	(control NAME ... likewise)
 *	now NAME frames N legal N leaked N	(answers count)
 *	capture frames N lost N unseen N
 *
 * Exit status: 0 no leak, every control leaked, and the capture lost nothing;
 * 1 otherwise; 2 usage or the capture could not be made.
 *
 * Before an epoch ends, all that was captured until then is judged by it: in
 * immediate mode a frame can be read as soon as it has arrived, so reading
 * until there is none left is enough. `unseen` compares with the interface's
 * own count of received packets, so that the capture's word is not the only
 * one. An epoch before the first command allows nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

enum {
	BUFFER_BYTES = 64 << 20,
	/* A wire packet has 1,518 bytes; one that is longer is a leak. */
	SNAPLEN = 2048,
	CANARIES_MAX = 8,
	CANARY_BYTES_MAX = 64,
	NAME_MAX_LEN = 64,
	/* A filter for two address families has about 1,500 characters. */
	LINE_BYTES_MAX = 16384,
	/* Enough to see what leaks; the capture file has the rest. */
	LEAKS_SHOWN_MAX = 12,
	KINDS_MAX = 64,
	KIND_LEN = 32,
	ETHER_HEAD = 14,
};

struct canary {
	uint8_t bytes[CANARY_BYTES_MAX];
	size_t len;
};

struct kind_count {
	char name[KIND_LEN];
	uint64_t n;
};

struct epoch {
	char name[NAME_MAX_LEN];
	bool control; /* leaks are expected */
	bool judged;  /* has a filter: otherwise nothing is legal */
	struct bpf_program legal;
	uint64_t frames, leaked;
	struct kind_count kinds[KINDS_MAX];
};

struct watch {
	const char *interface, *file;
	struct canary canaries[CANARIES_MAX];
	size_t n_canaries;
	pcap_t *capture;
	pcap_dumper_t *dump;
	struct epoch epoch;
	uint64_t frames;    /* in all epochs */
	uint64_t rx_before; /* the interface's own count when we began */
	bool failed;	    /* a leak, or a control without one */
	char line[LINE_BYTES_MAX];
	size_t line_len;
};

static unsigned
be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/*
 * What a frame is, for the reader of a leak. It need not be exact: nothing
 * is judged by it.
 */
struct described {
	char kind[KIND_LEN];
	char src[INET6_ADDRSTRLEN + 8], dst[INET6_ADDRSTRLEN + 8];
};

static void
describe_ip(struct described *d, const uint8_t *ip, size_t len, int family)
{
	static const struct {
		unsigned number;
		const char *name;
	} protocols[] = { { 1, "icmp" }, { 2, "igmp" }, { 6, "tcp" },
		{ 17, "udp" }, { 50, "esp" }, { 58, "icmp" },
		{ 0, "hop-by-hop" } };
	bool v4 = family == AF_INET;
	size_t head = v4 ? (size_t)(ip[0] & 15) * 4 : 40;
	unsigned protocol = v4 ? ip[9] : ip[6];
	const char *name = "other";
	bool ports = protocol == 6 || protocol == 17;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].number == protocol)
			name = protocols[i].name;
	(void)snprintf(d->kind, sizeof(d->kind), "%s-%s", v4 ? "ipv4" : "ipv6",
	    name);
	inet_ntop(family, ip + (v4 ? 12 : 8), d->src, sizeof(d->src));
	inet_ntop(family, ip + (v4 ? 16 : 24), d->dst, sizeof(d->dst));
	if (ports && len >= head + 4) {
		size_t s = strlen(d->src), t = strlen(d->dst);

		(void)snprintf(d->src + s, sizeof(d->src) - s, ".%u",
		    be16(ip + head));
		(void)snprintf(d->dst + t, sizeof(d->dst) - t, ".%u",
		    be16(ip + head + 2));
	}
}

static void
describe(struct described *d, const uint8_t *frame, size_t len)
{
	unsigned type;

	*d = (struct described){ .src = "-", .dst = "-" };
	if (len < ETHER_HEAD) {
		(void)snprintf(d->kind, sizeof(d->kind), "short");
		return;
	}
	type = be16(frame + 12);
	if (type == 0x0800 && len >= ETHER_HEAD + 20)
		describe_ip(d, frame + ETHER_HEAD, len - ETHER_HEAD, AF_INET);
	else if (type == 0x86dd && len >= ETHER_HEAD + 40)
		describe_ip(d, frame + ETHER_HEAD, len - ETHER_HEAD, AF_INET6);
	else if (type == 0x0806 && len >= ETHER_HEAD + 28) {
		(void)snprintf(d->kind, sizeof(d->kind), "arp");
		inet_ntop(AF_INET, frame + 28, d->src, sizeof(d->src));
		inet_ntop(AF_INET, frame + 38, d->dst, sizeof(d->dst));
	} else
		(void)snprintf(d->kind, sizeof(d->kind), "ether-%04x", type);
}

static void
count_kind(struct epoch *e, const char *kind)
{
	for (size_t i = 0; i < KINDS_MAX; i++) {
		struct kind_count *k = &e->kinds[i];

		if (k->n == 0)
			(void)snprintf(k->name, sizeof(k->name), "%s", kind);
		if (strcmp(k->name, kind) == 0) {
			k->n++;
			return;
		}
	}
}

static bool
has_canary(const struct watch *w, const uint8_t *frame, size_t len)
{
	for (size_t i = 0; i < w->n_canaries; i++)
		if (memmem(frame, len, w->canaries[i].bytes,
			w->canaries[i].len) != NULL)
			return true;
	return false;
}

/* A pcap_handler: judge one frame. */
static void
on_frame(u_char *arg, const struct pcap_pkthdr *h, const u_char *frame)
{
	struct watch *w = (struct watch *)(void *)arg;
	struct epoch *e = &w->epoch;
	bool canary = has_canary(w, frame, h->caplen);
	struct described d;

	pcap_dump((u_char *)w->dump, h, frame);
	w->frames++;
	e->frames++;
	if (e->judged && !canary && h->caplen == h->len &&
	    pcap_offline_filter(&e->legal, h, frame) != 0)
		return;

	e->leaked++;
	describe(&d, frame, h->caplen);
	count_kind(e, d.kind);
	if (e->leaked <= LEAKS_SHOWN_MAX && !e->control)
		printf("leak %s %lld.%06ld %s %s > %s length %u%s\n", e->name,
		    (long long)h->ts.tv_sec, (long)h->ts.tv_usec, d.kind, d.src,
		    d.dst, h->len, canary ? " canary" : "");
}

/* Judge all that has arrived. False if the capture broke. */
static bool
drain(struct watch *w)
{
	int n;

	while ((n = pcap_dispatch(w->capture, -1, on_frame,
		    (u_char *)(void *)w)) > 0)
		;
	if (n == PCAP_ERROR)
		fprintf(stderr, "leakwatch: %s\n", pcap_geterr(w->capture));
	return n != PCAP_ERROR;
}

static void
print_counts(const char *word, const struct epoch *e)
{
	printf("%s %s frames %llu legal %llu leaked %llu\n", word, e->name,
	    (unsigned long long)e->frames,
	    (unsigned long long)(e->frames - e->leaked),
	    (unsigned long long)e->leaked);
}

static void
end_epoch(struct watch *w)
{
	struct epoch *e = &w->epoch;

	for (size_t i = 0; i < KINDS_MAX && e->kinds[i].n > 0; i++)
		printf("kind %s %s %llu\n", e->name, e->kinds[i].name,
		    (unsigned long long)e->kinds[i].n);
	print_counts(e->control ? "control" : "epoch", e);
	/* A control is there to be seen leaking, everything else is not. */
	if (e->control == (e->leaked == 0))
		w->failed = true;
	if (e->judged)
		pcap_freecode(&e->legal);
	*e = (struct epoch){ 0 };
}

static bool
begin_epoch(struct watch *w, const char *name, const char *filter, bool control)
{
	struct epoch next = { .control = control };

	(void)snprintf(next.name, sizeof(next.name), "%s", name);
	if (pcap_compile(w->capture, &next.legal, filter, 1,
		PCAP_NETMASK_UNKNOWN) < 0) {
		fprintf(stderr, "leakwatch: filter of %s: %s\n", name,
		    pcap_geterr(w->capture));
		return false;
	}
	next.judged = true;
	end_epoch(w);
	w->epoch = next;
	return true;
}

/* One command. False ends the watch; a bad command also makes it fail. */
static bool
on_command(struct watch *w, char *line)
{
	char *rest = line, *verb = strsep(&rest, " ");
	char *name = strsep(&rest, " ");
	bool control = strcmp(verb, "control") == 0;

	if (strcmp(verb, "quit") == 0)
		return false;
	if (strcmp(verb, "count") == 0) {
		print_counts("now", &w->epoch);
		return true;
	}
	if ((control || strcmp(verb, "epoch") == 0) && name != NULL &&
	    rest != NULL && begin_epoch(w, name, rest, control))
		return true;
	fprintf(stderr, "leakwatch: not understood: %s\n", verb);
	w->failed = true;
	return false;
}

/* Standard input is readable. False ends the watch. */
static bool
on_input(struct watch *w)
{
	ssize_t n = read(STDIN_FILENO, w->line + w->line_len,
	    sizeof(w->line) - w->line_len);
	char *end;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	w->line_len += (size_t)n;
	while ((end = memchr(w->line, '\n', w->line_len)) != NULL) {
		size_t used = (size_t)(end - w->line) + 1;

		*end = '\0';
		/* What came before the command belongs to the old epoch. */
		if (!drain(w) || !on_command(w, w->line))
			return false;
		w->line_len -= used;
		memmove(w->line, w->line + used, w->line_len);
	}
	return w->line_len < sizeof(w->line);
}

static void
run(struct watch *w)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = pcap_get_selectable_fd(w->capture), .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents != 0 && !drain(w)) {
			w->failed = true;
			return;
		}
		if (fds[0].revents != 0 && !on_input(w))
			return;
		fflush(stdout);
	}
}

/* The interface's own count of packets received; 0 if it has none. */
static uint64_t
rx_packets(const char *interface)
{
	char path[128], text[32] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path),
	    "/sys/class/net/%s/statistics/rx_packets", interface);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	return strtoull(text, NULL, 10);
}

static bool
open_capture(struct watch *w)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(w->interface, error);
	int r;

	if (p == NULL) {
		fprintf(stderr, "leakwatch: %s\n", error);
		return false;
	}
	w->rx_before = rx_packets(w->interface);
	if ((r = pcap_set_snaplen(p, SNAPLEN)) != 0 ||
	    (r = pcap_set_promisc(p, 1)) != 0 ||
	    (r = pcap_set_immediate_mode(p, 1)) != 0 ||
	    (r = pcap_set_buffer_size(p, BUFFER_BYTES)) != 0 ||
	    (r = pcap_activate(p)) < 0 ||
	    (r = pcap_setdirection(p, PCAP_D_IN)) != 0 ||
	    (r = pcap_setnonblock(p, 1, error)) != 0 ||
	    (w->dump = pcap_dump_open(p, w->file)) == NULL) {
		fprintf(stderr, "leakwatch: %s: %s: %s\n", w->interface,
		    pcap_statustostr(r), pcap_geterr(p));
		pcap_close(p);
		return false;
	}
	w->capture = p;
	return true;
}

/* The end: what remains is judged, and the capture itself. */
static void
close_capture(struct watch *w)
{
	/* Counted first: what comes later only makes more frames of it. */
	uint64_t rx = rx_packets(w->interface) - w->rx_before;
	struct pcap_stat stat = { 0 };
	uint64_t lost, unseen;

	if (!drain(w) || pcap_stats(w->capture, &stat) < 0)
		w->failed = true;
	end_epoch(w);
	lost = (uint64_t)stat.ps_drop + stat.ps_ifdrop;
	unseen = rx > w->frames ? rx - w->frames : 0;
	printf("capture frames %llu lost %llu unseen %llu\n",
	    (unsigned long long)w->frames, (unsigned long long)lost,
	    (unsigned long long)unseen);
	if (lost != 0 || unseen != 0)
		w->failed = true;
	if (pcap_dump_flush(w->dump) < 0 || fflush(stdout) != 0)
		w->failed = true;
	pcap_dump_close(w->dump);
	pcap_close(w->capture);
}

static bool
parse_hex(const char *text, struct canary *ret)
{
	size_t n = strlen(text) / 2;

	if (n == 0 || n > CANARY_BYTES_MAX || strlen(text) % 2 != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		char byte[3] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;

		ret->bytes[i] = (uint8_t)strtoul(byte, &end, 16);
		if (*end != '\0')
			return false;
	}
	ret->len = n;
	return true;
}

static bool
parse_arguments(struct watch *w, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "i:w:x:")) != -1) {
		if (c == 'i')
			w->interface = optarg;
		else if (c == 'w')
			w->file = optarg;
		else if (c != 'x' || w->n_canaries == CANARIES_MAX ||
		    !parse_hex(optarg, &w->canaries[w->n_canaries++]))
			return false;
	}
	return w->interface != NULL && w->file != NULL && optind == argc;
}

int
main(int argc, char **argv)
{
	static struct watch w = { .epoch = { .name = "start" } };

	if (!parse_arguments(&w, argc, argv)) {
		fprintf(stderr,
		    "usage: leakwatch -i INTERFACE -w FILE [-x HEX]...\n");
		return 2;
	}
	if (!open_capture(&w))
		return 2;
	printf("ready\n");
	fflush(stdout);
	run(&w);
	close_capture(&w);
	return w.failed ? 1 : 0;
}
