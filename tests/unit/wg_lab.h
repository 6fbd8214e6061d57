/* SPDX-License-Identifier: ISC */
/*
 * wg_lab: two WireGuard devices that know each other, and the wire between
 * them as a list of messages, which a test delivers, loses or repeats.
 *
 * Time stands still unless the test moves it. All that is random comes of
 * lab->seed. Networks are 10.0.0.0/16 and fd00::/16 behind end 0, 10.1.0.0/16
 * and fd01::/16 behind end 1.
 */
#ifndef TESTS_WG_LAB_H
#define TESTS_WG_LAB_H

#include "tests/unit/unit.h"

#include "datapath/wireguard/device.h"

#define LAB_WIRE	256
#define LAB_MTU		1420
#define LAB_MESSAGE_MAX (LAB_MTU + WG_DEVICE_OVERHEAD)
#define LAB_SECOND	UINT64_C(1000000000)
#define LAB_EVENTS	(WG_MOVED + 1)

struct lab_message {
	unsigned to;
	struct wg_endpoint from;
	size_t len;
	uint8_t bytes[LAB_MESSAGE_MAX];
};

struct lab;

struct lab_end {
	struct lab *lab;
	unsigned number; /* 0 or 1 */
	struct wg_device *device;
	uint32_t peer; /* the other end, in device */
	struct wg_endpoint at;
	struct wg_config config;
	struct wg_peer_config other;
	unsigned events[LAB_EVENTS];
	unsigned said[WG_TRANSPORT + 1]; /* messages, by type */
	size_t last_len;		 /* of what it said */
};

struct lab {
	uint64_t now, unix_ns, seed;
	struct lab_end ends[2];
	unsigned n;
	struct lab_message wire[LAB_WIRE];
	/* Sees each message that goes out; NULL: nobody does. */
	void (*tap)(struct lab_end *from, const uint8_t *msg, size_t len);
};

/* End 0 knows where end 1 is; end 1 waits. To be freed with lab_free(). */
void lab_new(struct lab *lab, uint64_t seed);
void lab_free(struct lab *lab);

/* One for all, which lasts. */
struct wg_crypto *lab_crypto(void);

uint64_t lab_random(struct lab *lab);

/* A device that has forgotten all but its configuration. */
void lab_restart(struct lab_end *e);

/* ns pass, and devices are told at the moments they asked for. */
void lab_pass(struct lab *lab, uint64_t ns);

/* A packet from one network to the other: IPv4, of len bytes. */
void
lab_packet(const struct lab_end *from, uint8_t *ret, size_t len, uint64_t id);
uint64_t lab_packet_id(const uint8_t *packet);

/* Seal one, and put it on the wire. As wg_device_seal(). */
int lab_send(struct lab_end *from, size_t len, uint64_t id);

/* How many of that type it said since this was asked. */
unsigned lab_said(struct lab_end *e, enum wg_type type);

/* What became of a message. It is copied before. */
enum wg_verdict
lab_hand(struct lab *lab, const struct lab_message *m, struct wg_packet *ret);

/* Take the message at that place off the wire. */
void lab_take(struct lab *lab, unsigned i, struct lab_message *ret);

/* Send a packet and deliver it; nothing else is on the wire. */
enum wg_verdict
lab_pass_one(struct lab_end *from, size_t len, struct wg_packet *ret);

/* Deliver all that is on the wire, in order, until nothing is. */
void lab_settle(struct lab *lab);

/* A session, confirmed, that end 0 asked for. */
void lab_connect(struct lab *lab);

bool lab_is_established(const struct lab_end *e);

#endif /* TESTS_WG_LAB_H */
