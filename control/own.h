/* SPDX-License-Identifier: ISC */
/*
 * own: our own tunnel as the parent has it: its device and its port, which the
 * worker gets, and what they are made from.
 *
 * To the rest of control it is a client that is always up: it has an interface
 * and an address, and what it sends goes to the server only.
 */
#ifndef CONTROL_OWN_H
#define CONTROL_OWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct own;
struct server;
struct tunnel_conf;
struct warden;

/*
 * No tunnel yet, and the machine asks for names whom it asked before a crash
 * of ours. worker: the account whose sockets connections are. NULL: no memory.
 */
struct own *own_new(struct warden *warden, uid_t worker);

/* own_free(NULL) does nothing. The worker has no tunnel any more, or is gone.
 */
void own_free(struct own *o);

/* In a process that was forked: wipe what it got of the keys. */
void own_forget(struct own *o);

/*
 * Make the server's tunnel, instead of the one before (copied), and have the
 * machine ask its resolvers for names, if it has some; own_stop() undoes both.
 * uplink_mtu: as large a packet as leaves; 0: not known. 0, or a negative
 * errno: there is none then (-EBUSY: its interface or port is another's; -EIO:
 * the worker cannot be made to take it, or to let go: as warden_publish()).
 */
int own_start(struct own *o, const struct server *server,
    const struct tunnel_conf *conf, uint32_t uplink_mtu);

/* 0, or -EIO as above. */
int own_stop(struct own *o);

bool own_is_up(const struct own *o);

/*
 * Is its server spoken to by TCP? Then make the connection anew, if there is
 * none that was not said to be down; own_wire_down() says so.
 */
bool own_has_wire(const struct own *o);
void own_dial(struct own *o);
void own_wire_down(struct own *o);

/*
 * Now and then: what others changed of the resolvers is put back, and a device
 * that was taken down, or has lost an address, is as it was. 0, or a negative
 * errno: there is no tunnel, or its device is gone; own_start() makes another.
 */
int own_mind(struct own *o);

/*
 * For the event loop: readable means that own_mind_dns() has something, which
 * own_mind() does, too; or -1.
 */
int own_fd(const struct own *o);
void own_mind_dns(struct own *o);

/* The uplink takes larger or smaller packets now. */
void own_fit(struct own *o, uint32_t uplink_mtu);

#endif /* CONTROL_OWN_H */
