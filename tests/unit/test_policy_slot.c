/* SPDX-License-Identifier: ISC */
/* Across threads: tests/proof/test_publish.c. Leaks: valgrind, ASan. */
#include "tests/unit/unit.h"

#include "datapath/policy.h"
#include "datapath/policy_slot.h"

static struct policy *
new_policy(uint64_t generation)
{
	struct policy *p = policy_new();

	assert_non_null(p);
	p->generation = generation;
	return p;
}

static void
a_new_slot_has_block_all_in_force(void **state)
{
	struct policy_slot *s = policy_slot_new();

	(void)state;
	assert_non_null(s);
	assert_true(policy_slot_in_force(s, &policy_block_all));
	assert_ptr_equal(policy_slot_take(s), &policy_block_all);
	policy_slot_free(s);
	policy_slot_free(NULL);
}

static void
a_policy_is_in_force_when_it_is_taken_not_before(void **state)
{
	struct policy_slot *s = policy_slot_new();
	struct policy *p = new_policy(1);

	(void)state;
	policy_slot_publish(s, p);
	assert_false(policy_slot_in_force(s, p));
	assert_true(policy_slot_in_force(s, &policy_block_all));
	assert_ptr_equal(policy_slot_take(s), p);
	assert_true(policy_slot_in_force(s, p));
	assert_ptr_equal(policy_slot_take(s), p);
	policy_slot_free(s);
}

static void
a_policy_that_was_not_taken_never_comes_into_force(void **state)
{
	struct policy_slot *s = policy_slot_new();
	struct policy *last;

	(void)state;
	for (uint64_t i = 1; i < 10; i++)
		policy_slot_publish(s, new_policy(i));
	last = new_policy(10);
	policy_slot_publish(s, last);
	assert_ptr_equal(policy_slot_take(s), last);
	assert_ptr_equal(policy_slot_take(s), last);
	policy_slot_free(s);
}

static void
block_all_can_be_published_as_often_as_one_likes(void **state)
{
	struct policy_slot *s = policy_slot_new();

	(void)state;
	for (uint64_t i = 1; i < 10; i++) {
		policy_slot_publish(s, new_policy(i));
		(void)policy_slot_take(s);
		policy_slot_publish(s, &policy_block_all);
		policy_slot_publish(s, &policy_block_all);
		assert_ptr_equal(policy_slot_take(s), &policy_block_all);
		assert_true(policy_slot_in_force(s, &policy_block_all));
	}
	assert_int_equal(policy_block_all.n_endpoints, 0);
	policy_slot_free(s);
}

/* Without a reap between: publish must make the room itself. */
static void
retired_policies_never_run_out_of_room(void **state)
{
	struct policy_slot *s = policy_slot_new();

	(void)state;
	for (uint64_t i = 1; i < 1000; i++) {
		policy_slot_publish(s, new_policy(i));
		assert_int_equal(policy_slot_take(s)->generation, i);
		if (i % 7 == 0)
			policy_slot_reap(s);
	}
	policy_slot_free(s);
}

static void
a_slot_is_freed_with_all_that_it_holds(void **state)
{
	struct policy_slot *s = policy_slot_new();

	(void)state;
	policy_slot_publish(s, new_policy(1));
	(void)policy_slot_take(s);
	policy_slot_publish(s, new_policy(2));
	(void)policy_slot_take(s);
	policy_slot_publish(s, new_policy(3));
	policy_slot_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_slot_has_block_all_in_force),
		cmocka_unit_test(
		    a_policy_is_in_force_when_it_is_taken_not_before),
		cmocka_unit_test(
		    a_policy_that_was_not_taken_never_comes_into_force),
		cmocka_unit_test(
		    block_all_can_be_published_as_often_as_one_likes),
		cmocka_unit_test(retired_policies_never_run_out_of_room),
		cmocka_unit_test(a_slot_is_freed_with_all_that_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
