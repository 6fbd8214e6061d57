/* SPDX-License-Identifier: ISC */
/*
 * nudge: gives a silent VPN client something to carry.
 *
 * WireGuard sends nothing, not even a handshake, until it has a packet for
 * the peer; so a connection that nobody uses yet could never be proven. The
 * nudge is an empty UDP datagram to port 9 (discard, RFC 863), put into the
 * client's interface: it leaves the machine only encapsulated. The server is
 * its end, whatever its address: its time to live is 1, so what the server
 * would pass on it answers for (RFC 792, RFC 4443: time exceeded).
 */
#ifndef OS_NUDGE_H
#define OS_NUDGE_H

#include "src/base/addr.h"

/*
 * Put one datagram from `from` (the tunnel's address) to `to` (same family)
 * into the interface. 0, or a negative errno.
 */
int
nudge_send(unsigned ifindex, const struct addr *from, const struct addr *to);

#endif /* OS_NUDGE_H */
