/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * The report is the JSON object that --json prints; the text is read off it.
 * So the two cannot differ.
 */
#include "bench/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/machine.h"

struct report {
	json_t *root; /* {"rung", "facts": {}, "figures": [], "goals": []} */
	bool incomplete;
};

struct report *
report_new(const char *rung)
{
	struct report *r = calloc(1, sizeof(*r));
	char cpu[MACHINE_TEXT_MAX];
	struct utsname u;

	if (r == NULL)
		return NULL;
	r->root = json_pack("{s:s, s:{}, s:[], s:[]}", "rung", rung, "facts",
	    "figures", "goals");
	if (r->root == NULL) {
		free(r);
		return NULL;
	}
	report_fact(r, "cpu", "%s, %ld of them", machine_cpu(cpu),
	    machine_cpus());
	if (uname(&u) == 0)
		report_fact(r, "kernel", "%s %s %s", u.sysname, u.release,
		    u.machine);
	report_fact(r, "compiler", "%s", BENCH_COMPILER);
	report_fact(r, "build", "%s, tungate %s",
	    BENCH_BUILD[0] != '\0' ? BENCH_BUILD : "no build type",
	    TUNGATE_VERSION);
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	json_decref(r->root);
	free(r);
}

void
report_fact(struct report *r, const char *name, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (json_object_set_new(json_object_get(r->root, "facts"), name,
		json_string(text)) < 0)
		r->incomplete = true;
}

static json_t *
summary(const struct summary *s)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "rounds",
	    (json_int_t)s->n, "median", s->median, "q1", s->q1, "q3", s->q3,
	    "min", s->min, "max", s->max, "p99", s->p99);
}

void
report_figure(struct report *r, const struct figure *f)
{
	json_t *ratios = json_object(), *o;

	for (int i = 0; i < 2; i++)
		if (f->ratios[i].name != NULL)
			(void)json_object_set_new(ratios, f->ratios[i].name,
			    summary(&f->ratios[i].value));
	o = json_pack("{s:s, s:s, s:s, s:o, s:o}", "group", f->group, "name",
	    f->name, "unit", f->unit, "value", summary(&f->value), "ratios",
	    ratios);
	if (json_array_append_new(json_object_get(r->root, "figures"), o) < 0)
		r->incomplete = true;
}

void
report_goal(struct report *r, const char *what, enum goal_sense sense,
    double limit, double seen, const char *unit)
{
	bool met = sense == GOAL_AT_MOST ? seen <= limit : seen >= limit;
	json_t *o = json_pack("{s:s, s:s, s:f, s:f, s:s, s:b}", "what", what,
	    "sense", sense == GOAL_AT_MOST ? "at most" : "at least", "limit",
	    limit, "seen", seen, "unit", unit, "met", (int)met);

	if (json_array_append_new(json_object_get(r->root, "goals"), o) < 0)
		r->incomplete = true;
}

/*
 * As text.
 */

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static double
number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/* Three figures that count, without powers of ten. */
static const char *
readable(double v, char text[32])
{
	(void)snprintf(text, 32,
	    v >= 100	  ? "%.0f"
		: v >= 10 ? "%.1f"
			  : "%.2f",
	    v);
	return text;
}

static void
print_ratios(json_t *ratios)
{
	const char *name;
	json_t *s;

	json_object_foreach(ratios, name, s)
	{
		char text[32];

		(void)printf("  %5s %s", readable(number_of(s, "median"), text),
		    name);
	}
}

static void
print_figures(json_t *figures)
{
	const char *group = "";
	size_t i;
	json_t *o;

	json_array_foreach(figures, i, o)
	{
		const json_t *s = json_object_get(o, "value");
		char median[32], q1[32], q3[32], min[32], max[32], p99[32];

		if (strcmp(group, text_of(o, "group")) != 0) {
			group = text_of(o, "group");
			(void)printf("\n%-52s %8s  %-17s %-19s %8s\n", group,
			    "median", "quartiles", "min .. max", "p99");
		}
		(void)printf("  %-41s %8s %8s  %7s .. %-7s %7s .. %-8s %7s",
		    text_of(o, "name"), text_of(o, "unit"),
		    readable(number_of(s, "median"), median),
		    readable(number_of(s, "q1"), q1),
		    readable(number_of(s, "q3"), q3),
		    readable(number_of(s, "min"), min),
		    readable(number_of(s, "max"), max),
		    readable(number_of(s, "p99"), p99));
		print_ratios(json_object_get(o, "ratios"));
		(void)printf("\n");
	}
}

static void
print_goals(json_t *goals)
{
	size_t i;
	json_t *o;

	if (json_array_size(goals) > 0)
		(void)printf("\ngoals\n");
	json_array_foreach(goals, i, o)
	{
		char seen[32], limit[32];

		(void)printf("  %-8s %s: %s %s, wanted %s %s\n",
		    json_is_true(json_object_get(o, "met")) ? "met" : "NOT MET",
		    text_of(o, "what"), readable(number_of(o, "seen"), seen),
		    text_of(o, "unit"), text_of(o, "sense"),
		    readable(number_of(o, "limit"), limit));
	}
}

void
report_print(const struct report *r, bool json)
{
	const char *name;
	json_t *fact;

	if (json) {
		(void)json_dumpf(r->root, stdout,
		    JSON_COMPACT | JSON_REAL_PRECISION(6));
		(void)printf("\n");
	} else {
		(void)printf("tungate-bench %s\n", text_of(r->root, "rung"));
		json_object_foreach(json_object_get(r->root, "facts"), name,
		    fact)(void)
		    printf("  %-10s %s\n", name, json_string_value(fact));
		print_figures(json_object_get(r->root, "figures"));
		print_goals(json_object_get(r->root, "goals"));
	}
	if (r->incomplete)
		(void)fprintf(stderr,
		    "tungate-bench: something is missing "
		    "from the report: no memory\n");
	(void)fflush(stdout);
}
