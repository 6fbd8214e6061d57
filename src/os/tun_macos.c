/* SPDX-License-Identifier: ISC */
/*
 * A utun device is made by connecting a kernel control socket, and goes, with
 * every route through it, when that socket is closed: by us or by our death.
 * Its name is utun and a number: a name of another form lets the system choose.
 * It has no offloads: each packet is a finished one, as large as its mtu.
 */
#include "src/os/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/kern_control.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "src/os/darwin.h"
#include "src/os/pktbuf.h"
#include "src/os/utun_frame.h"

/* Packets that may wait in the socket; the system's own choice is one. */
#define PENDING 256

struct tun {
	int fd;
	unsigned ifindex;
	char name[IFNAMSIZ];
};

/*
 * What the control calls a unit: the number and one; 0 is the first that is
 * free, and what a name of another form means.
 */
static uint32_t
unit_of(const char *name)
{
	unsigned long n;
	char *end;

	if (strncmp(name, "utun", 4) != 0 || name[4] < '0' || name[4] > '9')
		return 0;
	n = strtoul(name + 4, &end, 10);
	return *end == '\0' && n < UINT16_MAX ? (uint32_t)n + 1 : 0;
}

static int
connect_control(int fd, uint32_t unit)
{
	struct ctl_info info = { 0 };
	struct sockaddr_ctl at = { .sc_len = sizeof(at),
		.sc_family = AF_SYSTEM,
		.ss_sysaddr = DARWIN_AF_SYS_CONTROL,
		.sc_unit = unit };

	(void)strlcpy(info.ctl_name, DARWIN_UTUN_CONTROL,
	    sizeof(info.ctl_name));
	if (ioctl(fd, CTLIOCGINFO, &info) < 0)
		return -errno;
	at.sc_id = info.ctl_id;
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
}

static int
interface_ioctl(const char *name, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), r = 0;

	if (fd < 0)
		return -errno;
	(void)strlcpy(ifr->ifr_name, name, sizeof(ifr->ifr_name));
	if (ioctl(fd, request, ifr) < 0)
		r = -errno;
	close(fd);
	return r;
}

int
tun_raise(struct tun *t)
{
	struct ifreq ifr = { 0 };
	int r;

	if ((r = interface_ioctl(t->name, SIOCGIFFLAGS, &ifr)) < 0)
		return r;
	ifr.ifr_flags |= IFF_UP;
	return interface_ioctl(t->name, SIOCSIFFLAGS, &ifr);
}

static int
set_up(struct tun *t)
{
	uint32_t pending = PENDING;
	socklen_t n = sizeof(t->name);

	/* Only now: connecting resets it. Refused, it is merely slower. */
	(void)setsockopt(t->fd, DARWIN_SYSPROTO_CONTROL,
	    DARWIN_UTUN_OPT_MAX_PENDING_PACKETS, &pending, sizeof(pending));
	if (getsockopt(t->fd, DARWIN_SYSPROTO_CONTROL, DARWIN_UTUN_OPT_IFNAME,
		t->name, &n) < 0)
		return -errno;
	if ((t->ifindex = if_nametoindex(t->name)) == 0)
		return -errno;
	return tun_raise(t);
}

int
tun_open(const char *name, enum tun_use use, struct tun **ret)
{
	struct tun *t = calloc(1, sizeof(*t));
	int r;

	(void)use;
	if (t == NULL)
		return -ENOMEM;
	t->fd = socket(PF_SYSTEM, SOCK_DGRAM, DARWIN_SYSPROTO_CONTROL);
	if (t->fd < 0) {
		r = -errno;
		goto free_tun;
	}
	if (fcntl(t->fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(t->fd, F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		goto close_fd;
	}
	if ((r = connect_control(t->fd, unit_of(name))) < 0 ||
	    (r = set_up(t)) < 0)
		goto close_fd;
	*ret = t;
	return 0;

close_fd:
	close(t->fd);
free_tun:
	free(t);
	return r;
}

int
tun_adopt(int fd, struct tun **ret)
{
	struct tun *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->fd = fd;
	*ret = t;
	return 0;
}

void
tun_close(struct tun *t)
{
	if (t == NULL)
		return;
	close(t->fd);
	free(t);
}

/*
 * Ours went with its socket. One that is still there, once the system has had
 * time to take it apart, is held by a process: nobody else can remove it.
 */
int
tun_remove(const char *name)
{
	if (unit_of(name) == 0)
		return 0;
	for (int i = 0; i < 100; i++) {
		if (if_nametoindex(name) == 0)
			return 0;
		(void)usleep(10 * 1000);
	}
	return -EBUSY;
}

int
tun_fd(const struct tun *t)
{
	return t->fd;
}

const char *
tun_name(const struct tun *t)
{
	return t->name;
}

unsigned
tun_ifindex(const struct tun *t)
{
	return t->ifindex;
}

int
tun_set_mtu(struct tun *t, uint32_t mtu)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu };

	return interface_ioctl(t->name, SIOCSIFMTU, &ifr);
}

int
tun_read(struct tun *t, struct pktbuf *b)
{
	size_t len;
	int r;

	/* What is not a packet comes from no program: on to the next. */
	do
		r = utun_frame_read(t->fd, b->data, PKTBUF_MAX, &len);
	while (r == -EBADMSG || r == -EMSGSIZE);
	if (r < 0)
		return r;
	b->len = (uint32_t)len;
	b->offload = (struct offload){ 0 };
	return 0;
}

int
tun_counters(const struct tun *t, struct tun_counters *ret)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST2,
		(int)t->ifindex };
	/* The interface comes first, its addresses follow. */
	union {
		struct if_msghdr2 h;
		uint8_t room[4096];
	} all;
	size_t len = sizeof(all);

	/* More than fits: what there was room for is there. */
	if (sysctl(mib, 6, &all, &len, NULL, 0) < 0 && errno != ENOMEM)
		return -errno;
	if (len < sizeof(all.h) || all.h.ifm_type != DARWIN_RTM_IFINFO2 ||
	    all.h.ifm_index != t->ifindex)
		return -ENODEV;
	/* What waits in the socket counts as handed over. */
	ret->handed_over = all.h.ifm_data.ifi_opackets;
	ret->dropped = all.h.ifm_data.ifi_oerrors +
	    (uint64_t)(uint32_t)all.h.ifm_snd_drops;
	return 0;
}

/* The kernel does that itself: the uplink is nowhere else (netns_macos.c). */
int
tun_write(struct tun *t, struct pktbuf *b)
{
	(void)t;
	(void)b;
	return -EOPNOTSUPP;
}

int
tun_set_addresses(struct tun *t, const struct addr wanted[], unsigned n)
{
	(void)t;
	(void)wanted;
	(void)n;
	return -EOPNOTSUPP;
}
