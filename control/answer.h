/* SPDX-License-Identifier: ISC */
/*
 * answer: does a packet that came in prove that the tunnel carries traffic?
 *
 * Pure. Asked only while the client's interface is up (STATES.md 0.6).
 */
#ifndef CONTROL_ANSWER_H
#define CONTROL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_view;
struct server;

/*
 * Is this IP packet, len bytes at data, the server's side of the tunnel, sent
 * to the uplink's address of now (to one of before it proves nothing), and to
 * the port that the client last sent from (-1: it has sent nothing, so nothing
 * answers it; what is sent to a client of before proves nothing)? For WireGuard
 * a handshake response or data, both of which only a server that knows the
 * client's key sends; for OpenVPN any packet of its; for IKEv2 ESP.
 */
bool answer_proves(const struct server *s, const struct net_view *view,
    int port, const uint8_t *data, size_t len);

#endif /* CONTROL_ANSWER_H */
