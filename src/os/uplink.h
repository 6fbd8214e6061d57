/* SPDX-License-Identifier: ISC */
/*
 * uplink: the one place packets leave from, at the link layer.
 *
 * What is sent here passes beneath the host's firewall and routing, so both
 * may be closed without exception. It sends what it is given: it decides
 * nothing. Used by one thread.
 */
#ifndef OS_UPLINK_H
#define OS_UPLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pktbuf;
struct uplink;

/* Longest link header we build: Ethernet's 14, with room to grow. */
#define HOP_LINK_MAX 32

/*
 * How to reach a next hop: the interface and the finished link header. A
 * zeroed hop reaches nothing.
 */
struct hop {
	unsigned ifindex;   /* 0: there is no uplink */
	uint32_t mtu;	    /* bytes of IP packet */
	uint16_t ethertype; /* 0x0800 or 0x86dd, host order */
	uint8_t ready;	    /* 0: the next hop's address is not known yet */
	uint8_t link_len;   /* bytes used of link[]; 0 on header-less links */
	uint8_t link[HOP_LINK_MAX];
};

/* One packet to be sent, and what became of it. */
struct uplink_out {
	const struct hop *hop; /* borrowed for the call */
	struct pktbuf *packet; /* borrowed; its offload is consumed */
	int result;	       /* set by uplink_send: 0 or a negative errno */
};

/*
 * How a firewall knows what is sent here from what others send: whose the
 * socket is, and its mark. (Systems whose firewall never sees it have none.)
 */
struct uplink_sender {
	uid_t uid;
	uint32_t mark;
};

/* Needs privilege. 0, or a negative errno with *ret untouched. */
int uplink_open(const struct uplink_sender *as, struct uplink **ret);

/* uplink_close(NULL) does nothing. */
void uplink_close(struct uplink *u);

/*
 * The descriptor that packets leave by, or -1 where each interface has its own
 * (macOS): for a process that closes all others.
 */
int uplink_fd(const struct uplink *u);

/*
 * Send n packets in their order, with as few system calls as the system
 * offers. Each entry's result is set: 0 sent, -ENOBUFS the queue is full,
 * -EMSGSIZE larger than the link takes, or what the system said.
 */
void uplink_send(struct uplink *u, struct uplink_out *out, unsigned n);

/*
 * Are large rows of datagrams (OFFLOAD_GSO_UDP_L4) cut here? Linux before 6.2
 * refuses them (-EINVAL), which the first that is sent shows; macOS always.
 */
bool uplink_cuts_rows(const struct uplink *u);

#endif /* OS_UPLINK_H */
