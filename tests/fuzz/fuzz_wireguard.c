/* SPDX-License-Identifier: ISC */
/*
 * fuzz_wireguard: no sequence of messages makes a device read or write past
 * their ends, or deliver a packet that is not within the message or not from
 * the peer's networks.
 *
 * Each step: what, an argument, a length, bytes. Cryptography stops what is
 * not sealed, so some steps seal the bytes, or sign them, or change what was.
 */
#include "datapath/wireguard/cookie.h"
#include "tests/fuzz/exact.h"
#include "tests/unit/wg_lab.h"

static struct lab lab;

static void
receive(unsigned to, const uint8_t *bytes, size_t len)
{
	uint8_t *msg = exact(bytes, len);
	struct wg_packet p = { 0 };

	if (wg_device_receive(lab.ends[to].device, lab.now, &lab.ends[!to].at,
		msg, len, &p) == WG_PACKET) {
		if (p.len < 20 || p.data != msg + WG_TRANSPORT_HEADER ||
		    p.len > len - WG_TRANSPORT_MIN)
			abort();
		/* lab.h says whose is what. */
		if (p.data[0] >> 4 == 4 ? p.data[12] != 10 || p.data[13] != !to
					: p.data[8] != 0xfd || p.data[9] != !to)
			abort();
	}
	free(msg);
}

/* Any inner packet, from who may send. */
static void
sealed(struct lab_end *from, const uint8_t *bytes, size_t len)
{
	uint8_t *msg = calloc(1, len + WG_DEVICE_OVERHEAD);
	struct wg_endpoint to;
	size_t n;

	if (msg == NULL)
		abort();
	if (len > 0)
		memcpy(msg + WG_TRANSPORT_HEADER, bytes, len);
	if (wg_device_seal(from->device, lab.now, from->peer, msg, len, &n,
		&to) == 0)
		receive(!from->number, msg, n);
	free(msg);
}

/* A handshake message of any content, from who knows the key. */
static void
signed_by_nobody(unsigned to, uint8_t type, const uint8_t *bytes, size_t len)
{
	size_t n = type == WG_INITIATION ? WG_INITIATION_LEN : WG_RESPONSE_LEN;
	uint8_t msg[WG_INITIATION_LEN] = { 0 };
	struct wg_crypto *c = lab_crypto();
	struct wg_jar jar = { 0 };

	memcpy(msg + WG_INDEX, bytes, len < n - 4 ? len : n - 4);
	msg[0] = type;
	wg_mac_keys_of(c, lab.ends[!to].other.public, &jar.keys);
	wg_jar_sign(c, &jar, lab.now, msg, n);
	receive(to, msg, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	lab_new(&lab, 1);
	while (len >= 3) {
		unsigned to = data[0] >> 7;
		uint8_t argument = data[1];
		size_t n = data[2] < len - 3 ? data[2] : len - 3;
		const uint8_t *bytes = data + 3;
		struct lab_message m = { .len = 0 };

		if (lab.n > 0)
			lab_take(&lab, argument % lab.n, &m);
		switch (data[0] % 8) {
		case 0:
			receive(to, bytes, n);
			break;
		case 1: /* what is on the wire */
			receive(m.to, m.bytes, m.len);
			break;
		case 2: /* the same, changed, or cut */
			for (size_t i = 0; i < n && i < m.len; i++)
				m.bytes[i] ^= bytes[i];
			receive(m.to, m.bytes,
			    m.len < argument ? m.len : m.len - argument);
			break;
		case 3:
			sealed(&lab.ends[!to], bytes, n);
			break;
		case 4:
			signed_by_nobody(to, argument % 2 + 1, bytes, n);
			break;
		case 5:
			lab_pass(&lab, argument * LAB_SECOND);
			break;
		case 6:
			wg_device_connect(lab.ends[0].device, lab.now,
			    lab.ends[0].peer);
			lab_settle(&lab);
			break;
		case 7:
			lab.ends[to].config.enough = argument;
			lab_restart(&lab.ends[to]);
			break;
		}
		data += 3 + n;
		len -= 3 + n;
	}
	lab_free(&lab);
	return 0;
}
