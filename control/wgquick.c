/* SPDX-License-Identifier: ISC */
#include "control/wgquick.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/ini_file.h"
#include "control/key_text.h"
#include "datapath/carrier/framing.h"
#include "datapath/carrier/tls.h"
#include "datapath/wireguard/crypto.h"

enum section { SECTION_NONE = 0, SECTION_INTERFACE, SECTION_PEER, SECTIONS };

/* A file that is being read. */
struct reading {
	struct wgquick *w;
	const struct wgquick_how *how;
	const char *file, *text;
	size_t len;
	enum section section;
	bool has_interface;
	uint32_t seen; /* keys of this section, one bit each */
	unsigned script_line;
	/* Of each peer: where it begins, and its PublicKey line (0: none). */
	struct {
		unsigned peer, key;
	} lines[TUNNEL_PEERS_MAX];
};

#define ITEM_MAX 256

/* The next of a list with commas or blanks; too long: one that is nothing. */
static bool
next_item(const char **at, char item[ITEM_MAX])
{
	size_t n;

	*at += strspn(*at, ", \t");
	n = strcspn(*at, ", \t");
	item[0] = '\0';
	if (n < ITEM_MAX) {
		memcpy(item, *at, n);
		item[n] = '\0';
	}
	*at += n;
	return n > 0;
}

static int
parse_number(const char *text, unsigned max, unsigned *ret)
{
	unsigned n = 0;

	if (*text == '\0' || strlen(text) > 5)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (unsigned)(*text - '0');
	}
	if (n > max)
		return -EINVAL;
	*ret = n;
	return 0;
}

/* ADDRESS or ADDRESS/BITS; without, all bits. */
static int
parse_network(char *text, struct addr *ret, unsigned *ret_bits)
{
	char *slash = strchr(text, '/');
	unsigned all;

	if (slash != NULL)
		*slash = '\0';
	if (addr_parse(text, ret) < 0)
		return -EINVAL;
	all = 8 * (unsigned)addr_len(ret);
	*ret_bits = all;
	return slash != NULL ? parse_number(slash + 1, all, ret_bits) : 0;
}

static void
clear_host_bits(struct addr *a, unsigned bits)
{
	for (unsigned i = 0; i < addr_len(a); i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;

		if (kept < 8)
			a->bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
}

static struct tunnel_peer *
last_peer(const struct reading *r)
{
	return &r->w->conf->peers[r->w->conf->n_peers - 1];
}

/* What is read and means nothing here. */
static void
note(struct ini_file *f, const struct reading *r, const char *what)
{
	char text[768];

	(void)snprintf(text, sizeof(text), "%.512s:%u: %s", r->file,
	    ini_file_line(f), what);
	if (r->how->note != NULL)
		r->how->note(text, r->how->arg);
}

static void
read_key(struct ini_file *f, const char *name, const char *value, bool zero,
    uint8_t ret[TUNNEL_KEY_LEN])
{
	if (key_text_parse(value, ret) < 0)
		ini_file_problem(f, "%s: must be a key, 32 bytes in base64",
		    name);
	else if (!zero && wg_is_zero(ret, TUNNEL_KEY_LEN))
		ini_file_problem(f, "%s: all zeros is no key", name);
}

/*
 * [Interface]
 */

static void
read_private(struct ini_file *f, const char *value, struct reading *r)
{
	read_key(f, "PrivateKey", value, false, r->w->conf->interface.private);
}

static void
read_address(struct ini_file *f, const char *value, struct reading *r)
{
	struct tunnel_interface *t = &r->w->conf->interface;
	struct tunnel_address a;
	char item[ITEM_MAX];

	while (next_item(&value, item)) {
		if (parse_network(item, &a.addr, &a.bits) < 0)
			ini_file_problem(f,
			    "Address: must be ADDRESS or ADDRESS/BITS, with "
			    "commas between them");
		else if (t->n_addresses == TUNNEL_ADDRESSES_MAX)
			ini_file_problem(f, "Address: more than %d",
			    TUNNEL_ADDRESSES_MAX);
		else
			t->addresses[t->n_addresses++] = a;
	}
}

static void
read_dns(struct ini_file *f, const char *value, struct reading *r)
{
	struct tunnel_conf *c = r->w->conf;
	char item[ITEM_MAX];
	struct addr a;

	while (next_item(&value, item)) {
		if (addr_parse(item, &a) == 0) {
			if (c->interface.n_dns == TUNNEL_DNS_MAX)
				ini_file_problem(f,
				    "DNS: more than %d addresses",
				    TUNNEL_DNS_MAX);
			else
				c->interface.dns[c->interface.n_dns++] = a;
		} else if (!kept_name_is_valid(item)) {
			ini_file_problem(f,
			    "DNS: must be addresses and domains, with commas "
			    "between them");
		} else if (c->n_domains == TUNNEL_DOMAINS_MAX) {
			ini_file_problem(f, "DNS: more than %d domains",
			    TUNNEL_DOMAINS_MAX);
		} else {
			memcpy(c->domains[c->n_domains++], item,
			    strlen(item) + 1);
		}
	}
}

static void
read_mtu(struct ini_file *f, const char *value, struct reading *r)
{
	unsigned n;

	/* Below, IPv4 hosts need not take a packet whole (RFC 791). */
	if (parse_number(value, 65535, &n) < 0 || n < 576)
		ini_file_problem(f, "MTU: must be a number, 576 to 65535");
	else
		r->w->conf->interface.mtu = (uint16_t)n;
}

static void
read_listen_port(struct ini_file *f, const char *value, struct reading *r)
{
	unsigned n;

	if (parse_number(value, 65535, &n) < 0)
		ini_file_problem(f, "ListenPort: must be a number to 65535");
	else if (r->w->listen_line != 0)
		ini_file_problem(f, "ListenPort: Listen has said it");
	else
		r->w->conf->interface.listen_port = (uint16_t)n;
}

/* ListenPort is in many files, and opens nothing. */
static void
read_listen(struct ini_file *f, const char *value, struct reading *r)
{
	struct tunnel_interface *i = &r->w->conf->interface;
	unsigned n;

	r->w->listen_line = ini_file_line(f);
	if (parse_number(value, 65535, &n) < 0 || n == 0) {
		ini_file_problem(f, "Listen: must be a port, 1 to 65535");
		return;
	}
	if (i->listen_port != 0)
		ini_file_problem(f, "Listen: ListenPort has said it");
	i->listen_port = (uint16_t)n;
	i->listens = 1;
}

static void
read_forward(struct ini_file *f, const char *value, struct reading *r)
{
	char kind[ITEM_MAX] = "", behind[ITEM_MAX] = "", more[ITEM_MAX];

	r->w->forward_line = ini_file_line(f);
	if (!next_item(&value, kind) || strcasecmp(kind, "nat") != 0 ||
	    !next_item(&value, behind) || !ifname_is_valid(behind) ||
	    next_item(&value, more)) {
		ini_file_problem(f,
		    "Forward: must be nat, and the interface that the network "
		    "is behind");
		return;
	}
	memcpy(r->w->behind, behind, strlen(behind) + 1);
	r->w->conf->interface.forwards = 1;
}

static void
read_interface(struct ini_file *f, const char *value, struct reading *r)
{
	if (!ifname_is_valid(value))
		ini_file_problem(f,
		    "Interface: not a name that an interface can have");
	else
		memcpy(r->w->interface, value, strlen(value) + 1);
}

static void
read_table(struct ini_file *f, const char *value, struct reading *r)
{
	(void)r;
	if (strcasecmp(value, "auto") != 0)
		ini_file_problem(f,
		    "Table: must be auto, or left out: what leaves the machine "
		    "goes into the tunnel, by no other table");
}

static void
read_fwmark(struct ini_file *f, const char *value, struct reading *r)
{
	if (strcasecmp(value, "off") != 0 && strcmp(value, "0") != 0)
		note(f, r, "FwMark is ignored: the gate has marks of its own");
}

static void
read_save(struct ini_file *f, const char *value, struct reading *r)
{
	if (strcmp(value, "true") == 0)
		note(f, r, "SaveConfig is ignored: this file is never written");
	else if (strcmp(value, "false") != 0)
		ini_file_problem(f, "SaveConfig: must be true or false");
}

static void
read_script(struct ini_file *f, const char *value, struct reading *r)
{
	(void)value;
	/* A long line comes in pieces. */
	if (r->script_line == ini_file_line(f))
		return;
	r->script_line = ini_file_line(f);
	if (r->how->ignore_scripts)
		note(f, r, "a script, ignored: scripts = ignore");
	else
		ini_file_problem(f,
		    "PreUp, PostUp, PreDown and PostDown are commands for "
		    "root's shell, and are not run; leave them out, or say "
		    "scripts = ignore in tungate.conf");
}

/*
 * [Peer]
 */

static void
read_public(struct ini_file *f, const char *value, struct reading *r)
{
	const struct tunnel_conf *c = r->w->conf;
	struct tunnel_peer *p = last_peer(r);
	unsigned i = c->n_peers - 1;

	r->lines[i].key = ini_file_line(f);
	read_key(f, "PublicKey", value, false, p->public);
	while (i-- > 0)
		if (r->lines[i].key != 0 &&
		    wg_equal(c->peers[i].public, p->public, TUNNEL_KEY_LEN))
			ini_file_problem(f,
			    "PublicKey: the peer of line %u has it, too",
			    r->lines[i].key);
}

static void
read_psk(struct ini_file *f, const char *value, struct reading *r)
{
	read_key(f, "PresharedKey", value, true, last_peer(r)->psk);
}

static void
read_keepalive(struct ini_file *f, const char *value, struct reading *r)
{
	unsigned n = 0;

	if (strcasecmp(value, "off") != 0 && parse_number(value, 65535, &n) < 0)
		ini_file_problem(f,
		    "PersistentKeepalive: must be off, or seconds to 65535");
	else
		last_peer(r)->keepalive_s = (uint16_t)n;
}

static void
read_allowed(struct ini_file *f, const char *value, struct reading *r)
{
	struct tunnel_conf *c = r->w->conf;
	char item[ITEM_MAX];
	struct prefix net;

	while (next_item(&value, item)) {
		if (parse_network(item, &net.net, &net.bits) < 0) {
			ini_file_problem(f,
			    "AllowedIPs: must be ADDRESS or ADDRESS/BITS, with "
			    "commas between them");
			return;
		}
		clear_host_bits(&net.net, net.bits);
		if (tunnel_conf_allow(c, &net) < 0)
			ini_file_problem(f, "AllowedIPs: too many networks");
	}
}

/* What the policy will let through. */
static void
add_endpoint(struct ini_file *f, struct reading *r, const struct addr *a)
{
	struct tunnel_peer *p = last_peer(r);
	struct wgquick *w = r->w;

	if (!addr_is_usable_server(a)) {
		ini_file_problem(f,
		    "Endpoint: not an address that a server can have");
		return;
	}
	if (p->endpoint.family == ADDR_NONE)
		p->endpoint = *a;
	for (unsigned i = 0; i < w->n_endpoints; i++)
		if (w->endpoints[i].port == p->port &&
		    addr_equal(&w->endpoints[i].addr, a))
			return;
	if (w->n_endpoints == POLICY_ENDPOINTS_MAX)
		ini_file_problem(f, "Endpoint: more than %d addresses",
		    POLICY_ENDPOINTS_MAX);
	else
		w->endpoints[w->n_endpoints++] =
		    (struct wgquick_endpoint){ *a, p->port };
}

static void
leave_name(struct ini_file *f, struct wgquick *w, const char *name)
{
	for (unsigned i = 0; i < w->n_names; i++)
		if (strcasecmp(w->names[i], name) == 0)
			return;
	if (w->n_names == POLICY_ENDPOINTS_MAX)
		ini_file_problem(f, "Endpoint: more than %d names",
		    POLICY_ENDPOINTS_MAX);
	else
		memcpy(w->names[w->n_names++], name, strlen(name) + 1);
}

/* NAME:PORT. Never looked up here: that would need a leak. */
static void
read_name(struct ini_file *f, const char *value, struct reading *r)
{
	struct addr found[KEPT_NAME_ADDRS_MAX];
	const char *colon = strrchr(value, ':');
	char name[KEPT_NAME_MAX] = "";
	unsigned port = 0;
	int n;

	if (colon != NULL && (size_t)(colon - value) < sizeof(name))
		memcpy(name, value, (size_t)(colon - value));
	if (colon == NULL || !kept_name_is_valid(name) ||
	    parse_number(colon + 1, 65535, &port) < 0 || port == 0) {
		ini_file_problem(f,
		    "Endpoint: must be ADDRESS:PORT, [ADDRESS]:PORT or "
		    "NAME:PORT");
		return;
	}
	last_peer(r)->port = (uint16_t)port;
	if (r->how->leave_names) {
		leave_name(f, r->w, name);
		return;
	}
	n = kept_name_find(r->text, r->len, name, found);
	if (n == 0)
		ini_file_problem(f,
		    "Endpoint is a name, and looking it up would need a leak; "
		    "its addresses are kept if you run: tungatectl import");
	if (n < 0)
		ini_file_problem(f,
		    "Endpoint is a name whose kept addresses (# tungate:) "
		    "cannot be read; run: tungatectl import");
	for (int i = 0; i < n; i++)
		add_endpoint(f, r, &found[i]);
}

static void
read_endpoint(struct ini_file *f, const char *value, struct reading *r)
{
	struct addr a;
	uint16_t port;

	if (addr_parse_port(value, &a, &port) < 0) {
		read_name(f, value, r);
	} else if (port == 0) {
		ini_file_problem(f, "Endpoint: has no port");
	} else {
		last_peer(r)->port = port;
		add_endpoint(f, r, &a);
	}
}

static bool
is_second(struct ini_file *f, const char *key, unsigned *line)
{
	bool second = *line != 0;

	if (second)
		ini_file_problem(f, "%s is given twice", key);
	*line = ini_file_line(f);
	return second;
}

static void
read_transport(struct ini_file *f, const char *value, struct reading *r)
{
	uint8_t *to = &r->w->conf->interface.transport;

	if (is_second(f, "Transport", &r->w->transport_line))
		return;
	for (unsigned i = TUNNEL_UDP; i < TUNNEL_TRANSPORTS; i++)
		if (strcasecmp(value, tunnel_transport_name(i)) == 0)
			*to = (uint8_t)i;
	if (*to == TUNNEL_NOT)
		ini_file_problem(f, "Transport: must be udp, tcp, tls or auto");
}

static void
read_framing(struct ini_file *f, const char *value, struct reading *r)
{
	uint8_t *to = &r->w->conf->interface.framing;

	if (is_second(f, "Framing", &r->w->framing_line))
		return;
	if (strcasecmp(value, "tunsafe") == 0)
		*to = CARRIER_TUNSAFE;
	else if (strcasecmp(value, "plain") == 0)
		*to = CARRIER_PLAIN;
	else
		ini_file_problem(f, "Framing: must be tunsafe or plain");
}

static void
read_tls_name(struct ini_file *f, const char *value, struct reading *r)
{
	char *to = r->w->conf->interface.tls.sni;

	if (is_second(f, "TLSServerName", &r->w->name_line))
		return;
	if (!carrier_tls_is_name(value))
		ini_file_problem(f, "TLSServerName: must be a domain name");
	else
		memcpy(to, value, strlen(value) + 1);
}

/* A pin is a hash, and no secret; it looks like a key. */
static void
read_tls_verify(struct ini_file *f, const char *value, struct reading *r)
{
	struct carrier_tls_conf *tls = &r->w->conf->interface.tls;

	if (is_second(f, "TLSVerify", &r->w->verify_line))
		return;
	if (strcasecmp(value, "none") == 0)
		tls->verify = CARRIER_VERIFY_NONE;
	else if (strcasecmp(value, "system") == 0)
		tls->verify = CARRIER_VERIFY_ROOTS;
	else if (key_text_parse(value, tls->pin) == 0)
		tls->verify = CARRIER_VERIFY_PIN;
	else
		ini_file_problem(f,
		    "TLSVerify: must be none, system, or the SHA-256 of the "
		    "server's public key in base64");
}

/*
 * The keys.
 */

static const struct key {
	const char *name;
	enum section section;
	bool many; /* it may stand there more than once */
	void (*read)(struct ini_file *, const char *, struct reading *);
} keys[] = {
	{ "PrivateKey", SECTION_INTERFACE, false, read_private },
	{ "Address", SECTION_INTERFACE, true, read_address },
	{ "DNS", SECTION_INTERFACE, true, read_dns },
	{ "MTU", SECTION_INTERFACE, false, read_mtu },
	{ "ListenPort", SECTION_INTERFACE, false, read_listen_port },
	{ "Listen", SECTION_INTERFACE, false, read_listen },
	{ "Forward", SECTION_INTERFACE, false, read_forward },
	{ "Interface", SECTION_INTERFACE, false, read_interface },
	{ "Transport", SECTION_INTERFACE, true, read_transport },
	{ "Framing", SECTION_INTERFACE, true, read_framing },
	{ "TLSServerName", SECTION_INTERFACE, true, read_tls_name },
	{ "TLSVerify", SECTION_INTERFACE, true, read_tls_verify },
	{ "Table", SECTION_INTERFACE, false, read_table },
	{ "FwMark", SECTION_INTERFACE, false, read_fwmark },
	{ "SaveConfig", SECTION_INTERFACE, false, read_save },
	{ "PreUp", SECTION_INTERFACE, true, read_script },
	{ "PostUp", SECTION_INTERFACE, true, read_script },
	{ "PreDown", SECTION_INTERFACE, true, read_script },
	{ "PostDown", SECTION_INTERFACE, true, read_script },
	{ "PublicKey", SECTION_PEER, false, read_public },
	{ "PresharedKey", SECTION_PEER, false, read_psk },
	{ "AllowedIPs", SECTION_PEER, true, read_allowed },
	{ "Endpoint", SECTION_PEER, false, read_endpoint },
	{ "PersistentKeepalive", SECTION_PEER, false, read_keepalive },
	{ "Transport", SECTION_PEER, true, read_transport },
	{ "Framing", SECTION_PEER, true, read_framing },
	{ "TLSServerName", SECTION_PEER, true, read_tls_name },
	{ "TLSVerify", SECTION_PEER, true, read_tls_verify },
};

static void
begin_interface(struct ini_file *f, struct reading *r)
{
	if (r->has_interface) {
		ini_file_problem(f, "a second [Interface]");
		return;
	}
	r->has_interface = true;
	r->section = SECTION_INTERFACE;
}

static void
begin_peer(struct ini_file *f, struct reading *r)
{
	if (tunnel_conf_add_peer(r->w->conf) == NULL) {
		ini_file_problem(f, "more than %d peers, or no memory",
		    TUNNEL_PEERS_MAX);
		return;
	}
	r->lines[r->w->conf->n_peers - 1].peer = ini_file_line(f);
	r->section = SECTION_PEER;
}

static void
on_pair(struct ini_file *f, const char *section, const char *name,
    const char *value, void *arg)
{
	struct reading *r = arg;

	if (name == NULL) {
		r->section = SECTION_NONE;
		r->seen = 0;
		if (strcasecmp(section, "Interface") == 0)
			begin_interface(f, r);
		else if (strcasecmp(section, "Peer") == 0)
			begin_peer(f, r);
		else
			ini_file_problem(f,
			    "only [Interface] and [Peer] are known");
		return;
	}
	if (section[0] == '\0')
		ini_file_problem(f, "it stands before any [section]");
	/* Of an unknown section one problem is enough. */
	if (r->section == SECTION_NONE)
		return;
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct key *k = &keys[i];

		if (k->section != r->section || strcasecmp(name, k->name) != 0)
			continue;
		if (!k->many && (r->seen >> i & 1) != 0)
			ini_file_problem(f, "%s is given twice", k->name);
		else
			k->read(f, value, r);
		r->seen |= UINT32_C(1) << i;
		return;
	}
	/* Not which: what stands there may be a key that lost its name. */
	ini_file_problem(f, "not a key that [%s] can have",
	    r->section == SECTION_PEER ? "Peer" : "Interface");
}

/*
 * What can only be said when the whole file was read.
 */

__attribute__((format(printf, 3, 4))) static bool
complain(const struct reading *r, unsigned line, const char *fmt, ...)
{
	char what[256], text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (line > 0)
		(void)snprintf(text, sizeof(text), "%.512s:%u: %s", r->file,
		    line, what);
	else
		(void)snprintf(text, sizeof(text), "%.512s: %s", r->file, what);
	r->how->report(text, r->how->arg);
	return false;
}

/* The public key of our private one. 0 or -ENOMEM. */
static int
own_public(const uint8_t private[TUNNEL_KEY_LEN], uint8_t ret[TUNNEL_KEY_LEN])
{
	struct wg_crypto *crypto = wg_crypto_new();
	struct wg_private *key = NULL;

	if (crypto != NULL && (key = wg_private_new(crypto, private)) != NULL)
		wg_private_public(key, ret);
	wg_private_free(key);
	wg_crypto_free(crypto);
	return key != NULL ? 0 : -ENOMEM;
}

static bool
peers_are_sound(const struct reading *r)
{
	const struct tunnel_conf *c = r->w->conf;
	uint8_t own[TUNNEL_KEY_LEN];

	for (unsigned i = 0; i < c->n_peers; i++)
		if (r->lines[i].key == 0)
			return complain(r, r->lines[i].peer,
			    "this [Peer] has no PublicKey line");
	if (own_public(c->interface.private, own) < 0)
		return complain(r, 0, "no memory");
	for (unsigned i = 0; i < c->n_peers; i++)
		if (wg_equal(c->peers[i].public, own, TUNNEL_KEY_LEN))
			return complain(r, r->lines[i].key,
			    "PublicKey: it belongs to the PrivateKey of this "
			    "file");
	return true;
}

/* A place in a list that is sorted without moving what is in it. */
struct sorted {
	struct tunnel_allowed *at;
};

/* By network, and by peer in each. */
static int
compare_allowed(const void *a, const void *b)
{
	const struct tunnel_allowed *x = ((const struct sorted *)a)->at;
	const struct tunnel_allowed *y = ((const struct sorted *)b)->at;
	int r = memcmp(x->net.net.bytes, y->net.net.bytes,
	    sizeof(x->net.net.bytes));

	if (r == 0)
		r = (int)x->net.net.family - (int)y->net.net.family;
	if (r == 0)
		r = (int)x->net.bits - (int)y->net.bits;
	return r != 0 ? r : (x->peer > y->peer) - (x->peer < y->peer);
}

static bool
is_same_network(const struct tunnel_allowed *a, const struct tunnel_allowed *b)
{
	return a->net.bits == b->net.bits &&
	    addr_equal(&a->net.net, &b->net.net);
}

/* What was said before is taken out. */
static void
forget_repeated(struct tunnel_conf *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_allowed; i++)
		if (c->allowed[i].net.net.family != ADDR_NONE)
			c->allowed[n++] = c->allowed[i];
	c->n_allowed = n;
}

/* Each network is one peer's. There may be thousands, so they are sorted. */
static bool
networks_are_sound(const struct reading *r)
{
	struct tunnel_conf *c = r->w->conf;
	struct sorted *all = calloc(c->n_allowed, sizeof(*all));
	struct tunnel_allowed *last;
	char text[ADDR_TEXT_MAX];
	bool sound = true;

	if (all == NULL)
		return complain(r, 0, "no memory");
	for (unsigned i = 0; i < c->n_allowed; i++)
		all[i].at = &c->allowed[i];
	qsort(all, c->n_allowed, sizeof(*all), compare_allowed);
	last = all[0].at;
	for (unsigned i = 1; i < c->n_allowed && sound; i++) {
		struct tunnel_allowed *a = all[i].at;

		if (!is_same_network(last, a))
			last = a;
		else if (last->peer == a->peer)
			a->net.net.family = ADDR_NONE;
		else
			sound = complain(r, r->lines[a->peer].peer,
			    "AllowedIPs: %s/%u is another peer's, the one of "
			    "line %u",
			    addr_print(&last->net.net, text), last->net.bits,
			    r->lines[last->peer].peer);
	}
	free(all);
	forget_repeated(c);
	return sound;
}

/* Of a connection there is one, and its other end is one peer. */
static bool
transport_is_sound(const struct reading *r)
{
	const struct tunnel_interface *i = &r->w->conf->interface;
	bool tls = i->transport == TUNNEL_TLS || i->transport == TUNNEL_AUTO;
	unsigned line =
	    r->w->name_line != 0 ? r->w->name_line : r->w->verify_line;

	if (i->transport != TUNNEL_UDP && i->listens != 0)
		return complain(r, r->w->listen_line,
		    "Listen: this is for Transport = udp");
	if (i->forwards != 0 && i->listens == 0)
		return complain(r, r->w->forward_line,
		    "Forward: this is for who has Listen");
	if (i->transport == TUNNEL_UDP && r->w->framing_line != 0)
		return complain(r, r->w->framing_line,
		    "Framing: this is for Transport = tcp, tls or auto");
	if (!tls && line != 0)
		return complain(r, line,
		    "this is for Transport = tls, or auto");
	if (tls && i->tls.verify == CARRIER_VERIFY_ROOTS &&
	    i->tls.sni[0] == '\0')
		return complain(r, r->w->verify_line,
		    "TLSVerify = system: what name is the server to have? "
		    "TLSServerName says");
	if (i->transport != TUNNEL_UDP && r->w->conf->n_peers > 1)
		return complain(r, r->w->transport_line,
		    "Transport: with more than one [Peer] only udp");
	return true;
}

static bool
is_whole(const struct reading *r)
{
	const struct tunnel_conf *c = r->w->conf;

	if (!r->has_interface)
		return complain(r, 0, "no [Interface] section");
	if (wg_is_zero(c->interface.private, TUNNEL_KEY_LEN))
		return complain(r, 0, "no PrivateKey line");
	if (c->interface.n_addresses == 0)
		return complain(r, 0, "no Address line");
	if (c->n_peers == 0)
		return complain(r, 0, "no [Peer] section");
	if (!peers_are_sound(r))
		return false;
	if (c->n_allowed == 0)
		return complain(r, 0, "no AllowedIPs line");
	if (!networks_are_sound(r))
		return false;
	if (r->w->n_endpoints == 0 && r->w->n_names == 0 &&
	    c->interface.listens == 0)
		return complain(r, 0, "no Endpoint line");
	return transport_is_sound(r);
}

static void
pass_on(const char *problem, void *arg)
{
	const struct reading *r = arg;

	r->how->report(problem, r->how->arg);
}

bool
wgquick_is(const char *text, size_t len)
{
	static const char *const sections[] = { "[interface]", "[peer]" };
	const char *end = text + len, *line = text;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	while (line < end) {
		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		for (unsigned i = 0; i < 2; i++)
			if ((size_t)(end - line) >= strlen(sections[i]) &&
			    strncasecmp(line, sections[i],
				strlen(sections[i])) == 0)
				return true;
		while (line < end && *line++ != '\n')
			;
	}
	return false;
}

int
wgquick_parse(const char *file, const char *text, size_t len,
    const struct wgquick_how *how, struct wgquick *ret)
{
	struct reading r = { .w = ret,
		.how = how,
		.file = file,
		.text = text,
		.len = len };

	memset(ret, 0, sizeof(*ret));
	if ((ret->conf = tunnel_conf_new()) == NULL) {
		(void)complain(&r, 0, "no memory");
		return -ENOMEM;
	}
	/* What does not say: as Proton's clients do it. */
	ret->conf->interface.tls.verify = CARRIER_VERIFY_NONE;
	if (ini_file_parse_wg(file, text, len, on_pair, pass_on, &r) > 0)
		goto wrong;
	if (ret->conf->interface.transport == TUNNEL_NOT)
		ret->conf->interface.transport = TUNNEL_UDP;
	if (is_whole(&r))
		return 0;

wrong:
	wgquick_done(ret);
	return -EINVAL;
}

void
wgquick_done(struct wgquick *w)
{
	tunnel_conf_free(w->conf);
	memset(w, 0, sizeof(*w));
}
