/* SPDX-License-Identifier: ISC */
/*
 * faults: a library that is loaded into the daemon before libc (LD_PRELOAD),
 * and makes calls fail when the test says so: memory, sockets, and the clock.
 *
 * What fails stands in a file that is mapped into parent and worker, so that it
 * can be changed while they run: numbers of eight bytes, in this order. Only
 * the daemon itself has them: what it executes begins without.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct faults {
	/* The n-th allocation from now on fails; 0: none. Then, if all is
	 * set, each that follows. */
	atomic_ulong malloc_in, malloc_all;
	/* Each n-th call on a socket fails with that error; 0: none. */
	atomic_ulong send_errno, send_every;
	atomic_ulong recv_errno, recv_every;
	atomic_long clock_offset; /* seconds that the wall clock is off */
	/* How many there were, and how many were made to fail. */
	atomic_ulong mallocs, mallocs_failed;
	atomic_ulong sends, sends_failed;
	atomic_ulong recvs, recvs_failed;
};

/* Each of libc's, by its name, as the program would have got it. */
#define REAL(name)                            \
	static __typeof__(name) *real_##name; \
	if (real_##name == NULL)              \
	*(void **)&real_##name = dlsym(RTLD_NEXT, #name)

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static struct faults *faults;

__attribute__((constructor)) static void
load(void)
{
	const char *file = getenv("FAULTS_FILE");
	void *map = MAP_FAILED;
	int fd;

	if (file != NULL && (fd = open(file, O_RDWR | O_CLOEXEC)) >= 0) {
		map = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		close(fd);
	}
	(void)unsetenv("LD_PRELOAD");
	if (map != MAP_FAILED)
		faults = map;
}

/*
 * Memory.
 */

static bool
no_memory(void)
{
	unsigned long in;

	if (faults == NULL)
		return false;
	atomic_fetch_add(&faults->mallocs, 1);
	if ((in = atomic_load(&faults->malloc_in)) == 0)
		return false;
	/* The last one stays at 1 if all that follow are to fail. */
	if (in == 1 && atomic_load(&faults->malloc_all) == 0)
		atomic_store(&faults->malloc_in, 0);
	else if (in > 1)
		atomic_fetch_sub(&faults->malloc_in, 1);
	if (in > 1)
		return false;
	atomic_fetch_add(&faults->mallocs_failed, 1);
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return no_memory() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return no_memory() ? NULL : __libc_realloc(p, n);
}

void *
aligned_alloc(size_t alignment, size_t n)
{
	return no_memory() ? NULL : __libc_memalign(alignment, n);
}

/*
 * Sockets.
 */

static bool
fails(atomic_ulong *count, atomic_ulong *failed, atomic_ulong *every,
    atomic_ulong *error)
{
	unsigned long n, k = atomic_load(every);

	n = atomic_fetch_add(count, 1) + 1;
	if (k == 0 || n % k != 0)
		return false;
	atomic_fetch_add(failed, 1);
	errno = (int)atomic_load(error);
	return true;
}

static bool
no_send(void)
{
	return faults != NULL &&
	    fails(&faults->sends, &faults->sends_failed, &faults->send_every,
		&faults->send_errno);
}

static bool
no_recv(void)
{
	return faults != NULL &&
	    fails(&faults->recvs, &faults->recvs_failed, &faults->recv_every,
		&faults->recv_errno);
}

static bool
is_socket(int fd)
{
	int type, e = errno;
	socklen_t len = sizeof(type);
	bool is = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;

	errno = e;
	return is;
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	REAL(send);
	return no_send() ? -1 : real_send(fd, p, n, flags);
}

ssize_t
sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
    socklen_t len)
{
	REAL(sendto);
	return no_send() ? -1 : real_sendto(fd, p, n, flags, to, len);
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(sendmsg);
	return no_send() ? -1 : real_sendmsg(fd, m, flags);
}

int
sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	REAL(sendmmsg);
	return no_send() ? -1 : real_sendmmsg(fd, m, n, flags);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	REAL(write);
	return is_socket(fd) && no_send() ? -1 : real_write(fd, p, n);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	REAL(writev);
	return is_socket(fd) && no_send() ? -1 : real_writev(fd, v, n);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	REAL(recv);
	return no_recv() ? -1 : real_recv(fd, p, n, flags);
}

ssize_t
recvfrom(int fd, void *p, size_t n, int flags, struct sockaddr *from,
    socklen_t *len)
{
	REAL(recvfrom);
	return no_recv() ? -1 : real_recvfrom(fd, p, n, flags, from, len);
}

ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	REAL(recvmsg);
	return no_recv() ? -1 : real_recvmsg(fd, m, flags);
}

ssize_t
read(int fd, void *p, size_t n)
{
	REAL(read);
	return is_socket(fd) && no_recv() ? -1 : real_read(fd, p, n);
}

ssize_t
readv(int fd, const struct iovec *v, int n)
{
	REAL(readv);
	return is_socket(fd) && no_recv() ? -1 : real_readv(fd, v, n);
}

/*
 * The clock.
 */

static long
offset(void)
{
	return faults != NULL ? atomic_load(&faults->clock_offset) : 0;
}

int
clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r;

	REAL(clock_gettime);
	r = real_clock_gettime(clock, ret);
	if (r == 0 &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec += offset();
	return r;
}

int
gettimeofday(struct timeval *ret, void *zone)
{
	int r;

	REAL(gettimeofday);
	r = real_gettimeofday(ret, zone);
	if (r == 0)
		ret->tv_sec += offset();
	return r;
}

time_t
time(time_t *ret)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (ret != NULL)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}
