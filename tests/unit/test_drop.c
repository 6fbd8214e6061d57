/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "datapath/drop.h"

static void
every_reason_has_a_name_a_meaning_and_a_remedy(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_REASONS; i++) {
		enum drop why = (enum drop)i;

		assert_non_null(drop_name(why));
		assert_non_null(drop_meaning(why));
		assert_non_null(drop_remedy(why));
		assert_true(strlen(drop_name(why)) > 0);
		assert_true(strlen(drop_meaning(why)) > 0);
		assert_true(strlen(drop_remedy(why)) > 0);
	}
}

static void
no_two_reasons_have_the_same_name_or_meaning(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_REASONS; i++)
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(drop_name((enum drop)i),
			    drop_name((enum drop)k));
			assert_string_not_equal(drop_meaning((enum drop)i),
			    drop_meaning((enum drop)k));
		}
}

/* They are typed, searched for, and keys of JSON. */
static void
names_are_lower_case_words_with_hyphens(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_REASONS; i++) {
		const char *name = drop_name((enum drop)i);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(name));
	}
}

static void
what_is_no_reason_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(drop_name(DROP_REASONS), "unknown");
	assert_string_equal(drop_name((enum drop)255), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_reason_has_a_name_a_meaning_and_a_remedy),
		cmocka_unit_test(no_two_reasons_have_the_same_name_or_meaning),
		cmocka_unit_test(names_are_lower_case_words_with_hyphens),
		cmocka_unit_test(what_is_no_reason_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
