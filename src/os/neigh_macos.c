/* SPDX-License-Identifier: ISC */
#include "src/os/neigh_macos.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <time.h>

#include "src/base/mono.h"
#include "src/os/arpnd.h"
#include "src/os/frames_macos.h"
#include "src/os/netmon.h"

/* Next hops at a time: a router for each family, or servers on the link. */
#define KNOWN_MAX  16
/* Interfaces at a time: each family may have its own. */
#define LINKS_MAX  2
/* Ask again while there is no answer, and to see whether it still holds. */
#define ASK_MS	   1000
#define CONFIRM_MS 30000
/* Answers and noise taken at one event. */
#define DRAIN_MAX  1000

/* Advertisements alone, and replies: nothing that we sent. */
#define FILTER "arp or (icmp6 and ip6[40] = 136)"

struct known {
	unsigned ifindex; /* 0: empty */
	struct addr who, me;
	struct mono asked;
	uint8_t mac[6];
	bool answered;
};

struct link {
	unsigned ifindex; /* 0: empty */
	struct frames *frames;
};

struct neigh {
	int kq;
	struct known known[KNOWN_MAX];
	unsigned next_known; /* the one to give up when there is no room */
	struct link links[LINKS_MAX];
	unsigned next_link;
};

struct neigh *
neigh_new(int kq)
{
	struct neigh *n = calloc(1, sizeof(*n));

	if (n != NULL)
		n->kq = kq;
	return n;
}

static void
forget_link(struct link *l)
{
	/* The event goes with the descriptor. */
	frames_close(l->frames);
	l->frames = NULL;
	l->ifindex = 0;
}

void
neigh_free(struct neigh *n)
{
	if (n == NULL)
		return;
	for (unsigned i = 0; i < LINKS_MAX; i++)
		forget_link(&n->links[i]);
	free(n);
}

/* NULL if it cannot be opened: then nobody is asked. */
static struct link *
find_link(struct neigh *n, unsigned ifindex)
{
	struct link *l;
	struct kevent ev;

	for (unsigned i = 0; i < LINKS_MAX; i++)
		if (n->links[i].ifindex == ifindex)
			return &n->links[i];
	l = &n->links[n->next_link];
	forget_link(l);
	if (frames_open(ifindex, FILTER, &l->frames) < 0)
		return NULL;
	EV_SET(&ev, (uintptr_t)frames_fd(l->frames), EVFILT_READ, EV_ADD, 0, 0,
	    NULL);
	if (kevent(n->kq, &ev, 1, NULL, 0, NULL) < 0) {
		forget_link(l);
		return NULL;
	}
	l->ifindex = ifindex;
	n->next_link = (n->next_link + 1) % LINKS_MAX;
	return l;
}

static struct known *
find_known(struct neigh *n, unsigned ifindex, const struct addr *who)
{
	struct known *k;

	for (unsigned i = 0; i < KNOWN_MAX; i++) {
		k = &n->known[i];
		if (k->ifindex == ifindex && addr_equal(&k->who, who))
			return k;
	}
	k = &n->known[n->next_known];
	n->next_known = (n->next_known + 1) % KNOWN_MAX;
	*k = (struct known){ .ifindex = ifindex, .who = *who };
	return k;
}

/* A timer for each: who looks then asks again for those that it needs. */
static void
wake_for(struct neigh *n, const struct known *k)
{
	struct kevent ev;

	EV_SET(&ev, (uintptr_t)(k - n->known), EVFILT_TIMER,
	    EV_ADD | EV_ONESHOT, 0, k->answered ? CONFIRM_MS : ASK_MS, NULL);
	(void)kevent(n->kq, &ev, 1, NULL, 0, NULL);
}

static void
ask(struct neigh *n, const struct net_uplink *up, struct known *k)
{
	uint8_t frame[ARPND_MAX];
	size_t len = arpnd_write(frame, up->link.mac, &up->addr, &k->who);
	struct link *l = find_link(n, up->link.ifindex);

	k->asked = mono_now();
	k->me = up->addr;
	wake_for(n, k);
	if (len == 0 || l == NULL)
		return;
	/* Lost on the way or here: it is asked again. */
	if (frames_send(l->frames, frame, 14, frame + 14, len - 14) == -ENXIO)
		forget_link(l);
}

bool
neigh_find(struct neigh *n, const struct net_uplink *up, const struct addr *who,
    uint8_t ret_mac[6])
{
	struct known *k = find_known(n, up->link.ifindex, who);
	uint64_t since = mono_ms_between(k->asked, mono_now());

	if (k->asked.ns == 0 || !addr_equal(&k->me, &up->addr) ||
	    since >= (k->answered ? CONFIRM_MS : ASK_MS))
		ask(n, up, k);
	if (k->answered)
		memcpy(ret_mac, k->mac, sizeof(k->mac));
	return k->answered;
}

/* Only an answer to our question, from the link that it was put on. */
static bool
take_answer(struct neigh *n, unsigned ifindex, const struct arpnd_answer *a)
{
	for (unsigned i = 0; i < KNOWN_MAX; i++) {
		struct known *k = &n->known[i];

		if (k->ifindex != ifindex || !addr_equal(&k->who, &a->who) ||
		    !addr_equal(&k->me, &a->to))
			continue;
		if (k->answered && memcmp(k->mac, a->mac, 6) == 0)
			return false;
		memcpy(k->mac, a->mac, 6);
		k->answered = true;
		return true;
	}
	return false;
}

static bool
drain_link(struct neigh *n, struct link *l)
{
	struct arpnd_answer a;
	struct frame f;
	bool news = false;
	int r = 0;

	for (int i = 0; i < DRAIN_MAX; i++) {
		if ((r = frames_next(l->frames, &f)) < 0)
			break;
		if (arpnd_read(f.ethertype, f.data, f.cap, &a) == 0)
			news |= take_answer(n, l->ifindex, &a);
	}
	if (r < 0 && r != -EAGAIN)
		forget_link(l);
	return news;
}

bool
neigh_drain(struct neigh *n)
{
	static const struct timespec now = { 0 };
	struct kevent ev[8];
	bool news = false;
	int r = kevent(n->kq, NULL, 0, ev, 8, &now);

	/* This takes a timer's event away; the others stay until read. */
	for (int i = 0; i < r; i++)
		news |= ev[i].filter == EVFILT_TIMER;
	for (unsigned i = 0; i < LINKS_MAX; i++)
		if (n->links[i].frames != NULL)
			news |= drain_link(n, &n->links[i]);
	return news;
}
