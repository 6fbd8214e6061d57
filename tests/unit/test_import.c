/* SPDX-License-Identifier: ISC */
/*
 * Against a directory of our own, and a resolver that says what a test wants.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/server.h"
#include "datapath/tunnel_conf.h"
#include "tests/unit/packet.h"
#include "tests/unit/problems.h"
#include "tools/ctl_import.h"
#include "tools/ctl_resolve.h"

#define FILE_WITH(endpoint)                                             \
	"# of my provider\r\n"                                          \
	"[Interface]\r\n"                                               \
	"PrivateKey = jyMp3PXb8Qvtc9Vz2BJlcZ937uxnihglHi5OEScJjis=\r\n" \
	"Address = 10.2.0.2/32\r\n"                                     \
	"[Peer]\r\n"                                                    \
	"PublicKey = 5kZ3qC8hYw0N0TgOTBDvvqZ3lXFQyfL4gwV1xw7C1lY=\r\n"  \
	"AllowedIPs = 0.0.0.0/0\r\n"                                    \
	"Endpoint = " endpoint

static char dir[] = "/tmp/tungate-import-XXXXXX";
static char conf[300], servers[300];
static const char *resolver_says; /* NULL: nothing */
static unsigned questions;

int
ctl_resolve(const char *name, struct addr ret[KEPT_NAME_ADDRS_MAX],
    const char **ret_why)
{
	assert_string_equal(name, "vpn.example.net");
	questions++;
	if (resolver_says == NULL) {
		*ret_why = "nobody answers";
		return -1;
	}
	ret[0] = packet_addr(resolver_says);
	ret[1] = packet_addr("2001:db8::5");
	return 2;
}

static void
write_file(const char *name, const char *text)
{
	char path[400];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
make_dir(void **state)
{
	char text[400];

	(void)state;
	memcpy(strrchr(dir, '-') + 1, "XXXXXX", 7);
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(conf, sizeof(conf), "%s/tungate.conf", dir);
	/* It is made by the import. */
	(void)snprintf(servers, sizeof(servers), "%s/etc/servers", dir);
	(void)snprintf(text, sizeof(text), "[tungate]\nservers = %s\n",
	    servers);
	write_file("tungate.conf", text);
	resolver_says = "203.0.113.5";
	questions = 0;
	return 0;
}

/* The number of files that were there. */
static unsigned
empty(const char *path)
{
	const struct dirent *entry;
	unsigned n = 0;
	char file[700];
	DIR *d;

	if ((d = opendir(path)) == NULL)
		return 0;
	while ((entry = readdir(d)) != NULL) {
		(void)snprintf(file, sizeof(file), "%s/%s", path,
		    entry->d_name);
		if (unlink(file) == 0)
			n++;
	}
	closedir(d);
	(void)rmdir(path);
	return n;
}

static int
remove_dir(void **state)
{
	char etc[300];

	(void)state;
	(void)empty(servers);
	(void)snprintf(etc, sizeof(etc), "%s/etc", dir);
	(void)empty(etc);
	(void)empty(dir);
	return access(dir, F_OK) == 0 ? -1 : 0;
}

static json_t *
import(const char *file, const char *name)
{
	const struct ctl_import i = { file, name, conf };
	json_t *result = ctl_import(&i);

	assert_non_null(result);
	return result;
}

static json_t *
import_text(const char *text, const char *name)
{
	char path[400];

	write_file("zurich.conf", text);
	(void)snprintf(path, sizeof(path), "%s/zurich.conf", dir);
	return import(path, name);
}

static void
check_failed(json_t *result, const char *says)
{
	const char *error = json_string_value(json_object_get(result, "error"));

	assert_non_null(error);
	if (strstr(error, says) == NULL)
		fail_msg("it fails with \"%s\"", error);
	json_decref(result);
	/* Nothing was written, not even half. */
	assert_int_equal(empty(servers), 0);
}

static void
check_text(const char *name, const char *expected)
{
	char path[400], text[4096];
	struct stat st;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", servers, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	assert_int_equal(fclose(f), 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
a_file_is_put_there_unchanged_for_its_owner_alone(void **state)
{
	json_t *result = import_text(FILE_WITH("203.0.113.7:51820"), NULL);

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(result, "imported")), "zurich");
	assert_true(json_is_false(json_object_get(result, "replaced")));
	json_decref(result);
	check_text("zurich.conf", FILE_WITH("203.0.113.7:51820"));
	assert_int_equal(questions, 0);
	assert_int_equal(empty(servers), 1);
}

/* Names are resolved before the gate closes, and the addresses kept. */
static void
the_addresses_of_a_name_are_kept(void **state)
{
	static const char keeps[] =
	    FILE_WITH("vpn.example.net:443\n") "# tungate: vpn.example.net = "
					       "203.0.113.5 2001:db8::5\n";
	struct problems p = { 0 };
	struct server_how how = { .report = problems_note, .arg = &p };
	const struct tunnel_conf *c;
	struct server_list l;
	char text[ADDR_TEXT_MAX];

	(void)state;
	json_decref(import_text(FILE_WITH("vpn.example.net:443"), "geneva"));
	check_text("geneva.conf", keeps);
	assert_int_equal(server_list_read(servers, &how, &l), 0);
	assert_int_equal(p.n, 0);
	assert_int_equal(server_list_find(&l, "geneva")->n_endpoints, 2);
	c = server_list_tunnel(&l, "geneva");
	assert_string_equal(addr_print(&c->peers[0].endpoint, text),
	    "203.0.113.5");
	server_list_free(&l);
}

static void
importing_again_looks_names_up_again(void **state)
{
	json_t *result;
	char path[400];

	(void)state;
	json_decref(import_text(FILE_WITH("vpn.example.net:443\n"), NULL));
	resolver_says = "203.0.113.9";
	/* Of itself: what is there may be the only copy. */
	(void)snprintf(path, sizeof(path), "%s/zurich.conf", servers);
	result = import(path, NULL);
	assert_true(json_is_true(json_object_get(result, "replaced")));
	json_decref(result);
	check_text("zurich.conf",
	    FILE_WITH("vpn.example.net:443\n") "# tungate: vpn.example.net = "
					       "203.0.113.9 2001:db8::5\n");
	assert_int_equal(empty(servers), 1);
}

static void
what_is_wrong_leaves_everything_as_it_was(void **state)
{
	(void)state;
	check_failed(import("/tmp/no/such.conf", NULL), "No such file");
	check_failed(import_text("[Server]\n", NULL), "zurich.conf:1: only");
	/* Nothing is looked up for it. */
	check_failed(
	    import_text(FILE_WITH("vpn.example.net:443\nMTU = 1\n"), NULL),
	    "zurich.conf:9: not a key that [Peer]");
	assert_int_equal(questions, 0);
	check_failed(
	    import_text(FILE_WITH("192.0.2.1:1\nTransport = udt\n"), NULL),
	    "zurich.conf:9: Transport: must be");
	check_failed(import_text(FILE_WITH("192.0.2.1:1"), "a/b"), "--name");
	check_failed(import_text(FILE_WITH("192.0.2.1:1"), ".a"), "--name");
	check_failed(import_text(FILE_WITH("192.0.2.1:1"), ""), "--name");
	resolver_says = NULL;
	check_failed(import_text(FILE_WITH("vpn.example.net:443"), NULL),
	    "vpn.example.net: cannot be looked up: nobody answers");
	resolver_says = "127.0.0.1";
	check_failed(import_text(FILE_WITH("vpn.example.net:443"), NULL),
	    "zurich.conf:8: Endpoint: not an address");
}

static void
a_directory_that_cannot_be_written_is_named(void **state)
{
	char text[400];

	(void)state;
	/* A file stands where it would have to be. */
	(void)snprintf(text, sizeof(text), "[tungate]\nservers = %s/x/y\n",
	    dir);
	write_file("tungate.conf", text);
	write_file("x", "");
	check_failed(import_text(FILE_WITH("192.0.2.1:1"), NULL), "/x/y: ");
}

#define WITH_DIR(test) \
	cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(a_file_is_put_there_unchanged_for_its_owner_alone),
		WITH_DIR(the_addresses_of_a_name_are_kept),
		WITH_DIR(importing_again_looks_names_up_again),
		WITH_DIR(what_is_wrong_leaves_everything_as_it_was),
		WITH_DIR(a_directory_that_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
