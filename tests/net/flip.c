/* SPDX-License-Identifier: ISC */
/*
 * flip: changes the server again and again while something sends to both, and
 * says whether a frame to one left after the other was announced.
 *
 *	flip NAME=VALUE...
 *
 *	socket=PATH	the daemon's; without it the changes are only said, not
 *			made: on a plain machine everything must be seen to leak
 *	a=NAME@IPV4	the servers, as the daemon calls them, and where they
 *are b=NAME@IPV4 there=PATH	the network namespace in which it is seen
 *	on=INTERFACE	and where there
 *	changes=N	how many, and for how many seconds at most
 *	seconds=N
 *	pace=N		frames a second that are tried, half of them to each
 *
 * What decides is the time. A frame's is noted by the kernel as it is handed
 * from one end of the wire (a veth pair) to the other, in the call that sends
 * it; the announcement's is when we have read it: the first line on the control
 * socket that names the new server. Both clocks are CLOCK_REALTIME of one
 * kernel. So a frame that is later than the announcement left after it, without
 * fail; one that left between the announcement's being written and our reading
 * it is not noticed. How long that takes is measured, under the same load, with
 * a pair of sockets, and `nearest` says whether a frame ever came so close.
 *
 * Lines on standard output:
 *
 *	changes N seconds N both N	those before and after which frames were
 *					seen to leave
 *	frames N leaked N
 *	nearest N us			from a frame to the old server to the
 *					announcement of the new one, at least
 *	read-after N us median N us max	from the write to the reading
 *
 * Exit status 0: nothing leaked, and both servers had frames; 1; 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcap.h>

enum {
	PORT = 51820,
	ETHER_HEAD = 14,
	FRAME_MIN = ETHER_HEAD + 20 + 8,
	BUFFER_BYTES = 64 << 20,
	BURST = 4,
	DWELL_US = 500, /* the announced server's alone, that long at least */
	ANSWER_MS = 5000,
	HISTORY = 256, /* changes; a frame is read long before so many pass */
	ROUNDS = 1000, /* measurements */
	LINE_MAX_BYTES = 65536,
	LEAKS_SHOWN_MAX = 12,
};

struct server {
	const char *name;
	struct in_addr addr;
};

/* From its announcement on, only this server's frames may leave. */
struct change {
	int to;
	int64_t asked_ns; /* from here on the new one's may, too */
	int64_t told_ns;  /* 0: not yet */
	int64_t last_old_ns;
	bool seen_old, seen_new;
};

struct flip {
	const char *socket, *there, *interface;
	struct server servers[2];
	unsigned changes, seconds, pace;

	pcap_t *capture;
	int control; /* -1: there is no gate */
	char line[LINE_MAX_BYTES];
	size_t line_len;
	atomic_bool stop;

	struct change history[HISTORY];
	unsigned long made;
	uint64_t frames, leaked, both;
	int64_t nearest_ns;
	int64_t read_after_ns[ROUNDS];
};

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "flip: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
sleep_us(long us)
{
	struct timespec ts = { .tv_nsec = us * 1000 };

	(void)nanosleep(&ts, NULL);
}

/*
 * The traffic: what looks like WireGuard's data, to both servers in turn.
 */

static void *
send_all(void *arg)
{
	static uint8_t data[32] = { 4 };
	struct flip *f = arg;
	struct sockaddr_in to[2];
	struct mmsghdr burst[BURST];
	struct iovec iov = { data, sizeof(data) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	memset(burst, 0, sizeof(burst));
	for (int i = 0; i < 2; i++)
		to[i] = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons(PORT),
			.sin_addr = f->servers[i].addr };
	for (int i = 0; i < BURST; i++)
		burst[i].msg_hdr = (struct msghdr){ .msg_name = &to[i % 2],
			.msg_namelen = sizeof(to[0]),
			.msg_iov = &iov,
			.msg_iovlen = 1 };
	while (!atomic_load(&f->stop)) {
		int sent = 0;

		/* One that is refused does not hold up the rest. */
		while (sent < BURST) {
			int n = sendmmsg(fd, burst + sent,
			    (unsigned)(BURST - sent), MSG_DONTWAIT);
			sent += n > 0 ? n : 1;
		}
		sleep_us(1000000L * BURST / (long)f->pace);
	}
	close(fd);
	return NULL;
}

/*
 * The judge.
 */

static struct change *
change_at(struct flip *f, unsigned long n)
{
	return &f->history[n % HISTORY];
}

/* The last change that was announced before that time. */
static unsigned long
announced_before(struct flip *f, int64_t ns)
{
	unsigned long n = f->made;

	while (n > 0 && n + HISTORY > f->made + 1) {
		struct change *c = change_at(f, n);

		if (c->told_ns != 0 && c->told_ns < ns)
			return n;
		n--;
	}
	return n;
}

static void
judge(struct flip *f, int to, int64_t ns)
{
	unsigned long n = announced_before(f, ns);
	struct change *in_force = change_at(f, n), *next = NULL;

	f->frames++;
	if (n < f->made)
		next = change_at(f, n + 1);
	if (to == in_force->to) {
		in_force->seen_new = true;
		if (next != NULL && next->to != to) {
			next->seen_old = true;
			if (ns > next->last_old_ns)
				next->last_old_ns = ns;
		}
		return;
	}
	if (next != NULL && next->to == to && ns >= next->asked_ns)
		return;
	f->leaked++;
	if (f->leaked <= LEAKS_SHOWN_MAX)
		printf("leak to %s, %" PRId64 " us after %s was announced\n",
		    f->servers[to].name, (ns - in_force->told_ns) / 1000,
		    f->servers[in_force->to].name);
}

static void
on_frame(u_char *arg, const struct pcap_pkthdr *h, const u_char *frame)
{
	struct flip *f = (struct flip *)(void *)arg;
	/* Of a capture in nanoseconds. */
	int64_t ns = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;

	if (h->caplen < FRAME_MIN)
		return;
	for (int i = 0; i < 2; i++)
		if (memcmp(frame + ETHER_HEAD + 16, &f->servers[i].addr, 4) ==
		    0)
			judge(f, i, ns);
}

static void
watch(struct flip *f)
{
	int n;

	while ((n = pcap_dispatch(f->capture, -1, on_frame,
		    (u_char *)(void *)f)) > 0)
		;
	if (n == PCAP_ERROR)
		die(pcap_geterr(f->capture));
}

static pcap_t *
open_capture(const char *interface)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program only;
	pcap_t *p = pcap_create(interface, error);

	if (p == NULL || pcap_set_snaplen(p, 128) != 0 ||
	    pcap_set_promisc(p, 1) != 0 || pcap_set_immediate_mode(p, 1) != 0 ||
	    pcap_set_buffer_size(p, BUFFER_BYTES) != 0 ||
	    pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO) != 0 ||
	    pcap_activate(p) < 0 || pcap_setdirection(p, PCAP_D_IN) != 0 ||
	    pcap_setnonblock(p, 1, error) != 0 ||
	    pcap_compile(p, &only, "ip and udp dst port 51820", 1,
		PCAP_NETMASK_UNKNOWN) < 0 ||
	    pcap_setfilter(p, &only) < 0) {
		fprintf(stderr, "flip: %s: %s %s\n", interface, error,
		    p != NULL ? pcap_geterr(p) : "");
		exit(2);
	}
	pcap_freecode(&only);
	return p;
}

/* The socket belongs to the namespace in which it was made. */
static void
open_capture_there(struct flip *f)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = open(f->there, O_RDONLY | O_CLOEXEC);

	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		die(f->there);
	f->capture = open_capture(f->interface);
	if (setns(here, CLONE_NEWNET) < 0)
		die("setns");
	close(here);
	close(there);
}

/*
 * The control socket.
 */

static void
tell(struct flip *f, const char *text)
{
	size_t len = strlen(text);

	if (send(f->control, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("the daemon does not listen");
}

static void
open_control(struct flip *f)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	f->control = -1;
	if (f->socket == NULL)
		return;
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", f->socket);
	f->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->control < 0 ||
	    connect(f->control, (struct sockaddr *)&to, sizeof(to)) < 0)
		die(f->socket);
	tell(f,
	    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"subscribe\","
	    "\"params\":{\"topics\":[\"state\"]}}\n");
}

/* Forget the lines that are read; true if one of them says that. */
static bool
has_said(struct flip *f, const char *what)
{
	char *end;
	bool said = false;

	while ((end = memchr(f->line, '\n', f->line_len)) != NULL) {
		size_t used = (size_t)(end - f->line) + 1;

		*end = '\0';
		said |= strstr(f->line, what) != NULL;
		if (strstr(f->line, "\"error\"") != NULL) {
			fprintf(stderr, "flip: it says: %s\n", f->line);
			exit(2);
		}
		f->line_len -= used;
		memmove(f->line, f->line + used, f->line_len);
	}
	return said;
}

/* The time at which a line with that was read. */
static int64_t
await(struct flip *f, const char *what)
{
	struct pollfd in = { .fd = f->control, .events = POLLIN };

	for (;;) {
		int64_t ns;
		ssize_t n;

		if (poll(&in, 1, ANSWER_MS) <= 0)
			die("the daemon does not answer");
		n = recv(f->control, f->line + f->line_len,
		    sizeof(f->line) - f->line_len, 0);
		ns = now_ns();
		if (n <= 0)
			die("the daemon has gone");
		f->line_len += (size_t)n;
		if (has_said(f, what))
			return ns;
	}
}

/*
 * The changes.
 */

static void
dwell(struct flip *f)
{
	int64_t until = now_ns() + DWELL_US * 1000L;

	do {
		watch(f);
		sleep_us(50);
	} while (now_ns() < until);
}

/* Of the change before the last all frames have been read by now. */
static void
settle(struct flip *f)
{
	struct change *c;

	if (f->made < 2)
		return;
	c = change_at(f, f->made - 1);
	f->both += c->seen_old && c->seen_new;
	if (c->seen_old && c->told_ns - c->last_old_ns < f->nearest_ns)
		f->nearest_ns = c->told_ns - c->last_old_ns;
}

static void
change(struct flip *f, int to)
{
	struct change next = { .to = to, .asked_ns = now_ns() };
	char text[256], what[128];
	int64_t told;

	*change_at(f, f->made + 1) = next;
	f->made++;
	(void)snprintf(text, sizeof(text),
	    "{\"jsonrpc\":\"2.0\",\"id\":%lu,\"method\":\"connect\","
	    "\"params\":{\"server\":\"%s\"}}\n",
	    f->made, f->servers[to].name);
	(void)snprintf(what, sizeof(what), "\"name\":\"%s\"",
	    f->servers[to].name);
	told = now_ns();
	if (f->control >= 0) {
		tell(f, text);
		told = await(f, what);
	}
	change_at(f, f->made)->told_ns = told;
	dwell(f);
	settle(f);
}

/*
 * How long after it was written is an announcement read?
 */

struct writer {
	int fd;
	atomic_bool *stop;
};

static void *
write_times(void *arg)
{
	struct writer *w = arg;

	for (int i = 0; i < ROUNDS && !atomic_load(w->stop); i++) {
		int64_t ns;

		sleep_us(700);
		ns = now_ns();
		if (write(w->fd, &ns, sizeof(ns)) != sizeof(ns))
			break;
	}
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
measure_reading(struct flip *f)
{
	struct writer w = { .stop = &f->stop };
	pthread_attr_t attr;
	pthread_t thread;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		die("socketpair");
	w.fd = fds[1];
	(void)pthread_attr_init(&attr);
	/* As the daemon: not with the urgency of the reader. */
	(void)pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	if (pthread_create(&thread, &attr, write_times, &w) != 0)
		die("pthread_create");
	for (int i = 0; i < ROUNDS; i++) {
		struct pollfd in = { .fd = fds[0], .events = POLLIN };
		int64_t written;

		if (poll(&in, 1, ANSWER_MS) <= 0 ||
		    read(fds[0], &written, sizeof(written)) != sizeof(written))
			die("a measurement");
		f->read_after_ns[i] = now_ns() - written;
		watch(f);
	}
	(void)pthread_join(thread, NULL);
	(void)pthread_attr_destroy(&attr);
	close(fds[0]);
	close(fds[1]);
	qsort(f->read_after_ns, ROUNDS, sizeof(f->read_after_ns[0]), compare);
}

static void
run(struct flip *f)
{
	const struct sched_param urgent = { .sched_priority = 1 };
	int64_t began, end;
	pthread_t sender;

	open_capture_there(f);
	open_control(f);
	if (pthread_create(&sender, NULL, send_all, f) != 0)
		die("pthread_create");
	/* What is written is read at once, whatever else runs. */
	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &urgent);
	f->nearest_ns = INT64_MAX;
	change(f, 0); /* there may be an old one, of whom we know nothing */
	f->frames = f->leaked = 0;

	began = now_ns();
	end = began + (int64_t)f->seconds * 1000000000;
	for (unsigned i = 1; i <= f->changes && now_ns() < end; i++)
		change(f, (int)(i % 2));
	end = now_ns();
	measure_reading(f);
	atomic_store(&f->stop, true);
	(void)pthread_join(sender, NULL);
	watch(f);
	printf("changes %lu seconds %" PRId64 " both %" PRIu64 "\n",
	    f->made - 1, (end - began) / 1000000000, f->both);
	printf("frames %" PRIu64 " leaked %" PRIu64 "\n", f->frames, f->leaked);
	if (f->both > 0)
		printf("nearest %" PRId64 " us\n", f->nearest_ns / 1000);
	printf("read-after %" PRId64 " us median %" PRId64 " us max\n",
	    f->read_after_ns[ROUNDS / 2] / 1000,
	    f->read_after_ns[ROUNDS - 1] / 1000);
	pcap_close(f->capture);
	if (f->control >= 0)
		close(f->control);
}

static bool
parse_number(const char *text, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*ret = (unsigned)n;
	return end != text && *end == '\0' && n > 0 && n <= 10000000;
}

/* NAME@IPV4; the text is cut at the sign and kept. */
static bool
parse_server(char *text, struct server *ret)
{
	char *address = text;

	ret->name = strsep(&address, "@");
	return address != NULL && inet_pton(AF_INET, address, &ret->addr) == 1;
}

static bool
parse_argument(struct flip *f, char *text)
{
	char *value = text, *name = strsep(&value, "=");

	if (value == NULL)
		return false;
	if (strcmp(name, "a") == 0)
		return parse_server(value, &f->servers[0]);
	if (strcmp(name, "b") == 0)
		return parse_server(value, &f->servers[1]);
	if (strcmp(name, "changes") == 0)
		return parse_number(value, &f->changes);
	if (strcmp(name, "seconds") == 0)
		return parse_number(value, &f->seconds);
	if (strcmp(name, "pace") == 0)
		return parse_number(value, &f->pace);
	if (strcmp(name, "socket") == 0)
		f->socket = value;
	else if (strcmp(name, "there") == 0)
		f->there = value;
	else if (strcmp(name, "on") == 0)
		f->interface = value;
	else
		return false;
	return true;
}

int
main(int argc, char *argv[])
{
	static struct flip f = { .changes = 1000,
		.seconds = 60,
		.pace = 40000 };

	for (int i = 1; i < argc; i++)
		if (!parse_argument(&f, argv[i])) {
			fprintf(stderr, "flip: not understood: %s\n", argv[i]);
			return 2;
		}
	if (f.servers[0].name == NULL || f.servers[1].name == NULL ||
	    f.there == NULL || f.interface == NULL) {
		fprintf(stderr, "usage: flip NAME=VALUE...\n");
		return 2;
	}
	run(&f);
	return f.leaked != 0 || f.both == 0;
}
