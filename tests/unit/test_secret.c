/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/os/secret.h"

enum { LEN = 10000 };

static void
secret_new_gives_zeros(void **state)
{
	static const uint8_t zeros[LEN];
	uint8_t *p = secret_new(LEN);

	(void)state;
	assert_non_null(p);
	assert_memory_equal(p, zeros, LEN);
	secret_free(p, LEN);
	secret_free(NULL, 0);
}

/* STATES.md, "Our own tunnel": another server's keys are not the worker's. */
static void
a_process_that_is_forked_gets_zeros(void **state)
{
	uint8_t *p = secret_new(LEN);
	int status;
	pid_t child;

	(void)state;
	assert_non_null(p);
	memset(p, 0x5a, LEN);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < LEN; i++)
			if (p[i] != 0)
				_exit(1);
		secret_free(p, LEN);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (int i = 0; i < LEN; i++)
		assert_int_equal(p[i], 0x5a);
	secret_free(p, LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_new_gives_zeros),
		cmocka_unit_test(a_process_that_is_forked_gets_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
