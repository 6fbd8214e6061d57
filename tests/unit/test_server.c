/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/server.h"
#include "datapath/tunnel_conf.h"
#include "tests/unit/packet.h"
#include "tests/unit/problems.h"

#define WIREGUARD                        \
	"[Server]\n"                     \
	"Protocol = wireguard\n"         \
	"Endpoint = 203.0.113.5:51820\n" \
	"Interface = wg0\n"

#define TUNNEL "[Interface]\n" TUNNEL_REST
#define TUNNEL_REST                                                   \
	"PrivateKey = jyMp3PXb8Qvtc9Vz2BJlcZ937uxnihglHi5OEScjJis=\n" \
	"Address = 10.2.0.2/32\n"                                     \
	"[Peer]\n"                                                    \
	"PublicKey = 5kZ3qC8hYw0N0TgOTBDvvqZ3lXFQyfL4gwV1xw7C1lY=\n"  \
	"AllowedIPs = 0.0.0.0/0\n"                                    \
	"Endpoint = 203.0.113.7:51820\n"

static struct problems notes;

static int
parse(const char *text, struct server *ret, struct problems *p)
{
	char *copy = (char *)packet_exact(text, strlen(text));
	int r;

	memset(p, 0, sizeof(*p));
	r = server_parse("x.conf", copy, strlen(text), ret, problems_note, p);
	free(copy);
	return r;
}

/* Exactly one problem, and it begins so. */
static void
check_problem(const char *text, const char *begins)
{
	static const struct server none;
	struct problems p;
	struct server s;

	assert_int_equal(parse(text, &s, &p), -EINVAL);
	assert_int_equal(p.n, 1);
	if (strncmp(p.last, begins, strlen(begins)) != 0)
		fail_msg("\"%s\" is reported as \"%s\"", text, p.last);
	assert_memory_equal(&s, &none, sizeof(s));
}

static void
a_server_is_read(void **state)
{
	struct addr a4 = packet_addr("203.0.113.5");
	struct addr a6 = packet_addr("2001:db8::5");
	struct problems p;
	struct server s;

	(void)state;
	/* In any order, in any case, with comments. */
	assert_int_equal(parse("# Zurich\r\n[server]\r\n"
			       "endpoint=203.0.113.5:51820\r\n"
			       "COMMAND = /usr/bin/wg-start wg0; sleep 9\r\n"
			       "Interface = wg0\r\n; ours\r\n"
			       "Endpoint = [2001:db8::5]:443\r\n"
			       "Protocol = WireGuard\r\n",
			     &s, &p),
	    0);
	assert_int_equal(s.protocol, SERVER_WIREGUARD);
	assert_string_equal(s.interface, "wg0");
	assert_string_equal(s.command, "/usr/bin/wg-start wg0; sleep 9");
	assert_int_equal(s.n_endpoints, 2);
	assert_true(addr_equal(&s.endpoints[0].addr, &a4));
	assert_int_equal(s.endpoints[0].port, 51820);
	assert_true(addr_equal(&s.endpoints[1].addr, &a6));
	assert_int_equal(s.endpoints[1].port, 443);
}

static void
each_protocol_has_its_transport_and_shape(void **state)
{
	static const struct {
		enum server_protocol protocol;
		uint8_t transport;
		enum shape shape;
	} cases[] = {
		{ SERVER_WIREGUARD, PROTO_UDP, SHAPE_WIREGUARD },
		{ SERVER_OPENVPN_UDP, PROTO_UDP, SHAPE_OPENVPN },
		{ SERVER_OPENVPN_TCP, PROTO_TCP, SHAPE_OPENVPN_TCP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct problems p;
		struct server s;
		char text[256];

		(void)snprintf(text, sizeof(text),
		    "[Server]\nProtocol = %s\nEndpoint = 203.0.113.5:1194\n"
		    "Interface = t0\n",
		    server_protocol_name(cases[i].protocol));
		assert_int_equal(parse(text, &s, &p), 0);
		assert_int_equal(s.protocol, cases[i].protocol);
		assert_int_equal(s.n_endpoints, 1);
		assert_int_equal(s.endpoints[0].protocol, cases[i].transport);
		assert_int_equal(s.endpoints[0].shape, cases[i].shape);
		assert_string_equal(s.command, "");
	}
	assert_string_equal(server_protocol_name(SERVER_PROTOCOLS), "none");
}

static void
ikev2_is_two_ports_and_esp(void **state)
{
	struct problems p;
	struct server s;

	(void)state;
	assert_int_equal(parse("[Server]\nProtocol = ikev2\n"
			       "Endpoint = 2001:db8::5\nInterface = ipsec0\n",
			     &s, &p),
	    0);
	assert_int_equal(s.n_endpoints, 3);
	assert_int_equal(s.endpoints[0].port, 500);
	assert_int_equal(s.endpoints[0].shape, SHAPE_IKE);
	assert_int_equal(s.endpoints[1].port, 4500);
	assert_int_equal(s.endpoints[1].shape, SHAPE_IKE_NAT);
	assert_int_equal(s.endpoints[2].port, 0);
	assert_int_equal(s.endpoints[2].protocol, PROTO_ESP);
}

static void
what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	check_problem("[Peer]\nEndpoint = 203.0.113.5:1\n",
	    "x.conf:2: [Peer]: only [Server]");
	check_problem("[Server]\nProtocol = pptp\n",
	    "x.conf:2: Protocol = pptp: must be");
	check_problem("[Server]\nProtocol = wireguard\nProtocol = ikev2\n",
	    "x.conf:3: Protocol is given twice");
	check_problem("[Server]\nEndpoint = vpn.example.org:51820\n",
	    "x.conf:2: Endpoint = vpn.example.org:51820: must be ADDRESS");
	check_problem("[Server]\nEndpoint = 203.0.113.5:99999\n",
	    "x.conf:2: Endpoint = 203.0.113.5:99999: must be");
	check_problem("[Server]\nEndpoint = 127.0.0.1:51820\n",
	    "x.conf:2: Endpoint = 127.0.0.1:51820: not an address");
	check_problem("[Server]\nInterface = a/b\n", "x.conf:2: Interface = ");
	check_problem("[Server]\nInterface = ..\n", "x.conf:2: Interface = ");
	check_problem("[Server]\nInterface =\n", "x.conf:2: Interface = ");
	check_problem("[Server]\nInterface = 0123456789abcdef\n",
	    "x.conf:2: Interface = ");
	check_problem("[Server]\nInterface = wg0\nInterface = wg1\n",
	    "x.conf:3: Interface is given twice");
	check_problem("[Server]\nPort = 1\n", "x.conf:2: Port: must be ");
	check_problem("[Server]\nnonsense\n", "x.conf:2: neither ");
}

static void
what_is_missing_is_named(void **state)
{
	(void)state;
	check_problem("", "x.conf: no Protocol");
	check_problem("[Server]\nProtocol = wireguard\nInterface = wg0\n",
	    "x.conf: no Endpoint");
	check_problem("[Server]\nProtocol = wireguard\n"
		      "Endpoint = 203.0.113.5:51820\n",
	    "x.conf: no Interface");
	check_problem("[Server]\nProtocol = wireguard\nInterface = wg0\n"
		      "Endpoint = 203.0.113.5\n",
	    "x.conf: an Endpoint line has no port");
	check_problem("[Server]\nProtocol = ikev2\nInterface = ipsec0\n"
		      "Endpoint = 203.0.113.5:500\n",
	    "x.conf: an Endpoint of ikev2 has no port");
}

static void
as_many_endpoints_as_fit_are_read_one_more_is_named(void **state)
{
	char text[4096] = "[Server]\nProtocol = wireguard\nInterface = wg0\n";
	struct problems p;
	struct server s;

	(void)state;
	for (int i = 0; i < POLICY_ENDPOINTS_MAX; i++)
		(void)snprintf(text + strlen(text), 64,
		    "Endpoint = 203.0.113.%d:51820\n", i + 1);
	assert_int_equal(parse(text, &s, &p), 0);
	assert_int_equal(s.n_endpoints, POLICY_ENDPOINTS_MAX);
	(void)snprintf(text + strlen(text), 64,
	    "Endpoint = 203.0.113.99:51820\n");
	check_problem(text, "x.conf:36: more than 32 endpoints");
	/* Three each. */
	(void)snprintf(text, sizeof(text),
	    "[Server]\nProtocol = ikev2\nInterface = i0\n");
	for (int i = 0; i < 11; i++)
		(void)snprintf(text + strlen(text), 64,
		    "Endpoint = 203.0.113.%d\n", i + 1);
	check_problem(text, "x.conf: too many endpoints");
}

/* A shell's semicolon must not be lost in silence: kept, or a problem. */
static void
a_command_is_kept_whole_or_named(void **state)
{
	static const char command[] = "wg-up wg0 ; exec wg-run wg0";
	struct problems p;
	struct server s;
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text), WIREGUARD "Command = %s\n", command);
	if (parse(text, &s, &p) == 0)
		assert_string_equal(s.command, command);
	else
		assert_int_equal(p.n, 1);
}

/* It is told as JSON, which is UTF-8. */
static void
an_interface_that_is_no_text_is_named(void **state)
{
	(void)state;
	check_problem("[Server]\nInterface = wg\xff\n",
	    "x.conf:2: Interface = ");
}

static void
hash_inside_a_command_is_kept(void **state)
{
	struct problems p;
	struct server s;

	(void)state;
	assert_int_equal(parse(WIREGUARD "Command = run '#1' #2\n", &s, &p), 0);
	assert_string_equal(s.command, "run '#1' #2");
}

/*
 * Directories.
 */

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/tungate-test-servers-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_dir(void **state)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);
	char path[600];

	(void)state;
	if (d == NULL)
		return -1;
	while ((entry = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	closedir(d);
	return rmdir(dir);
}

static void
write_file(const char *name, const char *text)
{
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
take_note(const char *note, void *arg)
{
	(void)arg;
	problems_note(note, &notes);
}

static struct server_how
how_of(struct problems *p)
{
	memset(&notes, 0, sizeof(notes));
	return (struct server_how){ .report = problems_note,
		.note = take_note,
		.arg = p };
}

static void
a_directory_gives_its_servers_sorted_by_name(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;

	(void)state;
	write_file("zurich.conf", WIREGUARD);
	write_file("bern.conf", WIREGUARD);
	write_file("geneva.conf", WIREGUARD);
	write_file("README", "not a server");
	write_file(".hidden.conf", "not a server");
	write_file(".conf", "not a server");
	assert_int_equal(server_list_read(dir, &how, &l), 0);
	assert_int_equal(p.n, 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.servers[0].name, "bern");
	assert_string_equal(l.servers[2].name, "zurich");
	assert_ptr_equal(server_list_find(&l, "geneva"), &l.servers[1]);
	assert_null(server_list_find(&l, "basel"));
	assert_null(server_list_find(&l, ""));
	server_list_free(&l);
	assert_int_equal(l.n, 0);
}

static void
a_broken_server_is_named_and_the_others_are_there(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;

	(void)state;
	write_file("bad.conf", "[Server]\nProtocol = nonsense\n");
	write_file("good.conf", WIREGUARD);
	assert_int_equal(server_list_read(dir, &how, &l), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_non_null(strstr(p.last, "/bad.conf:2: Protocol = nonsense"));
	assert_int_equal(l.n, 1);
	assert_string_equal(l.servers[0].name, "good");
	server_list_free(&l);
}

/* Not left out in silence: the user would look for it. */
static void
a_server_whose_name_is_too_long_is_named(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;
	char name[SERVER_NAME_MAX + 6];

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name + SERVER_NAME_MAX, ".conf", 6);
	write_file(name, WIREGUARD);
	assert_true(server_list_read(dir, &how, &l) < 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(l.n, 0);
	server_list_free(&l);
}

static void
an_empty_directory_has_no_servers_a_missing_one_is_named(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;

	(void)state;
	assert_int_equal(server_list_read(dir, &how, &l), 0);
	assert_int_equal(l.n, 0);
	server_list_free(&l);
	assert_int_equal(server_list_read("/tmp/no/such", &how, &l), -ENOENT);
	assert_int_equal(p.n, 1);
	server_list_free(&l);
}

static void
set_mode(const char *name, unsigned mode)
{
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(chmod(path, mode), 0);
}

static void
a_wg_quick_file_is_a_tunnel_of_our_own(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	const struct tunnel_conf *c;
	const struct server *s;
	struct server_list l;
	char port[ADDR_TEXT_MAX];

	(void)state;
	write_file("zurich.conf", TUNNEL);
	write_file("bern.conf", WIREGUARD);
	write_file("aarau.conf", TUNNEL "Endpoint = 203.0.113.8:51820\n");
	write_file("basel.conf",
	    TUNNEL "[Peer]\nPublicKey = "
		   "UR7cMwnaFNTzI0QMDaeWJOJPrRJYsvYMFSiUDqyzZTE=\n"
		   "Endpoint = [2001:db8::8]:443\n");
	set_mode("zurich.conf", 0600);
	set_mode("basel.conf", 0600);
	set_mode("aarau.conf", 0600);
	assert_int_equal(server_list_read(dir, &how, &l), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_non_null(
	    strstr(p.last, "aarau.conf:8: Endpoint is given twice"));
	assert_int_equal(notes.n, 0);
	assert_int_equal(l.n, 3);
	assert_null(server_list_tunnel(&l, "bern"));
	assert_null(server_list_tunnel(&l, "aarau"));

	s = server_list_find(&l, "zurich");
	assert_int_equal(s->protocol, SERVER_TUNNEL);
	assert_string_equal(server_protocol_name(s->protocol), "tunnel");
	assert_string_equal(s->interface, "tungate-wg");
	assert_string_equal(s->command, "");
	assert_int_equal(s->n_endpoints, 1);
	assert_int_equal(s->endpoints[0].protocol, PROTO_UDP);
	assert_int_equal(s->endpoints[0].shape, SHAPE_WIREGUARD);
	c = server_list_tunnel(&l, "zurich");
	assert_int_equal(c->n_peers, 1);
	assert_string_equal(
	    addr_print_port(&s->endpoints[0].addr, s->endpoints[0].port, port),
	    "203.0.113.7:51820");
	assert_int_equal(server_list_find(&l, "basel")->n_endpoints, 2);
	assert_int_equal(server_list_tunnel(&l, "basel")->n_peers, 2);

	/* The worker knows the servers, and not their keys. */
	server_list_forget(&l);
	assert_int_equal(l.n, 3);
	assert_null(server_list_tunnel(&l, "zurich"));
	server_list_free(&l);
}

static void
keys_that_others_can_read_are_a_note(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;

	(void)state;
	write_file("zurich.conf", TUNNEL);
	write_file("bern.conf", WIREGUARD);
	set_mode("zurich.conf", 0640);
	set_mode("bern.conf", 0644);
	assert_int_equal(server_list_read(dir, &how, &l), 0);
	assert_int_equal(notes.n, 1);
	assert_non_null(strstr(notes.last, "/zurich.conf: it holds a private"));
	assert_non_null(server_list_tunnel(&l, "zurich"));
	server_list_free(&l);
}

/* By TCP and TLS the connection is the system's, and no UDP passes. */
static void
each_transport_has_its_protocol_and_shape(void **state)
{
	static const struct {
		const char *line;
		uint8_t protocol, sealed;
		enum shape shape;
	} cases[] = { { "Transport = udp\n", PROTO_UDP, 1, SHAPE_WIREGUARD },
		{ "Transport = tcp\n", PROTO_TCP, 0, SHAPE_WIREGUARD_TCP },
		{ "Transport = tls\n", PROTO_TCP, 0, SHAPE_TLS } };
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tunnel_conf *conf;
		struct server s;

		(void)snprintf(text, sizeof(text), "%s%s", TUNNEL,
		    cases[i].line);
		assert_int_equal(server_parse_tunnel("x", text, strlen(text),
				     &how, &s, &conf),
		    0);
		assert_true(s.n_endpoints > 0);
		for (unsigned n = 0; n < s.n_endpoints; n++) {
			assert_int_equal(s.endpoints[n].protocol,
			    cases[i].protocol);
			assert_int_equal(s.endpoints[n].sealed,
			    cases[i].sealed);
			assert_int_equal(s.endpoints[n].shape, cases[i].shape);
		}
		tunnel_conf_free(conf);
	}
}

static void
any_transport_is_none_until_one_is_taken(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;

	(void)state;
	write_file("zurich.conf",
	    TUNNEL "Transport = auto\nTLSVerify = none\n");
	assert_int_equal(server_list_read(dir, &how, &l), 0);
	assert_int_equal(p.n, 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.servers[0].transport, TUNNEL_AUTO);
	assert_true(l.servers[0].one_peer);
	assert_int_equal(l.servers[0].n_endpoints, 1);
	assert_int_equal(l.servers[0].endpoints[0].shape, SHAPE_NONE);
	assert_int_equal(l.servers[0].endpoints[0].sealed, 0);
	server_list_free(&l);
}

static void
scripts_are_refused_unless_they_are_ignored(void **state)
{
	struct problems p = { 0 };
	struct server_how how = how_of(&p);
	struct server_list l;

	(void)state;
	write_file("zurich.conf", "[Interface]\nPostUp = true\n" TUNNEL_REST);
	set_mode("zurich.conf", 0600);
	assert_int_equal(server_list_read(dir, &how, &l), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_non_null(strstr(p.last, "zurich.conf:2: PreUp, PostUp"));
	server_list_free(&l);
	how.ignore_scripts = true;
	assert_int_equal(server_list_read(dir, &how, &l), 0);
	assert_int_equal(notes.n, 1);
	assert_non_null(strstr(notes.last, "zurich.conf:2: a script, ignored"));
	server_list_free(&l);
}

static void
names_of_servers_are_those_that_files_can_have(void **state)
{
	char name[SERVER_NAME_MAX + 1];

	(void)state;
	assert_true(server_name_is_valid("zurich"));
	assert_true(server_name_is_valid("CH#42-tor.1"));
	assert_false(server_name_is_valid(""));
	assert_false(server_name_is_valid(".."));
	assert_false(server_name_is_valid(".zurich"));
	assert_false(server_name_is_valid("../zurich"));
	assert_false(server_name_is_valid("z rich"));
	assert_false(server_name_is_valid("z\xc3\xbcrich"));
	memset(name, 'x', sizeof(name));
	name[SERVER_NAME_MAX] = '\0';
	assert_false(server_name_is_valid(name));
	name[SERVER_NAME_MAX - 1] = '\0';
	assert_true(server_name_is_valid(name));
}

#define WITH_DIR(test) \
	cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

static void
the_clients_account_is_roots_or_as_it_says(void **state)
{
	struct problems p;
	struct server s;

	(void)state;
	assert_int_equal(parse(WIREGUARD, &s, &p), 0);
	assert_false(s.any_user);
	assert_int_equal(s.user, 0);
	assert_int_equal(parse(WIREGUARD "User = nobody\n", &s, &p), 0);
	assert_false(s.any_user);
	assert_int_not_equal(s.user, 0);
	assert_int_equal(parse(WIREGUARD "User = any\n", &s, &p), 0);
	assert_true(s.any_user);
	check_problem(WIREGUARD "User = no such\n",
	    "x.conf:5: User = no such: neither an account");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_read),
		cmocka_unit_test(each_protocol_has_its_transport_and_shape),
		cmocka_unit_test(ikev2_is_two_ports_and_esp),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(
		    as_many_endpoints_as_fit_are_read_one_more_is_named),
		cmocka_unit_test(a_command_is_kept_whole_or_named),
		cmocka_unit_test(an_interface_that_is_no_text_is_named),
		cmocka_unit_test(hash_inside_a_command_is_kept),
		WITH_DIR(a_directory_gives_its_servers_sorted_by_name),
		WITH_DIR(a_broken_server_is_named_and_the_others_are_there),
		WITH_DIR(a_server_whose_name_is_too_long_is_named),
		WITH_DIR(
		    an_empty_directory_has_no_servers_a_missing_one_is_named),
		cmocka_unit_test(the_clients_account_is_roots_or_as_it_says),
		WITH_DIR(a_wg_quick_file_is_a_tunnel_of_our_own),
		WITH_DIR(keys_that_others_can_read_are_a_note),
		cmocka_unit_test(each_transport_has_its_protocol_and_shape),
		WITH_DIR(any_transport_is_none_until_one_is_taken),
		WITH_DIR(scripts_are_refused_unless_they_are_ignored),
		cmocka_unit_test(
		    names_of_servers_are_those_that_files_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
