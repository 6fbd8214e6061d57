/* SPDX-License-Identifier: ISC */
#include "bench/machine.h"

#include <stdio.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <unistd.h>

const char *
machine_cpu(char text[MACHINE_TEXT_MAX])
{
	size_t len = MACHINE_TEXT_MAX;

	if (sysctlbyname("machdep.cpu.brand_string", text, &len, NULL, 0) < 0)
		(void)snprintf(text, MACHINE_TEXT_MAX, "unknown");
	return text;
}

long
machine_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}
