/* SPDX-License-Identifier: ISC */
/* STATES.md 0.6: CONNECTED is entered only by proof. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "control/answer.h"
#include "control/server.h"
#include "src/os/netmon.h"
#include "tests/unit/packet.h"

static const struct flow back4 = { "203.0.113.5", "192.0.2.10", 1194, 40000 };
static const struct flow back6 = { "2001:db8::5", "2001:db8:1::10", 1194,
	40000 };

static struct net_view view;
static int sent_from; /* by the client */

static int
make_view(void **state)
{
	(void)state;
	view.v4.addr = packet_addr("192.0.2.10");
	view.v6.addr = packet_addr("2001:db8:1::10");
	sent_from = 40000;
	return 0;
}

static struct server
server_of(enum shape shape, uint8_t protocol)
{
	struct server s = { .n_endpoints = 2 };
	uint16_t port = protocol == PROTO_ESP ? 0 : 1194;

	s.endpoints[0] = (struct endpoint){ packet_addr("203.0.113.5"), port,
		protocol, (uint8_t)shape, 0 };
	s.endpoints[1] = (struct endpoint){ packet_addr("2001:db8::5"), port,
		protocol, (uint8_t)shape, 0 };
	return s;
}

static bool
proves(const struct server *s, const struct packet *p)
{
	uint8_t *copy = packet_exact(p->data, p->len);
	bool is = answer_proves(s, &view, sent_from, copy, p->len);

	free(copy);
	return is;
}

static void
wireguards_response_and_data_prove(void **state)
{
	struct server s = server_of(SHAPE_WIREGUARD, PROTO_UDP);
	static const size_t len[] = { 0, 148, 92, 64, 128, 128 };

	(void)state;
	for (uint8_t type = 0; type <= 5; type++) {
		struct packet p = packet_wireguard(back4, type, len[type]);

		assert_int_equal(proves(&s, &p), type == 2 || type == 4);
		p = packet_wireguard(back6, type, len[type]);
		assert_int_equal(proves(&s, &p), type == 2 || type == 4);
	}
}

static void
openvpns_packets_prove(void **state)
{
	struct server s = server_of(SHAPE_OPENVPN, PROTO_UDP);

	(void)state;
	for (unsigned opcode = 0; opcode < 32; opcode++)
		for (size_t len = 0; len < 30; len++) {
			uint8_t bytes[30] = { (uint8_t)(opcode << 3) };
			struct packet p = packet_udp(back4, bytes, len);

			assert_int_equal(proves(&s, &p),
			    len >= 14 && opcode >= 1 && opcode <= 11);
		}
}

static void
a_bare_acknowledgement_over_tcp_proves_nothing(void **state)
{
	struct server s = server_of(SHAPE_OPENVPN_TCP, PROTO_TCP);
	struct packet p = packet_tcp(back4, 1, 0x12, "", 0);

	(void)state;
	assert_false(proves(&s, &p));
	p = packet_tcp(back4, 1, 0x14, "", 0);
	assert_false(proves(&s, &p));
	p = packet_tcp(back4, 2, 0x10, "\0\x0e\x40", 3);
	assert_true(proves(&s, &p));
}

static void
esp_proves_and_ike_does_not(void **state)
{
	struct server nat = server_of(SHAPE_IKE_NAT, PROTO_UDP);
	struct server plain = server_of(SHAPE_ESP, PROTO_ESP);
	struct server ike = server_of(SHAPE_IKE, PROTO_UDP);
	static const uint8_t esp[24] = { 1, 2, 3, 4 };
	uint8_t marked[32] = { [11] = 1,
		[4 + 17] = 0x20,
		[4 + 18] = 34,
		[4 + 27] = 28 };
	struct packet p = packet_udp(back4, esp, sizeof(esp));

	(void)state;
	assert_true(proves(&nat, &p));
	assert_false(proves(&ike, &p));
	p = packet_ip(back4, PROTO_ESP, esp, sizeof(esp));
	assert_true(proves(&plain, &p));
	p = packet_udp(back4, marked, sizeof(marked));
	assert_false(proves(&nat, &p));
	p = packet_udp(back4, marked + 4, 28);
	assert_false(proves(&ike, &p));
	p = packet_udp(back4, "\xff", 1);
	assert_false(proves(&nat, &p));
}

static void
only_the_servers_own_address_port_and_protocol_prove(void **state)
{
	struct server s = server_of(SHAPE_WIREGUARD, PROTO_UDP);
	struct flow f = back4;
	struct packet p;

	(void)state;
	f.sport = 1195;
	p = packet_wireguard(f, 2, 92);
	assert_false(proves(&s, &p));
	f = back4;
	f.src = "203.0.113.6";
	p = packet_wireguard(f, 2, 92);
	assert_false(proves(&s, &p));
	p = packet_wireguard(back4, 2, 92);
	p.data[9] = PROTO_ESP;
	assert_false(proves(&s, &p));
	/* From the server's port, to ours: not the other way round. */
	f = back4;
	f.sport = 40000;
	f.dport = 1194;
	p = packet_wireguard(f, 2, 92);
	assert_false(proves(&s, &p));
}

static void
only_what_is_sent_to_the_clients_port_proves(void **state)
{
	struct server udp = server_of(SHAPE_OPENVPN, PROTO_UDP);
	struct server tcp = server_of(SHAPE_OPENVPN_TCP, PROTO_TCP);
	struct server esp = server_of(SHAPE_ESP, PROTO_ESP);
	static const uint8_t data[24] = { 9 << 3, 2, 3, 4 };
	struct packet u = packet_udp(back4, data, sizeof(data));
	struct packet t = packet_tcp(back4, 2, 0x10, "\0\x0e\x40", 3);
	struct packet e = packet_ip(back4, PROTO_ESP, data, sizeof(data));

	(void)state;
	assert_true(proves(&udp, &u));
	assert_true(proves(&tcp, &t));
	sent_from = 40001; /* the client is another one now */
	assert_false(proves(&udp, &u));
	assert_false(proves(&tcp, &t));
	sent_from = 0; /* ESP has no ports */
	assert_false(proves(&udp, &u));
	assert_true(proves(&esp, &e));
	sent_from = -1; /* it has not asked anything yet */
	assert_false(proves(&udp, &u));
	assert_false(proves(&tcp, &t));
	assert_false(proves(&esp, &e));
}

static void
only_what_is_sent_to_the_uplinks_address_of_now_proves(void **state)
{
	struct server s = server_of(SHAPE_WIREGUARD, PROTO_UDP);
	struct packet p4 = packet_wireguard(back4, 2, 92);
	struct packet p6 = packet_wireguard(back6, 2, 92);

	(void)state;
	view.v4.addr = packet_addr("192.0.2.11");
	assert_false(proves(&s, &p4));
	assert_true(proves(&s, &p6));
	memset(&view.v4, 0, sizeof(view.v4));
	memset(&view.v6, 0, sizeof(view.v6));
	assert_false(proves(&s, &p4));
	assert_false(proves(&s, &p6));
}

static void
what_is_broken_or_in_pieces_proves_nothing(void **state)
{
	struct server s = server_of(SHAPE_WIREGUARD, PROTO_UDP);
	struct packet whole = packet_wireguard(back4, 2, 92), p;

	(void)state;
	for (p = whole; p.len-- > 0;)
		assert_false(proves(&s, &p));
	p = whole;
	packet_fragment(&p, 0, true);
	assert_false(proves(&s, &p));
	p = whole;
	packet_fragment(&p, 1, false);
	assert_false(proves(&s, &p));
}

#define WITH_VIEW(test) cmocka_unit_test_setup(test, make_view)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_VIEW(wireguards_response_and_data_prove),
		WITH_VIEW(openvpns_packets_prove),
		WITH_VIEW(a_bare_acknowledgement_over_tcp_proves_nothing),
		WITH_VIEW(esp_proves_and_ike_does_not),
		WITH_VIEW(only_the_servers_own_address_port_and_protocol_prove),
		WITH_VIEW(only_what_is_sent_to_the_clients_port_proves),
		WITH_VIEW(
		    only_what_is_sent_to_the_uplinks_address_of_now_proves),
		WITH_VIEW(what_is_broken_or_in_pieces_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
