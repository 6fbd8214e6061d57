/* SPDX-License-Identifier: ISC */
/*
 * A real thread; the tun is a pipe, one byte a packet: 'g' is a good one, 'x'
 * the end of the device. The uplink counts.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "datapath/drop_ring.h"
#include "datapath/policy.h"
#include "datapath/pump.h"
#include "datapath/worker.h"
#include "src/os/pktbuf.h"
#include "src/os/tun.h"
#include "src/os/uplink.h"
#include "tests/unit/packet.h"

struct tun {
	int fd[2];
};

struct uplink {
	_Atomic unsigned sent;
};

static struct tun tun;
static struct uplink uplink;
static struct drop_ring drops;
static struct pump_memory memory;

int
tun_fd(const struct tun *t)
{
	return t->fd[0];
}

void
tun_close(struct tun *t)
{
	(void)t;
}

/* Nothing comes in here. */
int
tun_write(struct tun *t, struct pktbuf *b)
{
	(void)t;
	(void)b;
	return -EBADFD;
}

int
tun_read(struct tun *t, struct pktbuf *b)
{
	static const struct flow f = { "192.0.2.10", "203.0.113.5", 40000,
		51820 };
	struct packet p = packet_wireguard(f, 4, 128);
	char what;

	if (read(t->fd[0], &what, 1) != 1)
		return -EAGAIN;
	if (what == 'x')
		return -EBADFD;
	memcpy(b->data, p.data, p.len);
	b->len = (uint32_t)p.len;
	memset(&b->offload, 0, sizeof(b->offload));
	return 0;
}

bool
uplink_cuts_rows(const struct uplink *u)
{
	(void)u;
	return true;
}

void
uplink_send(struct uplink *u, struct uplink_out *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i].result = 0;
	atomic_fetch_add(&u->sent, n);
}

static const struct policy *
new_policy(void)
{
	struct policy *p = policy_new();

	assert_non_null(p);
	p->source4 = packet_addr("192.0.2.10");
	p->n_endpoints = 1;
	p->endpoints[0] = (struct endpoint){ .addr = packet_addr("203.0.113.5"),
		.port = 51820,
		.protocol = PROTO_UDP,
		.shape = SHAPE_WIREGUARD };
	p->hops[0] = (struct hop){ .ifindex = 3, .mtu = 1500, .ready = 1 };
	policy_finish(p);
	return p;
}

static uint64_t
total(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < DROP_REASONS; i++)
		sum += atomic_load(&memory.counters.packets[i]);
	return sum;
}

/* Send that many packets, and wait until all were judged. */
static void
send_and_wait(unsigned n)
{
	uint64_t want = total() + n;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(write(tun.fd[1], "g", 1), 1);
	while (total() < want)
		(void)usleep(100);
}

static bool
has_news(const struct worker *w, int timeout_ms)
{
	struct pollfd fd = { .fd = worker_fd(w), .events = POLLIN };

	return poll(&fd, 1, timeout_ms) == 1;
}

static int
start(void **state)
{
	struct worker *w;

	memset(&memory, 0, sizeof(memory));
	memset(&drops, 0, sizeof(drops));
	atomic_store(&uplink.sent, 0);
	if (pipe(tun.fd) < 0 || fcntl(tun.fd[0], F_SETFL, O_NONBLOCK) < 0 ||
	    worker_start(&uplink, NULL, &drops, &memory, &w) < 0 ||
	    worker_use(w, &tun) < 0)
		return -1;
	*state = w;
	return 0;
}

static int
stop(void **state)
{
	worker_stop(*state);
	close(tun.fd[0]);
	close(tun.fd[1]);
	return 0;
}

static void
a_worker_starts_blocked(void **state)
{
	assert_ptr_equal(worker_policy(*state), &policy_block_all);
	send_and_wait(10);
	assert_int_equal(atomic_load(&uplink.sent), 0);
	assert_int_equal(atomic_load(&memory.counters.packets[DROP_BLOCKED]),
	    10);
}

static void
a_policy_is_in_force_when_publish_returns(void **state)
{
	for (unsigned i = 0; i < 200; i++) {
		const struct policy *p = new_policy();
		unsigned sent;

		assert_int_equal(worker_publish(*state, p), 0);
		assert_ptr_equal(worker_policy(*state), p);
		sent = atomic_load(&uplink.sent);
		send_and_wait(1);
		assert_int_equal(atomic_load(&uplink.sent), sent + 1);
		assert_int_equal(worker_publish(*state, &policy_block_all), 0);
		send_and_wait(1);
		assert_int_equal(atomic_load(&uplink.sent), sent + 1);
	}
}

static void
a_policy_comes_into_force_under_load(void **state)
{
	char many[512];

	memset(many, 'g', sizeof(many));
	for (unsigned i = 0; i < 100; i++) {
		unsigned sent;

		assert_true(write(tun.fd[1], many, sizeof(many)) > 0);
		assert_int_equal(worker_publish(*state, new_policy()), 0);
		assert_true(write(tun.fd[1], many, sizeof(many)) > 0);
		assert_int_equal(worker_publish(*state, &policy_block_all), 0);
		sent = atomic_load(&uplink.sent);
		send_and_wait(1);
		assert_int_equal(atomic_load(&uplink.sent), sent);
	}
}

static void
a_worker_that_lost_its_device_says_so_and_takes_policies(void **state)
{
	assert_int_equal(worker_failure(*state), 0);
	assert_int_equal(write(tun.fd[1], "x", 1), 1);
	assert_true(has_news(*state, 5000));
	assert_int_equal(worker_failure(*state), -EBADFD);
	assert_int_equal(worker_publish(*state, new_policy()), 0);
	assert_int_equal(worker_failure(*state), -EBADFD);
}

/* Or the event loop would never hear of it. */
/* What is drained with the answer may have been about the tunnel. */
static void
after_a_publish_control_looks_for_news(void **state)
{
	for (int i = 0; i < 50; i++) {
		assert_int_equal(worker_publish(*state, new_policy()), 0);
		/* The answer itself may come late, and is no news. */
		(void)usleep(2000);
		assert_int_equal(worker_failure(*state), 0);
		assert_int_equal(worker_use(*state, &tun), 0);
		assert_true(has_news(*state, 0));
	}
}

static void
a_publish_does_not_swallow_the_news_of_a_failure(void **state)
{
	assert_int_equal(write(tun.fd[1], "x", 1), 1);
	assert_true(has_news(*state, 5000));
	/* Often: a late word on the policy would pass for the news. */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(worker_publish(*state, new_policy()), 0);
		assert_true(has_news(*state, 100));
	}
}

/* Once it is said, the device may be closed: nobody reads it. */
static void
a_worker_without_its_device_reads_nothing(void **state)
{
	uint64_t before;

	assert_int_equal(worker_publish(*state, new_policy()), 0);
	send_and_wait(3);
	before = total();
	assert_int_equal(worker_use(*state, NULL), 0);
	assert_int_equal(write(tun.fd[1], "ggg", 3), 3);
	assert_int_equal(worker_publish(*state, new_policy()), 0);
	(void)usleep(20000);
	assert_int_equal(total(), before);
	assert_int_equal(worker_use(*state, &tun), 0);
	while (total() < before + 3)
		(void)usleep(100);
}

static void
a_worker_that_lost_its_device_takes_another(void **state)
{
	struct tun another = { { -1, -1 } };
	uint64_t before;

	assert_int_equal(write(tun.fd[1], "x", 1), 1);
	assert_true(has_news(*state, 5000));
	assert_int_equal(pipe(another.fd), 0);
	assert_int_equal(fcntl(another.fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(worker_use(*state, &another), 0);
	assert_int_equal(worker_failure(*state), 0);
	before = total();
	assert_int_equal(write(another.fd[1], "g", 1), 1);
	while (total() < before + 1)
		(void)usleep(100);
	assert_int_equal(worker_use(*state, &tun), 0);
	close(another.fd[0]);
	close(another.fd[1]);
}

#define WITH_WORKER(test) cmocka_unit_test_setup_teardown(test, start, stop)

static pthread_t looked_from;

static void
look(void *arg)
{
	*(unsigned *)arg += 1;
	looked_from = pthread_self();
}

static void
who_looks_is_the_thread_once(void **state)
{
	struct worker *w = *state;
	unsigned looks = 0;

	assert_int_equal(worker_let_look(w, look, &looks), 0);
	assert_int_equal(looks, 1);
	assert_false(pthread_equal(looked_from, pthread_self()));
	assert_int_equal(worker_use(w, NULL), 0);
	assert_int_equal(looks, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORKER(a_worker_starts_blocked),
		WITH_WORKER(a_policy_is_in_force_when_publish_returns),
		WITH_WORKER(a_policy_comes_into_force_under_load),
		WITH_WORKER(
		    a_worker_that_lost_its_device_says_so_and_takes_policies),
		WITH_WORKER(after_a_publish_control_looks_for_news),
		WITH_WORKER(a_publish_does_not_swallow_the_news_of_a_failure),
		WITH_WORKER(a_worker_without_its_device_reads_nothing),
		WITH_WORKER(a_worker_that_lost_its_device_takes_another),
		WITH_WORKER(who_looks_is_the_thread_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
