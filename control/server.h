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
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "datapath/policy.h"

#define SERVER_NAME_MAX	   64
#define SERVER_COMMAND_MAX 200
#define SERVERS_MAX	   1024

enum server_protocol {
	SERVER_NONE = 0,
	SERVER_WIREGUARD,
	SERVER_OPENVPN_UDP,
	SERVER_OPENVPN_TCP,
	SERVER_IKEV2,
	SERVER_PROTOCOLS
};

struct server {
	char name[SERVER_NAME_MAX]; /* of the file, without ".conf" */
	enum server_protocol protocol;
	struct endpoint endpoints[POLICY_ENDPOINTS_MAX];
	unsigned n_endpoints;
	char interface[16];
	char command[SERVER_COMMAND_MAX]; /* empty: the user starts it */
	/* Whose sockets may send to the server; root's by default. */
	uid_t user;
	bool any_user;
};

/* "wireguard", ... as in the file; "none" otherwise. */
const char *server_protocol_name(enum server_protocol p);

/* One sentence a problem: "FILE:LINE: what". */
typedef void server_report(const char *problem, void *arg);

/*
 * Read one server from the len bytes of text; file names it in reports. 0, or
 * -EINVAL after at least one report, with *ret zeroed.
 */
int server_parse(const char *file, const char *text, size_t len,
    struct server *ret, server_report *report, void *arg);

struct server_list {
	struct server *servers; /* sorted by name */
	unsigned n;
};

/*
 * Read all "*.conf" of a directory. 0, or a negative errno if anything in it
 * was wrong, after a report of each problem; *ret then holds those that were
 * sound. Free it with server_list_free() in either case.
 */
int server_list_read(const char *directory, struct server_list *ret,
    server_report *report, void *arg);

void server_list_free(struct server_list *l);

/* NULL if there is none of that name. */
const struct server *
server_list_find(const struct server_list *l, const char *name);

#endif /* CONTROL_SERVER_H */
