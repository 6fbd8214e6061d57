/* SPDX-License-Identifier: ISC */
/*
 * server: one VPN server, and the client that speaks to it, as read from a
 * file of the servers' directory.
 *
 *     [Server]
 *     Protocol = wireguard | openvpn-udp | openvpn-tcp | ikev2
 *     Endpoint = 203.0.113.5:51820          one line an address and port
 *     Interface = wg0                       the client's own
 *     Command = /usr/local/bin/start-wg     runs in the foreground; optional
 *     User = root | NAME | any              who opens the client's sockets
 *
 * Or a wg-quick file (wgquick.h): a tunnel of our own. What is secret of it is
 * beside the server and never in it, for a server is told to the worker.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "datapath/policy.h"
#include "datapath/tunnel_conf.h"
#include "src/base/ifname.h"

#define SERVER_NAME_MAX	   64
#define SERVER_COMMAND_MAX 200
#define SERVERS_MAX	   1024

struct tunnel_conf;

enum server_protocol {
	SERVER_NONE = 0,
	SERVER_WIREGUARD,
	SERVER_OPENVPN_UDP,
	SERVER_OPENVPN_TCP,
	SERVER_IKEV2,
	SERVER_TUNNEL, /* our own, of a wg-quick file; no file's word */
	SERVER_PROTOCOLS
};

struct server {
	char name[SERVER_NAME_MAX]; /* of the file, without ".conf" */
	enum server_protocol protocol;
	struct endpoint endpoints[POLICY_ENDPOINTS_MAX];
	unsigned n_endpoints;
	char interface[16];
	char command[SERVER_COMMAND_MAX]; /* empty: the user starts it */
	/* Of our own tunnel: enum tunnel_transport, and are all endpoints one
	 * peer's? See ways.h. */
	uint8_t transport;
	bool one_peer;
	/* Its peers may speak first, to this port (host order), from wherever
	 * they are: where they were heard becomes an endpoint. 0: not. */
	uint16_t listen;
	/* To the network behind that interface its peers' IPv4 is forwarded,
	 * under the machine's address there; empty: nothing is. */
	char behind[IFNAME_MAX];
	/* Whose sockets may send to the server; root's by default. */
	uid_t user;
	bool any_user;
};

/* "wireguard", ... as in the file; "tunnel"; "none" otherwise. */
const char *server_protocol_name(enum server_protocol p);

/* One sentence a problem: "FILE:LINE: what". */
typedef void server_report(const char *problem, void *arg);

/*
 * Read one server from the len bytes of text; file names it in reports. 0, or
 * -EINVAL after at least one report, with *ret zeroed.
 */
int server_parse(const char *file, const char *text, size_t len,
    struct server *ret, server_report *report, void *arg);

/* May a server be called that? "zurich" of "zurich.conf". */
bool server_name_is_valid(const char *name);

/*
 * Have our own tunnel's server be spoken to by UDP, TCP or TLS, at the same
 * addresses and ports; by any of them (TUNNEL_AUTO): nothing goes there, until
 * ways_take().
 */
void server_use_transport(struct server *s, enum tunnel_transport t);

/* How files are read. */
struct server_how {
	bool ignore_scripts;   /* of wg-quick files; else they are refused */
	server_report *report; /* what is wrong */
	server_report *note;   /* what is right, but to be known; or NULL */
	void *arg;
};

/*
 * Read a tunnel of our own from the len bytes of a wg-quick file. 0 with what
 * it is made from (tunnel_conf_free()); or a negative errno after at least
 * one report, with *ret zeroed and *ret_conf NULL.
 */
int server_parse_tunnel(const char *file, const char *text, size_t len,
    const struct server_how *how, struct server *ret,
    struct tunnel_conf **ret_conf);

struct server_list {
	struct server *servers; /* sorted by name */
	unsigned n;
	struct server_tunnel *tunnels; /* secret: server_list_tunnel() */
	unsigned n_tunnels;
};

/*
 * Read all "*.conf" of a directory. 0, or a negative errno if anything in it
 * was wrong, after a report of each problem; *ret then holds those that were
 * sound. Free it with server_list_free() in either case.
 */
int server_list_read(const char *directory, const struct server_how *how,
    struct server_list *ret);

/* Wipes what is secret. */
void server_list_free(struct server_list *l);

/* Wipe and free what is secret, where it must not be known. */
void server_list_forget(struct server_list *l);

/* NULL if there is none of that name. */
const struct server *
server_list_find(const struct server_list *l, const char *name);

/* What the server's tunnel is made from. NULL: it is not one of our own. */
const struct tunnel_conf *
server_list_tunnel(const struct server_list *l, const char *name);

#endif /* CONTROL_SERVER_H */
