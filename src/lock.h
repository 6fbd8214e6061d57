/* SPDX-License-Identifier: ISC */
/*
 * lock: who may change the system: one process at a time.
 */
#ifndef SRC_LOCK_H
#define SRC_LOCK_H

/*
 * Take the lock of that run directory, which is made if it is not there. It
 * goes with the process, however it ends, or when *ret_fd is closed. 0;
 * -EBUSY: another has it; or a negative errno.
 */
int lock_take(const char *run_dir, int *ret_fd);

#endif /* SRC_LOCK_H */
