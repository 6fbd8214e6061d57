/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * The thread sleeps in poll() on the tun, on our own tunnel's device and port,
 * and on `wake`, a pipe that control writes to when there is a new policy,
 * another device or tunnel, or it is to stop. After each wake-up the first
 * thing it does is to take the policy, then the device, before it reads a
 * packet; then it answers on `told`, a pipe that control waits on.
 */
#include "datapath/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "datapath/intake.h"
#include "datapath/policy.h"
#include "datapath/policy_slot.h"
#include "datapath/pump.h"
#include "datapath/tunnel.h"
#include "src/base/mono.h"
#include "src/os/inlet.h"
#include "src/os/tun.h"

/* A batch takes microseconds; a second is a thread that hangs. */
#define TAKE_TIMEOUT_MS 1000

/* What it polls. */
enum { WAKE, GATE, INLET, TUNNEL_TUN, TUNNEL_PORT, DESCRIPTORS };

struct worker {
	pthread_t thread;
	struct policy_slot *slot;
	struct pump *pump;
	struct intake *intake;	       /* NULL: the kernel takes in */
	int inlet;		       /* its descriptor, or -1 */
	const struct policy *in_force; /* control's own note */
	_Atomic(struct tun *) wanted;  /* control's wish */
	_Atomic(struct tun *) used;    /* the worker's answer */
	_Atomic(struct tunnel *) tunnel_wanted, tunnel_used;
	_Atomic uint64_t renewal;    /* its number, before */
	atomic_bool renew;	     /* control's wish */
	_Atomic(worker_look *) look; /* likewise; NULL: it was done */
	void *look_arg;
	uint64_t facts; /* of the tunnel, that were told */
	int wake[2];	/* control writes, the worker reads */
	int told[2];	/* the worker writes, control reads */
	atomic_bool stop;
	_Atomic int failure;
};

/* A full pipe has been heard already; nothing else can fail here. */
static void
poke(int fd)
{
	ssize_t n;

	do
		n = write(fd, "", 1);
	while (n < 0 && errno == EINTR);
}

static void
drain(int fd)
{
	char junk[64];
	ssize_t n;

	do
		n = read(fd, junk, sizeof(junk));
	while (n > 0 || (n < 0 && errno == EINTR));
}

/* The descriptor to poll from now on. */
static int
change_tun(struct worker *w, struct tun *tun)
{
	pump_use(w->pump, tun);
	atomic_store(&w->failure, 0);
	/* Control may close the one before as soon as it sees this. */
	atomic_store(&w->used, tun);
	return tun != NULL ? tun_fd(tun) : -1;
}

static void
change_tunnel(struct worker *w, struct tunnel *tunnel, struct pollfd fds[])
{
	fds[TUNNEL_TUN].fd = tunnel != NULL ? tunnel_tun_fd(tunnel) : -1;
	fds[TUNNEL_PORT].fd = tunnel != NULL ? tunnel_port_fd(tunnel) : -1;
	fds[TUNNEL_TUN].revents = fds[TUNNEL_PORT].revents = 0;
	w->facts = 0;
	/* As with the device. */
	atomic_store(&w->tunnel_used, tunnel);
}

/* What control wants, the policy first. */
static void
obey(struct worker *w, struct pollfd fds[])
{
	worker_look *look;
	struct tunnel *tunnel;
	struct tun *tun;

	drain(w->wake[0]);
	(void)policy_slot_take(w->slot);
	tun = atomic_load(&w->wanted);
	if (tun != atomic_load(&w->used)) {
		fds[GATE].fd = change_tun(w, tun);
		fds[GATE].revents = 0;
	}
	tunnel = atomic_load(&w->tunnel_wanted);
	if (tunnel != atomic_load(&w->tunnel_used))
		change_tunnel(w, tunnel, fds);
	if (atomic_exchange(&w->renew, false) && tunnel != NULL)
		tunnel_renew(tunnel, policy_slot_take(w->slot), mono_now().ns,
		    atomic_load(&w->renewal));
	if ((look = atomic_load(&w->look)) != NULL) {
		look(w->look_arg);
		atomic_store(&w->look, NULL);
	}
	poke(w->told[1]);
}

static void
move_tunnel(struct worker *w, struct pollfd fds[])
{
	struct tunnel *t = atomic_load(&w->tunnel_used);
	const struct policy *pol;
	uint64_t now, facts;

	if (t == NULL)
		return;
	now = mono_now().ns;
	pol = policy_slot_take(w->slot);
	if ((fds[TUNNEL_PORT].revents & POLLERR) != 0)
		tunnel_take_errors(t, now);
	if (fds[TUNNEL_PORT].revents != 0)
		tunnel_batch_in(t, pol, now);
	/* A device that was taken away is control's to notice. */
	if (fds[TUNNEL_TUN].revents != 0 && tunnel_batch_out(t, pol, now) < 0)
		fds[TUNNEL_TUN].fd = -1;
	if (tunnel_next_tick(t) <= now)
		tunnel_tick(t, pol, now);
	facts = tunnel_established(t) + tunnel_unanswered(t) + tunnel_moves(t);
	if (facts != w->facts)
		poke(w->told[1]);
	w->facts = facts;
}

/* Milliseconds, rounded up, until the tunnel is to be looked at; -1: none. */
static int
sleep_ms(const struct worker *w)
{
	const struct tunnel *t = atomic_load(&w->tunnel_used);
	uint64_t now, next;

	if (t == NULL || (next = tunnel_next_tick(t)) == UINT64_MAX)
		return -1;
	if (next <= (now = mono_now().ns))
		return 0;
	next = (next - now) / 1000000 + 1;
	return next < INT_MAX ? (int)next : INT_MAX;
}

static void *
run(void *arg)
{
	struct worker *w = arg;
	struct pollfd fds[DESCRIPTORS] = {
		[WAKE] = { .fd = w->wake[0], .events = POLLIN },
		[GATE] = { .fd = -1, .events = POLLIN },
		[INLET] = { .fd = w->inlet, .events = POLLIN },
		[TUNNEL_TUN] = { .fd = -1, .events = POLLIN },
		[TUNNEL_PORT] = { .fd = -1, .events = POLLIN },
	};

	poke(w->told[1]); /* it is there */
	while (!atomic_load(&w->stop)) {
		int r;

		if (poll(fds, DESCRIPTORS, sleep_ms(w)) < 0 && errno != EINTR)
			break;
		if (fds[WAKE].revents != 0)
			obey(w, fds);
		if (fds[INLET].revents != 0)
			(void)intake_batch(w->intake, policy_slot_take(w->slot),
			    atomic_load(&w->used));
		move_tunnel(w, fds);
		if (fds[GATE].revents == 0)
			continue;
		if ((r = pump_batch(w->pump)) < 0) {
			atomic_store(&w->failure, r);
			fds[GATE].fd = -1; /* only wait for control now */
			poke(w->told[1]);
		}
	}
	return NULL;
}

static int
open_pipe(int p[2])
{
	if (pipe(p) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		(void)fcntl(p[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(p[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static void
close_pipe(int p[2])
{
	close(p[0]);
	close(p[1]);
}

/*
 * Signals are control's: the thread starts with all of them blocked. It is
 * waited for until it runs: a filter of system calls that came earlier would
 * find it amid libc's own for a new thread.
 */
static int
start_thread(struct worker *w)
{
	struct pollfd told = { .fd = w->told[0], .events = POLLIN };
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r < 0)
		return r;
	while (poll(&told, 1, -1) < 0 && errno == EINTR)
		continue;
	drain(w->told[0]);
	return 0;
}

int
worker_start(struct uplink *uplink, struct inlet *inlet,
    struct drop_ring *drops, struct pump_memory *memory, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	if (w == NULL)
		return -ENOMEM;
	w->in_force = &policy_block_all;
	if ((w->slot = policy_slot_new()) == NULL)
		goto free_worker;
	if ((r = pump_new(NULL, uplink, w->slot, drops, memory, &w->pump)) < 0)
		goto free_slot;
	w->inlet = -1;
	if (inlet != NULL) {
		if ((r = intake_new(inlet, &w->intake)) < 0)
			goto free_pump;
		w->inlet = inlet_fd(inlet);
	}
	if ((r = open_pipe(w->wake)) < 0)
		goto free_intake;
	if ((r = open_pipe(w->told)) < 0)
		goto close_wake;
	if ((r = start_thread(w)) < 0)
		goto close_told;
	*ret = w;
	return 0;

close_told:
	close_pipe(w->told);
close_wake:
	close_pipe(w->wake);
free_intake:
	intake_free(w->intake);
free_pump:
	pump_free(w->pump);
free_slot:
	policy_slot_free(w->slot);
free_worker:
	free(w);
	return r;
}

void
worker_stop(struct worker *w)
{
	if (w == NULL)
		return;
	atomic_store(&w->stop, true);
	poke(w->wake[1]);
	pthread_join(w->thread, NULL);
	close_pipe(w->told);
	close_pipe(w->wake);
	intake_free(w->intake);
	pump_free(w->pump);
	policy_slot_free(w->slot);
	free(w);
}

static bool
has_taken(const struct worker *w, const struct policy *p)
{
	return policy_slot_in_force(w->slot, p) &&
	    atomic_load(&w->used) == atomic_load(&w->wanted) &&
	    atomic_load(&w->tunnel_used) == atomic_load(&w->tunnel_wanted) &&
	    atomic_load(&w->look) == NULL;
}

/* Until the thread did all that control wants, under this policy. */
static int
await(struct worker *w, const struct policy *p)
{
	struct mono start = mono_now();
	struct pollfd told = { .fd = w->told[0], .events = POLLIN };

	poke(w->wake[1]);
	while (!has_taken(w, p)) {
		uint64_t passed = mono_ms_between(start, mono_now());

		if (passed >= TAKE_TIMEOUT_MS)
			return -ETIMEDOUT;
		(void)poll(&told, 1, (int)(TAKE_TIMEOUT_MS - passed));
		drain(w->told[0]);
	}
	/* What was drained may have been other news: let control look. */
	poke(w->told[1]);
	return 0;
}

int
worker_use(struct worker *w, struct tun *tun)
{
	atomic_store(&w->wanted, tun);
	return await(w, w->in_force);
}

int
worker_use_tunnel(struct worker *w, struct tunnel *tunnel)
{
	atomic_store(&w->tunnel_wanted, tunnel);
	return await(w, w->in_force);
}

int
worker_let_look(struct worker *w, worker_look *look, void *arg)
{
	w->look_arg = arg;
	atomic_store(&w->look, look);
	return await(w, w->in_force);
}

void
worker_renew(struct worker *w, uint64_t number)
{
	atomic_store(&w->renewal, number);
	atomic_store(&w->renew, true);
	poke(w->wake[1]);
}

int
worker_publish(struct worker *w, const struct policy *p)
{
	int r;

	/* Ours until it is taken; then the slot's, as long as it is current. */
	policy_slot_publish(w->slot, p);
	if ((r = await(w, p)) == 0)
		w->in_force = p;
	return r;
}

const struct policy *
worker_policy(const struct worker *w)
{
	return w->in_force;
}

int
worker_fd(const struct worker *w)
{
	return w->told[0];
}

int
worker_answer_port(const struct worker *w)
{
	return pump_answer_port(w->pump, worker_policy(w)->generation);
}

int
worker_failure(struct worker *w)
{
	drain(w->told[0]);
	return atomic_load(&w->failure);
}
