/* SPDX-License-Identifier: ISC */
/*
 * ctl_import: a provider's wg-quick file, checked and put into the servers'
 * directory, with the addresses of its names.
 */
#ifndef TOOLS_CTL_IMPORT_H
#define TOOLS_CTL_IMPORT_H

#include <jansson.h>

struct ctl_import {
	const char *file;
	const char *name;      /* NULL: as the file's, without ".conf" */
	const char *conf_file; /* NULL: the default, if there is one */
};

/*
 * The file is then there as a whole, readable by its owner alone, or nothing
 * was changed. {"imported": name, "file": path, "replaced": bool, "names":
 * {name: [address]}, "notes": [text]} or {"error": text}, a problem a line;
 * to be released. NULL: no memory.
 */
json_t *ctl_import(const struct ctl_import *i);

#endif /* TOOLS_CTL_IMPORT_H */
