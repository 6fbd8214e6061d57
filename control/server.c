/* SPDX-License-Identifier: ISC */
#include "control/server.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "control/ini_file.h"
#include "control/wgquick.h"
#include "datapath/tunnel_conf.h"
#include "src/base/ifname.h"

#define TUNNEL_INTERFACE "tungate-wg"

struct server_tunnel {
	char name[SERVER_NAME_MAX];
	struct tunnel_conf *conf;
};

static const char *const protocols[] = {
	[SERVER_NONE] = "none",
	[SERVER_WIREGUARD] = "wireguard",
	[SERVER_OPENVPN_UDP] = "openvpn-udp",
	[SERVER_OPENVPN_TCP] = "openvpn-tcp",
	[SERVER_IKEV2] = "ikev2",
	[SERVER_TUNNEL] = "tunnel",
};

const char *
server_protocol_name(enum server_protocol p)
{
	return protocols[(unsigned)p < SERVER_PROTOCOLS ? p : SERVER_NONE];
}

/*
 * A file that is being read. Endpoints are kept as addresses and ports until
 * the end, because the protocol may come after them.
 */
struct reading {
	struct server *s;
	struct {
		struct addr addr;
		uint16_t port;
	} where[POLICY_ENDPOINTS_MAX];
	unsigned n_where;
	server_report *report;
	void *arg;
};

static void
pass_on(const char *problem, void *arg)
{
	struct reading *r = arg;

	r->report(problem, r->arg);
}

static void
read_protocol(struct ini_file *f, const char *value, struct reading *r)
{
	if (r->s->protocol != SERVER_NONE) {
		ini_file_problem(f, "Protocol is given twice");
		return;
	}
	for (unsigned i = 1; i < SERVER_TUNNEL; i++)
		if (strcasecmp(value, protocols[i]) == 0)
			r->s->protocol = (enum server_protocol)i;
	if (r->s->protocol == SERVER_NONE)
		ini_file_problem(f,
		    "Protocol = %s: must be wireguard, "
		    "openvpn-udp, openvpn-tcp or ikev2",
		    value);
}

static void
read_endpoint(struct ini_file *f, const char *value, struct reading *r)
{
	struct addr a;
	uint16_t port;

	if (addr_parse_port(value, &a, &port) < 0) {
		ini_file_problem(f,
		    "Endpoint = %s: must be ADDRESS:PORT or "
		    "[ADDRESS]:PORT (an address, not a name: a name would have "
		    "to be looked up through a leak)",
		    value);
		return;
	}
	if (!addr_is_usable_server(&a)) {
		ini_file_problem(f,
		    "Endpoint = %s: not an address that a "
		    "server can have",
		    value);
		return;
	}
	if (r->n_where == POLICY_ENDPOINTS_MAX) {
		ini_file_problem(f, "more than %d endpoints",
		    POLICY_ENDPOINTS_MAX);
		return;
	}
	r->where[r->n_where].addr = a;
	r->where[r->n_where++].port = port;
}

static void
read_text(struct ini_file *f, const char *key, const char *value, char *to,
    size_t size)
{
	if (to[0] != '\0')
		ini_file_problem(f, "%s is given twice", key);
	else if (strlen(value) >= size)
		ini_file_problem(f, "%s: longer than %zu bytes", key, size - 1);
	else
		memcpy(to, value, strlen(value) + 1);
}

static void
read_user(struct ini_file *f, const char *value, struct server *s)
{
	const struct passwd *pw = NULL;

	s->any_user = strcasecmp(value, "any") == 0;
	if (!s->any_user && (pw = getpwnam(value)) == NULL)
		ini_file_problem(f,
		    "User = %s: neither an account of this machine nor any",
		    value);
	if (pw != NULL)
		s->user = pw->pw_uid;
}

static void
on_pair(struct ini_file *f, const char *section, const char *key,
    const char *value, void *arg)
{
	struct reading *r = arg;

	if (strcasecmp(section, "Server") != 0)
		ini_file_problem(f, "[%s]: only [Server] is known", section);
	else if (strcasecmp(key, "Protocol") == 0)
		read_protocol(f, value, r);
	else if (strcasecmp(key, "Endpoint") == 0)
		read_endpoint(f, value, r);
	else if (strcasecmp(key, "Command") == 0)
		read_text(f, "Command", value, r->s->command,
		    sizeof(r->s->command));
	else if (strcasecmp(key, "User") == 0)
		read_user(f, value, r->s);
	else if (strcasecmp(key, "Interface") != 0)
		ini_file_problem(f,
		    "%s: must be Protocol, Endpoint, Interface, Command or "
		    "User",
		    key);
	else if (!ifname_is_valid(value))
		ini_file_problem(f,
		    "Interface = %s: not a name that an "
		    "interface can have",
		    value);
	else
		read_text(f, "Interface", value, r->s->interface,
		    sizeof(r->s->interface));
}

static int
add_endpoint(struct server *s, const struct addr *a, uint16_t port,
    uint8_t protocol, enum shape shape)
{
	if (s->n_endpoints == POLICY_ENDPOINTS_MAX)
		return -ENOSPC;
	s->endpoints[s->n_endpoints++] = (struct endpoint){ .addr = *a,
		.port = port,
		.protocol = protocol,
		.shape = (uint8_t)shape };
	return 0;
}

/*
 * IKEv2 starts at port 500 and goes to 4500 behind a NAT, or to plain ESP
 * (RFC 7296 section 2.23): the three belong together, so a port is not given.
 */
static int
add_ikev2(struct server *s, const struct addr *a)
{
	if (add_endpoint(s, a, 500, PROTO_UDP, SHAPE_IKE) < 0 ||
	    add_endpoint(s, a, 4500, PROTO_UDP, SHAPE_IKE_NAT) < 0 ||
	    add_endpoint(s, a, 0, PROTO_ESP, SHAPE_ESP) < 0)
		return -ENOSPC;
	return 0;
}

/* What can only be said when the whole file was read. NULL: all is well. */
static const char *
finish(struct reading *r)
{
	struct server *s = r->s;
	int e = 0;

	if (s->protocol == SERVER_NONE)
		return "no Protocol line";
	if (r->n_where == 0)
		return "no Endpoint line";
	if (s->interface[0] == '\0')
		return "no Interface line";
	for (unsigned i = 0; i < r->n_where; i++) {
		const struct addr *a = &r->where[i].addr;
		uint16_t port = r->where[i].port;

		if ((port == 0) != (s->protocol == SERVER_IKEV2))
			return s->protocol == SERVER_IKEV2
			    ? "an Endpoint of ikev2 has no port: it is always "
			      "500 and 4500"
			    : "an Endpoint line has no port";
		switch (s->protocol) {
		case SERVER_WIREGUARD:
			e |= add_endpoint(s, a, port, PROTO_UDP,
			    SHAPE_WIREGUARD);
			break;
		case SERVER_OPENVPN_UDP:
			e |= add_endpoint(s, a, port, PROTO_UDP, SHAPE_OPENVPN);
			break;
		case SERVER_OPENVPN_TCP:
			e |= add_endpoint(s, a, port, PROTO_TCP,
			    SHAPE_OPENVPN_TCP);
			break;
		default:
			e |= add_ikev2(s, a);
		}
	}
	return e < 0 ? "too many endpoints" : NULL;
}

int
server_parse(const char *file, const char *text, size_t len, struct server *ret,
    server_report *report, void *arg)
{
	struct reading r = { .s = ret, .report = report, .arg = arg };
	const char *missing;
	char problem[512];
	unsigned n;

	memset(ret, 0, sizeof(*ret));
	n = ini_file_parse(file, text, len, on_pair, pass_on, &r);
	if (n == 0 && (missing = finish(&r)) != NULL) {
		(void)snprintf(problem, sizeof(problem), "%s: %s", file,
		    missing);
		report(problem, arg);
		n = 1;
	}
	if (n > 0) {
		memset(ret, 0, sizeof(*ret));
		return -EINVAL;
	}
	return 0;
}

/*
 * A tunnel of our own.
 */

/*
 * A connection is the system's, and passes as a client's. SHAPE_NONE, of AUTO,
 * is no packet's.
 */
void
server_use_transport(struct server *s, enum tunnel_transport t)
{
	static const enum shape shapes[TUNNEL_TRANSPORTS] = {
		[TUNNEL_UDP] = SHAPE_WIREGUARD,
		[TUNNEL_TCP] = SHAPE_WIREGUARD_TCP,
		[TUNNEL_TLS] = SHAPE_TLS,
	};

	s->transport = (uint8_t)t;
	for (unsigned i = 0; i < s->n_endpoints; i++) {
		struct endpoint *e = &s->endpoints[i];

		e->protocol = t == TUNNEL_UDP ? PROTO_UDP : PROTO_TCP;
		e->sealed = t == TUNNEL_UDP;
		e->shape = (uint8_t)shapes[t];
	}
}

int
server_parse_tunnel(const char *file, const char *text, size_t len,
    const struct server_how *how, struct server *ret,
    struct tunnel_conf **ret_conf)
{
	const struct wgquick_how as = { .ignore_scripts = how->ignore_scripts,
		.report = how->report,
		.note = how->note,
		.arg = how->arg };
	struct wgquick w;
	int r;

	memset(ret, 0, sizeof(*ret));
	*ret_conf = NULL;
	if ((r = wgquick_parse(file, text, len, &as, &w)) < 0)
		return r;
	ret->protocol = SERVER_TUNNEL;
	if (w.conf->interface.listens != 0)
		ret->listen = w.conf->interface.listen_port;
	memcpy(ret->behind, w.behind, sizeof(ret->behind));
	/* Of a peer that may be anywhere there are no ways to choose from. */
	ret->one_peer = w.conf->n_peers == 1 && ret->listen == 0;
	for (unsigned i = 0; i < w.n_endpoints; i++)
		(void)add_endpoint(ret, &w.endpoints[i].addr,
		    w.endpoints[i].port, PROTO_UDP, SHAPE_WIREGUARD);
	server_use_transport(ret,
	    (enum tunnel_transport)w.conf->interface.transport);
	(void)snprintf(ret->interface, sizeof(ret->interface), "%s",
	    w.interface[0] != '\0' ? w.interface : TUNNEL_INTERFACE);
	*ret_conf = w.conf;
	w.conf = NULL;
	wgquick_done(&w);
	return 0;
}

/*
 * The directory.
 */

static bool
is_server_file(const char *file)
{
	size_t n = strlen(file);

	return file[0] != '.' && n > 5 && strcmp(file + n - 5, ".conf") == 0;
}

/* What can be told in JSON. */
bool
server_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= SERVER_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return true;
}

/* "zurich" of "zurich.conf". */
static bool
name_of(const char *file, char name[SERVER_NAME_MAX])
{
	size_t n = strlen(file) - 5;

	if (n >= SERVER_NAME_MAX)
		return false;
	memcpy(name, file, n);
	name[n] = '\0';
	return server_name_is_valid(name);
}

static void
warn_of_readers(const char *path, const struct server_how *how)
{
	char text[1280];
	struct stat st;

	if (how->note == NULL || stat(path, &st) < 0 ||
	    (st.st_mode & (S_IRGRP | S_IROTH)) == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "%s: it holds a private key, and others than its owner can read "
	    "it: chmod 600",
	    path);
	how->note(text, how->arg);
}

static int
read_server(const char *path, const struct server_how *how, struct server *ret,
    struct tunnel_conf **ret_conf)
{
	char problem[1280], *text;
	size_t len;
	int r;

	*ret_conf = NULL;
	if ((r = ini_file_read(path, &text, &len)) < 0) {
		(void)snprintf(problem, sizeof(problem), "%s: %s", path,
		    strerror(-r));
		how->report(problem, how->arg);
		return r;
	}
	if (wgquick_is(text, len)) {
		warn_of_readers(path, how);
		r = server_parse_tunnel(path, text, len, how, ret, ret_conf);
	} else {
		r = server_parse(path, text, len, ret, how->report, how->arg);
	}
	ini_file_free(text, len);
	return r;
}

/* Consumes both. 0 or -ENOMEM. */
static int
add_server(struct server_list *l, const struct server *s,
    struct tunnel_conf *conf)
{
	struct server_tunnel *tunnels;
	struct server *servers;

	servers = realloc(l->servers, (l->n + 1) * sizeof(*servers));
	if (servers == NULL)
		goto no_memory;
	l->servers = servers;
	if (conf != NULL) {
		tunnels =
		    realloc(l->tunnels, (l->n_tunnels + 1) * sizeof(*tunnels));
		if (tunnels == NULL)
			goto no_memory;
		l->tunnels = tunnels;
		memcpy(tunnels[l->n_tunnels].name, s->name, sizeof(s->name));
		tunnels[l->n_tunnels++].conf = conf;
	}
	servers[l->n++] = *s;
	return 0;

no_memory:
	tunnel_conf_free(conf);
	return -ENOMEM;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct server *)a)->name,
	    ((const struct server *)b)->name);
}

int
server_list_read(const char *directory, const struct server_how *how,
    struct server_list *ret)
{
	char path[1024], problem[1280], name[SERVER_NAME_MAX];
	const struct dirent *entry;
	struct tunnel_conf *conf;
	struct server server;
	int r = 0, one;
	DIR *d;

	memset(ret, 0, sizeof(*ret));
	if ((d = opendir(directory)) == NULL) {
		r = -errno;
		(void)snprintf(path, sizeof(path), "%s: %s", directory,
		    strerror(-r));
		how->report(path, how->arg);
		return r;
	}
	while ((entry = readdir(d)) != NULL) {
		if (!is_server_file(entry->d_name))
			continue;
		if (ret->n == SERVERS_MAX) {
			(void)snprintf(problem, sizeof(problem),
			    "%s: more than %d servers", directory, SERVERS_MAX);
			how->report(problem, how->arg);
			r = -E2BIG;
			break;
		}
		(void)snprintf(path, sizeof(path), "%s/%s", directory,
		    entry->d_name);
		if (!name_of(entry->d_name, name)) {
			(void)snprintf(problem, sizeof(problem),
			    "%s: a server's name is 1 to %d letters, digits "
			    "and signs, without blanks",
			    path, SERVER_NAME_MAX - 1);
			how->report(problem, how->arg);
			r = -EINVAL;
			continue;
		}
		if ((one = read_server(path, how, &server, &conf)) < 0) {
			r = one;
			continue;
		}
		memcpy(server.name, name, sizeof(name));
		if ((one = add_server(ret, &server, conf)) < 0) {
			r = one;
			break;
		}
	}
	closedir(d);
	if (ret->n > 0)
		qsort(ret->servers, ret->n, sizeof(*ret->servers), by_name);
	return r;
}

void
server_list_forget(struct server_list *l)
{
	for (unsigned i = 0; i < l->n_tunnels; i++)
		tunnel_conf_free(l->tunnels[i].conf);
	free(l->tunnels);
	l->tunnels = NULL;
	l->n_tunnels = 0;
}

void
server_list_free(struct server_list *l)
{
	server_list_forget(l);
	free(l->servers);
	memset(l, 0, sizeof(*l));
}

const struct server *
server_list_find(const struct server_list *l, const char *name)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->servers[i].name, name) == 0)
			return &l->servers[i];
	return NULL;
}

const struct tunnel_conf *
server_list_tunnel(const struct server_list *l, const char *name)
{
	for (unsigned i = 0; i < l->n_tunnels; i++)
		if (strcmp(l->tunnels[i].name, name) == 0)
			return l->tunnels[i].conf;
	return NULL;
}
