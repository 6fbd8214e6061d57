/* SPDX-License-Identifier: ISC */
/*
 * attempts: tries to get plain traffic out of the machine, in every way that
 * an ordinary program would.
 *
 *	attempts NAME=VALUE...
 *
 * For each line on standard input one run: `each` attempts of every kind,
 * evenly mixed, `pace` a second. An attempt is one send() or connect() that
 * was made, whatever came of it. Each payload carries the canary, by which
 * the judge at the router knows it even inside something that looks legal.
 *
 * Prints after each run `attempts KIND N` and `total WORD N`, WORD being the
 * line that asked for it. A line NAME=NUMBER changes a setting instead.
 * Nothing blocks, and a run ends in bounded time.
 *
 * The sockets of the kinds udp4-old and tcp4-old are made before the first
 * run: connected while the machine was still open, they are what a user's
 * programs hold when a kill switch closes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CANARY_BYTES = 16,
	PAYLOAD_MAX = 512,
	EACH_MAX = 100000,
	PACE_MAX = 1000000
};

/* The settings, each given as NAME=VALUE. */
struct target {
	const char *site4, *site6;     /* a web server on the internet */
	const char *dns4, *dns6;       /* a resolver there */
	const char *lan4, *lan6;       /* the local network's resolver */
	const char *server4, *server6; /* the VPN server */
	const char *uplink4, *uplink6; /* this machine's own addresses */
	const char *near4, *near6;     /* others on the local network */
	const char *tunnel;	       /* the server's address in use */
	const char *device;	       /* the uplink */
	unsigned tunnel_port;	       /* where the server's VPN listens */
	unsigned each, pace;
	uint8_t canary[CANARY_BYTES];
	int udp4_old, tcp4_old; /* made before the first run */
	int tcp_tunnel;		/* to the tunnel's port, kept open */
};

/* What runs out of the tunnel's port but not in its shape. */
static const char http_head[] = "GET / HTTP/1.1\r\nHost: www.example\r\nX: ";
static const char http_tail[] = "\r\n\r\n";
static const char wireguard_stub[] = { 1, 0, 0, 0 };
static const char plain_text[] = "plain text: ";

struct endpoint {
	struct sockaddr_storage addr;
	socklen_t len;
	int family;
};

static struct endpoint
endpoint(const char *host, unsigned port)
{
	struct endpoint e = { .family = AF_INET,
		.len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&e.addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&e.addr;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return e;
	}
	e.family = AF_INET6;
	e.len = sizeof(*v6);
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) {
		fprintf(stderr, "attempts: not an address: %s\n", host);
		exit(2);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return e;
}

static const struct sockaddr *
address(const struct endpoint *e)
{
	return (const struct sockaddr *)(const void *)&e->addr;
}

static int
open_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd < 0) {
		perror("attempts: socket");
		exit(2);
	}
	return fd;
}

/* head, then the canary. Returns the length. */
static size_t
with_canary(const struct target *t, uint8_t out[PAYLOAD_MAX], const void *head,
    size_t len)
{
	memcpy(out, head, len);
	memcpy(out + len, t->canary, CANARY_BYTES);
	return len + CANARY_BYTES;
}

/* A web browser's request, the canary in a header. Returns the length. */
static size_t
http_request(const struct target *t, uint8_t out[PAYLOAD_MAX])
{
	size_t n = with_canary(t, out, http_head, sizeof(http_head) - 1);

	memcpy(out + n, http_tail, sizeof(http_tail) - 1);
	return n + sizeof(http_tail) - 1;
}

/*
 * The primitives: each makes one attempt.
 */

/* A SYN. The socket is closed at once, so there is no second one. */
static void
connect_once(const char *host, unsigned port)
{
	struct endpoint e = endpoint(host, port);
	int fd = open_socket(e.family, SOCK_STREAM, 0);

	(void)connect(fd, address(&e), e.len);
	close(fd);
}

/* How a datagram's socket is bound: to an address, to a device, or not. */
struct binding {
	const char *address, *device;
};

static const struct binding unbound = { NULL, NULL };

static void
send_datagram(const char *host, unsigned port, struct binding from,
    const void *data, size_t len)
{
	struct endpoint e = endpoint(host, port);
	int fd = open_socket(e.family, SOCK_DGRAM, 0);

	if (from.address != NULL) {
		struct endpoint own = endpoint(from.address, 0);

		(void)bind(fd, address(&own), own.len);
	}
	if (from.device != NULL)
		(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, from.device,
		    (socklen_t)strlen(from.device));
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &(int){ 1 },
	    sizeof(int));
	(void)sendto(fd, data, len, MSG_NOSIGNAL, address(&e), e.len);
	close(fd);
}

static void
send_text(const struct target *t, const char *host, unsigned port,
    struct binding from)
{
	uint8_t data[PAYLOAD_MAX];
	size_t n = with_canary(t, data, plain_text, sizeof(plain_text) - 1);

	send_datagram(host, port, from, data, n);
}

static uint16_t
internet_checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* An echo request. ICMPv6's checksum is the kernel's work. */
static void
ping_once(const struct target *t, const char *host)
{
	struct endpoint e = endpoint(host, 0);
	bool v4 = e.family == AF_INET;
	uint8_t head[8] = { v4 ? ICMP_ECHO : 128, 0, 0, 0, 0x74, 0x67, 0, 1 };
	uint8_t data[PAYLOAD_MAX];
	size_t n = with_canary(t, data, head, sizeof(head));
	uint16_t sum = internet_checksum(data, n);
	int fd =
	    open_socket(e.family, SOCK_RAW, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (v4) {
		data[2] = (uint8_t)(sum >> 8);
		data[3] = (uint8_t)sum;
	}
	(void)sendto(fd, data, n, MSG_NOSIGNAL, address(&e), e.len);
	close(fd);
}

/* Asks for a name of which the canary is the first label. */
static void
resolve_once(const struct target *t, const char *resolver)
{
	static const uint8_t head[] = { 0x74, 0x67, 1, 0, 0, 1, 0, 0, 0, 0, 0,
		0, CANARY_BYTES };
	static const uint8_t tail[] = "\x7"
				      "example\0\0\x1\0\x1";
	uint8_t data[PAYLOAD_MAX];
	size_t n = with_canary(t, data, head, sizeof(head));

	memcpy(data + n, tail, sizeof(tail) - 1);
	send_datagram(resolver, 53, unbound, data, n + sizeof(tail) - 1);
}

/*
 * Text over a connection that is made when there is none: with the handshake
 * let through (OpenVPN's port), the text must still not follow.
 */
static void
write_stream(const struct target *t, int *fd, const char *host, unsigned port)
{
	uint8_t data[PAYLOAD_MAX];
	size_t n = http_request(t, data);
	struct endpoint e = endpoint(host, port);

	if (*fd < 0) {
		*fd = open_socket(e.family, SOCK_STREAM, 0);
		(void)connect(*fd, address(&e), e.len);
		return;
	}
	if (send(*fd, data, n, MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
	    errno != ENOTCONN) {
		close(*fd);
		*fd = -1;
	}
}

/*
 * The kinds.
 */

static void
tcp4_site(struct target *t)
{
	connect_once(t->site4, 80);
}

static void
tcp6_site(struct target *t)
{
	connect_once(t->site6, 80);
}

static void
udp4_site(struct target *t)
{
	send_text(t, t->site4, 443, unbound);
}

static void
udp6_site(struct target *t)
{
	send_text(t, t->site6, 443, unbound);
}

static void
icmp4_site(struct target *t)
{
	ping_once(t, t->site4);
}

static void
icmp6_site(struct target *t)
{
	ping_once(t, t->site6);
}

static void
dns_udp4_lan(struct target *t)
{
	resolve_once(t, t->lan4);
}

static void
dns_udp6_lan(struct target *t)
{
	resolve_once(t, t->lan6);
}

static void
dns_tcp4_lan(struct target *t)
{
	connect_once(t->lan4, 53);
}

static void
dns_udp4_public(struct target *t)
{
	resolve_once(t, t->dns4);
}

static void
dns_udp6_public(struct target *t)
{
	resolve_once(t, t->dns6);
}

static void
dns_tcp4_public(struct target *t)
{
	connect_once(t->dns4, 53);
}

/* One above the tunnel's: nobody listens there, a leak is seen all the same. */
static void
udp4_server_other_port(struct target *t)
{
	send_text(t, t->server4, t->tunnel_port + 1, unbound);
}

static void
udp6_server_other_port(struct target *t)
{
	send_text(t, t->server6, t->tunnel_port + 1, unbound);
}

static void
tcp4_server_other_port(struct target *t)
{
	connect_once(t->server4, 80);
}

static void
tcp6_server_other_port(struct target *t)
{
	connect_once(t->server6, 80);
}

static void
icmp4_server(struct target *t)
{
	ping_once(t, t->server4);
}

static void
icmp6_server(struct target *t)
{
	ping_once(t, t->server6);
}

static void
udp_tunnel_port_text(struct target *t)
{
	send_text(t, t->tunnel, t->tunnel_port, unbound);
}

static void
udp_tunnel_port_http(struct target *t)
{
	uint8_t data[PAYLOAD_MAX];
	size_t n = http_request(t, data);

	send_datagram(t->tunnel, t->tunnel_port, unbound, data, n);
}

/* A WireGuard initiation's first bytes, and far too short to be one. */
static void
udp_tunnel_port_short(struct target *t)
{
	uint8_t data[PAYLOAD_MAX];
	size_t n = with_canary(t, data, wireguard_stub, sizeof(wireguard_stub));

	send_datagram(t->tunnel, t->tunnel_port, unbound, data, n);
}

static void
tcp_tunnel_port_http(struct target *t)
{
	write_stream(t, &t->tcp_tunnel, t->tunnel, t->tunnel_port);
}

static void
udp4_bound(struct target *t)
{
	send_text(t, t->site4, 443, (struct binding){ .address = t->uplink4 });
}

static void
udp6_bound(struct target *t)
{
	send_text(t, t->site6, 443, (struct binding){ .address = t->uplink6 });
}

static void
udp4_old(struct target *t)
{
	uint8_t data[PAYLOAD_MAX];
	size_t n = with_canary(t, data, plain_text, sizeof(plain_text) - 1);

	(void)send(t->udp4_old, data, n, MSG_NOSIGNAL);
}

static void
tcp4_old(struct target *t)
{
	write_stream(t, &t->tcp4_old, t->site4, 80);
}

/* Another host on the link: even asking for its hardware address is a leak. */
static void
udp4_neighbour(struct target *t)
{
	send_text(t, t->near4, 443, unbound);
}

static void
udp6_neighbour(struct target *t)
{
	send_text(t, t->near6, 443, unbound);
}

static void
udp4_multicast(struct target *t)
{
	send_text(t, "224.0.0.251", 5353, unbound);
}

/*
 * What no route can close, only a firewall.
 */

static void
udp4_device(struct target *t)
{
	send_text(t, t->site4, 443, (struct binding){ .device = t->device });
}

static void
udp6_device(struct target *t)
{
	send_text(t, t->site6, 443, (struct binding){ .device = t->device });
}

static void
udp4_broadcast(struct target *t)
{
	send_text(t, "255.255.255.255", 9,
	    (struct binding){ .device = t->device });
}

static void
udp6_multicast(struct target *t)
{
	send_text(t, "ff02::fb", 5353, (struct binding){ .device = t->device });
}

/* clang-format off */ /* version 14 mixes tabs into what it aligns */
static const struct kind {
	const char *name;
	void (*attempt)(struct target *t);
} kinds[] = {
	{ "tcp4-site", tcp4_site },
	{ "tcp6-site", tcp6_site },
	{ "udp4-site", udp4_site },
	{ "udp6-site", udp6_site },
	{ "icmp4-site", icmp4_site },
	{ "icmp6-site", icmp6_site },
	{ "dns-udp4-lan", dns_udp4_lan },
	{ "dns-udp6-lan", dns_udp6_lan },
	{ "dns-tcp4-lan", dns_tcp4_lan },
	{ "dns-udp4-public", dns_udp4_public },
	{ "dns-udp6-public", dns_udp6_public },
	{ "dns-tcp4-public", dns_tcp4_public },
	{ "udp4-server-other-port", udp4_server_other_port },
	{ "udp6-server-other-port", udp6_server_other_port },
	{ "tcp4-server-other-port", tcp4_server_other_port },
	{ "tcp6-server-other-port", tcp6_server_other_port },
	{ "icmp4-server", icmp4_server },
	{ "icmp6-server", icmp6_server },
	{ "udp-tunnel-port-text", udp_tunnel_port_text },
	{ "udp-tunnel-port-http", udp_tunnel_port_http },
	{ "udp-tunnel-port-short", udp_tunnel_port_short },
	{ "tcp-tunnel-port-http", tcp_tunnel_port_http },
	{ "udp4-bound", udp4_bound },
	{ "udp6-bound", udp6_bound },
	{ "udp4-old", udp4_old },
	{ "tcp4-old", tcp4_old },
	{ "udp4-neighbour", udp4_neighbour },
	{ "udp6-neighbour", udp6_neighbour },
	{ "udp4-multicast", udp4_multicast },
	{ "udp4-device", udp4_device },
	{ "udp6-device", udp6_device },
	{ "udp4-broadcast", udp4_broadcast },
	{ "udp6-multicast", udp6_multicast },
};
/* clang-format on */

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void
wait_until(struct timespec *due, unsigned pace)
{
	due->tv_nsec += 1000000000L / (long)pace;
	while (due->tv_nsec >= 1000000000L) {
		due->tv_nsec -= 1000000000L;
		due->tv_sec++;
	}
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL);
}

static void
run(struct target *t, const char *word)
{
	unsigned long total = 0;
	struct timespec due;

	clock_gettime(CLOCK_MONOTONIC, &due);
	for (unsigned i = 0; i < t->each; i++)
		for (size_t k = 0; k < KINDS; k++) {
			kinds[k].attempt(t);
			total++;
			wait_until(&due, t->pace);
		}
	for (size_t k = 0; k < KINDS; k++)
		printf("attempts %s %u\n", kinds[k].name, t->each);
	printf("total %s %lu\n", word, total);
	fflush(stdout);
}

static void
open_old_sockets(struct target *t)
{
	struct endpoint udp = endpoint(t->site4, 443);
	struct endpoint tcp = endpoint(t->site4, 80);

	t->udp4_old = open_socket(AF_INET, SOCK_DGRAM, 0);
	(void)connect(t->udp4_old, address(&udp), udp.len);
	t->tcp4_old = open_socket(AF_INET, SOCK_STREAM, 0);
	(void)connect(t->tcp4_old, address(&tcp), tcp.len);
	t->tcp_tunnel = -1;
}

static bool
parse_canary(const char *hex, uint8_t ret[CANARY_BYTES])
{
	if (strlen(hex) != (size_t)CANARY_BYTES * 2)
		return false;
	for (size_t i = 0; i < CANARY_BYTES; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		char *end;

		ret[i] = (uint8_t)strtoul(byte, &end, 16);
		if (*end != '\0')
			return false;
	}
	return true;
}

static bool
parse_number(const char *text, unsigned long max, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n == 0 || n > max)
		return false;
	*ret = (unsigned)n;
	return true;
}

/* clang-format off */ /* as above */
static bool
set_text(struct target *t, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **where;
	} texts[] = {
		{ "site4", &t->site4 },
		{ "site6", &t->site6 },
		{ "dns4", &t->dns4 },
		{ "dns6", &t->dns6 },
		{ "lan4", &t->lan4 },
		{ "lan6", &t->lan6 },
		{ "server4", &t->server4 },
		{ "server6", &t->server6 },
		{ "uplink4", &t->uplink4 },
		{ "uplink6", &t->uplink6 },
		{ "near4", &t->near4 },
		{ "near6", &t->near6 },
		{ "tunnel", &t->tunnel },
		{ "device", &t->device },
	};

	if (strcmp(name, "canary") == 0)
		return parse_canary(value, t->canary);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, name) == 0) {
			*texts[i].where = value;
			return true;
		}
	return false;
}

static bool
set_number(struct target *t, const char *name, const char *value)
{
	const struct {
		const char *name;
		unsigned *where;
		unsigned long max;
	} numbers[] = {
		{ "tunnel_port", &t->tunnel_port, 65534 },
		{ "each", &t->each, EACH_MAX },
		{ "pace", &t->pace, PACE_MAX },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].name, name) == 0)
			return parse_number(
			    value, numbers[i].max, numbers[i].where);
	return false;
}
/* clang-format on */

/* NAME=VALUE from the command line; the text is cut at the sign and kept. */
static bool
parse_argument(struct target *t, char *text)
{
	char *value = text, *name = strsep(&value, "=");

	if (value != NULL &&
	    (set_number(t, name, value) || set_text(t, name, value)))
		return true;
	fprintf(stderr, "attempts: not understood: %s\n", name);
	return false;
}

/* NAME=NUMBER between two runs. */
static bool
change(struct target *t, char *text)
{
	char *value = text, *name = strsep(&value, "=");

	if (!set_number(t, name, value)) {
		fprintf(stderr, "attempts: not understood: %s\n", name);
		return false;
	}
	/* The connection may be to a port that is no longer the tunnel's. */
	if (t->tcp_tunnel >= 0)
		close(t->tcp_tunnel);
	t->tcp_tunnel = -1;
	return true;
}

int
main(int argc, char **argv)
{
	/* The addresses of the lab (tests/net/lab.sh). */
	struct target t = {
		.site4 = "198.51.100.9",
		.site6 = "2001:db8:ffff::9",
		.dns4 = "198.51.100.53",
		.dns6 = "2001:db8:ffff::53",
		.lan4 = "192.0.2.1",
		.lan6 = "2001:db8:1::1",
		.server4 = "203.0.113.5",
		.server6 = "2001:db8:5::5",
		.uplink4 = "192.0.2.10",
		.uplink6 = "2001:db8:1::10",
		.near4 = "192.0.2.77",
		.near6 = "2001:db8:1::77",
		.tunnel = "203.0.113.5",
		.device = "eth0",
		.tunnel_port = 51820,
		.each = 40,
		.pace = 1000,
	};
	char line[128];

	for (int i = 1; i < argc; i++)
		if (!parse_argument(&t, argv[i]))
			return 2;
	open_old_sockets(&t);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strchr(line, '=') == NULL)
			run(&t, line);
		else if (!change(&t, line))
			return 2;
	}
	return 0;
}
