/* SPDX-License-Identifier: ISC */
#include "bench/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

const char *
machine_cpu(char text[MACHINE_TEXT_MAX])
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	(void)snprintf(text, MACHINE_TEXT_MAX, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(text, MACHINE_TEXT_MAX, "%.100s", colon + 2);
		break;
	}
	if (f != NULL)
		(void)fclose(f);
	return text;
}

long
machine_cpus(void)
{
	cpu_set_t mine;

	return sched_getaffinity(0, sizeof(mine), &mine) == 0 ? CPU_COUNT(&mine)
							      : 1;
}
