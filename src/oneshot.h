/* SPDX-License-Identifier: ISC */
/*
 * oneshot: what is done at once, without a daemon: close the gate, or give the
 * network back.
 *
 * Each prints what it did, and returns an exit status. A configuration that
 * cannot be read is no reason to do nothing: then conf is the default one.
 */
#ifndef SRC_ONESHOT_H
#define SRC_ONESHOT_H

struct conf;

/*
 * Close the machine, for a daemon that starts later: STATES.md 2. What is
 * there already stays. Status 0 if nothing passes.
 */
int oneshot_lockdown(const struct conf *conf);

/*
 * The rescue verb: whatever it finds, it tries everything. Status 0 if
 * nothing of ours is left.
 */
int oneshot_release(const struct conf *conf);

#endif /* SRC_ONESHOT_H */
