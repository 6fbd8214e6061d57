/* SPDX-License-Identifier: ISC */
/*
 * msg: what the parent and the worker say to each other.
 *
 * Pure. A message is a header, then a body of the type's one length. Both
 * processes are one program, forked and not started anew, so that a struct is
 * the same on either side; what comes from the worker has numbers and text
 * only, of which any value can be looked at.
 *
 * What the worker says is not trusted: msg_check() looks at all of it, and at
 * whether it may be said now. A wrong message ends the worker.
 */
#ifndef CONTROL_MSG_H
#define CONTROL_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/server.h"
#include "control/status.h"
#include "datapath/policy.h"
#include "datapath/tunnel_conf.h"
#include "datapath/wireguard/cookie.h"
#include "src/os/netmon.h"

enum msg_type {
	MSG_NONE = 0,

	/* Parent to worker: at any time. */
	MSG_POLICY,  /* msg_policy: bring it into force, answer IN_FORCE */
	MSG_TUN,     /* msg_tun, with the device or without: move its packets,
		      * or no more; answer IN_FORCE */
	MSG_STATUS,  /* msg_status: what to tell */
	MSG_SERVERS, /* msg_servers: so many MSG_SERVER follow; they are all */
	MSG_SERVER,  /* server: the next one */
	MSG_EAR,     /* msg_ear, with a socket: tell when the server is heard */
	MSG_DEAF,    /* msg_number: the epoch; close all ears */
	MSG_TUNNEL,  /* msg_tunnel, with its device: our own tunnel, of which
		      * the peers and their networks follow */
	MSG_PEER,    /* tunnel_peer: the next one */
	MSG_NETS,    /* msg_nets: the next ones of all networks */
	MSG_PORT,    /* msg_port, with a socket, or an end of a link: that was
		      * all of the tunnel, use it; or without: no tunnel any
		      * more; answer IN_FORCE */
	MSG_LINK,    /* no body, with the link's other end, before PORT */
	MSG_WIRE,    /* no body, with a TCP socket on its way to the server:
		      * carry the tunnel's messages by it, and by no other */
	MSG_RENEW,   /* msg_number: the epoch; a new handshake, and say HEARD */
	MSG_REPLY,   /* msg_reply: to CONNECT ... RELOAD */
	MSG_KERNEL,  /* msg_kernel: to STATS */
	MSG_PING,    /* msg_number: answer PONG with the same */

	/* Worker to parent. */
	MSG_IN_FORCE,	/* msg_number: the sequence; while one is awaited */
	MSG_HEARD,	/* msg_number: the epoch of EAR or RENEW; once there
			 * was one. A past one is ignored: they cross */
	MSG_SILENT,	/* no body: the tunnel's peer does not answer; once
			 * there was a RENEW */
	MSG_WIRE_DOWN,	/* no body: the last WIRE carries nothing any more;
			 * once there was one */
	MSG_MOVED,	/* msg_moved: where the tunnel's peers spoke from, all
			 * of them; once there was a PORT of one that listens,
			 * and again only after a POLICY */
	MSG_TUN_LOST,	/* no body; while it has the device */
	MSG_PONG,	/* msg_number: the ping's; while it is awaited */
	MSG_CONNECT,	/* msg_name and, as all down to RELOAD, the connection
			 * of who asks; while no request is under way */
	MSG_DISCONNECT, /* no body; likewise */
	MSG_RELEASE,	/* no body; likewise */
	MSG_BLOCK,	/* no body; likewise */
	MSG_RELOAD,	/* no body; likewise */
	MSG_STATS,	/* no body; while no request is under way */
	MSG_TYPES
};

/* Who says it? */
enum msg_side { MSG_PARENT, MSG_WORKER };

struct msg_header {
	uint32_t type;
	uint32_t len; /* of the body, bytes */
};

struct msg_number {
	uint64_t n;
};

/* Of a policy what is not worked out from it (policy.h). */
struct msg_policy {
	uint64_t sequence; /* counts POLICY, TUN and PORT; the warden's */
	uint64_t generation;
	uint32_t state;
	uint32_t n_endpoints; /* 0: policy_block_all, unless it listens */
	uint64_t listens;
	struct addr source4, source6;
	struct endpoint endpoints[POLICY_ENDPOINTS_MAX];
	struct hop hops[POLICY_ENDPOINTS_MAX];
};

struct msg_tun {
	uint64_t sequence;
	uint64_t on; /* 0: let go of it */
};

struct msg_status {
	uint64_t announce; /* not 0: to subscribers, too */
	struct status status;
};

struct msg_servers {
	uint32_t n;
	int32_t log_level;
};

struct msg_ear {
	uint64_t epoch;	  /* counts the times that proof is sought */
	uint64_t ifindex; /* it listens on that interface */
	struct server server;
	struct net_view view; /* when it was opened */
};

struct msg_tunnel {
	uint32_t mtu; /* of the device */
	uint32_t n_peers, n_nets;
	struct tunnel_interface interface;
};

#define MSG_NETS_MAX 32

struct msg_nets {
	uint32_t n;
	struct tunnel_allowed nets[MSG_NETS_MAX];
};

struct msg_port {
	uint64_t sequence; /* as POLICY's */
	uint16_t used;	   /* 0: no tunnel */
	uint16_t port;	   /* host order; 0: what comes with it is a link */
	uint32_t zero;
};

struct msg_moved {
	uint64_t tunnel; /* the PORT's sequence */
	uint64_t n;
	struct wg_endpoint at[POLICY_ENDPOINTS_MAX];
};

struct msg_reply {
	int64_t code; /* 0 done, or a negative errno, and why */
	char why[STATUS_WHY_MAX];
};

struct msg_kernel {
	uint64_t packets; /* that the device handed over */
	uint64_t dropped; /* that it dropped for want of room */
};

struct msg_name {
	char name[SERVER_NAME_MAX];
};

union msg_body {
	struct msg_policy policy;
	struct msg_tun tun;
	struct msg_status status;
	struct msg_servers servers;
	struct server server;
	struct msg_ear ear;
	struct msg_tunnel tunnel;
	struct tunnel_peer peer;
	struct msg_nets nets;
	struct msg_port port;
	struct msg_moved moved;
	struct msg_reply reply;
	struct msg_kernel kernel;
	struct msg_number number;
	struct msg_name name;
};

struct msg {
	enum msg_type type;
	union msg_body body;
};

/* "policy", ...; "unknown" out of range. */
const char *msg_name_of(enum msg_type t);

/* Has it secrets, which are to be wiped when they were taken? */
bool msg_is_secret(enum msg_type t);

/* The length of a type's body. */
size_t msg_len(enum msg_type t);

/*
 * What the parent knows of its worker, by which it is judged what may be said
 * now. Zeroed: nothing was said to it yet.
 */
struct msg_now {
	uint64_t sent, in_force; /* sequences of POLICY, TUN and PORT */
	uint64_t ears;		 /* the last epoch of EAR or RENEW; 0: none */
	bool wired;		 /* there was a WIRE */
	uint64_t tunnel;	 /* the last PORT's sequence, and */
	uint64_t listening;	 /* the last of a tunnel that listens */
	uint64_t ping;		 /* that is not answered yet; 0: none */
	bool has_tun;		 /* until it says that it let go */
	bool busy;		 /* a request is under way */
};

/* May the worker say this now, in this form? 0, or -EPROTO. */
int msg_check(const struct msg *m, bool has_fd, const struct msg_now *now);

/*
 * Reading: bytes become messages. Nothing is allocated; a zeroed reader reads
 * nothing. Who is heard is the other side.
 */
struct msg_reader {
	enum msg_side from;
	size_t got; /* bytes of header and body */
	struct msg_header header;
	struct msg msg;
};

void msg_reader_init(struct msg_reader *r, enum msg_side from);

/* Where the next bytes belong, and how many at most (never 0). */
void *msg_reader_room(struct msg_reader *r, size_t *ret_len);

/*
 * That many came. 1: r->msg is a message, until the next call; 0: more bytes
 * are needed; -EPROTO: there is no such message from that side, or not of
 * that length. After that nothing that comes has a meaning.
 */
int msg_reader_got(struct msg_reader *r, size_t n);

/*
 * Values for messages. They are copied field by field: what lies between the
 * fields is zero, and not what happened to be in the parent's memory. *ret is
 * overwritten as a whole.
 */

void msg_from_server(const struct server *s, struct server *ret);
void msg_from_view(const struct net_view *v, struct net_view *ret);

/* All but the sequence. */
void msg_from_policy(const struct policy *p, struct msg_policy *ret);

/* To be freed with policy_free(). NULL: no memory. */
const struct policy *msg_to_policy(const struct msg_policy *m);

#endif /* CONTROL_MSG_H */
