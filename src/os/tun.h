/* SPDX-License-Identifier: ISC */
/*
 * tun: a device that the machine's packets come out of: the gate's, or our own
 * tunnel's.
 *
 * On Linux the gate's device is persistent: it outlives the process that
 * opened it, and a packet sent to it while nobody reads is dropped by the
 * kernel. A tunnel's vanishes with its last descriptor, and what was routed to
 * it falls to the gate; so does either on macOS. One thread reads; the rest
 * may be called by another.
 */
#ifndef OS_TUN_H
#define OS_TUN_H

#include <stdint.h>

#include "src/base/addr.h"

struct pktbuf;
struct tun;

enum tun_use {
	TUN_GATE,  /* hands over large segments as they are (pktbuf.h) */
	TUN_TUNNEL /* hands over finished packets */
};

/*
 * Open the device `name`, making it if there is none, set it up, and return
 * it in *ret. Needs privilege. 0, or a negative errno (-EBUSY: another process
 * holds it) with *ret untouched.
 */
int tun_open(const char *name, enum tun_use use, struct tun **ret);

/*
 * The device as another process has it, by the descriptor that it sent, which
 * is the tun's from now on: only to read packets from. 0, or -ENOMEM.
 */
int tun_adopt(int fd, struct tun **ret);

/*
 * Let go of the device. On Linux it stays, and stays closed to packets.
 * tun_close(NULL) does nothing.
 */
void tun_close(struct tun *t);

/*
 * Take the device `name` out of the system, whoever made it; 0 also when
 * there is none. The caller has closed its own handle.
 */
int tun_remove(const char *name);

/* For the event loop: readable means that tun_read() will not block. */
int tun_fd(const struct tun *t);

/* The name (the system may have chosen it) and the interface's index. */
const char *tun_name(const struct tun *t);
unsigned tun_ifindex(const struct tun *t);

/* Bring it up, should someone have taken it down. 0, or a negative errno. */
int tun_raise(struct tun *t);

/* The largest packet that may be routed to it, bytes. 0, or -errno. */
int tun_set_mtu(struct tun *t, uint32_t mtu);

/*
 * Read one packet into b (b->data has room for PKTBUF_MAX bytes). 0, -EAGAIN
 * if there is none, or another negative errno.
 */
int tun_read(struct tun *t, struct pktbuf *b);

/*
 * Hand one packet to the machine, as if it came in by the device. 0, or a
 * negative errno. Linux only.
 */
int tun_write(struct tun *t, struct pktbuf *b);

/*
 * Of these n addresses (ADDR_NONE: none) the device has each, and no other:
 * the tunnel's; or the uplink's where that is in a namespace, because what is
 * sent to the gate bears them. 0, or the first error. Linux only.
 */
int tun_set_addresses(struct tun *t, const struct addr wanted[], unsigned n);

struct tun_counters {
	uint64_t
	    handed_over;  /* packets that a reader got, since the device is */
	uint64_t dropped; /* packets that found no reader or no room */
};

/* What the kernel counted on the device. 0, or a negative errno. */
int tun_counters(const struct tun *t, struct tun_counters *ret);

#endif /* OS_TUN_H */
