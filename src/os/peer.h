/* SPDX-License-Identifier: ISC */
/*
 * peer: who is at the other end of a local socket.
 */
#ifndef OS_PEER_H
#define OS_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The user, group and process that connected, as the kernel vouches for them.
 * *ret_pid is 0 where the system does not tell. 0, or a negative errno.
 */
int peer_of(int fd, uid_t *ret_uid, gid_t *ret_gid, pid_t *ret_pid);

/*
 * Was the group among its supplementary ones when it connected? No, also if
 * the kernel does not tell (Linux before 4.13), or there are more than 1,024.
 */
bool peer_is_in(int fd, gid_t group);

#endif /* OS_PEER_H */
