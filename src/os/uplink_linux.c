/* SPDX-License-Identifier: ISC */
/*
 * One packet socket for all interfaces: each packet names its own. It sends
 * only: with protocol 0 it never receives. PACKET_VNET_HDR lets a large
 * segment, or a checksum left to the hardware, go on as it came from the tun
 * (packet(7); Virtio 1.1, 5.1.6).
 *
 * A socket belongs to the account that it was made under (nft(8), meta skuid),
 * whoever sends by it later: so it is made under the sender's.
 */
#include "src/os/uplink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/pktbuf.h"

#define BATCH 64

struct uplink {
	int fd;
	bool refuses_rows;
};

/* A descriptor, or a negative errno. */
static int
socket_of(uid_t uid)
{
	uid_t before = (uid_t)setfsuid(uid);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? -errno : fd;

	/* It says what it was, and nothing of whether it could. */
	if ((uid_t)setfsuid(before) != uid && fd >= 0) {
		close(fd);
		r = -EPERM;
	}
	return r;
}

int
uplink_open(const struct uplink_sender *as, struct uplink **ret)
{
	struct uplink *u = calloc(1, sizeof(*u));
	int on = 1, r, room = 4 << 20;

	if (u == NULL)
		return -ENOMEM;
	if ((u->fd = socket_of(as->uid)) < 0) {
		r = u->fd;
		goto free_uplink;
	}
	if (setsockopt(u->fd, SOL_SOCKET, SO_MARK, &as->mark,
		sizeof(as->mark)) < 0 ||
	    setsockopt(u->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) <
		0) {
		r = -errno;
		goto close_fd;
	}
	/* A batch of large segments must fit; less only means more drops. */
	(void)setsockopt(u->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
	    sizeof(room));
	*ret = u;
	return 0;

close_fd:
	close(u->fd);
free_uplink:
	free(u);
	return r;
}

void
uplink_close(struct uplink *u)
{
	if (u == NULL)
		return;
	close(u->fd);
	free(u);
}

int
uplink_fd(const struct uplink *u)
{
	return u->fd;
}

/*
 * The tun counts from the IP header, the packet socket from the link header.
 * The tun's hdr_len is only the part that was not in fragments: it is worked
 * out anew, from where the checksum begins (the transport's header).
 */
static void
shift_offload(struct pktbuf *b, unsigned link_len)
{
	struct offload *o = &b->offload;
	uint32_t header = o->csum_start;

	if ((o->flags & OFFLOAD_NEEDS_CSUM) == 0) {
		memset(o, 0, sizeof(*o));
		return;
	}
	if (o->gso_type == OFFLOAD_GSO_UDP_L4)
		header += 8;
	else if (o->gso_type != OFFLOAD_GSO_NONE && header + 13u <= b->len)
		header += (uint32_t)(b->data[header + 12] >> 4) * 4;
	o->hdr_len =
	    o->gso_type == OFFLOAD_GSO_NONE ? 0 : (uint16_t)(header + link_len);
	o->csum_start = (uint16_t)(o->csum_start + link_len);
}

/* virtio_net_hdr_to_skb() knows UDP_L4 since Linux 6.2. */
static void
note_refusal(struct uplink *u, const struct uplink_out *out)
{
	if (out->result == -EINVAL &&
	    out->packet->offload.gso_type == OFFLOAD_GSO_UDP_L4)
		u->refuses_rows = true;
}

static unsigned
send_batch(struct uplink *u, struct uplink_out *out, unsigned n)
{
	struct mmsghdr m[BATCH];
	struct sockaddr_ll to[BATCH];
	struct iovec v[BATCH][3];
	unsigned done = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct hop *hop = out[i].hop;
		struct pktbuf *b = out[i].packet;

		shift_offload(b, hop->link_len);
		to[i] = (struct sockaddr_ll){ .sll_family = AF_PACKET,
			.sll_protocol = htons(hop->ethertype),
			.sll_ifindex = (int)hop->ifindex };
		v[i][0] = (struct iovec){ &b->offload, sizeof(b->offload) };
		v[i][1] = (struct iovec){ (void *)(uintptr_t)hop->link,
			hop->link_len };
		v[i][2] = (struct iovec){ b->data, b->len };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to[i],
					     .msg_namelen = sizeof(to[i]),
					     .msg_iov = v[i],
					     .msg_iovlen = 3 } };
	}
	while (done < n) {
		int r = sendmmsg(u->fd, m + done, n - done, MSG_DONTWAIT);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			/* It is the first one that failed; the next may go. */
			out[done].result = r < 0 ? -errno : -EIO;
			note_refusal(u, &out[done++]);
			continue;
		}
		while (r-- > 0)
			out[done++].result = 0;
	}
	return n;
}

bool
uplink_cuts_rows(const struct uplink *u)
{
	return !u->refuses_rows;
}

void
uplink_send(struct uplink *u, struct uplink_out *out, unsigned n)
{
	for (unsigned i = 0; i < n;)
		i += send_batch(u, out + i, n - i < BATCH ? n - i : BATCH);
}
