/* SPDX-License-Identifier: ISC */
#include "datapath/wireguard/allowedips.h"

#include <errno.h>
#include <stdlib.h>

/* A node's place in the array; 0 is no node. */
typedef uint32_t place;

/* An address as a number, at the upper end. */
struct key {
	uint64_t high, low;
};

/* The children agree with the key in its bits, and differ in the next. */
struct node {
	struct key key;
	place child[2];
	uint32_t who;
	unsigned bits;
};

struct wg_allowed {
	struct node *nodes;
	uint32_t n; /* with the first, which is not used */
	uint32_t room;
	place roots[2]; /* IPv4, IPv6 */
};

static struct key
key_of(const struct addr *a)
{
	struct key k = { 0, 0 };

	for (size_t i = 0; i < 8; i++) {
		k.high = k.high << 8 | a->bytes[i];
		k.low = k.low << 8 | a->bytes[8 + i];
	}
	if (a->family == ADDR_V4)
		return (struct key){ k.high >> 32 << 32, 0 };
	return k;
}

static unsigned
bit(struct key k, unsigned i)
{
	uint64_t from = i < 64 ? k.high >> (63 - i) : k.low >> (127 - i);

	return (unsigned)(from & 1);
}

/* How many bits, from the upper end, the two have in common. */
static unsigned
common(struct key a, struct key b)
{
	if (a.high != b.high)
		return (unsigned)__builtin_clzll(a.high ^ b.high);
	if (a.low != b.low)
		return 64 + (unsigned)__builtin_clzll(a.low ^ b.low);
	return 128;
}

static unsigned
smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

struct wg_allowed *
wg_allowed_new(void)
{
	struct wg_allowed *a = calloc(1, sizeof(*a));

	if (a != NULL)
		a->n = 1;
	return a;
}

void
wg_allowed_free(struct wg_allowed *a)
{
	if (a == NULL)
		return;
	free(a->nodes);
	free(a);
}

/* A new prefix takes at most two nodes; so that no place moves meanwhile. */
static int
reserve_two(struct wg_allowed *a)
{
	uint32_t room = a->room > 0 ? 2 * a->room : 16;
	struct node *nodes;

	if (a->room >= 2 && a->n <= a->room - 2)
		return 0;
	if (room >= UINT32_MAX / 2 ||
	    (nodes = realloc(a->nodes, room * sizeof(*nodes))) == NULL)
		return -ENOMEM;
	a->nodes = nodes;
	a->room = room;
	return 0;
}

static place
add(struct wg_allowed *a, struct key key, unsigned bits, uint32_t who)
{
	a->nodes[a->n] = (struct node){ .key = key, .who = who, .bits = bits };
	return a->n++;
}

int
wg_allowed_put(struct wg_allowed *a, const struct prefix *net, uint32_t who)
{
	unsigned max = 8 * (unsigned)addr_len(&net->net), bits = net->bits;
	struct key key = key_of(&net->net);
	place *at, new;

	if (max == 0 || bits > max || who == WG_NOBODY)
		return -EINVAL;
	if (reserve_two(a) < 0)
		return -ENOMEM;
	at = &a->roots[net->net.family == ADDR_V6];
	while (*at != 0) {
		struct node *n = &a->nodes[*at];
		unsigned same =
		    smaller(common(n->key, key), smaller(n->bits, bits));

		if (same < n->bits) {
			place below = *at;

			/* Above it, or beside it below a node of nobody's. */
			new = add(a, key, bits, who);
			if (same < bits) {
				*at = add(a, key, same, WG_NOBODY);
				a->nodes[*at].child[bit(key, same)] = new;
			} else {
				*at = new;
			}
			a->nodes[*at].child[bit(n->key, same)] = below;
			return 0;
		}
		if (bits == n->bits) {
			n->who = who;
			return 0;
		}
		at = &n->child[bit(key, n->bits)];
	}
	*at = add(a, key, bits, who);
	return 0;
}

void
wg_allowed_remove(struct wg_allowed *a, uint32_t who)
{
	for (place i = 1; i < a->n; i++)
		if (a->nodes[i].who == who)
			a->nodes[i].who = WG_NOBODY;
}

uint32_t
wg_allowed_find(const struct wg_allowed *a, const struct addr *addr)
{
	unsigned max = 8 * (unsigned)addr_len(addr);
	struct key key = key_of(addr);
	uint32_t who = WG_NOBODY;
	place i = max > 0 ? a->roots[addr->family == ADDR_V6] : 0;

	while (i != 0) {
		const struct node *n = &a->nodes[i];

		if (common(n->key, key) < n->bits)
			break;
		if (n->who != WG_NOBODY)
			who = n->who;
		i = n->bits < max ? n->child[bit(key, n->bits)] : 0;
	}
	return who;
}
