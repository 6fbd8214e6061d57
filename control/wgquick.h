/* SPDX-License-Identifier: ISC */
/*
 * wgquick: a wg-quick file, as VPN providers hand it out, as values.
 *
 *     [Interface]
 *     PrivateKey = BASE64
 *     Address = 10.2.0.2/32, 2001:db8:2::2/128
 *     DNS = 10.2.0.1, example.net       addresses, and where names are sought
 *     MTU, ListenPort
 *     Listen = 51820              ours: peers without an Endpoint speak first
 *     Forward = nat eth1          ours: and reach what is behind it
 *     Transport = udp | tcp | tls | auto    ours, as the next two; these may
 *     TLSServerName = www.example.net       stand in [Peer], too
 *     TLSVerify = none | system | BASE64
 *     Interface = tungate-wg                ours: its name
 *     [Peer]
 *     PublicKey = BASE64
 *     PresharedKey = BASE64
 *     AllowedIPs = 0.0.0.0/0, ::/0
 *     Endpoint = 203.0.113.5:51820      or a name: kept_name.h
 *     PersistentKeepalive = 25
 *
 * They mean what wg-quick(8) and wg(8) say. What is stricter here: nothing is
 * given twice, a network is one peer's, and a key not known is a problem. No
 * problem's text has a byte of the file in it but names of keys, and
 * addresses.
 */
#ifndef CONTROL_WGQUICK_H
#define CONTROL_WGQUICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/kept_name.h"
#include "datapath/policy.h"
#include "datapath/tunnel_conf.h"
#include "src/base/ifname.h"

/* One sentence a problem: "FILE:LINE: what". */
typedef void wgquick_report(const char *problem, void *arg);

/* How it is read. */
struct wgquick_how {
	bool ignore_scripts; /* PreUp and the like, which are refused else */
	bool leave_names;    /* to who looks them up; forget what was kept */
	wgquick_report *report;
	wgquick_report *note; /* what is ignored; NULL: is not said */
	void *arg;
};

struct wgquick_endpoint {
	struct addr addr;
	uint16_t port;
};

/* It holds secrets in conf alone. */
struct wgquick {
	struct tunnel_conf *conf;
	char interface[IFNAME_MAX]; /* empty: not given */
	char behind[IFNAME_MAX];    /* of Forward; empty: not given */
	/* Of all peers, each address of a name. A peer's own is the first. */
	struct wgquick_endpoint endpoints[POLICY_ENDPOINTS_MAX];
	unsigned n_endpoints;
	/* With leave_names: those of endpoints, each once. */
	char names[POLICY_ENDPOINTS_MAX][KEPT_NAME_MAX];
	unsigned n_names;
	unsigned transport_line;	 /* 0: not given, so it is UDP */
	unsigned listen_line;		 /* of Listen; 0: not given */
	unsigned forward_line;		 /* of Forward; 0: not given */
	unsigned framing_line;		 /* 0: not given: TunSafe's */
	unsigned name_line, verify_line; /* of TLS; 0: not given */
};

/* Is a text such a file: does it have a section of the two? */
bool wgquick_is(const char *text, size_t len);

/*
 * Read the len bytes of text; file names it in reports. 0, or -EINVAL after at
 * least one report, or -ENOMEM, with *ret zeroed. To be ended with
 * wgquick_done().
 */
int wgquick_parse(const char *file, const char *text, size_t len,
    const struct wgquick_how *how, struct wgquick *ret);

/* Wipes; conf may be NULL, for who has taken it. */
void wgquick_done(struct wgquick *w);

#endif /* CONTROL_WGQUICK_H */
