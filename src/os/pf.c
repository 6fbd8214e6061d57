/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * The anchor lies where the stock main ruleset asks for anchors already, so
 * /etc/pf.conf is not touched, nor the rules that others put beside it. Its
 * name makes it the first that is asked: a rule with `quick` has the last word.
 *
 * pf runs while somebody has a word ("token") for it. The word lives in the
 * kernel, not in a process: it is kept in a file, and a daemon that starts
 * again uses the one that is there. It is asked for after the rules are in,
 * and given back after they are out.
 *
 * What somebody else's rules let pass before ours came has states, which pf
 * asks before any rule: they are flushed. Rules of ours make none.
 */
#include "src/os/pf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/os/pfread.h"
#include "src/os/pfrules.h"
#include "src/os/toolrun.h"

#define PARENT "com.apple"
#define ALL    "com.apple/*" /* as the main ruleset asks for it */
#define ANCHOR "com.apple/000.tungate"

enum {
	PFCTL_MS = 2000,
	SAID_MAX = 2 * PFRULES_LABELLED_MAX,
	ARGS_MAX = 10,
	TOKEN_TEXT_MAX = 24,
};

struct pf {
	const char *pfctl, *token_file;
	uint64_t token; /* 0: none that we know of */
	bool held;	/* pf was asked to run */
	bool put;	/* by the last pf_put() */
	bool overruled;
	char rules[PFRULES_LABELLED_MAX];
	char said[SAID_MAX];  /* by pfctl, the last time */
	char shown[SAID_MAX]; /* of the anchor, when the rules were new */
};

int
pf_open(const char *pfctl, const char *token, struct pf **ret)
{
	struct pf *p;

	if (access(pfctl, X_OK) < 0)
		return -EPROTONOSUPPORT;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return -ENOMEM;
	p->pfctl = pfctl;
	p->token_file = token;
	*ret = p;
	return 0;
}

void
pf_close(struct pf *p)
{
	free(p);
}

/*
 * Ask pfctl, with `in` on its standard input. 0, and its answer is in p->said,
 * or a negative errno after a word in the log.
 */
static int
ask(struct pf *p, const char *in, const char *const args[])
{
	const char *argv[ARGS_MAX + 2] = { p->pfctl };
	char why[PFREAD_WHY_MAX];
	int r;

	for (int i = 0; i < ARGS_MAX && args[i] != NULL; i++)
		argv[i + 1] = args[i];
	r = toolrun(argv, in, PFCTL_MS, p->said, sizeof(p->said));
	if (r == 0)
		return 0;
	pfread_why(p->said, why);
	if (r > 0) {
		log_warn("pf: pfctl ended with status %d, saying: %s", r, why);
		return geteuid() != 0 ? -EPERM : -EIO;
	}
	log_warn("pf: pfctl was given up (%s), having said: %s", strerror(-r),
	    why);
	return r;
}

#define ASK(p, in, ...) ask(p, in, (const char *const[]){ __VA_ARGS__, NULL })

/*
 * The file with the token. It says what is to be given back, so nobody else
 * may have written it.
 */

static uint64_t
read_token(const struct pf *p)
{
	char text[TOKEN_TEXT_MAX + 8] = "Token : ";
	const size_t head = strlen(text);
	uint64_t token = 0;
	struct stat st;
	ssize_t n;
	int fd;

	fd =
	    open(p->token_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	n = -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		n = read(fd, text + head, sizeof(text) - head - 1);
	close(fd);
	if (n <= 0 || pfread_token(text, &token) < 0)
		return 0;
	return token;
}

/* The folder, if it is not there: at boot it is not. */
static int
make_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *dir;
	int r = 0;

	if (slash == NULL || slash == file)
		return 0;
	if ((dir = strndup(file, (size_t)(slash - file))) == NULL)
		return -ENOMEM;
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		r = -errno;
	free(dir);
	return r;
}

static int
write_whole(const char *path, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	int fd, r = 0;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len)
		r = -EIO;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* Whole, or not at all. */
static int
write_token(const struct pf *p)
{
	char text[TOKEN_TEXT_MAX], *path;
	size_t len = strlen(p->token_file) + sizeof(".new");
	int r;

	if ((r = make_folder(p->token_file)) < 0)
		return r;
	if ((path = malloc(len)) == NULL)
		return -ENOMEM;
	(void)snprintf(path, len, "%s.new", p->token_file);
	(void)snprintf(text, sizeof(text), "%" PRIu64 "\n", p->token);
	if ((r = write_whole(path, text)) == 0 &&
	    rename(path, p->token_file) < 0)
		r = -errno;
	free(path);
	return r;
}

/*
 * Keeping pf running.
 */

/* Does pf run by our word? */
static bool
is_held(struct pf *p)
{
	if (p->token == 0)
		p->token = read_token(p);
	return p->token != 0 && ASK(p, NULL, "-s", "References") == 0 &&
	    pfread_lists_token(p->said, p->token);
}

static bool
is_enabled(struct pf *p)
{
	return ASK(p, NULL, "-s", "info") == 0 && pfread_is_enabled(p->said);
}

static int
hold(struct pf *p)
{
	int r;

	/* By a word that we could not read, or not find in the list. */
	if (is_held(p) || (p->held && is_enabled(p)))
		return 0;
	if ((r = ASK(p, NULL, "-E")) < 0)
		return r;
	p->held = true;
	p->token = 0;
	if (pfread_token(p->said, &p->token) < 0) {
		log_warn("pf: it runs, but gave no token for it: it will go on "
			 "running after tungate");
		return 0;
	}
	if ((r = write_token(p)) < 0)
		log_warn("pf: its token cannot be kept in %s (%s): after a "
			 "crash it will go on running",
		    p->token_file, strerror(-r));
	return 0;
}

static int
give_back(struct pf *p)
{
	char token[TOKEN_TEXT_MAX];
	int r = 0;

	if (is_held(p)) {
		(void)snprintf(token, sizeof(token), "%" PRIu64, p->token);
		r = ASK(p, NULL, "-X", token);
	}
	if (r < 0)
		return r;
	p->token = 0;
	p->held = false;
	if (unlink(p->token_file) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/*
 * Being asked.
 */

static int
see_place(struct pf *p, enum pfread_place *ret)
{
	int r = ASK(p, NULL, "-s", "rules");

	if (r == 0)
		*ret = pfread_place(p->said, ALL);
	return r;
}

/*
 * A main ruleset without any rule was flushed, or is not loaded yet: what the
 * stock one has of filters is put there, and stands in nobody's way. One that
 * somebody wrote is not ours to write anew.
 */
static int
be_asked(struct pf *p)
{
	static const char stock[] = "scrub-anchor \"" ALL "\"\n"
				    "anchor \"" ALL "\"\n";
	enum pfread_place place = PFREAD_ABSENT;
	int r;

	if ((r = see_place(p, &place)) < 0)
		return r;
	if (place == PFREAD_EMPTY) {
		if ((r = ASK(p, stock, "-q", "-R", "-f", "-")) < 0 ||
		    (r = see_place(p, &place)) < 0)
			return r;
	}
	if (place == PFREAD_EMPTY || place == PFREAD_ABSENT) {
		log_error("pf: its main ruleset does not ask for anchor "
			  "\"" ALL "\": put that back into /etc/pf.conf and "
			  "load it with: pfctl -f /etc/pf.conf");
		return -ENOENT;
	}
	p->overruled = place == PFREAD_BEHIND;
	return 0;
}

/* Is it of weight what ours say? Only seen, not mended. */
static void
see_others(struct pf *p)
{
	if (ASK(p, NULL, "-a", PARENT, "-s", "Anchors") == 0 &&
	    !pfread_is_first(p->said, ANCHOR))
		p->overruled = true;
	if (ASK(p, NULL, "-v", "-s", "Interfaces") == 0 &&
	    pfread_skips(p->said))
		p->overruled = true;
}

int
pf_put(struct pf *p, const char *rules)
{
	int r;

	p->put = false;
	if ((r = pfrules_label(rules, p->rules, sizeof(p->rules))) < 0)
		return r;
	/* "-o none": pfctl would put rules into another order. */
	if ((r = ASK(p, p->rules, "-q", "-a", ANCHOR, "-o", "none", "-f",
		 "-")) < 0 ||
	    (r = hold(p)) < 0 || (r = ASK(p, NULL, "-q", "-F", "states")) < 0 ||
	    (r = be_asked(p)) < 0)
		return r;
	see_others(p);
	if (!is_enabled(p))
		return -EIO;
	if ((r = ASK(p, NULL, "-a", ANCHOR, "-s", "rules")) < 0)
		return r;
	memcpy(p->shown, p->said, sizeof(p->shown));
	switch (pfread_match(p->shown, p->rules)) {
	case PFREAD_THESE:
		p->put = true;
		return 0;
	case PFREAD_UNLIKE:
		p->put = true;
		return -EPROTO;
	case PFREAD_OTHERS:
		break;
	}
	log_error("pf: what was put into anchor \"" ANCHOR "\" is not there");
	return -EIO;
}

bool
pf_is_put(struct pf *p)
{
	enum pfread_place place = PFREAD_ABSENT;

	if (!p->put || !is_enabled(p) || see_place(p, &place) < 0 ||
	    (place != PFREAD_FIRST &&
		!(place == PFREAD_BEHIND && p->overruled)))
		return false;
	/* As it was, not as we would write it. */
	return ASK(p, NULL, "-a", ANCHOR, "-s", "rules") == 0 &&
	    strcmp(p->said, p->shown) == 0;
}

bool
pf_is_overruled(const struct pf *p)
{
	return p->overruled;
}

int
pf_take_away(struct pf *p)
{
	int nat, rules, token;

	p->put = false;
	/* The rules last of these: they are what closes. */
	nat = ASK(p, NULL, "-q", "-a", ANCHOR, "-F", "nat");
	rules = ASK(p, NULL, "-q", "-a", ANCHOR, "-F", "rules");
	token = give_back(p);
	if (nat < 0 || rules < 0)
		return nat < 0 ? nat : rules;
	return token;
}
