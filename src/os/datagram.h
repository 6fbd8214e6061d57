/* SPDX-License-Identifier: ISC */
/*
 * datagram: an empty UDP datagram as a finished IP packet, which no router
 * passes on: its time to live is 1.
 */
#ifndef OS_DATAGRAM_H
#define OS_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/addr.h"

#define DATAGRAM_MAX 48

/*
 * Write one from `from` to `to` (same family), both ports `port`. Its length,
 * or 0 if the families differ or are none.
 */
size_t datagram_write(uint8_t out[DATAGRAM_MAX], const struct addr *from,
    const struct addr *to, uint16_t port);

#endif /* OS_DATAGRAM_H */
