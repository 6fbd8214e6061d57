/* SPDX-License-Identifier: ISC */
/*
 * tunnel_conf: what our own tunnel is made from: our key and addresses, the
 * peers and what is theirs. A value; it holds secrets.
 *
 * It comes from a wg-quick file, and says what wg-quick(8) and wg(8) mean by
 * its lines.
 */
#ifndef DATAPATH_TUNNEL_CONF_H
#define DATAPATH_TUNNEL_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath/carrier/tls_conf.h"
#include "src/base/addr.h"

#define TUNNEL_KEY_LEN	     32
#define TUNNEL_ADDRESSES_MAX 8
#define TUNNEL_DNS_MAX	     8
#define TUNNEL_DOMAINS_MAX   8
#define TUNNEL_DOMAIN_MAX    254 /* with its NUL (RFC 1035, 2.3.4) */
#define TUNNEL_PEERS_MAX     1024
#define TUNNEL_ALLOWED_MAX   32768

/* How WireGuard's messages travel. Zero means no. */
enum tunnel_transport {
	TUNNEL_NOT = 0,
	TUNNEL_UDP,
	TUNNEL_TCP,
	TUNNEL_TLS,  /* the same frames, within TLS */
	TUNNEL_AUTO, /* the first of UDP, TCP, TLS that works */
	TUNNEL_TRANSPORTS
};

/* "udp", ... as in the file; "none" otherwise. */
const char *tunnel_transport_name(unsigned t);

/* An address of ours, and the network that it is in. */
struct tunnel_address {
	struct addr addr;
	unsigned bits;
};

/* All but the peers: of one size, so that it can travel in a message. */
struct tunnel_interface {
	uint8_t private[TUNNEL_KEY_LEN];
	uint8_t transport;    /* enum tunnel_transport */
	uint8_t framing;      /* enum carrier_framing; not with TUNNEL_UDP */
	uint16_t listen_port; /* host order; 0: any */
	uint16_t mtu;	      /* 0: what the uplink leaves room for */
	/* Not 0: peers without an endpoint speak first, from wherever they
	 * are, to listen_port. */
	uint8_t listens;
	/* Not 0: what peers send elsewhere by IPv4 is handed to the machine,
	 * too, and what it hands over need not be from our addresses. */
	uint8_t forwards;
	uint32_t n_addresses, n_dns;
	struct tunnel_address addresses[TUNNEL_ADDRESSES_MAX];
	struct addr dns[TUNNEL_DNS_MAX];
	struct carrier_tls_conf tls; /* with TUNNEL_TLS and TUNNEL_AUTO */
};

struct tunnel_peer {
	uint8_t public[TUNNEL_KEY_LEN];
	uint8_t psk[TUNNEL_KEY_LEN]; /* zeros: none */
	struct addr endpoint;	     /* ADDR_NONE: it has to speak first */
	uint16_t port;		     /* host order */
	uint16_t keepalive_s;	     /* 0: none */
};

/* A network that is a peer's. */
struct tunnel_allowed {
	uint32_t peer; /* its place in peers[] */
	struct prefix net;
};

struct tunnel_conf {
	struct tunnel_interface interface;
	struct tunnel_peer *peers;
	struct tunnel_allowed *allowed; /* in any order */
	unsigned n_peers, n_allowed;
	/* Where names without a dot are looked for. */
	char domains[TUNNEL_DOMAINS_MAX][TUNNEL_DOMAIN_MAX];
	unsigned n_domains;
};

/* An empty one. NULL: no memory. */
struct tunnel_conf *tunnel_conf_new(void);

/* A copy of everything. NULL: no memory. */
struct tunnel_conf *tunnel_conf_copy(const struct tunnel_conf *c);

/* One more, zeroed, to be filled; NULL: no memory, or too many. */
struct tunnel_peer *tunnel_conf_add_peer(struct tunnel_conf *c);

/*
 * For the last peer that was added. 0; -ENOMEM; -ENOSPC: too many, or there is
 * no peer.
 */
int tunnel_conf_allow(struct tunnel_conf *c, const struct prefix *net);

/* The same for any peer that was added. */
int
tunnel_conf_give(struct tunnel_conf *c, const struct tunnel_allowed *allowed);

/* Wipes all keys. tunnel_conf_free(NULL) does nothing. */
void tunnel_conf_free(struct tunnel_conf *c);

#endif /* DATAPATH_TUNNEL_CONF_H */
