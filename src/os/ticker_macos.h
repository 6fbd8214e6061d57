/* SPDX-License-Identifier: ISC */
/*
 * ticker: a descriptor that becomes readable again and again, for what the
 * system has no word of.
 */
#ifndef OS_TICKER_H
#define OS_TICKER_H

#include <stdbool.h>

struct ticker;

/* Every so many milliseconds. 0, or a negative errno. */
int ticker_open(unsigned ms, struct ticker **ret);

/* ticker_close(NULL) does nothing. */
void ticker_close(struct ticker *t);

/* For the event loop. */
int ticker_fd(const struct ticker *t);

/* Is it time? Not again until the next turn. */
bool ticker_drain(struct ticker *t);

#endif /* OS_TICKER_H */
