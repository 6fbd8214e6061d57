/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * The thread sleeps in poll() on the tun and on `wake`, a pipe that control
 * writes to when there is a new policy, another device, or it is to stop. After
 * each wake-up the first thing it does is to take the policy, then the device,
 * before it reads a packet; then it answers on `told`, a pipe that control
 * waits on.
 */
#include "datapath/worker.h"

#include <errno.h>
#include <fcntl.h>
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
#include "src/base/mono.h"
#include "src/os/inlet.h"
#include "src/os/tun.h"

/* A batch takes microseconds; a second is a thread that hangs. */
#define TAKE_TIMEOUT_MS 1000

struct worker {
	pthread_t thread;
	struct policy_slot *slot;
	struct pump *pump;
	struct intake *intake;	       /* NULL: the kernel takes in */
	int inlet;		       /* its descriptor, or -1 */
	const struct policy *in_force; /* control's own note */
	_Atomic(struct tun *) wanted;  /* control's wish */
	_Atomic(struct tun *) used;    /* the worker's answer */
	int wake[2];		       /* control writes, the worker reads */
	int told[2];		       /* the worker writes, control reads */
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

static void *
run(void *arg)
{
	struct worker *w = arg;
	struct pollfd fds[3] = { { .fd = w->wake[0], .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
		{ .fd = w->inlet, .events = POLLIN } };

	poke(w->told[1]); /* it is there */
	while (!atomic_load(&w->stop)) {
		struct tun *tun;
		int r;

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0) {
			drain(w->wake[0]);
			(void)policy_slot_take(w->slot);
			tun = atomic_load(&w->wanted);
			if (tun != atomic_load(&w->used)) {
				fds[1].fd = change_tun(w, tun);
				fds[1].revents = 0;
			}
			poke(w->told[1]);
		}
		if (fds[2].revents != 0)
			(void)intake_batch(w->intake, policy_slot_take(w->slot),
			    atomic_load(&w->used));
		if (fds[1].revents == 0)
			continue;
		if ((r = pump_batch(w->pump)) < 0) {
			atomic_store(&w->failure, r);
			fds[1].fd = -1; /* only wait for control now */
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
has_taken(const struct worker *w, const struct policy *p, const struct tun *tun)
{
	return policy_slot_in_force(w->slot, p) && atomic_load(&w->used) == tun;
}

/* Until the thread uses this policy and this device. */
static int
await(struct worker *w, const struct policy *p, const struct tun *tun)
{
	struct mono start = mono_now();
	struct pollfd told = { .fd = w->told[0], .events = POLLIN };

	poke(w->wake[1]);
	while (!has_taken(w, p, tun)) {
		uint64_t passed = mono_ms_between(start, mono_now());

		if (passed >= TAKE_TIMEOUT_MS)
			return -ETIMEDOUT;
		(void)poll(&told, 1, (int)(TAKE_TIMEOUT_MS - passed));
		drain(w->told[0]);
	}
	/* What was drained may have been other news: say them again. */
	if (atomic_load(&w->failure) != 0)
		poke(w->told[1]);
	return 0;
}

int
worker_use(struct worker *w, struct tun *tun)
{
	atomic_store(&w->wanted, tun);
	return await(w, w->in_force, tun);
}

int
worker_publish(struct worker *w, const struct policy *p)
{
	int r;

	/* Ours until it is taken; then the slot's, as long as it is current. */
	policy_slot_publish(w->slot, p);
	if ((r = await(w, p, atomic_load(&w->wanted))) == 0)
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
worker_failure(struct worker *w)
{
	drain(w->told[0]);
	return atomic_load(&w->failure);
}
