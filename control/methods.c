/* SPDX-License-Identifier: ISC */
#include "control/methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/key_text.h"
#include "control/mirror.h"
#include "datapath/classify.h"
#include "datapath/drop_ring.h"
#include "datapath/egress.h"
#include "datapath/parse.h"
#include "datapath/policy.h"
#include "datapath/stream.h"
#include "datapath/wireguard/device.h"
#include "src/os/pktbuf.h"

static const char *
protocol_text(unsigned protocol, char text[16])
{
	switch (protocol) {
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_ICMP:
		return "icmp";
	case PROTO_ICMPV6:
		return "icmp6";
	case PROTO_ESP:
		return "esp";
	default:
		(void)snprintf(text, 16, "ip-%u", protocol);
		return text;
	}
}

/* An address, or null. */
static json_t *
address(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (a->family == ADDR_NONE)
		return json_null();
	return json_string(addr_print(a, text));
}

static json_t *
endpoint(const struct endpoint *e)
{
	char where[ADDR_TEXT_MAX], protocol[16];

	return json_pack("{s:s, s:s, s:s}", "address",
	    addr_print_port(&e->addr, e->port, where), "protocol",
	    protocol_text(e->protocol, protocol), "shape",
	    shape_name(e->shape));
}

static json_t *
endpoints(const struct endpoint *e, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		(void)json_array_append_new(list, endpoint(&e[i]));
	return list;
}

static json_t *
server(const struct server *s)
{
	return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:s, s:b}", "name",
	    s->name, "protocol", server_protocol_name(s->protocol), "transport",
	    s->protocol == SERVER_TUNNEL ? tunnel_transport_name(s->transport)
					 : NULL,
	    "listen", s->listen != 0 ? json_integer(s->listen) : json_null(),
	    "endpoints", endpoints(s->endpoints, s->n_endpoints), "interface",
	    s->interface, "starts_client", s->command[0] != '\0');
}

static json_t *
uplink(const struct net_uplink *u)
{
	if (u->link.ifindex == 0)
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "interface", u->link.name,
	    "address", address(&u->addr), "gateway", address(&u->gateway));
}

/* As wg(8) shows them; how long ago a handshake was, in seconds. */
static json_t *
peer(const struct wg_peer_status *p, uint64_t now)
{
	char key[KEY_TEXT_LEN + 1], at[ADDR_TEXT_MAX];
	bool was = p->handshake != 0;

	key_text_print(p->public, key);
	return json_pack("{s:s, s:s?, s:o, s:o, s:I, s:I}", "public_key", key,
	    "endpoint",
	    p->at.addr.family != ADDR_NONE
		? addr_print_port(&p->at.addr, p->at.port, at)
		: NULL,
	    "latest_handshake",
	    was ? json_integer((json_int_t)((now - p->handshake) / 1000000000))
		: json_null(),
	    "round_trip_us",
	    p->round_trip != 0
		? json_integer((json_int_t)(p->round_trip / 1000))
		: json_null(),
	    "sent", (json_int_t)p->sent, "received", (json_int_t)p->received);
}

/* Of our own tunnel; an empty list beneath a client. */
static json_t *
peers(const struct mirror *m)
{
	unsigned n;
	struct wg_peer_status *p = mirror_peers(m, &n);
	json_t *list = json_array();
	uint64_t now = mono_now().ns;

	for (unsigned i = 0; i < n; i++)
		(void)json_array_append_new(list, peer(&p[i], now));
	free(p);
	return list;
}

static json_t *
tunnel(const struct net_view *v)
{
	if (v->tunnel.ifindex == 0)
		return json_null();
	return json_pack("{s:s, s:b, s:o, s:o}", "interface", v->tunnel.name,
	    "running", v->tunnel.running, "address4", address(&v->tunnel4),
	    "address6", address(&v->tunnel6));
}

json_t *
methods_status(const struct mirror *m)
{
	const struct status *s = mirror_status(m);
	uint64_t seconds = mono_ms_between(s->since, mono_now()) / 1000;

	return json_pack(
	    "{s:s, s:I, s:I, s:s, s:o, s:{s:o, s:o}, s:o, s:o, s:s, s:s}",
	    "state", gate_state_name(s->state), "epoch", (json_int_t)s->epoch,
	    "seconds", (json_int_t)seconds, "detail", s->detail, "server",
	    s->has_server ? server(&s->server) : json_null(), "uplink", "v4",
	    uplink(&s->view.v4), "v6", uplink(&s->view.v6), "tunnel",
	    tunnel(&s->view), "peers", peers(m), "lan",
	    s->allow_lan ? "allow" : "block", "on_stop",
	    s->open_on_stop ? "open" : "closed");
}

static json_t *
servers(const struct mirror *m)
{
	const struct server_list *l = mirror_servers(m);
	json_t *list = json_array();

	for (unsigned i = 0; i < l->n; i++)
		(void)json_array_append_new(list, server(&l->servers[i]));
	return json_pack("{s:o}", "servers", list);
}

static json_t *
counts(const struct mirror_counts *c)
{
	json_t *reasons = json_object();

	for (int i = 0; i < DROP_REASONS; i++)
		if (i != PASSED)
			(void)json_object_set_new(reasons,
			    drop_name((enum drop)i),
			    json_integer((json_int_t)c->packets[i]));
	return json_pack("{s:I, s:I, s:o, s:I}", "passed",
	    (json_int_t)c->packets[PASSED], "bytes_passed",
	    (json_int_t)c->bytes_passed, "dropped", reasons, "total",
	    (json_int_t)c->total);
}

json_t *
methods_stats(struct mirror *m)
{
	struct mirror_stats s;
	json_t *all;

	mirror_stats(m, &s);
	if ((all = counts(&s.gate)) == NULL)
		return NULL;
	(void)json_object_set_new(all, "kernel",
	    json_pack("{s:I, s:I}", "packets", (json_int_t)s.kernel_packets,
		"dropped", (json_int_t)s.kernel_dropped));
	(void)json_object_set_new(all, "tunnel", counts(&s.tunnel));
	return all;
}

static json_t *
flow(const struct addr *src, uint16_t sport, const struct addr *dst,
    uint16_t dport, unsigned protocol)
{
	char protocol_room[16];

	if (src->family == ADDR_NONE)
		return json_null();
	return json_pack("{s:o, s:i, s:o, s:i, s:s}", "source", address(src),
	    "source_port", (int)sport, "destination", address(dst),
	    "destination_port", (int)dport, "protocol",
	    protocol_text(protocol, protocol_room));
}

json_t *
methods_drop(const struct drop_event *d)
{
	return json_pack("{s:f, s:s, s:o, s:I, s:I}", "time",
	    (double)d->wall_ns / 1e9, "reason", drop_name((enum drop)d->why),
	    "flow", flow(&d->src, d->sport, &d->dst, d->dport, d->protocol),
	    "bytes", (json_int_t)d->len, "epoch", (json_int_t)d->generation);
}

/*
 * What the hot path's own functions say, on the policy that is in force. A TCP
 * connection is judged as if it were not known.
 */
static enum drop
judge(const struct policy *pol, const struct rpc_request *r)
{
	const struct pktbuf sent = { .len = (uint32_t)r->packet_len };
	struct streams none = { 0 };
	unsigned index = 0;
	enum drop why =
	    classify(r->packet, r->packet_len, 0, pol, &none, &index);

	return why == PASSED ? egress_check(&pol->hops[index], &sent) : why;
}

static json_t *
explain(const struct mirror *m, const struct rpc_request *r)
{
	const struct policy *pol = mirror_policy(m);
	const struct status *s = mirror_status(m);
	enum drop why = judge(pol, r);
	const char *verdict = why == PASSED ? "pass" : "drop";
	const char *reason = drop_name(why), *meaning = drop_meaning(why);
	const char *remedy = drop_remedy(why);
	bool open = s->state == GATE_OPEN;
	struct pkt p;

	if (open) {
		verdict = "not-judged";
		reason = "open";
		meaning = "the gate is open: the system sends it as it would "
			  "without tungate";
		remedy = "tungatectl block closes the gate";
	} else if (why == DROP_WRONG_SHAPE && r->headers_only) {
		verdict = "depends";
		reason = "shape";
		meaning = "it goes where the tunnel goes: its payload, which "
			  "was not given, decides";
		remedy = "a payload in the shape of the tunnel's protocol";
	}
	(void)parse_ip(r->packet, r->packet_len, &p);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o}", "verdict",
	    verdict, "reason", reason, "meaning", meaning, "remedy", remedy,
	    "state", gate_state_name(s->state), "epoch", (json_int_t)s->epoch,
	    "flow", flow(&p.src, p.sport, &p.dst, p.dport, p.protocol),
	    "passes",
	    open ? json_array() : endpoints(pol->endpoints, pol->n_endpoints));
}

enum rpc_error
methods_call(struct mirror *m, const struct rpc_request *request, int fd,
    json_t **ret, char why[])
{
	int r = 0;

	why[0] = '\0';
	*ret = NULL;
	switch (request->method) {
	case RPC_CONNECT:
		r = mirror_command(m, MSG_CONNECT, request->server, fd, why);
		break;
	case RPC_DISCONNECT:
		r = mirror_command(m, MSG_DISCONNECT, NULL, fd, why);
		break;
	case RPC_RELEASE:
		r = mirror_command(m, MSG_RELEASE, NULL, fd, why);
		break;
	case RPC_BLOCK:
		r = mirror_command(m, MSG_BLOCK, NULL, fd, why);
		break;
	case RPC_RELOAD:
		r = mirror_command(m, MSG_RELOAD, NULL, fd, why);
		break;
	case RPC_SERVERS:
		*ret = servers(m);
		break;
	case RPC_STATS:
		*ret = methods_stats(m);
		break;
	case RPC_EXPLAIN:
		*ret = explain(m, request);
		break;
	case RPC_STATUS:
	case RPC_SUBSCRIBE:
	case RPC_NONE:
	case RPC_METHODS:
		break;
	}
	if (r < 0)
		return RPC_REFUSED;
	/* Where there is no other answer, the state as it is now. */
	if (*ret == NULL && (*ret = methods_status(m)) == NULL) {
		(void)snprintf(why, STATUS_WHY_MAX, "no memory");
		return RPC_REFUSED;
	}
	return RPC_OK;
}
