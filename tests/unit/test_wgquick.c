/* SPDX-License-Identifier: ISC */
/*
 * The files are as providers hand them out, with invented keys; the fuzzer
 * starts from them, too.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ini_file.h"
#include "control/key_text.h"
#include "control/wgquick.h"
#include "datapath/carrier/framing.h"
#include "tests/unit/packet.h"
#include "tests/unit/problems.h"

#define OWN	   "jyMp3PXb8Qvtc9Vz2BJlcZ937uxnihglHi5OEScjJis="
#define OWN_PUBLIC "LPGZjFLpgxrM9sjt3hfQCE4FrDuYuPO5JZm4Y6+VjEo="
#define ONE	   "DjXpvZvSVwVYdqIdm8P0B18+6dbJwLH/g9CB7HTcWU0="
#define TWO	   "RNxIgepOhljn81Hhm2QkBXWTo+T1BKI07AaFFEGA3SA="

#define INTERFACE                \
	"[Interface]\n"          \
	"PrivateKey = " OWN "\n" \
	"Address = 10.2.0.2/32\n"
#define PEER                             \
	"[Peer]\n"                       \
	"PublicKey = " ONE "\n"          \
	"AllowedIPs = 0.0.0.0/0, ::/0\n" \
	"Endpoint = 203.0.113.5:51820\n"

static struct problems problems, notes;

static void
take_note(const char *note, void *arg)
{
	(void)arg;
	problems_note(note, &notes);
}

static struct wgquick_how
how(void)
{
	return (struct wgquick_how){ .report = problems_note,
		.note = take_note,
		.arg = &problems };
}

static int
parse(const char *text, size_t len, const struct wgquick_how *h,
    struct wgquick *ret)
{
	char *copy = (char *)packet_exact(text, len);
	int r;

	memset(&problems, 0, sizeof(problems));
	memset(&notes, 0, sizeof(notes));
	r = wgquick_parse("x.conf", copy, len, h, ret);
	free(copy);
	return r;
}

static void
read_good(const char *text, struct wgquick *ret)
{
	struct wgquick_how h = how();

	if (parse(text, strlen(text), &h, ret) < 0)
		fail_msg("\"%s\" is refused: %s", text, problems.last);
	assert_int_equal(problems.n, 0);
}

/* Exactly one problem, and it begins so. */
static void
check_problem(const char *text, const char *begins)
{
	static const struct wgquick none;
	struct wgquick_how h = how();
	struct wgquick w;

	assert_int_equal(parse(text, strlen(text), &h, &w), -EINVAL);
	if (strncmp(problems.last, begins, strlen(begins)) != 0)
		fail_msg("\"%s\" is reported as \"%s\"", text, problems.last);
	assert_int_equal(problems.n, 1);
	assert_memory_equal(&w, &none, sizeof(w));
}

static void
read_file(const char *name, struct wgquick_how h, struct wgquick *ret)
{
	char path[512], *text;
	size_t len;

	(void)snprintf(path, sizeof(path), FILES "/%s", name);
	assert_int_equal(ini_file_read(path, &text, &len), 0);
	if (parse(text, len, &h, ret) < 0)
		fail_msg("%s is refused: %s", name, problems.last);
	assert_true(wgquick_is(text, len));
	ini_file_free(text, len);
}

static void
check_key(const uint8_t key[TUNNEL_KEY_LEN], const char *text)
{
	uint8_t expected[TUNNEL_KEY_LEN];

	assert_int_equal(key_text_parse(text, expected), 0);
	assert_memory_equal(key, expected, sizeof(expected));
}

static void
check_addr(const struct addr *a, const char *text)
{
	char is[ADDR_TEXT_MAX];

	assert_string_equal(addr_print(a, is), text);
}

static void
check_allowed(const struct tunnel_conf *c, unsigned i, unsigned peer,
    const char *net, unsigned bits)
{
	assert_true(i < c->n_allowed);
	assert_int_equal(c->allowed[i].peer, peer);
	check_addr(&c->allowed[i].net.net, net);
	assert_int_equal(c->allowed[i].net.bits, bits);
}

static void
protons_file_is_read(void **state)
{
	struct wgquick w;

	(void)state;
	read_file("proton", how(), &w);
	check_key(w.conf->interface.private,
	    "yz67AeDJgU5UjVQtVuUU76vv8XQUeREisuFvRok6vxo=");
	check_key(w.conf->peers[0].public,
	    "vLHsqDURyeFjT2K8N7feA7q9eZPSYiJWlI37PzH8tqA=");
	assert_int_equal(w.conf->interface.transport, TUNNEL_UDP);
	assert_int_equal(w.conf->interface.mtu, 0);
	assert_int_equal(w.conf->interface.n_addresses, 1);
	check_addr(&w.conf->interface.addresses[0].addr, "10.2.0.2");
	assert_int_equal(w.conf->interface.addresses[0].bits, 32);
	assert_int_equal(w.conf->interface.n_dns, 1);
	check_addr(&w.conf->interface.dns[0], "10.2.0.1");
	assert_int_equal(w.conf->n_domains, 0);
	assert_int_equal(w.conf->n_peers, 1);
	assert_int_equal(w.conf->n_allowed, 1);
	check_allowed(w.conf, 0, 0, "0.0.0.0", 0);
	check_addr(&w.conf->peers[0].endpoint, "203.0.113.42");
	assert_int_equal(w.conf->peers[0].port, 51820);
	assert_int_equal(w.conf->peers[0].keepalive_s, 0);
	assert_int_equal(w.n_endpoints, 1);
	check_addr(&w.endpoints[0].addr, "203.0.113.42");
	assert_int_equal(w.endpoints[0].port, 51820);
	assert_string_equal(w.interface, "");
	wgquick_done(&w);
	assert_null(w.conf);
}

static void
mullvads_file_is_read(void **state)
{
	struct wgquick w;

	(void)state;
	read_file("mullvad", how(), &w);
	assert_int_equal(w.conf->interface.n_addresses, 2);
	check_addr(&w.conf->interface.addresses[1].addr,
	    "2001:db8:bbbb:bb01::1:6");
	assert_int_equal(w.conf->interface.addresses[1].bits, 128);
	assert_int_equal(w.conf->n_allowed, 2);
	check_allowed(w.conf, 0, 0, "0.0.0.0", 0);
	check_allowed(w.conf, 1, 0, "::", 0);
	wgquick_done(&w);
}

/* Its endpoint is a name; its addresses were kept. */
static void
ivpns_file_is_read(void **state)
{
	static const uint8_t none[TUNNEL_KEY_LEN];
	struct wgquick w;

	(void)state;
	read_file("ivpn", how(), &w);
	assert_int_equal(w.conf->interface.mtu, 1420);
	assert_int_equal(w.conf->interface.n_dns, 2);
	assert_memory_not_equal(w.conf->peers[0].psk, none, sizeof(none));
	assert_int_equal(w.conf->peers[0].keepalive_s, 25);
	check_addr(&w.conf->peers[0].endpoint, "203.0.113.5");
	assert_int_equal(w.n_endpoints, 2);
	check_addr(&w.endpoints[1].addr, "2001:db8::5");
	assert_int_equal(w.endpoints[1].port, 2049);
	assert_int_equal(w.n_names, 0);
	wgquick_done(&w);
}

/* All that wg-quick(8) and wg(8) take: lists, cases, comments, peers. */
static void
an_offices_file_is_read(void **state)
{
	struct wgquick w;

	(void)state;
	read_file("office", how(), &w);
	assert_int_equal(w.conf->interface.n_addresses, 2);
	check_addr(&w.conf->interface.addresses[0].addr, "10.0.0.2");
	assert_int_equal(w.conf->interface.addresses[0].bits, 24);
	assert_int_equal(w.conf->interface.listen_port, 51820);
	assert_int_equal(w.conf->interface.n_dns, 1);
	assert_int_equal(w.conf->n_domains, 2);
	assert_string_equal(w.conf->domains[0], "corp.example.net");
	assert_string_equal(w.conf->domains[1], "example.net");
	assert_int_equal(w.conf->n_peers, 2);
	/* A line of many times what inih takes. */
	assert_int_equal(w.conf->n_allowed, 48 + 2);
	check_allowed(w.conf, 0, 0, "11.0.0.0", 8);
	check_allowed(w.conf, 47, 0, "58.0.0.0", 8);
	check_allowed(w.conf, 48, 1, "192.0.2.0", 24);
	check_allowed(w.conf, 49, 1, "2001:db8:1::", 48);
	check_addr(&w.conf->peers[0].endpoint, "2001:db8::1");
	assert_int_equal(w.conf->peers[1].endpoint.family, ADDR_NONE);
	/* The mark is none that matters here. */
	assert_int_equal(notes.n, 1);
	assert_non_null(strstr(notes.last, "x.conf:7: FwMark is ignored"));
	wgquick_done(&w);
}

static void
scripts_are_refused_or_ignored_as_it_was_said(void **state)
{
	struct wgquick_how h = how();
	struct wgquick w;

	(void)state;
	check_problem(INTERFACE "PostUp = true\n" PEER,
	    "x.conf:4: PreUp, PostUp, PreDown and PostDown");
	check_problem(INTERFACE "predown = echo one, two ; three\n" PEER,
	    "x.conf:4: PreUp, PostUp, PreDown and PostDown");
	h.ignore_scripts = true;
	h.leave_names = true;
	read_file("scripts", h, &w);
	assert_int_equal(notes.n, 2);
	assert_non_null(strstr(notes.last, "x.conf:5: a script, ignored"));
	assert_int_equal(w.conf->interface.transport, TUNNEL_TLS);
	assert_int_equal(w.transport_line, 6);
	wgquick_done(&w);
}

static void
lines_of_our_own_are_read(void **state)
{
	static const struct {
		const char *name;
		enum tunnel_transport transport;
	} cases[] = { { "udp", TUNNEL_UDP }, { "TCP", TUNNEL_TCP },
		{ "tls", TUNNEL_TLS }, { "Auto", TUNNEL_AUTO } };
	char text[1024];
	struct wgquick w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    INTERFACE "Interface = wg7\n" PEER "Transport = %s\n",
		    cases[i].name);
		read_good(text, &w);
		assert_int_equal(w.conf->interface.transport,
		    cases[i].transport);
		assert_int_equal(w.transport_line, 9);
		assert_string_equal(w.interface, "wg7");
		wgquick_done(&w);
	}
}

/* Who the other end of TLS may be; left out, anybody, asked for by any name. */
static void
lines_about_tls_are_read(void **state)
{
	static const char pin[] = TWO;
	const struct carrier_tls_conf *tls;
	uint8_t bytes[TUNNEL_KEY_LEN];
	struct wgquick w;

	(void)state;
	read_good(INTERFACE "Transport = tls\n" PEER, &w);
	tls = &w.conf->interface.tls;
	assert_int_equal(tls->verify, CARRIER_VERIFY_NONE);
	assert_string_equal(tls->sni, "");
	wgquick_done(&w);
	read_good(INTERFACE PEER "Transport = auto\nTLSVerify = system\n"
				 "tlsservername = www.example.net\n",
	    &w);
	tls = &w.conf->interface.tls;
	assert_int_equal(tls->verify, CARRIER_VERIFY_ROOTS);
	assert_string_equal(tls->sni, "www.example.net");
	assert_int_equal(w.conf->interface.framing, CARRIER_TUNSAFE);
	wgquick_done(&w);
	read_good(INTERFACE "Framing = Plain\nTransport = tcp\n" PEER, &w);
	assert_int_equal(w.conf->interface.framing, CARRIER_PLAIN);
	wgquick_done(&w);
	read_good(INTERFACE "TLSVerify = " TWO "\nTransport = tls\n" PEER, &w);
	tls = &w.conf->interface.tls;
	assert_int_equal(tls->verify, CARRIER_VERIFY_PIN);
	assert_int_equal(key_text_parse(pin, bytes), 0);
	assert_memory_equal(tls->pin, bytes, sizeof(bytes));
	wgquick_done(&w);
}

static void
lines_about_tls_that_make_no_sense_are_named(void **state)
{
	(void)state;
	check_problem(INTERFACE "TLSVerify = maybe\n", "x.conf:4: TLSVerify:");
	check_problem(INTERFACE "Framing = none\n", "x.conf:4: Framing:");
	check_problem(INTERFACE "Framing = plain\n" PEER,
	    "x.conf:4: Framing: this is for");
	check_problem(INTERFACE "Framing = plain\nTransport = tcp\n" PEER
				"Framing = tunsafe\n",
	    "x.conf:10: Framing is given twice");
	check_problem(INTERFACE "TLSServerName = 192.0.2.1\n",
	    "x.conf:4: TLSServerName: must be");
	check_problem(INTERFACE "TLSServerName = a..b\n",
	    "x.conf:4: TLSServerName: must be");
	check_problem(INTERFACE "TLSVerify = none\n" PEER "TLSVerify = none\n",
	    "x.conf:9: TLSVerify is given twice");
	check_problem(INTERFACE "TLSServerName = a.b\n" PEER
				"TLSServerName = a.b\n",
	    "x.conf:9: TLSServerName is given twice");
	check_problem(INTERFACE "TLSServerName = a.b\nTransport = tcp\n" PEER,
	    "x.conf:4: this is for Transport = tls");
	check_problem(INTERFACE "TLSVerify = none\n" PEER,
	    "x.conf:4: this is for Transport = tls");
	check_problem(INTERFACE "Transport = tls\nTLSVerify = system\n" PEER,
	    "x.conf:5: TLSVerify = system: what name");
	/* A connection has one other end. */
	check_problem(INTERFACE "Transport = tcp\n" PEER
				"[Peer]\nPublicKey = " TWO "\n",
	    "x.conf:4: Transport: with more than one [Peer]");
}

static void
what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	check_problem("[Interface]\nPrivateKey = nonsense\n",
	    "x.conf:2: PrivateKey: must be a key");
	check_problem("[Interface]\nPrivateKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		      "AAAAAAAAAAAAA=\n",
	    "x.conf:2: PrivateKey: all zeros");
	check_problem("[Interface]\nPrivateKey = " OWN "\nPrivateKey = " OWN
		      "\n",
	    "x.conf:3: PrivateKey is given twice");
	check_problem(INTERFACE "Address = 10.0.0.0/33\n",
	    "x.conf:4: Address: must be");
	check_problem(INTERFACE "Address = 10.0.0.1/24, x\n",
	    "x.conf:4: Address: must be");
	check_problem(INTERFACE "Address = ::1,::2,::3,::4,::5,::6,::7,::8\n",
	    "x.conf:4: Address: more than 8");
	check_problem(INTERFACE "DNS = 10.0.0.256\n", "x.conf:4: DNS: must be");
	check_problem(INTERFACE "DNS = a b c d e f g h i\n",
	    "x.conf:4: DNS: more than 8 domains");
	check_problem(INTERFACE "DNS = ::1,::2,::3,::4,::5,::6,::7,::8,::9\n",
	    "x.conf:4: DNS: more than 8 addresses");
	check_problem(INTERFACE "MTU = 575\n", "x.conf:4: MTU: must be");
	check_problem(INTERFACE "MTU = 1x\n", "x.conf:4: MTU: must be");
	check_problem(INTERFACE "ListenPort = 65536\n",
	    "x.conf:4: ListenPort: must be");
	check_problem(INTERFACE "Listen = 0\n", "x.conf:4: Listen: must be");
	check_problem(INTERFACE "Listen = 65536\n",
	    "x.conf:4: Listen: must be");
	check_problem(INTERFACE "Listen = 1\nListenPort = 2\n",
	    "x.conf:5: ListenPort: Listen has said it");
	check_problem(INTERFACE "ListenPort = 2\nListen = 1\n",
	    "x.conf:5: Listen: ListenPort has said it");
	check_problem(INTERFACE "Forward = nat\n",
	    "x.conf:4: Forward: must be");
	check_problem(INTERFACE "Forward = eth1\n",
	    "x.conf:4: Forward: must be");
	check_problem(INTERFACE "Forward = nat eth1 eth2\n",
	    "x.conf:4: Forward: must be");
	check_problem(INTERFACE "Forward = nat a/b\n",
	    "x.conf:4: Forward: must be");
	check_problem(INTERFACE "Forward = nat eth1\n" PEER,
	    "x.conf:4: Forward: this is for who has Listen");
	check_problem(INTERFACE "Listen = 1\nTransport = tcp\n" PEER,
	    "x.conf:4: Listen: this is for Transport = udp");
	check_problem(INTERFACE "Table = off\n",
	    "x.conf:4: Table: must be auto");
	check_problem(INTERFACE "SaveConfig = perhaps\n",
	    "x.conf:4: SaveConfig: must be");
	check_problem(INTERFACE "Interface = a/b\n",
	    "x.conf:4: Interface: not a name");
	check_problem(INTERFACE "Transport = sctp\n",
	    "x.conf:4: Transport: must be");
	check_problem(INTERFACE "Transport = udp\n" PEER "Transport = udp\n",
	    "x.conf:9: Transport is given twice");
	/* Of another protocol, which looks like it: it would not work. */
	check_problem(INTERFACE "Jc = 4\n",
	    "x.conf:4: not a key that [Interfa");
	check_problem(INTERFACE "Endpoint = 192.0.2.1:1\n",
	    "x.conf:4: not a key that [Interface]");
	check_problem(INTERFACE PEER "MTU = 1420\n",
	    "x.conf:8: not a key that [Peer]");
	check_problem(INTERFACE "rubbish\n", "x.conf:4: neither [section]");
	check_problem(INTERFACE "[Peer\n", "x.conf:4: neither [section]");
	check_problem(INTERFACE "[Peer] PublicKey = " ONE "\n",
	    "x.conf:4: neither [section]");
	check_problem("MTU = 1420\n" INTERFACE PEER,
	    "x.conf:1: it stands before");
	check_problem(INTERFACE INTERFACE, "x.conf:4: a second [Interface]");
	check_problem(INTERFACE "[Server]\nProtocol = wireguard\n",
	    "x.conf:4: only [Interface] and [Peer]");
}

static void
what_is_wrong_with_a_peer_is_named_with_its_line(void **state)
{
	(void)state;
	check_problem(INTERFACE PEER "PublicKey = " TWO "\n",
	    "x.conf:8: PublicKey is given twice");
	check_problem(INTERFACE PEER "[Peer]\nPublicKey = " ONE "\n",
	    "x.conf:9: PublicKey: the peer of line 5 has it");
	check_problem(INTERFACE PEER "[Peer]\nPublicKey = " OWN_PUBLIC "\n",
	    "x.conf:9: PublicKey: it belongs to the PrivateKey");
	check_problem(INTERFACE PEER "[Peer]\n",
	    "x.conf:8: this [Peer] has no PublicKey");
	check_problem(INTERFACE PEER "[Peer]\nPublicKey = " TWO
				     "\nAllowedIPs = 192.0.2.0/24, ::/0\n",
	    "x.conf:8: AllowedIPs: ::/0 is another peer's, the one of line 4");
	check_problem(INTERFACE PEER "AllowedIPs = 10.0.0.0/a\n",
	    "x.conf:8: AllowedIPs: must be");
	check_problem(INTERFACE PEER "AllowedIPs = vpn.example.net\n",
	    "x.conf:8: AllowedIPs: must be");
	check_problem(INTERFACE PEER "PresharedKey = x\n",
	    "x.conf:8: PresharedKey: must be a key");
	check_problem(INTERFACE PEER "PersistentKeepalive = 70000\n",
	    "x.conf:8: PersistentKeepalive: must be");
	check_problem(INTERFACE PEER "Endpoint = 192.0.2.1:1\n",
	    "x.conf:8: Endpoint is given twice");
	check_problem(INTERFACE "[Peer]\nEndpoint = 192.0.2.1\n",
	    "x.conf:5: Endpoint: has no port");
	check_problem(INTERFACE "[Peer]\nEndpoint = 127.0.0.1:1\n",
	    "x.conf:5: Endpoint: not an address");
	check_problem(INTERFACE "[Peer]\nEndpoint = 192.0.2.1:0\n",
	    "x.conf:5: Endpoint: must be");
	check_problem(INTERFACE "[Peer]\nEndpoint = vpn.example.net\n",
	    "x.conf:5: Endpoint: must be");
	check_problem(INTERFACE "[Peer]\nEndpoint = vpn.example.net:x\n",
	    "x.conf:5: Endpoint: must be");
	check_problem(INTERFACE "[Peer]\nEndpoint = \n",
	    "x.conf:5: Endpoint: must be");
}

static void
what_is_missing_is_named(void **state)
{
	(void)state;
	check_problem("", "x.conf: no [Interface] section");
	check_problem(PEER, "x.conf: no [Interface] section");
	check_problem("[Interface]\n" PEER, "x.conf: no PrivateKey line");
	check_problem("[Interface]\nPrivateKey = " OWN "\n" PEER,
	    "x.conf: no Address line");
	check_problem(INTERFACE, "x.conf: no [Peer] section");
	check_problem(INTERFACE "[Peer]\nPublicKey = " ONE
				"\nEndpoint = 192.0.2.1:1\n",
	    "x.conf: no AllowedIPs line");
	check_problem(INTERFACE "[Peer]\nPublicKey = " ONE
				"\nAllowedIPs = ::/0\n",
	    "x.conf: no Endpoint line");
}

static void
who_listens_needs_no_endpoint(void **state)
{
	static const char text[] =
	    INTERFACE "Listen = 51999\nForward = nat eth1\n[Peer]\n"
		      "PublicKey = " ONE "\nAllowedIPs = ::/0\n";
	struct wgquick_how h = how();
	struct wgquick w;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &h, &w), 0);
	assert_int_equal(w.conf->interface.listens, 1);
	assert_int_equal(w.conf->interface.listen_port, 51999);
	assert_int_equal(w.n_endpoints, 0);
	assert_int_equal(w.conf->interface.forwards, 1);
	assert_string_equal(w.behind, "eth1");
	wgquick_done(&w);
}

/* STATES.md: never through a leak. */
static void
a_name_needs_the_addresses_that_were_kept(void **state)
{
	static const char named[] =
	    INTERFACE "[Peer]\nPublicKey = " ONE "\nAllowedIPs = ::/0\n"
		      "Endpoint = vpn.example.net:51820\n";
	struct wgquick_how h = how();
	char text[1024];
	struct wgquick w;

	(void)state;
	check_problem(named, "x.conf:7: Endpoint is a name");
	assert_non_null(strstr(problems.last, "tungatectl import"));
	(void)snprintf(text, sizeof(text), "%s# tungate: vpn.example.net = x\n",
	    named);
	check_problem(text, "x.conf:7: Endpoint is a name whose kept");
	(void)snprintf(text, sizeof(text),
	    "%s# tungate: vpn.example.net = 127.0.0.1\n", named);
	check_problem(text, "x.conf:7: Endpoint: not an address");
	(void)snprintf(text, sizeof(text),
	    "%s# tungate: VPN.example.net = 192.0.2.5\n", named);
	read_good(text, &w);
	check_addr(&w.conf->peers[0].endpoint, "192.0.2.5");
	wgquick_done(&w);

	/* Who looks it up anew does not want to know. */
	h.leave_names = true;
	assert_int_equal(parse(text, strlen(text), &h, &w), 0);
	assert_int_equal(w.n_endpoints, 0);
	assert_int_equal(w.n_names, 1);
	assert_string_equal(w.names[0], "vpn.example.net");
	wgquick_done(&w);
}

/* A key in the wrong place is not told to the log. */
static void
no_problem_tells_a_key(void **state)
{
	static const char *const places[] = {
		INTERFACE OWN "\n",
		INTERFACE "PrivateKey " OWN "\n",
		INTERFACE OWN " = PrivateKey\n",
		INTERFACE "[" OWN "]\n",
		INTERFACE "Address = " OWN "\n",
		INTERFACE "DNS = " OWN "\n",
		INTERFACE "MTU = " OWN "\n",
		INTERFACE "Table = " OWN "\n",
		INTERFACE "Transport = " OWN "\n",
		INTERFACE "TLSServerName = " OWN "\n",
		INTERFACE "TLSVerify = x" OWN "\n",
		INTERFACE "Interface = " OWN "\n",
		INTERFACE "PrivteKey = " OWN "\n",
		INTERFACE "[Peer]\nPublicKey = x" OWN "\n",
		INTERFACE "[Peer]\nPresharedKey = x" OWN "\n",
		INTERFACE "[Peer]\nEndpoint = " OWN "\n",
		INTERFACE "[Peer]\nEndpoint = " OWN ":1\n",
		INTERFACE "[Peer]\nAllowedIPs = " OWN "\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		check_problem(places[i], "x.conf:");
		for (size_t at = 0; at + 8 < sizeof(OWN); at++) {
			char part[9] = "";

			memcpy(part, &OWN[at], 8);
			if (strstr(problems.last, part) != NULL)
				fail_msg("it tells: %s", problems.last);
		}
	}
}

static void
a_file_is_known_by_its_sections(void **state)
{
	static const char server[] = "[Server]\n# [Interface]\nCommand = "
				     "[Peer]\n";

	(void)state;
	assert_true(wgquick_is("[Interface]", 11));
	assert_true(wgquick_is("# x\r\n \t[pEER]\r\n", 15));
	assert_true(wgquick_is("\xef\xbb\xbf[Interface]", 14));
	assert_false(wgquick_is("[Interface", 10));
	assert_false(wgquick_is("", 0));
	assert_false(wgquick_is(server, sizeof(server) - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protons_file_is_read),
		cmocka_unit_test(mullvads_file_is_read),
		cmocka_unit_test(ivpns_file_is_read),
		cmocka_unit_test(an_offices_file_is_read),
		cmocka_unit_test(scripts_are_refused_or_ignored_as_it_was_said),
		cmocka_unit_test(lines_of_our_own_are_read),
		cmocka_unit_test(lines_about_tls_are_read),
		cmocka_unit_test(lines_about_tls_that_make_no_sense_are_named),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(
		    what_is_wrong_with_a_peer_is_named_with_its_line),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(who_listens_needs_no_endpoint),
		cmocka_unit_test(a_name_needs_the_addresses_that_were_kept),
		cmocka_unit_test(no_problem_tells_a_key),
		cmocka_unit_test(a_file_is_known_by_its_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
