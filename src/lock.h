/* SPDX-License-Identifier: ISC */
/*
 * lock: who may change the system: one process at a time.
 */
#ifndef SRC_LOCK_H
#define SRC_LOCK_H

/*
 * Take the lock of that run directory, which is made if it is not there. It
 * goes with the process, however it ends, or when *ret_fd is closed. 0;
 * -EBUSY: another has it, and had it for two seconds; or a negative errno.
 *
 * (A child that a killed daemon had just forked has it, too, until it sees
 * that its parent is gone: who starts anew or releases then should not fail.)
 */
int lock_take(const char *run_dir, int *ret_fd);

#endif /* SRC_LOCK_H */
