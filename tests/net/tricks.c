/* SPDX-License-Identifier: ISC */
/*
 * tricks: tries to get one kind of packet out of the machine, in one of the
 * ways that do not ask the routing table, or lie to it.
 *
 *	tricks HOW WHAT [NAME=VALUE]...
 *
 * HOW and WHAT are either a socket's
 *
 *	plain, bind-device, unicast-if, pktinfo, multicast-if
 *	udp, lookalike, tcp, mptcp, ping, join
 *
 * or a carrier's and a forger's (carry.h, forge.c). `n` attempts are made,
 * `pace` a second; one is a send() or connect() that was made, whatever came
 * of it. Every payload carries the canary. Prints `attempts N`.
 *
 * `to`, `from`, `via`, `about`, `port`, `sport` say of whom; with `spread`
 * the attempts go to so many addresses from `to` on. `mark` is set on the
 * socket. `n` is bounded, and so is a run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/net/carry.h"
#include "tests/net/forge.h"

enum { N_MAX = 10000, PACE_MAX = 100000, PAYLOAD_MAX = 256 };

struct run {
	const char *how, *what, *device;
	struct order order;
	bool has_from;
	uint8_t router[6]; /* whom frames are addressed to */
	unsigned ifindex, n, pace, mark, spread;
};

static void
die(const char *what)
{
	fprintf(stderr, "tricks: %s: %s\n", what, strerror(errno));
	exit(2);
}

static bool
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* One of the sockets' ways, not a carrier. */
static bool
is_by_socket(const char *how)
{
	return is(how, "plain") || is(how, "bind-device") ||
	    is(how, "unicast-if") || is(how, "pktinfo") ||
	    is(how, "multicast-if");
}

/*
 * By sockets.
 */

struct endpoint {
	struct sockaddr_storage addr;
	socklen_t len;
};

static struct endpoint
endpoint(const struct run *r, const uint8_t *address, unsigned port)
{
	struct endpoint e = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&e.addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&e.addr;

	if (!r->order.v6) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		memcpy(&v4->sin_addr, address, 4);
		return e;
	}
	e.len = sizeof(*v6);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	memcpy(&v6->sin6_addr, address, 16);
	if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ||
	    IN6_IS_ADDR_MC_LINKLOCAL(&v6->sin6_addr))
		v6->sin6_scope_id = r->ifindex;
	return e;
}

static const struct sockaddr *
address(const struct endpoint *e)
{
	return (const struct sockaddr *)(const void *)&e->addr;
}

static int
open_socket(const struct run *r)
{
	int family = r->order.v6 ? AF_INET6 : AF_INET;
	int type = SOCK_DGRAM, protocol = 0, fd;

	if (is(r->what, "tcp") || is(r->what, "mptcp"))
		type = SOCK_STREAM;
	if (is(r->what, "mptcp"))
		protocol = IPPROTO_MPTCP;
	if (is(r->what, "ping")) {
		type = SOCK_RAW;
		protocol = r->order.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	}
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		die("socket");
	return fd;
}

static void
set(int fd, int level, int name, const void *value, size_t len)
{
	if (setsockopt(fd, level, name, value, (socklen_t)len) < 0)
		die("setsockopt");
}

/* IP_UNICAST_IF wants network order, the others the host's. */
static void
choose_device(const struct run *r, int fd)
{
	bool v6 = r->order.v6;
	int index = (int)r->ifindex;
	int index_net = (int)htonl(r->ifindex);
	struct ip_mreqn mreq = { .imr_ifindex = index };

	if (is(r->how, "bind-device"))
		set(fd, SOL_SOCKET, SO_BINDTODEVICE, r->device,
		    strlen(r->device));
	if (is(r->how, "unicast-if"))
		set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		    v6 ? IPV6_UNICAST_IF : IP_UNICAST_IF, &index_net,
		    sizeof(index_net));
	if (is(r->how, "multicast-if") && v6)
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index));
	if (is(r->how, "multicast-if") && !v6)
		set(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq));
}

static size_t
payload(const struct run *r, uint8_t ret[PAYLOAD_MAX])
{
	/* ICMPv6's checksum is the kernel's work; ICMP's is not looked at. */
	uint8_t echo[8] = { r->order.v6 ? 128 : 8, 0, 0, 0, 0x74, 0x67, 0, 1 };
	size_t n = 0;

	if (is(r->what, "lookalike"))
		return forge_wireguard(r->order.canary, ret);
	if (is(r->what, "ping")) {
		memcpy(ret, echo, sizeof(echo));
		n = sizeof(echo);
	}
	memcpy(ret + n, r->order.canary, CANARY_BYTES);
	return n + CANARY_BYTES;
}

/* With the device in an ancillary message, which any user may add. */
static void
send_with_pktinfo(const struct run *r, int fd, struct endpoint *to,
    const uint8_t *data, size_t len)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { 0 };
	struct in_pktinfo v4 = { .ipi_ifindex = (int)r->ifindex };
	struct in6_pktinfo v6 = { .ipi6_ifindex = r->ifindex };
	size_t info_len = r->order.v6 ? sizeof(v6) : sizeof(v4);
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr m = { .msg_name = &to->addr,
		.msg_namelen = to->len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(info_len) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = r->order.v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = r->order.v6 ? IPV6_PKTINFO : IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(info_len);
	memcpy(CMSG_DATA(c), r->order.v6 ? (void *)&v6 : (void *)&v4, info_len);
	(void)sendmsg(fd, &m, MSG_NOSIGNAL);
}

/* The kernel reports the group; what comes of it is looked at by no one. */
static void
join(const struct run *r, int fd)
{
	struct ip_mreqn v4 = { .imr_ifindex = (int)r->ifindex };
	struct ipv6_mreq v6 = { .ipv6mr_interface = r->ifindex };

	memcpy(&v4.imr_multiaddr, r->order.to, 4);
	memcpy(&v6.ipv6mr_multiaddr, r->order.to, 16);
	if (r->order.v6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &v6,
		    sizeof(v6));
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4,
		    sizeof(v4));
}

static void
attempt_by_socket(const struct run *r)
{
	/* A raw IPv6 socket takes no port. */
	unsigned port = is(r->what, "ping") ? 0 : r->order.port;
	struct endpoint to = endpoint(r, r->order.to, port);
	struct endpoint from = endpoint(r, r->order.from, r->order.sport);
	uint8_t data[PAYLOAD_MAX];
	size_t len = payload(r, data);
	int fd = open_socket(r);

	if (r->mark != 0)
		set(fd, SOL_SOCKET, SO_MARK, &r->mark, sizeof(r->mark));
	choose_device(r, fd);
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &(int){ 1 },
	    sizeof(int));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
	    sizeof(int));
	if (r->has_from)
		(void)bind(fd, address(&from), from.len);
	if (is(r->what, "join"))
		join(r, fd);
	else if (is(r->what, "tcp") || is(r->what, "mptcp"))
		(void)connect(fd, address(&to), to.len);
	else if (is(r->how, "pktinfo"))
		send_with_pktinfo(r, fd, &to, data, len);
	else
		(void)sendto(fd, data, len, MSG_NOSIGNAL, address(&to), to.len);
	close(fd);
}

/*
 * The run.
 */

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

/* The i-th of `spread` addresses after the first, by the last byte. */
static void
aim(struct run *r, uint8_t first, unsigned i)
{
	r->order.to[r->order.v6 ? 15 : 3] =
	    (uint8_t)(first + (r->spread != 0 ? i % r->spread : 0));
}

static void
run(struct run *r)
{
	bool by_socket = is_by_socket(r->how);
	uint8_t first = r->order.to[r->order.v6 ? 15 : 3];
	struct carrier *c = NULL;
	struct packet packet;
	struct timespec due;

	if (!by_socket && !forge(r->what, &r->order, &packet)) {
		fprintf(stderr, "tricks: there is no such packet: %s\n",
		    r->what);
		exit(2);
	}
	if (!by_socket &&
	    (c = carry_open(r->how, r->device, r->router, &r->order)) == NULL)
		exit(2);
	clock_gettime(CLOCK_MONOTONIC, &due);
	for (unsigned i = 0; i < r->n; i++) {
		aim(r, first, i);
		if (by_socket)
			attempt_by_socket(r);
		else if (forge(r->what, &r->order, &packet))
			carry(c, &r->order, &packet);
		wait_until(&due, r->pace);
	}
	if (c != NULL)
		carry_close(c);
	printf("attempts %u\n", r->n);
}

/*
 * The command line.
 */

/* Bytes as hex, with or without colons between. */
static bool
parse_hex(const char *text, size_t len, uint8_t *ret)
{
	for (size_t i = 0; i < len; i++) {
		char byte[3] = { text[0], text[0] == '\0' ? '\0' : text[1],
			'\0' };
		char *end;

		ret[i] = (uint8_t)strtoul(byte, &end, 16);
		if (end != byte + 2)
			return false;
		text += 2;
		text += *text == ':';
	}
	return *text == '\0';
}

static bool
parse_address(struct run *r, const char *text, uint8_t ret[16])
{
	r->order.v6 = strchr(text, ':') != NULL;
	return inet_pton(r->order.v6 ? AF_INET6 : AF_INET, text, ret) == 1;
}

static bool
parse_number(const char *text, unsigned long max, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end != '\0' || n > max)
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool
set_number(struct run *r, const char *name, const char *value)
{
	unsigned port = 0;
	bool ok = true;

	if (is(name, "n"))
		return parse_number(value, N_MAX, &r->n);
	if (is(name, "pace"))
		return parse_number(value, PACE_MAX, &r->pace) && r->pace > 0;
	if (is(name, "mark"))
		return parse_number(value, UINT32_MAX, &r->mark);
	if (is(name, "spread"))
		return parse_number(value, 200, &r->spread);
	ok = parse_number(value, 65535, &port);
	if (is(name, "port"))
		r->order.port = (uint16_t)port;
	else if (is(name, "sport"))
		r->order.sport = (uint16_t)port;
	else if (is(name, "protocol"))
		r->order.protocol = (uint8_t)port;
	else
		return false;
	return ok;
}

static bool
parse_argument(struct run *r, char *text)
{
	char *value = text, *name = strsep(&value, "=");

	if (value == NULL)
		return false;
	if (is(name, "to"))
		return parse_address(r, value, r->order.to);
	if (is(name, "from")) {
		r->has_from = true;
		return parse_address(r, value, r->order.from);
	}
	if (is(name, "via"))
		return parse_address(r, value, r->order.via);
	if (is(name, "about"))
		return parse_address(r, value, r->order.about);
	if (is(name, "device")) {
		r->device = value;
		return true;
	}
	if (is(name, "canary"))
		return parse_hex(value, CANARY_BYTES, r->order.canary);
	if (is(name, "router"))
		return parse_hex(value, 6, r->router);
	return set_number(r, name, value);
}

/* The device's number and hardware address. */
static void
look_up_device(struct run *r)
{
	struct ifaddrs *all, *a;

	if ((r->ifindex = if_nametoindex(r->device)) == 0)
		die(r->device);
	if (getifaddrs(&all) < 0)
		die("getifaddrs");
	for (a = all; a != NULL; a = a->ifa_next)
		if (a->ifa_addr != NULL &&
		    a->ifa_addr->sa_family == AF_PACKET &&
		    is(a->ifa_name, r->device))
			memcpy(r->order.mac,
			    ((struct sockaddr_ll *)(void *)a->ifa_addr)
				->sll_addr,
			    6);
	freeifaddrs(all);
}

static void
usage(void)
{
	fprintf(stderr,
	    "usage: tricks HOW WHAT to=ADDRESS canary=HEX [NAME=VALUE]...\n"
	    "by a socket:\n"
	    "	plain bind-device unicast-if pktinfo multicast-if\n"
	    "	udp lookalike tcp mptcp ping join\n"
	    "by a carrier:\n"
	    "	raw raw-device packet-dgram packet packet-bypass xdp\n");
	forge_list(stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	struct run r = {
		.device = "eth0",
		.router = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.order = { .sport = 40000, .port = 443, .protocol = 253 },
		.n = 50,
		.pace = 2000,
	};

	if (argc < 3)
		usage();
	r.how = argv[1];
	r.what = argv[2];
	for (int i = 3; i < argc; i++)
		if (!parse_argument(&r, argv[i])) {
			fprintf(stderr, "tricks: not understood: %s\n",
			    argv[i]);
			usage();
		}
	look_up_device(&r);
	run(&r);
	return 0;
}
