/* SPDX-License-Identifier: ISC */
/*
 * The warden with real processes: what the child does is this file's, and
 * each test says which kind of worker it is.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/channel.h"
#include "control/msg.h"
#include "control/warden.h"
#include "src/base/log.h"
#include "src/base/mono.h"

enum kind {
	GOOD = 0,    /* does what it is told */
	DEAF,	     /* reads, and answers no policy after the first */
	STOPPED,     /* after the first policy, stops itself */
	WRONG,	     /* after the first policy, says what it may not */
	NONSENSE,    /* the same, of no message's form */
	TALKATIVE,   /* at the second policy, says too much before it answers */
	SHORT_LIVED, /* ends after the first policy */
	ASKING,	     /* asks to be released, and expects an answer */
	ASKING_BETWEEN, /* does so instead of answering a policy, then answers
			 */
};

/* Shared with the children. */
static struct {
	enum kind kind;
	pid_t pid; /* of the last one */
	unsigned started, policies, tuns, statuses, replies;
	uint64_t generation;
	bool has_tun;
} * seen;

static struct {
	struct event_base *base;
	struct warden *warden;
	unsigned starts, ready, requests, heard;
	enum msg_type request;
	bool had_fd;
	enum kind next; /* from the second child on */
} t;

/*
 * The child.
 */

static void
say(struct channel *c, enum msg_type type, uint64_t n, int fd)
{
	union msg_body body = { .number.n = n };

	if (channel_send(c, type, &body, fd, 1000) < 0)
		_exit(7);
}

/* The first one as all do it; false: not to be answered. */
static bool
misbehave(struct channel *c, uint64_t sequence)
{
	static unsigned policies;
	bool first = policies++ == 0;

	switch (seen->kind) {
	case DEAF:
		return first;
	case STOPPED:
		if (!first)
			return true;
		say(c, MSG_IN_FORCE, sequence, -1);
		(void)raise(SIGSTOP);
		return false;
	case WRONG:
		say(c, MSG_IN_FORCE, sequence, -1);
		say(c, MSG_HEARD, 1, -1);
		return false;
	case NONSENSE:
		say(c, MSG_IN_FORCE, sequence, -1);
		(void)!write(c->fd, "nonsense", 8);
		return false;
	case TALKATIVE:
		for (int i = 0; !first && i < 1000; i++)
			say(c, MSG_TUN_LOST, 0, -1);
		return true;
	case SHORT_LIVED:
		say(c, MSG_IN_FORCE, sequence, -1);
		_exit(5);
	case ASKING_BETWEEN:
		if (!first)
			say(c, MSG_RELEASE, 0, STDIN_FILENO);
		return true;
	default:
		return true;
	}
}

static void
obey(struct channel *c, const struct msg *m, int fd)
{
	switch (m->type) {
	case MSG_POLICY:
		/* Before it says so: then the parent looks. */
		seen->generation = m->body.policy.generation;
		seen->policies++;
		if (misbehave(c, m->body.policy.sequence))
			say(c, MSG_IN_FORCE, m->body.policy.sequence, -1);
		if (seen->kind == ASKING)
			say(c, MSG_RELEASE, 0, STDIN_FILENO);
		break;
	case MSG_TUN:
		seen->has_tun = m->body.tun.on != 0 && fd >= 0;
		seen->tuns++;
		say(c, MSG_IN_FORCE, m->body.tun.sequence, -1);
		break;
	case MSG_STATUS:
		seen->statuses++;
		break;
	case MSG_PING:
		say(c, MSG_PONG, m->body.number.n, -1);
		break;
	case MSG_REPLY:
		seen->replies++;
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

static int
run(int channel, void *arg)
{
	struct channel c;
	const struct msg *m;
	int fd, r;

	(void)arg;
	seen->pid = getpid();
	seen->started++;
	channel_init(&c, channel, MSG_PARENT);
	for (;;) {
		if ((r = channel_read(&c, &m, &fd)) < 0)
			_exit(0);
		if (r > 0)
			obey(&c, m, fd);
		else
			(void)channel_wait(&c, -1);
	}
}

/*
 * The parent.
 */

static void
on_start(void *arg)
{
	(void)arg;
	if (t.starts++ > 0)
		seen->kind = t.next;
}

static void
on_ready(void *arg)
{
	(void)arg;
	t.ready++;
}

static void
on_request(const struct msg *m, int fd, struct msg *ret_answer, void *arg)
{
	(void)arg;
	t.requests++;
	t.request = m->type;
	t.had_fd = fd >= 0;
	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->type = MSG_REPLY;
}

static void
on_heard(uint64_t epoch, void *arg)
{
	(void)epoch;
	(void)arg;
	t.heard++;
}

static void
on_tun_lost(void *arg)
{
	(void)arg;
}

static void
on_moved(const struct msg *m, void *arg)
{
	(void)m;
	(void)arg;
}

static int
start(void **state)
{
	static const struct warden_calls calls = { run, on_start, on_ready,
		on_request, on_heard, on_tun_lost, on_tun_lost, on_tun_lost,
		on_moved, NULL };

	(void)state;
	memset(&t, 0, sizeof(t));
	memset(seen, 0, sizeof(*seen));
	t.base = event_base_new();
	t.warden = warden_new(t.base, &calls);
	return t.warden == NULL ? -1 : 0;
}

static int
stop(void **state)
{
	pid_t pid = seen->pid;

	(void)state;
	warden_free(t.warden);
	event_base_free(t.base);
	/* None is left, not even a dead one. */
	return pid > 0 && kill(pid, 0) == 0 ? -1 : 0;
}

/* Let the loop run until it is so many, for ten seconds at most. */
static void
run_until(const unsigned *what, unsigned n)
{
	static const struct timeval moment = { .tv_usec = 1000 };

	for (int i = 0; i < 10000 && *(volatile const unsigned *)what < n;
	     i++) {
		(void)event_base_loopexit(t.base, &moment);
		(void)event_base_dispatch(t.base);
	}
	assert_true(*what >= n);
}

static void
begin(enum kind first)
{
	seen->kind = first;
	assert_int_equal(warden_start(t.warden), 0);
	run_until(&t.ready, 1);
}

static struct msg_policy
policy_of(uint64_t generation)
{
	return (struct msg_policy){ .generation = generation };
}

static bool
is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void
publishing_returns_when_it_is_in_force(void **state)
{
	struct msg_policy p;

	(void)state;
	begin(GOOD);
	for (uint64_t i = 1; i < 200; i++) {
		p = policy_of(i);
		assert_int_equal(warden_publish(t.warden, &p), 0);
	}
	assert_int_equal(t.starts, 1);
	assert_int_equal(seen->started, 1);
	run_until(&seen->policies, 200);
	assert_int_equal(seen->generation, 199);
}

/* STATES.md 0.2: without an answer the gate is closed by its death. */
static void
one_that_does_not_take_a_policy_is_killed_and_gone(void **state)
{
	struct msg_policy p = policy_of(9);
	struct mono before;
	pid_t pid;

	(void)state;
	begin(DEAF);
	pid = seen->pid;
	before = mono_now();
	assert_int_equal(warden_publish(t.warden, &p), 0);
	assert_true(is_gone(pid));
	assert_true(mono_ms_between(before, mono_now()) >= 900);
	assert_true(mono_ms_between(before, mono_now()) < 5000);
	/* The next one has it. */
	run_until(&t.ready, 2);
	assert_int_equal(seen->generation, 9);
}

static void
one_that_is_stopped_is_killed_by_publishing(void **state)
{
	struct msg_policy p = policy_of(9);
	pid_t pid;

	(void)state;
	begin(STOPPED);
	pid = seen->pid;
	assert_int_equal(warden_publish(t.warden, &p), 0);
	assert_true(is_gone(pid));
	run_until(&t.ready, 2);
	assert_int_equal(seen->generation, 9);
}

/* And by nothing at all, too. */
static void
one_that_gives_no_sign_of_life_is_killed(void **state)
{
	struct mono before = mono_now();
	pid_t pid;

	(void)state;
	begin(STOPPED);
	pid = seen->pid;
	run_until(&t.ready, 2);
	assert_true(is_gone(pid));
	assert_true(mono_ms_between(before, mono_now()) >= 1500);
}

static void
one_that_says_what_it_may_not_is_ended(void **state)
{
	static const enum kind kinds[] = { WRONG, NONSENSE };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		pid_t pid;

		begin(kinds[i]);
		pid = seen->pid;
		run_until(&t.ready, 2);
		assert_true(is_gone(pid));
		assert_int_equal(t.heard, 0);
		assert_int_equal(stop(state), 0);
		assert_int_equal(start(state), 0);
	}
}

static void
one_that_talks_while_it_is_waited_for_is_ended(void **state)
{
	struct msg_policy p = policy_of(9);
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	begin(TALKATIVE);
	pid = seen->pid;
	assert_int_equal(warden_give_tun(t.warden, fds[0]), 0);
	assert_int_equal(warden_publish(t.warden, &p), 0);
	assert_true(is_gone(pid));
	run_until(&t.ready, 2);
	close(fds[0]);
	close(fds[1]);
}

static void
a_new_one_is_told_all_that_the_last_one_was(void **state)
{
	static struct status s;
	struct msg_policy p = policy_of(42);
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	begin(GOOD);
	assert_int_equal(warden_give_tun(t.warden, fds[0]), 0);
	assert_int_equal(warden_publish(t.warden, &p), 0);
	warden_tell(t.warden, &s, true);
	run_until(&seen->statuses, 1);
	seen->generation = seen->statuses = seen->tuns = 0;
	seen->has_tun = false;
	assert_int_equal(kill(seen->pid, SIGKILL), 0);
	run_until(&t.ready, 2);
	run_until(&seen->statuses, 1);
	assert_int_equal(seen->started, 2);
	assert_int_equal(seen->generation, 42);
	assert_int_equal(seen->tuns, 1);
	assert_true(seen->has_tun);
	close(fds[0]);
	close(fds[1]);
}

static void
without_a_worker_nothing_is_waited_for(void **state)
{
	struct msg_policy p = policy_of(7);
	struct mono before = mono_now();

	(void)state;
	assert_int_equal(warden_publish(t.warden, &p), 0);
	assert_int_equal(warden_give_tun(t.warden, -1), 0);
	assert_true(mono_ms_between(before, mono_now()) < 900);
	begin(GOOD);
	assert_int_equal(seen->generation, 7);
}

/* Twenty at once, and more only ever slower. */
static void
one_that_dies_again_and_again_is_started_ever_later(void **state)
{
	struct mono before = mono_now();
	uint64_t early;

	(void)state;
	t.next = SHORT_LIVED;
	begin(SHORT_LIVED);
	run_until(&t.starts, 20);
	early = mono_ms_between(before, mono_now());
	before = mono_now();
	run_until(&t.starts, 30);
	/* 10 ms, doubled from the 25th on: 20 + 40 + ... + 320. */
	assert_true(mono_ms_between(before, mono_now()) >= 600);
	assert_true(early < 9000);
}

static void
a_request_is_passed_on_and_answered(void **state)
{
	(void)state;
	begin(ASKING);
	run_until(&t.requests, 1);
	assert_int_equal(t.request, MSG_RELEASE);
	assert_true(t.had_fd);
	run_until(&seen->replies, 1);
	assert_int_equal(t.starts, 1);
}

/* They cross: what is asked meanwhile is not lost, and not heard in between. */
static void
a_request_amid_a_publish_comes_after_it(void **state)
{
	struct msg_policy p = policy_of(3);

	(void)state;
	begin(ASKING_BETWEEN);
	assert_int_equal(warden_publish(t.warden, &p), 0);
	assert_int_equal(t.requests, 0);
	run_until(&t.requests, 1);
	run_until(&seen->replies, 1);
	assert_int_equal(t.starts, 1);
}

#define WITH_WARDEN(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WARDEN(publishing_returns_when_it_is_in_force),
		WITH_WARDEN(one_that_does_not_take_a_policy_is_killed_and_gone),
		WITH_WARDEN(one_that_is_stopped_is_killed_by_publishing),
		WITH_WARDEN(one_that_gives_no_sign_of_life_is_killed),
		WITH_WARDEN(one_that_says_what_it_may_not_is_ended),
		WITH_WARDEN(one_that_talks_while_it_is_waited_for_is_ended),
		WITH_WARDEN(a_new_one_is_told_all_that_the_last_one_was),
		WITH_WARDEN(without_a_worker_nothing_is_waited_for),
		WITH_WARDEN(
		    one_that_dies_again_and_again_is_started_ever_later),
		WITH_WARDEN(a_request_is_passed_on_and_answered),
		WITH_WARDEN(a_request_amid_a_publish_comes_after_it),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LEVEL_ERROR);
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (seen == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
