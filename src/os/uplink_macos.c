/* SPDX-License-Identifier: ISC */
/*
 * BPF is bound to an interface: one handle for each, opened when the first
 * packet wants to leave by it, and kept. It offers no batch (the one that
 * exists is private), so each packet is a system call. utun, which the packets
 * come from, has no offloads: nothing is ever left to the hardware.
 */
#include "src/os/uplink.h"

#include <errno.h>
#include <stdlib.h>

#include "src/os/frames_macos.h"
#include "src/os/ipchecksum.h"
#include "src/os/pktbuf.h"

/* IPv4 and IPv6 may leave by different interfaces, and these change. */
#define KEPT 4

struct uplink {
	struct {
		unsigned ifindex; /* 0: empty */
		struct frames *frames;
	} kept[KEPT];
	unsigned next; /* the one to give up when there is no room */
};

int
uplink_open(const struct uplink_sender *as, struct uplink **ret)
{
	struct uplink *u = calloc(1, sizeof(*u));

	(void)as; /* pf never sees what is injected */
	if (u == NULL)
		return -ENOMEM;
	*ret = u;
	return 0;
}

static void
forget(struct uplink *u, unsigned i)
{
	frames_close(u->kept[i].frames);
	u->kept[i].frames = NULL;
	u->kept[i].ifindex = 0;
}

void
uplink_close(struct uplink *u)
{
	if (u == NULL)
		return;
	for (unsigned i = 0; i < KEPT; i++)
		forget(u, i);
	free(u);
}

int
uplink_fd(const struct uplink *u)
{
	(void)u;
	return -1;
}

/* Where the interface is kept; -ENXIO and the like if it cannot be opened. */
static int
find(struct uplink *u, unsigned ifindex, unsigned *ret_i)
{
	unsigned i = u->next;
	int r;

	for (unsigned k = 0; k < KEPT; k++)
		if (u->kept[k].ifindex == ifindex) {
			*ret_i = k;
			return 0;
		}
	forget(u, i);
	if ((r = frames_open(ifindex, NULL, &u->kept[i].frames)) < 0)
		return r;
	u->kept[i].ifindex = ifindex;
	u->next = (i + 1) % KEPT;
	*ret_i = i;
	return 0;
}

/* The sum of the pseudo-header stands where the checksum is to be. */
static int
finish_checksum(struct pktbuf *b)
{
	size_t start = b->offload.csum_start;
	size_t at = start + b->offload.csum_offset;
	uint16_t sum;

	if (at + 2 > b->len)
		return -EINVAL;
	sum =
	    ipchecksum_fold(ipchecksum_add(0, b->data + start, b->len - start));
	/* Of UDP's, zero means that there is none (RFC 768). */
	if (sum == 0)
		sum = 0xffff;
	b->data[at] = (uint8_t)(sum >> 8);
	b->data[at + 1] = (uint8_t)sum;
	b->offload = (struct offload){ 0 };
	return 0;
}

static int
send_one(struct uplink *u, const struct hop *hop, struct pktbuf *b)
{
	unsigned i;
	int r;

	if (hop->ifindex == 0)
		return -ENXIO;
	if (!hop->ready)
		return -EHOSTUNREACH;
	/* Includes any large segment: there is nobody to cut it. */
	if (b->len > hop->mtu)
		return -EMSGSIZE;
	if (b->offload.gso_type != OFFLOAD_GSO_NONE)
		return -EOPNOTSUPP;
	if ((b->offload.flags & OFFLOAD_NEEDS_CSUM) != 0 &&
	    (r = finish_checksum(b)) < 0)
		return r;
	if ((r = find(u, hop->ifindex, &i)) < 0)
		return r;
	r = frames_send(u->kept[i].frames, hop->link, hop->link_len, b->data,
	    b->len);
	/* The interface went, and may have come again: bind anew. */
	if (r == -ENXIO || r == -EIO)
		forget(u, i);
	return r;
}

bool
uplink_cuts_rows(const struct uplink *u)
{
	(void)u;
	return false;
}

void
uplink_send(struct uplink *u, struct uplink_out *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i].result = send_one(u, out[i].hop, out[i].packet);
}
