/* SPDX-License-Identifier: ISC */
/* The kernel's settings of each interface: ip-sysctl.rst. */
#include "src/os/forwarding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "src/base/ifname.h"

static int
open_setting(const char *ifname, const char *setting, int how)
{
	char path[96];
	int fd;

	if (!ifname_is_valid(ifname))
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s",
	    ifname, setting);
	fd = open(path, how | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

/* Its one digit, or a negative errno. */
static int
read_setting(const char *ifname, const char *setting)
{
	int fd = open_setting(ifname, setting, O_RDONLY), r = -EIO;
	char digit;

	if (fd < 0)
		return fd;
	if (read(fd, &digit, 1) == 1 && digit >= '0' && digit <= '9')
		r = digit - '0';
	close(fd);
	return r;
}

static int
write_setting(const char *ifname, const char *setting, char digit)
{
	int fd = open_setting(ifname, setting, O_WRONLY), r = 0;

	if (fd < 0)
		return fd;
	if (write(fd, &digit, 1) != 1)
		r = -errno;
	close(fd);
	return r;
}

int
forwarding_check(const char *ifname, char why[FORWARDING_WHY_MAX])
{
	int on = read_setting(ifname, "forwarding"), filter, all;

	if (on < 0) {
		(void)snprintf(why, FORWARDING_WHY_MAX,
		    "there is no interface %s", ifname);
		return -ENODEV;
	}
	if (on == 0) {
		(void)snprintf(why, FORWARDING_WHY_MAX,
		    "the machine does not forward what comes in by %s: sysctl "
		    "net.ipv4.conf.%s.forwarding=1",
		    ifname, ifname);
		return -EPERM;
	}
	/* The larger of the two counts. */
	filter = read_setting(ifname, "rp_filter");
	all = read_setting("all", "rp_filter");
	if (filter == 2 || all == 2 || (filter == 0 && all == 0))
		return 0;
	(void)snprintf(why, FORWARDING_WHY_MAX,
	    "the machine would drop what comes in by %s: sysctl "
	    "net.ipv4.conf.%s.rp_filter=2",
	    ifname, ifname);
	return -EPERM;
}

int
forwarding_allow(const char *ifname)
{
	int r = write_setting(ifname, "forwarding", '1');

	/* Whose its packets are the tunnel has looked at. */
	return r < 0 ? r : write_setting(ifname, "rp_filter", '2');
}
