/* SPDX-License-Identifier: ISC */
/*
 * A packet socket with PACKET_VNET_HDR, so that what the kernel or the card
 * put together stays whole (packet(7)); the kernel offers that on SOCK_RAW
 * only, so the link header is in the frame, and is taken off here.
 */
#include "src/os/inlet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct inlet {
	int fd;
};

/* Only what is for this host, and IP. */
static int
attach_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = 7, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		   sizeof(program)) < 0
	    ? -errno
	    : 0;
}

/* Bound last: nothing is heard before the filter is on. */
static int
set_up(int fd)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL) };
	int on = 1, room = 4 << 20, r;

	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if ((r = attach_filter(fd)) < 0)
		return r;
	return bind(fd, (struct sockaddr *)&all, sizeof(all)) < 0 ? -errno : 0;
}

int
inlet_open(struct inlet **ret)
{
	struct inlet *in = calloc(1, sizeof(*in));
	int r;

	if (in == NULL)
		return -ENOMEM;
	in->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = in->fd < 0 ? -errno : set_up(in->fd);
	if (r < 0) {
		if (in->fd >= 0)
			close(in->fd);
		free(in);
		return r;
	}
	*ret = in;
	return 0;
}

void
inlet_close(struct inlet *in)
{
	if (in == NULL)
		return;
	close(in->fd);
	free(in);
}

int
inlet_fd(const struct inlet *in)
{
	return in->fd;
}

/* Take the link header off; the offload counts from the frame's begin. */
static bool
strip(struct pktbuf *b, size_t got, const struct sockaddr_ll *from)
{
	uint32_t link = from->sll_hatype == ARPHRD_ETHER ||
		from->sll_hatype == ARPHRD_LOOPBACK
	    ? ETH_HLEN
	    : 0;
	struct offload *o = &b->offload;

	if (got < sizeof(*o) + link)
		return false;
	b->len = (uint32_t)(got - sizeof(*o)) - link;
	memmove(b->data, b->data + link, b->len);
	if ((o->flags & OFFLOAD_NEEDS_CSUM) == 0) {
		/* A checksum that the card looked at is the kernel's to look
		 * at again. A large segment without one cannot be. */
		o->flags = 0;
		o->csum_start = o->csum_offset = 0;
	} else if (o->csum_start < link) {
		return false;
	} else {
		o->csum_start = (uint16_t)(o->csum_start - link);
	}
	if (o->hdr_len >= link)
		o->hdr_len = (uint16_t)(o->hdr_len - link);
	return true;
}

int
inlet_read(struct inlet *in, struct pktbuf bufs[], unsigned n)
{
	struct mmsghdr m[INLET_BATCH] = { 0 };
	struct sockaddr_ll from[INLET_BATCH] = { 0 };
	struct iovec v[INLET_BATCH][2];
	unsigned kept = 0;
	int got;

	if (n > INLET_BATCH)
		n = INLET_BATCH;
	for (unsigned i = 0; i < n; i++) {
		v[i][0] =
		    (struct iovec){ &bufs[i].offload, sizeof(bufs[i].offload) };
		v[i][1] = (struct iovec){ bufs[i].data, PKTBUF_MAX };
		m[i].msg_hdr.msg_name = &from[i];
		m[i].msg_hdr.msg_namelen = sizeof(from[i]);
		m[i].msg_hdr.msg_iov = v[i];
		m[i].msg_hdr.msg_iovlen = 2;
	}
	do
		got = recvmmsg(in->fd, m, n, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (int i = 0; i < got; i++) {
		if ((m[i].msg_hdr.msg_flags & MSG_TRUNC) != 0 ||
		    !strip(&bufs[i], m[i].msg_len, &from[i]))
			continue;
		if (kept != (unsigned)i) {
			/* The room goes along, so that none is lost. */
			struct pktbuf hole = bufs[kept];

			bufs[kept] = bufs[i];
			bufs[i] = hole;
		}
		kept++;
	}
	return (int)kept;
}
