/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Outbound, packets of one length to one endpoint become a row: one header,
 * then message after message, which the kernel or the card cuts (UDP_L4). A
 * packet is read from the device to where its message would stand in the row,
 * and sealed there. If it is longer, or goes elsewhere, it is moved to where
 * the next row begins; a shorter one ends the row.
 *
 *     room  | outer | 16 packet 16 | 16 packet 16 | 16 packet 16 |
 *           | OUTER_ROOM           ^ data + len: the next is read behind it
 *
 * An answer to a peer that is not an endpoint of the policy yet waits, too: for
 * the policy that its handshake brings about.
 *
 * A packet that finds no session waits for the handshake it asked for, with a
 * few others; what waited too long is dropped, because who sent it has sent it
 * again.
 */
#include "datapath/tunnel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/counters.h"
#include "datapath/drop_ring.h"
#include "datapath/egress.h"
#include "datapath/outer.h"
#include "datapath/parse.h"
#include "datapath/pathmtu.h"
#include "datapath/policy.h"
#include "datapath/pump.h"
#include "datapath/tunnel_conf.h"
#include "src/base/mono.h"
#include "src/os/link.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"
#include "src/os/udp.h"
#include "src/os/uplink.h"

enum {
	BATCH = 64,	  /* packets read, then others' turn */
	ROWS = 16,	  /* at most as long as an IP packet each */
	ROW_MAX = 64,	  /* messages: what the kernel cuts (udp(7)) */
	WAITING_MAX = 64, /* packets without a session */
	HELD_MAX = 16	  /* answers without a way */
};
enum { DNS = 53, DNS_OVER_TLS = 853 };

/* Where a row stands: itself, and the packet that is read behind it. */
#define ROW_ROOM (OUTER_ROOM + 2 * PKTBUF_MAX + WG_DEVICE_OVERHEAD)

/* After the time between two initiations (the paper, section 6.1). */
#define WAITED_TOO_LONG UINT64_C(5000000000)

/*
 * Of two initiations within 20 ms a server answers the first only
 * (wireguard-go, Linux), and that is not the one we remember.
 */
#define BETWEEN_INITIATIONS UINT64_C(25000000)

/* Initiations without an answer that are a peer's silence. */
#define SILENCE 3

/* A peer may ask for so many handshakes a second, all together (load.h). */
#define HANDSHAKES_ENOUGH 500

/* How long an answer waits for its way, and how often that is looked for. */
#define HELD_TOO_LONG UINT64_C(1000000000)
#define LOOK_FOR_WAY  UINT64_C(2000000)

struct row {
	uint8_t *room;
	struct pktbuf buf; /* data: the first message; len: of all of them */
	unsigned n;	   /* messages; 0: none yet */
	unsigned endpoint; /* of the policy */
	uint16_t segment;  /* the first message's length */
	bool ended;	   /* none can follow */
	size_t inner;	   /* bytes of the packets in them */
};

struct waiting {
	uint64_t since;
	uint32_t len;
	uint8_t *data;
};

/* An answer to who proved to be a peer, at a place that is no endpoint yet. */
struct held {
	struct wg_endpoint to;
	uint64_t since;
	uint8_t msg[WG_RESPONSE_LEN];
};

/* Initiations to one peer that it has not answered. */
struct silence {
	struct wg_endpoint at; /* ADDR_NONE: it has to speak first */
	unsigned unanswered;
	bool is_aside;	/* others have the way to everywhere */
	bool is_fixed;	/* the endpoint is the file's */
	uint64_t heard; /* of all that were, who was last; 0: never */
};

struct tunnel {
	struct wg_crypto *crypto;
	struct wg_device *device;
	struct tun *tun;
	struct udp *udp; /* NULL: what it says goes to the link */
	int link;
	struct uplink *uplink;
	struct drop_ring *drops;
	struct pump_memory *memory;

	struct tunnel_address own[TUNNEL_ADDRESSES_MAX];
	struct addr dns[TUNNEL_DNS_MAX];
	unsigned n_own, n_dns, n_peers;
	bool listens; /* peers may speak first */
	bool forwards;
	uint32_t mtu;

	const struct policy *pol; /* of this call */
	uint64_t now;		  /* likewise */
	uint64_t initiated;	  /* the last initiation went out */
	uint64_t renew_at;	  /* tunnel_renew() was too soon; 0: not */
	uint64_t started, started_unix; /* a moment, and its time of day */
	uint16_t id;			/* the next packet's, in IPv4 */
	struct pathmtu paths;
	struct hop hop; /* of this packet, with the way's MTU */

	uint8_t *out_room, *in_room, *waiting_room;
	struct row rows[ROWS];
	struct uplink_out out[2 * ROWS];
	struct udp_in in[UDP_BATCH];
	struct waiting waiting[WAITING_MAX];
	unsigned n_waiting;
	bool flush; /* there is a session for those that wait */
	struct held held[HELD_MAX];
	unsigned n_held;
	uint64_t look_for_way; /* with held ones */
	uint64_t heard;	       /* counts */
	/* Of a row of one that must be cut: the rest. And of a handshake. */
	uint8_t rest_room[PKTBUF_MAX], said_room[2048];

	struct silence *silence; /* of each peer */
	bool is_silent;		 /* all of them, and it was told */
	uint64_t renewal, renewal_wanted;
	_Atomic uint64_t renewed; /* the last that was answered */
	_Atomic uint64_t established, unanswered, moves;
};

/*
 * Sending.
 */

/*
 * The place of that endpoint in the policy, or -1: nothing may go there. (What
 * goes over TCP the gate judges, too, as any client's.)
 */
static int
find_endpoint(const struct tunnel *t, const struct wg_endpoint *to)
{
	for (unsigned i = 0; i < t->pol->n_endpoints; i++) {
		const struct endpoint *e = &t->pol->endpoints[i];
		bool ours = t->udp != NULL
		    ? e->sealed && e->protocol == PROTO_UDP
		    : e->protocol == PROTO_TCP;

		if (ours && e->port == to->port &&
		    addr_equal(&e->addr, &to->addr))
			return (int)i;
	}
	return -1;
}

static bool
make_outer(struct tunnel *t, unsigned endpoint, struct outer *ret)
{
	const struct endpoint *e = &t->pol->endpoints[endpoint];

	*ret =
	    (struct outer){ .from = e->addr.family == ADDR_V4 ? t->pol->source4
							      : t->pol->source6,
		    .to = e->addr,
		    .sport = udp_port(t->udp),
		    .dport = e->port,
		    .id = t->id };
	return ret->from.family == ret->to.family;
}

static uint32_t
mtu_to(const struct tunnel *t, unsigned endpoint)
{
	return pathmtu_get(&t->paths, &t->pol->endpoints[endpoint].addr,
	    t->pol->hops[endpoint].mtu);
}

/*
 * Put the headers on and say where it goes: one packet, or two fragments. The
 * number of entries of out[] made; 0: why not.
 */
static unsigned
address(struct tunnel *t, unsigned endpoint, struct pktbuf *b, uint16_t segment,
    struct pktbuf *second, struct uplink_out out[2], enum drop *ret_why)
{
	const struct hop *hop = &t->pol->hops[endpoint];
	struct outer o;

	if (t->paths.n > 0) {
		t->hop = *hop;
		t->hop.mtu = mtu_to(t, endpoint);
		hop = &t->hop;
	}
	*ret_why = DROP_NO_UPLINK;
	if (!make_outer(t, endpoint, &o))
		return 0;
	outer_wrap(&o, b, segment);
	t->id = o.id;
	out[0] = (struct uplink_out){ .hop = hop, .packet = b };
	if ((*ret_why = egress_check(hop, b)) == PASSED)
		return 1;
	if (*ret_why != DROP_TOO_BIG || outer_cut(&o, b, hop->mtu, second) < 0)
		return 0;
	t->id = o.id;
	*ret_why = PASSED;
	out[1] = (struct uplink_out){ .hop = hop, .packet = second };
	return 2;
}

/* Message by message. */
static void
send_by_link(struct tunnel *t, const struct row *row)
{
	for (size_t at = 0; at < row->buf.len; at += row->segment) {
		size_t len = row->buf.len - at;
		int r;

		if (len > row->segment)
			len = row->segment;
		r = link_send(t->link, row->buf.data + at, len);
		counters_add(&t->memory->tunnel,
		    r == 0 ? PASSED : DROP_UPLINK_BUSY, 1,
		    len - WG_TRANSPORT_MIN);
	}
}

static void
send_row(struct tunnel *t, struct row *row)
{
	struct pktbuf rest = { .data = t->rest_room };
	struct uplink_out out[2];
	enum drop why;
	unsigned n;

	if (t->udp == NULL) {
		send_by_link(t, row);
		return;
	}
	n = address(t, row->endpoint, &row->buf, row->n > 1 ? row->segment : 0,
	    &rest, out, &why);
	if (n > 0)
		uplink_send(t->uplink, out, n);
	for (unsigned i = 0; i < n && why == PASSED; i++)
		why = egress_why(out[i].result);
	counters_add(&t->memory->tunnel, why, row->n, row->inner);
	if (why != PASSED)
		drop_ring_put(t->drops, row->buf.data, row->buf.len, why,
		    t->pol->generation);
}

/* A message of the device's own. False: it did not leave. */
static bool
say(struct tunnel *t, unsigned endpoint, const uint8_t *msg, size_t len)
{
	struct pktbuf b = { .data = t->said_room + OUTER_ROOM,
		.len = (uint32_t)len };
	struct pktbuf rest = { .data = t->rest_room };
	struct uplink_out out[2];
	enum drop why;
	unsigned n;

	if (t->udp == NULL)
		return link_send(t->link, msg, len) == 0;
	memcpy(b.data, msg, len);
	n = address(t, endpoint, &b, 0, &rest, out, &why);
	if (n > 0)
		uplink_send(t->uplink, out, n);
	return n > 0;
}

static bool
has_session(const struct tunnel *t, unsigned peer)
{
	struct wg_peer_status s;

	return wg_device_status(t->device, t->now, peer, &s) == 0 &&
	    s.is_established;
}

/*
 * With one peer that answers there is a tunnel: silence is that of all, but for
 * those aside. Of who speaks first no answer is missing.
 */
static bool
all_are_silent(const struct tunnel *t)
{
	bool any = false;

	for (unsigned i = 0; i < t->n_peers; i++) {
		if (t->silence[i].is_aside)
			continue;
		if (!t->silence[i].is_fixed) {
			if (has_session(t, i))
				return false;
			continue;
		}
		if (t->silence[i].unanswered < SILENCE)
			return false;
		any = true;
	}
	return any;
}

/* An initiation goes there. */
static void
note_unanswered(struct tunnel *t, const struct wg_endpoint *to)
{
	for (unsigned i = 0; i < t->n_peers; i++)
		if (t->silence[i].at.port == to->port &&
		    addr_equal(&t->silence[i].at.addr, &to->addr))
			t->silence[i].unanswered++;
	if (t->is_silent || !all_are_silent(t))
		return;
	t->is_silent = true;
	atomic_fetch_add(&t->unanswered, 1);
}

static void
note_answer(struct tunnel *t, uint32_t peer)
{
	if (peer >= t->n_peers)
		return;
	t->silence[peer].unanswered = 0;
	if (t->silence[peer].is_aside)
		return;
	t->is_silent = false;
	atomic_store(&t->renewed, t->renewal);
}

/* Also one that was here before, and that the policy has forgotten. */
static void
hold(struct tunnel *t, const struct wg_endpoint *to, const uint8_t *msg)
{
	struct held *h = &t->held[t->n_held];

	if (t->n_held == HELD_MAX)
		return;
	t->n_held++;
	h->to = *to;
	h->since = t->now;
	memcpy(h->msg, msg, sizeof(h->msg));
	t->look_for_way = t->now + LOOK_FOR_WAY;
}

/* The policy may have their ways now. They stay in order. */
static void
send_held(struct tunnel *t)
{
	unsigned n = t->n_held;

	t->n_held = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct held *h = &t->held[i];
		int endpoint = find_endpoint(t, &h->to);

		if (endpoint >= 0 &&
		    say(t, (unsigned)endpoint, h->msg, sizeof(h->msg)))
			continue;
		if (t->now - h->since < HELD_TOO_LONG)
			t->held[t->n_held++] = *h;
	}
	t->look_for_way = t->now + LOOK_FOR_WAY;
}

/* It was there: who it is, is for the device to say. */
static void
note_place(struct tunnel *t, const struct wg_endpoint *at)
{
	struct wg_peer_status s;

	for (unsigned i = 0; i < t->n_peers; i++)
		if (!t->silence[i].is_fixed &&
		    wg_device_status(t->device, t->now, i, &s) == 0 &&
		    s.at.port == at->port && addr_equal(&s.at.addr, &at->addr))
			t->silence[i].heard = ++t->heard;
	atomic_fetch_add(&t->moves, 1);
}

/* Of a handshake, or a keepalive. */
static void
on_send(void *arg, const struct wg_endpoint *to, const uint8_t *msg, size_t len)
{
	struct tunnel *t = arg;
	bool initiation = wg_type_of(msg, len) == WG_INITIATION;
	int endpoint;

	if (initiation) {
		uint64_t now = mono_now().ns;

		atomic_store(&t->memory->told_unix,
		    t->started_unix + (now - t->started));
		note_unanswered(t, to);
	}
	if (t->pol == NULL || len > sizeof(t->said_room) - OUTER_ROOM)
		return;
	endpoint = find_endpoint(t, to);
	if (endpoint >= 0 && say(t, (unsigned)endpoint, msg, len)) {
		if (initiation)
			t->initiated = t->now;
		return;
	}
	if (!t->listens || wg_type_of(msg, len) != WG_RESPONSE)
		return;
	if (endpoint < 0)
		note_place(t, to);
	hold(t, to, msg);
}

static int
on_random(void *arg, void *ret, size_t len)
{
	struct tunnel *t = arg;

	return wg_random(t->crypto, ret, len);
}

static void
on_event(void *arg, uint32_t peer, enum wg_event e)
{
	struct tunnel *t = arg;

	if ((e == WG_MOVED || e == WG_ESTABLISHED) && peer < t->n_peers)
		t->silence[peer].heard = ++t->heard;
	if (e == WG_MOVED && t->listens)
		atomic_fetch_add(&t->moves, 1);
	if (e != WG_ESTABLISHED)
		return;
	note_answer(t, peer);
	t->flush = true;
	atomic_fetch_add(&t->established, 1);
}

/*
 * Outbound.
 */

static bool
is_own(const struct tunnel *t, const struct addr *a)
{
	for (unsigned i = 0; i < t->n_own; i++)
		if (addr_equal(&t->own[i].addr, a))
			return true;
	return false;
}

/* Of others, one host, by IPv4; never the uplink's address. */
static bool
is_forwarded(const struct tunnel *t, const struct addr *a)
{
	return t->forwards && a->family == ADDR_V4 && a->bytes[0] != 0 &&
	    a->bytes[0] != 127 && a->bytes[0] < 224 &&
	    !addr_equal(a, &t->pol->source4);
}

/* STATES.md 4: DNS only to the tunnel's resolvers. */
static bool
is_other_resolver(const struct tunnel *t, const struct pkt *p)
{
	if (t->n_dns == 0 || !p->ports ||
	    (p->dport != DNS && p->dport != DNS_OVER_TLS))
		return false;
	for (unsigned i = 0; i < t->n_dns; i++)
		if (addr_equal(&t->dns[i], &p->dst))
			return false;
	return true;
}

static enum drop
judge(const struct tunnel *t, const uint8_t *data, size_t len,
    uint32_t *ret_peer)
{
	enum drop why;
	struct pkt p;

	if ((why = parse_ip(data, len, &p)) != PASSED)
		return why;
	if (!is_own(t, &p.src) && !is_forwarded(t, &p.src))
		return DROP_WRONG_SOURCE;
	if (is_other_resolver(t, &p))
		return DROP_OTHER_RESOLVER;
	*ret_peer = wg_device_route(t->device, data, len);
	return *ret_peer != WG_NOBODY ? PASSED : DROP_NO_PEER;
}

static void
note_drop(struct tunnel *t, const uint8_t *data, size_t len, enum drop why)
{
	counters_add(&t->memory->tunnel, why, 1, len);
	drop_ring_put(t->drops, data, len, why, t->pol->generation);
}

/* False: there is no room for one more. */
static bool
wait_for_session(struct tunnel *t, const uint8_t *data, size_t len,
    uint64_t now)
{
	struct waiting *w = &t->waiting[t->n_waiting];

	if (t->n_waiting == WAITING_MAX || len > t->mtu)
		return false;
	memcpy(w->data, data, len);
	w->len = (uint32_t)len;
	w->since = now;
	t->n_waiting++;
	return true;
}

static enum drop
why_not_sealed(int r)
{
	return r == -EMSGSIZE ? DROP_TOO_BIG : DROP_NO_SESSION;
}

/* Where the next packet is read to: its message would stand 16 bytes before. */
static uint8_t *
packet_place(struct row *row)
{
	return row->buf.data + row->buf.len + WG_TRANSPORT_HEADER;
}

static void
begin_row(struct row *row, unsigned endpoint, size_t len)
{
	row->n = 0;
	row->inner = 0;
	row->endpoint = endpoint;
	row->segment = (uint16_t)len;
	row->ended = false;
	row->buf = (struct pktbuf){ .data = row->room + OUTER_ROOM };
}

/*
 * Will a row be cut into its messages? What has to be cut into fragments, too,
 * goes alone. (To a link each message goes alone in any case.)
 */
static bool
is_cut(const struct tunnel *t, const struct row *row, unsigned endpoint)
{
	const struct outer o = { .from = t->pol->endpoints[endpoint].addr };

	return t->udp == NULL ||
	    (uplink_cuts_rows(t->uplink) &&
		row->segment + outer_len(&o) <= mtu_to(t, endpoint));
}

static bool
takes(const struct tunnel *t, const struct row *row, unsigned endpoint,
    size_t len)
{
	if (row->n == 0)
		return true;
	return !row->ended && row->endpoint == endpoint &&
	    len <= row->segment && row->n < ROW_MAX &&
	    row->buf.len + len + OUTER_ROOM < PKTBUF_MAX &&
	    is_cut(t, row, endpoint);
}

/*
 * The message of len bytes behind the row becomes its next, or the first of
 * the next row. The row that is written to now.
 */
static struct row *
append(struct tunnel *t, struct row *row, unsigned endpoint, size_t len,
    size_t inner)
{
	uint8_t *msg = row->buf.data + row->buf.len;

	if (!takes(t, row, endpoint, len)) {
		begin_row(++row, endpoint, len);
		memmove(row->buf.data, msg, len);
	} else if (row->n == 0) {
		begin_row(row, endpoint, len);
	}
	row->ended = len < row->segment;
	row->buf.len += (uint32_t)len;
	row->inner += inner;
	row->n++;
	return row;
}

/* The packet of len bytes behind the row: seal it, or say why not. */
static struct row *
take_packet(struct tunnel *t, struct row *row, size_t len, uint64_t now)
{
	uint8_t *packet = packet_place(row);
	struct wg_endpoint to;
	uint32_t peer = 0;
	enum drop why;
	size_t sealed;
	int endpoint, r;

	if ((why = judge(t, packet, len, &peer)) != PASSED) {
		note_drop(t, packet, len, why);
		return row;
	}
	r = wg_device_seal(t->device, now, peer, packet - WG_TRANSPORT_HEADER,
	    len, &sealed, &to);
	if (r == -EAGAIN && wait_for_session(t, packet, len, now))
		return row;
	if (r < 0) {
		note_drop(t, packet, len, why_not_sealed(r));
		return row;
	}
	if ((endpoint = find_endpoint(t, &to)) < 0) {
		note_drop(t, packet, 0, DROP_BLOCKED);
		return row;
	}
	return append(t, row, (unsigned)endpoint, sealed, len);
}

static struct row *
first_row(struct tunnel *t)
{
	begin_row(&t->rows[0], 0, 0);
	return &t->rows[0];
}

static void
send_rows(struct tunnel *t, const struct row *last)
{
	for (struct row *row = t->rows; row <= last; row++)
		if (row->n > 0)
			send_row(t, row);
}

int
tunnel_batch_out(struct tunnel *t, const struct policy *pol, uint64_t now)
{
	struct row *row;
	int n, r = 0;

	t->pol = pol;
	t->now = now;
	row = first_row(t);
	/* The one that is read may need the next row. */
	for (n = 0; n < BATCH && row < t->rows + ROWS - 1; n++) {
		struct pktbuf in = { .data = packet_place(row) };

		if ((r = tun_read(t->tun, &in)) < 0)
			break;
		if (pol->n_endpoints == 0)
			note_drop(t, in.data, in.len, DROP_BLOCKED);
		else
			row = take_packet(t, row, in.len, now);
	}
	send_rows(t, row);
	return r < 0 && r != -EAGAIN ? r : n;
}

/*
 * Those that wait, at once: there is a session, or the first waited too long.
 * Who still has none waits on, in the same order: no further back than it was.
 */
static void
flush_waiting(struct tunnel *t, uint64_t now)
{
	unsigned n = t->n_waiting;
	struct row *row = first_row(t);

	t->flush = false;
	t->n_waiting = 0;
	for (unsigned i = 0; i < n; i++) {
		struct waiting *w = &t->waiting[i];
		unsigned kept = t->n_waiting;
		uint64_t since = w->since;

		if (now - w->since > WAITED_TOO_LONG) {
			note_drop(t, w->data, w->len, DROP_NO_SESSION);
			continue;
		}
		if (row == t->rows + ROWS - 1) {
			send_rows(t, row);
			row = first_row(t);
		}
		memcpy(packet_place(row), w->data, w->len);
		row = take_packet(t, row, w->len, now);
		if (t->n_waiting > kept)
			t->waiting[kept].since = since;
	}
	send_rows(t, row);
}

/*
 * Inbound.
 */

static void
hear(struct tunnel *t, const struct udp_in *in, uint8_t *msg, size_t len,
    uint64_t now)
{
	const struct wg_endpoint from = { in->from, in->port };
	struct wg_packet packet;
	struct pktbuf b = { 0 };
	struct pkt p;

	if (wg_device_receive(t->device, now, &from, msg, len, &packet) !=
		WG_PACKET ||
	    parse_ip(packet.data, packet.len, &p) != PASSED ||
	    (!is_own(t, &p.dst) && !is_forwarded(t, &p.dst)))
		return;
	b.data = packet.data;
	b.len = (uint32_t)packet.len;
	/* What the device has no room for is lost, as on any link. */
	(void)tun_write(t->tun, &b);
}

/* As if from the server: who carries it has no other. */
static int
read_link(struct tunnel *t, const struct policy *pol)
{
	int n;

	for (n = 0; n < UDP_BATCH; n++) {
		ssize_t len = link_receive(t->link, t->in[n].data, PKTBUF_MAX);

		if (len < 0)
			break;
		t->in[n].len = (uint32_t)len;
		t->in[n].segment = 0;
		t->in[n].from = pol->endpoints[0].addr;
		t->in[n].port = pol->endpoints[0].port;
	}
	return n;
}

void
tunnel_batch_in(struct tunnel *t, const struct policy *pol, uint64_t now)
{
	int n = t->udp != NULL ? udp_read(t->udp, t->in, UDP_BATCH)
			       : read_link(t, pol);

	t->pol = pol;
	t->now = now;
	for (int i = 0; i < n && (pol->n_endpoints > 0 || pol->listens); i++) {
		const struct udp_in *in = &t->in[i];
		size_t step = in->segment > 0 ? in->segment : in->len;

		for (size_t at = 0; at < in->len; at += step)
			hear(t, in, in->data + at,
			    in->len - at < step ? in->len - at : step, now);
	}
	if (t->flush)
		flush_waiting(t, now);
}

void
tunnel_take_errors(struct tunnel *t, uint64_t now)
{
	struct addr to;
	uint32_t mtu;
	int r = 0;

	for (int i = 0; t->udp != NULL && i < UDP_BATCH && r >= 0; i++)
		if ((r = udp_take_error(t->udp, &to, &mtu)) > 0)
			pathmtu_put(&t->paths, &to, mtu, now);
}

/*
 * Time.
 */

/*
 * The time of day, that a peer is told: it answers only what is later than the
 * last. So a clock that was set back, in whatever life of a worker, counts on
 * from what was told, by a second: what is told is rounded.
 */
static void
set_time(struct tunnel *t)
{
	uint64_t wall = mono_wall_ns();
	uint64_t told = atomic_load(&t->memory->told_unix);

	t->started = mono_now().ns;
	t->started_unix = wall > told ? wall : told + UINT64_C(1000000000);
	wg_device_set_time(t->device, t->started, t->started_unix);
}

void
tunnel_tick(struct tunnel *t, const struct policy *pol, uint64_t now)
{
	t->pol = pol;
	t->now = now;
	if (t->renew_at != 0 && now >= t->renew_at)
		tunnel_renew(t, pol, now, t->renewal_wanted);
	set_time(t);
	pathmtu_age(&t->paths, now);
	wg_device_tick(t->device, now);
	if (t->n_held > 0 && now >= t->look_for_way)
		send_held(t);
	if (t->flush ||
	    (t->n_waiting > 0 && now - t->waiting[0].since > WAITED_TOO_LONG))
		flush_waiting(t, now);
}

uint64_t
tunnel_next_tick(const struct tunnel *t)
{
	uint64_t next = wg_device_next_tick(t->device);

	if (t->n_waiting > 0 && t->waiting[0].since + WAITED_TOO_LONG < next)
		next = t->waiting[0].since + WAITED_TOO_LONG + 1;
	if (t->renew_at != 0 && t->renew_at < next)
		next = t->renew_at;
	if (t->n_held > 0 && t->look_for_way < next)
		next = t->look_for_way;
	return next;
}

/* Who speaks first is not asked amid its own handshake. */
static bool
is_to_be_asked(const struct tunnel *t, unsigned peer)
{
	return t->silence[peer].is_fixed || has_session(t, peer);
}

void
tunnel_renew(struct tunnel *t, const struct policy *pol, uint64_t now,
    uint64_t number)
{
	t->pol = pol;
	t->now = now;
	t->renew_at = 0;
	t->renewal_wanted = number;
	if (t->initiated != 0 && now - t->initiated < BETWEEN_INITIATIONS) {
		t->renew_at = t->initiated + BETWEEN_INITIATIONS;
		return;
	}
	t->is_silent = false;
	for (unsigned i = 0; i < t->n_peers; i++)
		t->silence[i].unanswered = 0;
	set_time(t);
	for (unsigned i = 0; i < t->n_peers; i++)
		if (is_to_be_asked(t, i))
			wg_device_renew(t->device, now, i);
	/* What was asked before has no answer from here on. */
	t->renewal = number;
}

/* The one heard last of those heard before; the number of peers: none. */
static unsigned
heard_before(const struct tunnel *t, uint64_t before)
{
	unsigned last = t->n_peers;

	for (unsigned i = 0; i < t->n_peers; i++)
		if (!t->silence[i].is_fixed && t->silence[i].heard != 0 &&
		    t->silence[i].heard < before &&
		    (last == t->n_peers ||
			t->silence[i].heard > t->silence[last].heard))
			last = i;
	return last;
}

unsigned
tunnel_places(const struct tunnel *t, struct wg_endpoint ret[], unsigned max)
{
	uint64_t before = UINT64_MAX;
	struct wg_peer_status s;
	unsigned n = 0, peer;

	while (n < max && (peer = heard_before(t, before)) < t->n_peers) {
		before = t->silence[peer].heard;
		if (wg_device_status(t->device, t->now, peer, &s) == 0)
			ret[n++] = s.at;
	}
	return n;
}

unsigned
tunnel_peers(const struct tunnel *t)
{
	return t->n_peers;
}

int
tunnel_status(const struct tunnel *t, uint64_t now, uint32_t peer,
    struct wg_peer_status *ret)
{
	return wg_device_status(t->device, now, peer, ret);
}

uint64_t
tunnel_established(const struct tunnel *t)
{
	return atomic_load(&t->established);
}

uint64_t
tunnel_moves(const struct tunnel *t)
{
	return atomic_load(&t->moves);
}

uint64_t
tunnel_renewed(const struct tunnel *t)
{
	return atomic_load(&t->renewed);
}

uint64_t
tunnel_unanswered(const struct tunnel *t)
{
	return atomic_load(&t->unanswered);
}

/*
 * A life.
 */

/* The way to everywhere is often written in halves. */
static bool
is_everywhere(const struct tunnel_allowed *a)
{
	return a->net.bits <= 1;
}

/*
 * Where peers have the way to everywhere, the others are aside: what they
 * answer says nothing of the way of most packets. Where none has, all count.
 */
static void
set_aside(struct tunnel *t, const struct tunnel_conf *conf)
{
	bool any = false;

	for (unsigned i = 0; i < conf->n_allowed; i++)
		any = any || is_everywhere(&conf->allowed[i]);
	for (unsigned i = 0; i < conf->n_peers; i++)
		t->silence[i].is_aside = any;
	for (unsigned i = 0; i < conf->n_allowed; i++)
		if (is_everywhere(&conf->allowed[i]))
			t->silence[conf->allowed[i].peer].is_aside = false;
}

static int
add_peers(struct tunnel *t, const struct tunnel_conf *conf)
{
	uint32_t number[TUNNEL_PEERS_MAX];
	int r;

	t->silence = calloc(conf->n_peers + 1, sizeof(*t->silence));
	if (t->silence == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < conf->n_peers; i++) {
		const struct tunnel_peer *p = &conf->peers[i];
		struct wg_peer_config peer = {
			.endpoint = { p->endpoint, p->port },
			.is_fixed = p->endpoint.family != ADDR_NONE,
			.persistent = p->keepalive_s * UINT64_C(1000000000),
		};

		memcpy(peer.public, p->public, sizeof(peer.public));
		memcpy(peer.psk, p->psk, sizeof(peer.psk));
		r = wg_device_add_peer(t->device, &peer, &number[i]);
		wg_wipe(&peer, sizeof(peer));
		if (r < 0)
			return r;
		t->silence[i].at = (struct wg_endpoint){ p->endpoint, p->port };
		t->silence[i].is_fixed = p->endpoint.family != ADDR_NONE;
	}
	t->n_peers = conf->n_peers;
	for (unsigned i = 0; i < conf->n_allowed; i++) {
		const struct tunnel_allowed *a = &conf->allowed[i];

		if (a->peer >= conf->n_peers)
			return -EINVAL;
		r = wg_device_allow(t->device, number[a->peer], &a->net);
		if (r < 0)
			return r;
	}
	set_aside(t, conf);
	return 0;
}

static int
make_device(struct tunnel *t, const struct tunnel_conf *conf)
{
	static const struct wg_ops ops = { .random = on_random,
		.send = on_send,
		.event = on_event };
	struct wg_config c = { .crypto = t->crypto,
		.max_peers = conf->n_peers > 0 ? conf->n_peers : 1,
		.mtu = t->mtu,
		.enough = HANDSHAKES_ENOUGH,
		.ops = &ops,
		.arg = t };

	memcpy(c.private, conf->interface.private, sizeof(c.private));
	t->device = wg_device_new(&c);
	wg_wipe(&c, sizeof(c));
	if (t->device == NULL)
		return -EINVAL;
	set_time(t);
	return add_peers(t, conf);
}

/* Mapped, so that only the pages that packets reach are backed. */
static uint8_t *
map(size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);

	return at != MAP_FAILED ? at : NULL;
}

static int
make_room(struct tunnel *t)
{
	t->out_room = map((size_t)ROWS * ROW_ROOM);
	t->in_room = map((size_t)UDP_BATCH * PKTBUF_MAX);
	t->waiting_room = map((size_t)WAITING_MAX * t->mtu);
	if (t->out_room == NULL || t->in_room == NULL ||
	    t->waiting_room == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < ROWS; i++)
		t->rows[i].room = t->out_room + (size_t)i * ROW_ROOM;
	for (unsigned i = 0; i < UDP_BATCH; i++)
		t->in[i].data = t->in_room + (size_t)i * PKTBUF_MAX;
	for (unsigned i = 0; i < WAITING_MAX; i++)
		t->waiting[i].data = t->waiting_room + (size_t)i * t->mtu;
	return 0;
}

int
tunnel_new(const struct tunnel_parts *parts, struct tunnel **ret)
{
	const struct tunnel_interface *i = &parts->conf->interface;
	struct tunnel *t = calloc(1, sizeof(*t));
	int r = -ENOMEM;

	if (t == NULL) {
		tun_close(parts->tun);
		udp_close(parts->udp);
		if (parts->udp == NULL)
			close(parts->link);
		return -ENOMEM;
	}
	t->tun = parts->tun;
	t->udp = parts->udp;
	t->link = parts->udp != NULL ? -1 : parts->link;
	t->uplink = parts->uplink;
	t->drops = parts->drops;
	t->memory = parts->memory;
	t->mtu = parts->mtu;
	t->n_own = i->n_addresses;
	t->n_dns = i->n_dns;
	t->listens = i->listens != 0;
	t->forwards = i->forwards != 0;
	memcpy(t->own, i->addresses, sizeof(t->own));
	memcpy(t->dns, i->dns, sizeof(t->dns));
	if (i->n_addresses > TUNNEL_ADDRESSES_MAX ||
	    i->n_dns > TUNNEL_DNS_MAX ||
	    parts->conf->n_peers > TUNNEL_PEERS_MAX)
		r = -EINVAL;
	else if ((t->crypto = wg_crypto_new()) != NULL &&
	    (r = make_room(t)) == 0 && (r = make_device(t, parts->conf)) == 0)
		r = wg_random(t->crypto, &t->id, sizeof(t->id));
	if (r < 0) {
		tunnel_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

static void
unmap(uint8_t *at, size_t len)
{
	if (at != NULL)
		(void)munmap(at, len);
}

void
tunnel_free(struct tunnel *t)
{
	if (t == NULL)
		return;
	wg_device_free(t->device);
	free(t->silence);
	wg_crypto_free(t->crypto);
	unmap(t->out_room, (size_t)ROWS * ROW_ROOM);
	unmap(t->in_room, (size_t)UDP_BATCH * PKTBUF_MAX);
	unmap(t->waiting_room, (size_t)WAITING_MAX * t->mtu);
	tun_close(t->tun);
	udp_close(t->udp);
	if (t->link >= 0)
		close(t->link);
	free(t);
}

int
tunnel_tun_fd(const struct tunnel *t)
{
	return tun_fd(t->tun);
}

int
tunnel_port_fd(const struct tunnel *t)
{
	return t->udp != NULL ? udp_fd(t->udp) : t->link;
}
