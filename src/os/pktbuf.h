/* SPDX-License-Identifier: ISC */
/*
 * pktbuf: one packet on its way, and what its sender left to the hardware.
 */
#ifndef OS_PKTBUF_H
#define OS_PKTBUF_H

#include <stdint.h>

/*
 * The virtio net header (Virtual I/O Device 1.1, section 5.1.6), in host
 * order: what a tun device and a packet socket say of a large segment or of a
 * checksum that is not filled in yet. All zero: an ordinary packet.
 */
struct offload {
	uint8_t flags;	      /* OFFLOAD_NEEDS_CSUM */
	uint8_t gso_type;     /* OFFLOAD_GSO_* */
	uint16_t hdr_len;     /* bytes of headers before the payload */
	uint16_t gso_size;    /* payload bytes of each segment */
	uint16_t csum_start;  /* where the checksum begins to be summed */
	uint16_t csum_offset; /* where it is stored, from csum_start */
};

enum {
	OFFLOAD_NEEDS_CSUM = 1,
	OFFLOAD_GSO_NONE = 0,
	OFFLOAD_GSO_TCPV4 = 1,
	OFFLOAD_GSO_TCPV6 = 4,
	OFFLOAD_GSO_UDP_L4 = 5,
	OFFLOAD_GSO_ECN = 0x80, /* ored to a TCP type */
};

/* The largest packet a device hands over: IP's own limit. */
#define PKTBUF_MAX 65536

struct pktbuf {
	uint8_t *data; /* the IP packet; borrowed room of PKTBUF_MAX bytes */
	uint32_t len;  /* bytes of it in use */
	struct offload offload;
};

#endif /* OS_PKTBUF_H */
