/* SPDX-License-Identifier: ISC */
#include "tests/net/carry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ETHER_HEAD = 14 };

/* Of AF_XDP: a place of the shared memory for each slot of the ring. */
enum { SLOTS = 64, SLOT_BYTES = 2048, MEMORY_BYTES = SLOTS * SLOT_BYTES };

struct xdp {
	uint8_t *memory;
	uint32_t *producer, *completed, *completed_seen;
	struct xdp_desc *ring;
	uint32_t next;
};

struct carrier {
	int fd;
	bool by_ip, whole_frames;
	unsigned ifindex;
	uint8_t mac[6];
	struct xdp *xdp;
};

static int
open_raw(const struct order *o, const char *device)
{
	int fd = socket(o->v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
	    IPPROTO_RAW);

	if (fd >= 0 && device != NULL &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
		(socklen_t)strlen(device)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_packet(int type, bool bypass)
{
	/* Protocol 0: it receives nothing. */
	int fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bypass &&
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &(int){ 1 },
		sizeof(int)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void *
map(int fd, size_t len, off_t offset)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : MAP_POPULATE), fd, offset);

	return p == MAP_FAILED ? NULL : p;
}

static bool
map_rings(struct xdp *x, int fd)
{
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);
	uint8_t *tx, *done;

	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len) < 0 ||
	    (tx = map(fd, at.tx.desc + SLOTS * sizeof(struct xdp_desc),
		 XDP_PGOFF_TX_RING)) == NULL ||
	    (done = map(fd, at.cr.desc + SLOTS * sizeof(uint64_t),
		 (off_t)XDP_UMEM_PGOFF_COMPLETION_RING)) == NULL)
		return false;
	x->producer = (uint32_t *)(void *)(tx + at.tx.producer);
	x->ring = (struct xdp_desc *)(void *)(tx + at.tx.desc);
	x->completed = (uint32_t *)(void *)(done + at.cr.producer);
	x->completed_seen = (uint32_t *)(void *)(done + at.cr.consumer);
	return true;
}

static bool
set_up_xdp(struct xdp *x, int fd, unsigned ifindex)
{
	struct xdp_umem_reg memory = { .len = MEMORY_BYTES,
		.chunk_size = SLOT_BYTES };
	struct sockaddr_xdp to = { .sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = ifindex };
	int n = SLOTS;

	if ((x->memory = map(-1, MEMORY_BYTES, 0)) == NULL)
		return false;
	memory.addr = (uintptr_t)x->memory;
	return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory)) ==
	    0 &&
	    setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &n, sizeof(n)) == 0 &&
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &n, sizeof(n)) ==
	    0 &&
	    setsockopt(fd, SOL_XDP, XDP_TX_RING, &n, sizeof(n)) == 0 &&
	    map_rings(x, fd) &&
	    bind(fd, (const struct sockaddr *)(const void *)&to, sizeof(to)) ==
	    0;
}

static int
try_open_xdp(struct carrier *c)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0 || set_up_xdp(c->xdp, fd, c->ifindex))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The queue is busy for a moment after its last user has gone. */
static int
open_xdp(struct carrier *c)
{
	int fd = -1;

	if ((c->xdp = calloc(1, sizeof(*c->xdp))) == NULL)
		return -1;
	for (int i = 0; i < 100; i++) {
		if ((fd = try_open_xdp(c)) >= 0 || errno != EBUSY)
			return fd;
		(void)poll(NULL, 0, 50);
	}
	return fd;
}

static int
open_fd(struct carrier *c, const char *name, const char *device,
    const struct order *o)
{
	c->by_ip = strncmp(name, "raw", 3) == 0;
	c->whole_frames = strcmp(name, "packet-dgram") != 0;
	if (strcmp(name, "raw") == 0)
		return open_raw(o, NULL);
	if (strcmp(name, "raw-device") == 0)
		return open_raw(o, device);
	if (strcmp(name, "packet-dgram") == 0)
		return open_packet(SOCK_DGRAM, false);
	if (strcmp(name, "packet") == 0)
		return open_packet(SOCK_RAW, false);
	if (strcmp(name, "packet-bypass") == 0)
		return open_packet(SOCK_RAW, true);
	if (strcmp(name, "xdp") == 0)
		return open_xdp(c);
	errno = EPROTONOSUPPORT;
	return -1;
}

struct carrier *
carry_open(const char *name, const char *device, const uint8_t mac[6],
    const struct order *o)
{
	struct carrier *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->ifindex = if_nametoindex(device);
	memcpy(c->mac, mac, 6);
	if ((c->fd = open_fd(c, name, device, o)) < 0) {
		fprintf(stderr, "tricks: %s on %s: %s\n", name, device,
		    strerror(errno));
		free(c->xdp);
		free(c);
		return NULL;
	}
	return c;
}

static size_t
frame(const struct carrier *c, const struct order *o, const struct packet *p,
    uint8_t *ret)
{
	memcpy(ret, c->mac, 6);
	memcpy(ret + 6, o->mac, 6);
	ret[12] = (uint8_t)(p->ethertype >> 8);
	ret[13] = (uint8_t)p->ethertype;
	memcpy(ret + ETHER_HEAD, p->bytes, p->len);
	return ETHER_HEAD + p->len;
}

static void
carry_ip(struct carrier *c, const struct order *o, const struct packet *p)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (!o->v6) {
		memcpy(&v4.sin_addr, o->to, 4);
		(void)sendto(c->fd, p->bytes, p->len, MSG_DONTWAIT,
		    (const struct sockaddr *)(const void *)&v4, sizeof(v4));
		return;
	}
	memcpy(&v6.sin6_addr, o->to, 16);
	if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ||
	    IN6_IS_ADDR_MULTICAST(&v6.sin6_addr))
		v6.sin6_scope_id = c->ifindex;
	(void)sendto(c->fd, p->bytes, p->len, MSG_DONTWAIT,
	    (const struct sockaddr *)(const void *)&v6, sizeof(v6));
}

static void
carry_packet(struct carrier *c, const struct order *o, const struct packet *p)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(p->ethertype),
		.sll_ifindex = (int)c->ifindex,
		.sll_halen = 6 };
	uint8_t whole[ETHER_HEAD + FORGE_MAX];
	const uint8_t *data = p->bytes;
	size_t len = p->len;

	memcpy(to.sll_addr, c->mac, 6);
	if (c->whole_frames) {
		len = frame(c, o, p, whole);
		data = whole;
	}
	(void)sendto(c->fd, data, len, MSG_DONTWAIT,
	    (const struct sockaddr *)(const void *)&to, sizeof(to));
}

static void
carry_xdp(struct carrier *c, const struct order *o, const struct packet *p)
{
	struct xdp *x = c->xdp;
	uint32_t slot = x->next % SLOTS;
	uint64_t place = (uint64_t)slot * SLOT_BYTES;
	size_t len = frame(c, o, p, x->memory + place);

	x->ring[slot] =
	    (struct xdp_desc){ .addr = place, .len = (uint32_t)len };
	__atomic_store_n(x->producer, ++x->next, __ATOMIC_RELEASE);
	(void)sendto(c->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	/* What was completed is free again. */
	__atomic_store_n(x->completed_seen,
	    __atomic_load_n(x->completed, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}

void
carry(struct carrier *c, const struct order *o, const struct packet *p)
{
	if (c->xdp != NULL)
		carry_xdp(c, o, p);
	else if (c->by_ip)
		carry_ip(c, o, p);
	else
		carry_packet(c, o, p);
}

void
carry_close(struct carrier *c)
{
	/* AF_XDP's frames are gone with their socket: let them go first. */
	if (c->xdp != NULL) {
		(void)poll(NULL, 0, 20);
		(void)munmap(c->xdp->memory, MEMORY_BYTES);
	}
	close(c->fd);
	free(c->xdp);
	free(c);
}
