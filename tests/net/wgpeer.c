/* SPDX-License-Identifier: ISC */
/*
 * wgpeer: datapath/wireguard on a UDP socket, with no tun behind it: it asks
 * for echoes (ICMP), or answers who asks.
 *
 *	wgpeer PRIVATE PUBLIC PSK PORT ENDPOINT INNER PEER COUNT MS [HOW]
 *
 * Keys in hexadecimal; PORT is ours, on the loopback; ENDPOINT the peer's as
 * ADDRESS:PORT, or - to wait for it; INNER our IPv4 address in the tunnel and
 * PEER the other's. COUNT echoes are asked for, one each MS milliseconds; then
 * it prints what came, and is 0 if all did. COUNT 0: it answers, until it is
 * killed. HOW is "restart": after half of them it forgets the session; or
 * "load": each handshake is one too many, so that who asks gets a cookie.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/wireguard/device.h"
#include "src/base/mono.h"
#include "src/os/ipchecksum.h"

#define MTU	 1420
#define MS	 UINT64_C(1000000)
#define ECHO_LEN (20 + 8 + 56)

enum { ECHO_REPLY = 0, ECHO_REQUEST = 8 };

static int udp;
static struct wg_crypto *crypto;
static struct wg_device *device;
static uint32_t peer;
static struct addr inner, other;
static unsigned asked, answered, sessions;
static const char *how = "";
static bool is_waiting; /* a packet, for a session */

static void
die(const char *what)
{
	(void)fprintf(stderr, "wgpeer: %s\n", what);
	exit(2);
}

static int
get_random(void *arg, void *ret, size_t len)
{
	(void)arg;
	return wg_random(crypto, ret, len);
}

static void
send_message(void *arg, const struct wg_endpoint *to, const uint8_t *msg,
    size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(to->port) };

	(void)arg;
	memcpy(&sin.sin_addr, to->addr.bytes, 4);
	if (sendto(udp, msg, len, 0, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		perror("wgpeer: sendto");
}

static void
note(void *arg, uint32_t who, enum wg_event event)
{
	(void)arg;
	(void)who;
	sessions += event == WG_ESTABLISHED;
}

static void
put_checksum(uint8_t *at, const uint8_t *data, size_t len)
{
	uint16_t sum;

	at[0] = at[1] = 0;
	sum = ipchecksum_fold(ipchecksum_add(0, data, len));
	at[0] = (uint8_t)(sum >> 8);
	at[1] = (uint8_t)sum;
}

/* The room before and after the packet is the message's. */
static bool
send_packet(uint8_t *msg, size_t len)
{
	struct wg_endpoint to;
	size_t n;

	if (wg_device_seal(device, mono_now().ns, peer, msg, len, &n, &to) < 0)
		return false;
	send_message(NULL, &to, msg, n);
	return true;
}

static bool
ask(unsigned number)
{
	uint8_t msg[ECHO_LEN + WG_DEVICE_OVERHEAD] = { 0 };
	uint8_t *p = msg + WG_TRANSPORT_HEADER;
	const uint8_t header[12] = { 0x45, 0, 0, ECHO_LEN, 0, 0, 0, 0, 64, 1 };

	memcpy(p, header, sizeof(header));
	memcpy(p + 12, inner.bytes, 4);
	memcpy(p + 16, other.bytes, 4);
	put_checksum(p + 10, p, 20);
	p[20] = ECHO_REQUEST;
	p[26] = (uint8_t)(number >> 8);
	p[27] = (uint8_t)number;
	put_checksum(p + 22, p + 20, ECHO_LEN - 20);
	return send_packet(msg, ECHO_LEN);
}

static void
receive_packet(const struct wg_packet *in)
{
	uint8_t msg[MTU + WG_DEVICE_OVERHEAD];
	uint8_t *p = msg + WG_TRANSPORT_HEADER;

	if (in->len < 28 || in->len > MTU || in->data[0] != 0x45 ||
	    in->data[9] != 1)
		return;
	if (in->data[20] == ECHO_REPLY) {
		answered++;
		return;
	}
	if (in->data[20] != ECHO_REQUEST)
		return;
	memcpy(p, in->data, in->len);
	memcpy(p + 12, in->data + 16, 4);
	memcpy(p + 16, in->data + 12, 4);
	p[20] = ECHO_REPLY;
	put_checksum(p + 22, p + 20, in->len - 20);
	if (!send_packet(msg, in->len))
		(void)fprintf(stderr, "wgpeer: an echo has no session\n");
}

static void
receive_message(void)
{
	struct sockaddr_in sin = { 0 };
	socklen_t n_sin = sizeof(sin);
	uint8_t msg[65536];
	struct wg_endpoint from;
	struct wg_packet in = { 0 };
	ssize_t n =
	    recvfrom(udp, msg, sizeof(msg), 0, (struct sockaddr *)&sin, &n_sin);
	enum wg_verdict v;

	if (n <= 0)
		return;
	from.addr = addr_from_bytes(ADDR_V4, &sin.sin_addr);
	from.port = ntohs(sin.sin_port);
	v = wg_device_receive(device, mono_now().ns, &from, msg, (size_t)n,
	    &in);
	if (v == WG_PACKET)
		receive_packet(&in);
	else if (v != WG_DONE)
		(void)fprintf(stderr, "wgpeer: message type %d: verdict %d\n",
		    msg[0], (int)v);
}

static void
key(const char *text, uint8_t ret[WG_KEY_LEN])
{
	if (strlen(text) != 2 * (size_t)WG_KEY_LEN)
		die("a key has 64 digits");
	for (size_t i = 0; i < WG_KEY_LEN; i++) {
		const char digits[] = { text[2 * i], text[2 * i + 1], 0 };

		ret[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static void
set_up(char **argv)
{
	static const struct wg_ops ops = { get_random, send_message, note };
	struct wg_config config = { .crypto = crypto,
		.max_peers = 1,
		.mtu = MTU,
		.enough = strcmp(how, "load") == 0 ? 0 : 100,
		.ops = &ops };
	struct wg_peer_config them = { 0 };
	struct prefix net;

	key(argv[1], config.private);
	key(argv[2], them.public);
	key(argv[3], them.psk);
	if (strcmp(argv[5], "-") != 0 &&
	    addr_parse_port(argv[5], &them.endpoint.addr, &them.endpoint.port) <
		0)
		die("what endpoint?");
	if (addr_parse(argv[6], &inner) < 0 || addr_parse(argv[7], &other) < 0)
		die("what inner address?");
	wg_device_free(device);
	device = wg_device_new(&config);
	net = (struct prefix){ other, 32 };
	if (device == NULL || wg_device_add_peer(device, &them, &peer) < 0 ||
	    wg_device_allow(device, peer, &net) < 0)
		die("no device");
	wg_device_set_time(device, mono_now().ns, mono_wall_ns());
}

static void
open_socket(const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (udp < 0 || bind(udp, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		die("no socket");
}

/* Until then, at the latest; or one message has come. */
static void
wait_until(uint64_t then)
{
	struct pollfd p = { .fd = udp, .events = POLLIN };
	uint64_t tick = wg_device_next_tick(device), now = mono_now().ns;

	then = tick < then ? tick : then;
	if (poll(&p, 1,
		then > now
		    ? (int)((then - now) / MS < 1000 ? (then - now) / MS + 1
						     : 1000)
		    : 0) > 0)
		receive_message();
	wg_device_tick(device, mono_now().ns);
}

int
main(int argc, char **argv)
{
	unsigned count, between;
	uint64_t next, end;

	if (argc < 10)
		die("how? see wgpeer.c");
	how = argc > 10 ? argv[10] : "";
	count = (unsigned)strtoul(argv[8], NULL, 10);
	between = (unsigned)strtoul(argv[9], NULL, 10);
	open_socket(argv[4]);
	if ((crypto = wg_crypto_new()) == NULL)
		die("no OpenSSL that will do");
	set_up(argv);
	if (count == 0)
		for (;;)
			wait_until(UINT64_MAX);
	next = mono_now().ns;
	end = UINT64_MAX;
	while (answered < count && mono_now().ns < end) {
		if (asked < count && mono_now().ns >= next) {
			if (strcmp(how, "restart") == 0 && asked == count / 2 &&
			    !is_waiting)
				set_up(argv);
			/* Without a session it waits, and only it. */
			is_waiting = !ask(asked);
			asked += !is_waiting;
			next = mono_now().ns + between * MS;
			end = mono_now().ns + 10000 * MS;
		}
		wait_until(next);
	}
	printf("wgpeer: %u of %u echoes, %u sessions\n", answered, count,
	    sessions);
	wg_device_free(device);
	wg_crypto_free(crypto);
	(void)close(udp);
	return answered == count ? 0 : 1;
}
