/* SPDX-License-Identifier: ISC */
#include "tests/unit/pfmodel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/addr.h"

/* A rule, as it is read and held against the packet. */
struct rule {
	const struct pfmodel_packet *packet;
	struct addr from, to;
	char line[256];
	char *rest;
	bool matches;
	/* A port, an ICMP type or a user: a fragment has none of them. */
	bool beyond_ip;
	bool for_fragments, allows_options;
};

static _Noreturn void
give_up(const char *what, const char *line)
{
	(void)fprintf(stderr, "pfmodel: %s in: %s\n", what, line);
	abort();
}

static struct addr
read_addr(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		give_up("no address", text);
	return a;
}

/* "" at the end. */
static const char *
next(struct rule *r)
{
	char *word;

	while ((word = strsep(&r->rest, " ")) != NULL)
		if (*word != '\0')
			return word;
	return "";
}

static const char *
peek(const struct rule *r)
{
	return r->rest != NULL ? r->rest : "";
}

static bool
take(struct rule *r, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(peek(r), word, n) != 0 ||
	    (peek(r)[n] != ' ' && peek(r)[n] != '\0'))
		return false;
	(void)next(r);
	return true;
}

static void
need(struct rule *r, bool holds)
{
	r->matches = r->matches && holds;
}

static void
expect(struct rule *r, const char *word)
{
	if (!take(r, word))
		give_up("a missing word", r->line);
}

static unsigned
number(struct rule *r)
{
	const char *word = next(r);
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*word == '\0' || *end != '\0')
		give_up("no number", r->line);
	return (unsigned)n;
}

/* "any", an address, or a network. */
static void
read_host(struct rule *r, const struct addr *packet)
{
	char text[64];
	struct addr net;
	unsigned bits;
	char *slash;

	(void)snprintf(text, sizeof(text), "%s", next(r));
	if (strcmp(text, "any") == 0)
		return;
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	net = read_addr(text);
	bits = 8 * (unsigned)addr_len(&net);
	if (slash != NULL)
		bits = (unsigned)strtoul(slash + 1, NULL, 10);
	need(r, addr_in_prefix(packet, &net, bits));
}

static void
read_port(struct rule *r, unsigned packet)
{
	if (!take(r, "port"))
		return;
	expect(r, "=");
	r->beyond_ip = true;
	need(r, number(r) == packet);
}

static void
read_hosts(struct rule *r)
{
	if (take(r, "all"))
		return;
	expect(r, "from");
	read_host(r, &r->from);
	read_port(r, r->packet->from_port);
	expect(r, "to");
	read_host(r, &r->to);
	read_port(r, r->packet->to_port);
}

static void
read_type(struct rule *r)
{
	r->beyond_ip = true;
	need(r,
	    r->packet->type != NULL && strcmp(next(r), r->packet->type) == 0);
	if (r->packet->type == NULL)
		(void)next(r);
	if (take(r, "code"))
		need(r, number(r) == r->packet->code);
}

static void
read_options(struct rule *r, bool pass)
{
	bool stateless = !pass;

	while (*peek(r) != '\0') {
		if (take(r, "no")) {
			expect(r, "state");
			stateless = true;
		} else if (take(r, "icmp-type") || take(r, "icmp6-type")) {
			read_type(r);
		} else if (take(r, "fragment")) {
			r->for_fragments = true;
		} else if (take(r, "allow-opts")) {
			r->allows_options = true;
		} else if (take(r, "user")) {
			expect(r, "!=");
			r->beyond_ip = true;
			need(r, number(r) != r->packet->user);
		} else {
			give_up("an unknown word", r->line);
		}
	}
	if (!stateless)
		give_up("a state", r->line);
}

static void
read_where(struct rule *r)
{
	bool not, same;

	if (take(r, "in"))
		need(r, r->packet->in);
	else if (take(r, "out"))
		need(r, !r->packet->in);
	expect(r, "quick");
	if (take(r, "on")) {
		not = take(r, "!");
		same = strcmp(next(r), r->packet->interface) == 0;
		need(r, same != not );
	}
}

static void
read_what(struct rule *r)
{
	if (take(r, "inet"))
		need(r, r->from.family == ADDR_V4);
	else if (take(r, "inet6"))
		need(r, r->from.family == ADDR_V6);
	if (take(r, "proto"))
		need(r, strcmp(next(r), r->packet->protocol) == 0);
}

/* The rule's word on it; *ret_matches: it has one. */
static bool
ask(const char *line, size_t len, const struct pfmodel_packet *p,
    bool *ret_matches)
{
	struct rule r = { .packet = p,
		.from = read_addr(p->from),
		.to = read_addr(p->to),
		.matches = true };
	bool pass;

	if (len >= sizeof(r.line))
		give_up("a long line", line);
	memcpy(r.line, line, len);
	r.rest = r.line;
	*ret_matches = false;
	/* Normalization and translation decide about no packet. */
	if (take(&r, "scrub") || take(&r, "no"))
		return false;
	pass = take(&r, "pass");
	if (!pass) {
		expect(&r, "block");
		expect(&r, "drop");
	}
	read_where(&r);
	read_what(&r);
	read_hosts(&r);
	read_options(&r, pass);
	if (p->fragment)
		need(&r, !r.beyond_ip);
	else
		need(&r, !r.for_fragments);
	*ret_matches = r.matches;
	return pass && (!p->options || r.allows_options);
}

/* All rules are quick: the first that matches decides. */
bool
pfmodel_passes(const char *rules, const struct pfmodel_packet *p)
{
	while (*rules != '\0') {
		size_t len = strcspn(rules, "\n");
		bool matches, pass = ask(rules, len, p, &matches);

		if (matches)
			return pass;
		rules += len + (rules[len] == '\n');
	}
	return true;
}
