/* SPDX-License-Identifier: ISC */
#include "control/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/ini_file.h"
#include "src/base/ifname.h"
#include "src/base/log.h"

struct conf
conf_defaults(void)
{
	return (struct conf){ .tun = "tungate0",
		.run_dir = TUNGATE_RUN_DIR,
		.servers = TUNGATE_CONF_DIR "/servers",
		.group = "tungate",
		.user = "tungate",
		.log_level = LEVEL_INFO };
}

struct reading {
	struct conf conf;
	conf_report *report;
	void *arg;
};

static void
pass_on(const char *problem, void *arg)
{
	struct reading *r = arg;

	r->report(problem, r->arg);
}

static void
read_text(struct ini_file *f, const char *key, const char *value, char *to,
    size_t size)
{
	if (value[0] == '\0')
		ini_file_problem(f, "%s: must not be empty", key);
	else if (strlen(value) >= size)
		ini_file_problem(f, "%s: longer than %zu bytes", key, size - 1);
	else
		memcpy(to, value, strlen(value) + 1);
}

static void
read_path(struct ini_file *f, const char *key, const char *value, char *to)
{
	if (value[0] != '/')
		ini_file_problem(f, "%s = %s: must be an absolute path", key,
		    value);
	else
		read_text(f, key, value, to, CONF_PATH_MAX);
}

/* One of two words; *ret: is it the second? */
static void
read_choice(struct ini_file *f, const char *key, const char *value,
    const char *no, const char *yes, bool *ret)
{
	*ret = strcasecmp(value, yes) == 0;
	if (!*ret && strcasecmp(value, no) != 0)
		ini_file_problem(f, "%s = %s: must be %s or %s", key, value, no,
		    yes);
}

static void
on_pair(struct ini_file *f, const char *section, const char *key,
    const char *value, void *arg)
{
	struct conf *c = &((struct reading *)arg)->conf;

	if (strcasecmp(section, "tungate") != 0) {
		ini_file_problem(f, "[%s]: only [tungate] is known", section);
	} else if (strcasecmp(key, "tun") == 0) {
		if (value[0] != '\0' && strlen(value) < sizeof(c->tun) &&
		    !ifname_is_valid(value))
			ini_file_problem(f,
			    "tun = %s: not a name that an "
			    "interface can have",
			    value);
		else
			read_text(f, key, value, c->tun, sizeof(c->tun));
	} else if (strcasecmp(key, "run_dir") == 0) {
		read_path(f, key, value, c->run_dir);
	} else if (strcasecmp(key, "servers") == 0) {
		read_path(f, key, value, c->servers);
	} else if (strcasecmp(key, "group") == 0) {
		read_text(f, key, value, c->group, sizeof(c->group));
	} else if (strcasecmp(key, "user") == 0) {
		if (strcmp(value, "root") == 0)
			ini_file_problem(f,
			    "user = root: must be an account without "
			    "privilege");
		read_text(f, key, value, c->user, sizeof(c->user));
	} else if (strcasecmp(key, "lan") == 0) {
		read_choice(f, key, value, "block", "allow", &c->allow_lan);
	} else if (strcasecmp(key, "on_stop") == 0) {
		read_choice(f, key, value, "closed", "open", &c->open_on_stop);
	} else if (strcasecmp(key, "log_level") == 0) {
		if (log_level_parse(value) < 0)
			ini_file_problem(f,
			    "log_level = %s: must be error, "
			    "warn, info or debug",
			    value);
		else
			c->log_level = log_level_parse(value);
	} else {
		ini_file_problem(f,
		    "%s: must be tun, run_dir, servers, group, "
		    "user, lan, on_stop or log_level",
		    key);
	}
}

int
conf_parse(const char *file, const char *text, size_t len, struct conf *ret,
    conf_report *report, void *arg)
{
	struct reading r = { .conf = conf_defaults(),
		.report = report,
		.arg = arg };

	if (ini_file_parse(file, text, len, on_pair, pass_on, &r) > 0)
		return -EINVAL;
	*ret = r.conf;
	return 0;
}

int
conf_read(const char *file, struct conf *ret, conf_report *report, void *arg)
{
	char problem[512], *text;
	size_t len;
	int r;

	if ((r = ini_file_read(file, &text, &len)) < 0) {
		(void)snprintf(problem, sizeof(problem), "%s: %s", file,
		    strerror(-r));
		report(problem, arg);
		return r;
	}
	r = conf_parse(file, text, len, ret, report, arg);
	free(text);
	return r;
}
