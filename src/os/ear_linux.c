/* SPDX-License-Identifier: ISC */
#include "src/os/ear.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/routes.h"

struct ear {
	int fd;
	struct addr servers[ROUTES_SERVERS_MAX];
	unsigned n_servers;
};

/* From one of the servers? The cheap look; the caller takes a close one. */
static bool
is_from_server(const struct ear *e, const uint8_t *ip, size_t len)
{
	struct addr from;

	if (len >= 20 && ip[0] >> 4 == 4)
		from = addr_from_bytes(ADDR_V4, ip + 12);
	else if (len >= 40 && ip[0] >> 4 == 6)
		from = addr_from_bytes(ADDR_V6, ip + 8);
	else
		return false;
	for (unsigned i = 0; i < e->n_servers; i++)
		if (addr_equal(&e->servers[i], &from))
			return true;
	return false;
}

/*
 * In the kernel already: only what is for this host. That keeps our own
 * packets, which a packet socket sees too, out.
 */
static int
attach_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
		   sizeof(prog)) < 0
	    ? -errno
	    : 0;
}

static int
new_ear(int fd, const struct addr *servers, unsigned n, struct ear **ret)
{
	struct ear *e;

	if (n > ROUTES_SERVERS_MAX)
		return -EINVAL;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -ENOMEM;
	e->fd = fd;
	memcpy(e->servers, servers, n * sizeof(*servers));
	e->n_servers = n;
	*ret = e;
	return 0;
}

int
ear_adopt(int fd, unsigned ifindex, const struct addr *servers, unsigned n,
    struct ear **ret)
{
	int r = new_ear(fd, servers, n, ret);

	(void)ifindex;
	if (r < 0)
		close(fd);
	return r;
}

int
ear_open(unsigned ifindex, const struct addr *servers, unsigned n,
    struct ear **ret)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex };
	struct ear *e;
	int r;

	if ((r = new_ear(-1, servers, n, &e)) < 0)
		return r;
	/* SOCK_DGRAM: the kernel takes the link header off. Protocol 0 until
	 * it is bound, so that nothing is heard before the filter is on. */
	e->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->fd < 0) {
		r = -errno;
		goto free_ear;
	}
	if ((r = attach_filter(e->fd)) < 0)
		goto close_fd;
	if (bind(e->fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		r = -errno;
		goto close_fd;
	}
	*ret = e;
	return 0;

close_fd:
	close(e->fd);
free_ear:
	free(e);
	return r;
}

void
ear_close(struct ear *e)
{
	if (e == NULL)
		return;
	close(e->fd);
	free(e);
}

int
ear_fd(const struct ear *e)
{
	return e->fd;
}

int
ear_read(struct ear *e, uint8_t *data, size_t cap, size_t *ret_len)
{
	/* Bounded: what strangers send must not keep the caller here. */
	for (int i = 0; i < 64; i++) {
		ssize_t n = recv(e->fd, data, cap, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!is_from_server(e, data, (size_t)n))
			continue;
		*ret_len = (size_t)n;
		return 0;
	}
	return -EAGAIN;
}
