/* SPDX-License-Identifier: ISC */
#include "src/os/ifaddress_macos.h"

#include <assert.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <time.h>
#include <unistd.h>

/*
 * From netinet6/in6_var.h, which a cross-compiler does not carry. The length
 * of each structure is part of its request's number: those of a shipped system
 * are the proof that ours is right.
 */
struct in6_alias {
	char name[IFNAMSIZ];
	struct sockaddr_in6 addr, dst, mask;
	int flags;
	struct {
		time_t expire, preferred;
		uint32_t valid_s, preferred_s;
	} lifetime;
};
struct in6_request {
	char name[IFNAMSIZ];
	union {
		struct sockaddr_in6 addr;
		int flags;
		uint64_t counters[34]; /* its longest member, not used here */
	} u;
};
#define IN6_ADD	      _IOW('i', 26, struct in6_alias)
#define IN6_DELETE    _IOW('i', 25, struct in6_request)
#define IN6_GET_FLAGS _IOWR('i', 73, struct in6_request)
static_assert(IN6_ADD == 0x8080691aul, "SIOCAIFADDR_IN6");
static_assert(IN6_DELETE == 0x81206919ul, "SIOCDIFADDR_IN6");
static_assert(IN6_GET_FLAGS == 0xc1206949ul, "SIOCGIFAFLAG_IN6");

enum {
	/* Tentative, duplicated, detached, deprecated. */
	IN6_UNUSABLE = 0x02 | 0x04 | 0x08 | 0x10,
	IN6_NO_DAD = 0x20,
};
#define IN6_FOREVER UINT32_MAX

static bool
is_link_local(const struct addr *a)
{
	return a->family == ADDR_V6 && a->bytes[0] == 0xfe &&
	    (a->bytes[1] & 0xc0) == 0x80;
}

struct addr
ifaddress_read(const struct sockaddr *sa)
{
	struct addr a = { 0 };

	if (sa == NULL)
		return a;
	if (sa->sa_family == AF_INET)
		return addr_from_bytes(ADDR_V4,
		    &((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	if (sa->sa_family != AF_INET6)
		return a;
	a = addr_from_bytes(ADDR_V6,
	    &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
	/* Where the kernel keeps the interface. */
	if (is_link_local(&a))
		a.bytes[2] = a.bytes[3] = 0;
	return a;
}

unsigned
ifaddress_prefix(const struct sockaddr *mask, enum addr_family family)
{
	size_t from = family == ADDR_V4 ? 4 : 8;
	size_t to = from + (family == ADDR_V4 ? 4 : 16);
	const uint8_t *bytes = (const void *)mask;
	unsigned n = 0;

	if (mask == NULL)
		return family == ADDR_V4 ? 32 : 128;
	/* Cut off after the last byte that is not zero. */
	for (size_t i = from; i < to && i < mask->sa_len; i++)
		n += (unsigned)__builtin_popcount(bytes[i]);
	return n;
}

static struct sockaddr_in
sockaddr4(const struct addr *a)
{
	struct sockaddr_in s = { .sin_len = sizeof(s), .sin_family = AF_INET };

	memcpy(&s.sin_addr, a->bytes, sizeof(s.sin_addr));
	return s;
}

static struct sockaddr_in6
sockaddr6(const struct addr *a)
{
	struct sockaddr_in6 s = { .sin6_len = sizeof(s),
		.sin6_family = AF_INET6 };

	memcpy(&s.sin6_addr, a->bytes, sizeof(s.sin6_addr));
	return s;
}

static int
request(int family, unsigned long what, void *arg)
{
	int fd = socket(family, SOCK_DGRAM, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, what, arg) < 0)
		r = -errno;
	close(fd);
	return r;
}

bool
ifaddress_is_usable(const char *ifname, const struct addr *a)
{
	struct in6_request q = { .u.addr = sockaddr6(a) };

	if (a->family != ADDR_V6)
		return a->family == ADDR_V4;
	if (is_link_local(a))
		return false;
	(void)strlcpy(q.name, ifname, sizeof(q.name));
	/* Not to be asked is not to be refused: it goes nowhere, at worst. */
	if (request(AF_INET6, IN6_GET_FLAGS, &q) < 0)
		return true;
	return (q.u.flags & IN6_UNUSABLE) == 0;
}

static int
add4(const char *ifname, const struct addr *a)
{
	static const struct addr host = { .family = ADDR_V4,
		.bytes = { 255, 255, 255, 255 } };
	/*
	 * The far end gets a host route. Not our own address, as is usual: the
	 * uplink has it too, and what the machine sends to itself would then
	 * go into the gate. RFC 7600's dummy is nobody's.
	 */
	static const struct addr far = { .family = ADDR_V4,
		.bytes = { 192, 0, 0, 8 } };
	struct sockaddr_in self = sockaddr4(a), peer = sockaddr4(&far),
			   mask = sockaddr4(&host);
	struct ifaliasreq q = { 0 };

	(void)strlcpy(q.ifra_name, ifname, sizeof(q.ifra_name));
	memcpy(&q.ifra_addr, &self, sizeof(self));
	memcpy(&q.ifra_broadaddr, &peer, sizeof(peer));
	memcpy(&q.ifra_mask, &mask, sizeof(mask));
	return request(AF_INET, SIOCAIFADDR, &q);
}

static int
add6(const char *ifname, const struct addr *a)
{
	struct addr host = { .family = ADDR_V6 };
	struct in6_alias q = { .addr = sockaddr6(a),
		.flags = IN6_NO_DAD,
		.lifetime = { .valid_s = IN6_FOREVER,
		    .preferred_s = IN6_FOREVER } };

	memset(host.bytes, 0xff, sizeof(host.bytes));
	q.mask = sockaddr6(&host);
	(void)strlcpy(q.name, ifname, sizeof(q.name));
	return request(AF_INET6, IN6_ADD, &q);
}

static int
take_away(const char *ifname, const struct addr *a)
{
	struct sockaddr_in s4 = sockaddr4(a);
	struct in6_request q6 = { .u.addr = sockaddr6(a) };
	struct ifreq q4 = { 0 };
	int r;

	if (a->family == ADDR_V4) {
		(void)strlcpy(q4.ifr_name, ifname, sizeof(q4.ifr_name));
		memcpy(&q4.ifr_addr, &s4, sizeof(s4));
		r = request(AF_INET, SIOCDIFADDR, &q4);
	} else {
		(void)strlcpy(q6.name, ifname, sizeof(q6.name));
		r = request(AF_INET6, IN6_DELETE, &q6);
	}
	/* It went by itself. */
	return r == -EADDRNOTAVAIL ? 0 : r;
}

/* One pass over the addresses, to see or (`change`) to take away. */
struct pass {
	const char *ifname;
	const struct addr *v4, *v6;
	bool change;
	bool have4, have6, others;
	int error;
};

static void
on_address(struct pass *p, const struct addr *a)
{
	int r;

	if (addr_equal(a, p->v4)) {
		p->have4 = true;
	} else if (addr_equal(a, p->v6)) {
		p->have6 = true;
	} else {
		p->others = true;
		if (p->change && (r = take_away(p->ifname, a)) < 0)
			p->error = r;
	}
}

static int
walk(struct pass *p)
{
	struct ifaddrs *all;

	p->have4 = p->v4->family == ADDR_NONE;
	p->have6 = p->v6->family == ADDR_NONE;
	if (getifaddrs(&all) < 0)
		return -errno;
	for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		struct addr a = ifaddress_read(i->ifa_addr);

		if (strcmp(i->ifa_name, p->ifname) == 0 &&
		    a.family != ADDR_NONE && !is_link_local(&a))
			on_address(p, &a);
	}
	freeifaddrs(all);
	return p->error;
}

bool
ifaddress_is_set(const char *ifname, const struct addr *v4,
    const struct addr *v6)
{
	struct pass p = { .ifname = ifname, .v4 = v4, .v6 = v6 };

	return walk(&p) == 0 && p.have4 && p.have6 && !p.others;
}

int
ifaddress_set(const char *ifname, const struct addr *v4, const struct addr *v6)
{
	struct pass p = { .ifname = ifname,
		.v4 = v4,
		.v6 = v6,
		.change = true };
	int r, first = walk(&p);

	if (!p.have4 && (r = add4(ifname, v4)) < 0 && first == 0)
		first = r;
	if (!p.have6 && (r = add6(ifname, v6)) < 0 && first == 0)
		first = r;
	return first;
}
