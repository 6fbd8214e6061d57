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
	struct {
		unsigned uplink, address, gateway, dhcp, lan;
		unsigned any; /* of uplink_... */
	} lines;	      /* the last of each; 0: none */
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

/* The text of a settings' line, as ifsettings_parse() reads it. */
static void
read_setting(struct ini_file *f, const char *key, const char *value,
    struct conf *c)
{
	struct ifsettings more;
	char text[IFSETTINGS_TEXT_MAX];
	int n =
	    snprintf(text, sizeof(text), "interface x\n%s %s\n", key, value);

	if (n < 0 || (size_t)n >= sizeof(text) || strchr(value, ' ') != NULL ||
	    ifsettings_parse(text, (size_t)n, &more) < 0) {
		ini_file_problem(f, "uplink_%s = %s: must be %s", key, value,
		    key[0] == 'a' ? "ADDRESS/BITS" : "an address");
		return;
	}
	if (c->uplink.n_addresses + more.n_addresses > IFSETTINGS_MAX ||
	    c->uplink.n_gateways + more.n_gateways > IFSETTINGS_GATEWAYS) {
		ini_file_problem(f, "uplink_%s: too many of them", key);
		return;
	}
	for (unsigned i = 0; i < more.n_addresses; i++)
		c->uplink.addresses[c->uplink.n_addresses++] =
		    more.addresses[i];
	for (unsigned i = 0; i < more.n_gateways; i++)
		c->uplink.gateways[c->uplink.n_gateways++] = more.gateways[i];
}

/* key: what follows "uplink_". */
static void
read_uplink(struct ini_file *f, const char *key, const char *value,
    struct conf *c)
{
	if (strcasecmp(key, "interface") == 0 && !ifname_is_valid(value))
		ini_file_problem(f,
		    "uplink_interface = %s: not a name that an interface can "
		    "have",
		    value);
	else if (strcasecmp(key, "interface") == 0)
		memcpy(c->uplink.name, value, strlen(value) + 1);
	else if (strcasecmp(key, "dhcp") == 0)
		read_text(f, "uplink_dhcp", value, c->uplink_dhcp,
		    sizeof(c->uplink_dhcp));
	else if (strcasecmp(key, "address") == 0)
		read_setting(f, "address", value, c);
	else if (strcasecmp(key, "gateway") == 0)
		read_setting(f, "gateway", value, c);
	else
		ini_file_problem(f,
		    "uplink_%s: must be uplink_interface, uplink_address, "
		    "uplink_gateway or uplink_dhcp",
		    key);
}

/* So that what is wrong with all of them together can be said of a line. */
static void
note_line(struct reading *r, const char *key, unsigned line)
{
	if (strcasecmp(key, "uplink") == 0)
		r->lines.uplink = line;
	if (strcasecmp(key, "uplink_address") == 0)
		r->lines.address = line;
	if (strcasecmp(key, "uplink_gateway") == 0)
		r->lines.gateway = line;
	if (strcasecmp(key, "uplink_dhcp") == 0)
		r->lines.dhcp = line;
	if (strncasecmp(key, "uplink_", 7) == 0)
		r->lines.any = line;
	if (strcasecmp(key, "lan") == 0)
		r->lines.lan = line;
}

/* Each has an address of its family beside it, and is the only one of it. */
static bool
gateways_fit(const struct ifsettings *u)
{
	unsigned gateways[2] = { 0 }, addresses[2] = { 0 };

	for (unsigned i = 0; i < u->n_addresses; i++)
		addresses[u->addresses[i].addr.family == ADDR_V6]++;
	for (unsigned i = 0; i < u->n_gateways; i++)
		gateways[u->gateways[i].addr.family == ADDR_V6]++;
	for (int i = 0; i < 2; i++)
		if (gateways[i] > 1 || (gateways[i] == 1 && addresses[i] == 0))
			return false;
	return true;
}

/*
 * What can only be said when the whole file was read, and of which line. NULL:
 * all is well.
 */
static const char *
check_uplink(const struct reading *r, unsigned *ret_line)
{
	const struct conf *c = &r->conf;

	*ret_line = r->lines.any;
	if (!c->uplink_namespace)
		return r->lines.any != 0
		    ? "uplink_... lines are for uplink = namespace"
		    : NULL;
	*ret_line = r->lines.uplink;
	if (c->uplink.name[0] == '\0')
		return "uplink = namespace needs an uplink_interface";
	if (strcmp(c->uplink.name, c->tun) == 0)
		return "the uplink_interface is a network card, and not the "
		       "gate's own device";
	*ret_line = r->lines.dhcp;
	if (r->lines.dhcp != 0 &&
	    (r->lines.address != 0 || r->lines.gateway != 0))
		return "uplink_dhcp is instead of uplink_address and "
		       "uplink_gateway";
	*ret_line = r->lines.gateway;
	if (!gateways_fit(&c->uplink))
		return "an uplink_gateway needs an uplink_address of its "
		       "family, and there is one a family";
	*ret_line = r->lines.lan;
	if (c->allow_lan)
		return "lan = allow needs uplink = machine: in a namespace "
		       "there is no local network for this machine";
	return NULL;
}

static void
on_pair(struct ini_file *f, const char *section, const char *key,
    const char *value, void *arg)
{
	struct reading *r = arg;
	struct conf *c = &r->conf;

	note_line(r, key, ini_file_line(f));
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
	} else if (strcasecmp(key, "uplink") == 0) {
		read_choice(f, key, value, "machine", "namespace",
		    &c->uplink_namespace);
	} else if (strncasecmp(key, "uplink_", 7) == 0) {
		read_uplink(f, key + 7, value, c);
	} else if (strcasecmp(key, "on_stop") == 0) {
		read_choice(f, key, value, "closed", "open", &c->open_on_stop);
	} else if (strcasecmp(key, "scripts") == 0) {
		read_choice(f, key, value, "refuse", "ignore",
		    &c->ignore_scripts);
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
		    "user, lan, uplink, uplink_interface, uplink_address, "
		    "uplink_gateway, uplink_dhcp, on_stop, scripts or "
		    "log_level",
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
	const char *wrong;
	char problem[512];
	unsigned line;

	if (ini_file_parse(file, text, len, on_pair, pass_on, &r) > 0)
		return -EINVAL;
	if ((wrong = check_uplink(&r, &line)) != NULL) {
		(void)snprintf(problem, sizeof(problem), "%s:%u: %s", file,
		    line, wrong);
		report(problem, arg);
		return -EINVAL;
	}
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
	ini_file_free(text, len);
	return r;
}
