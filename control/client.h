/* SPDX-License-Identifier: ISC */
/*
 * client: the VPN client that tungate starts and stops.
 *
 * The command runs under a keeper, a small process of ours, in a process
 * group of its own. The keeper ends the whole group when it is told to, and
 * when the daemon dies, however it dies: so no client outlives its gate.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

struct client;
struct event_base;

/* The command ended, by itself or stopped: code as a shell would say it. */
typedef void client_ended(int code, void *arg);

/*
 * Run the command (by sh -c). `name` stands before its output in our log. The
 * environment gets TUNGATE_SERVER and TUNGATE_INTERFACE. on_end is called
 * once, from the event loop; then the client is to be freed. 0, or a negative
 * errno with *ret untouched.
 */
int
client_start(struct event_base *base, const char *name, const char *interface,
    const char *command, client_ended *on_end, void *arg, struct client **ret);

/*
 * End the client: SIGTERM to its group, SIGKILL after two seconds. Returns at
 * once; on_end follows.
 */
void client_stop(struct client *c);

/*
 * As client_stop(), but waits until it is gone (three seconds at most), and
 * on_end is not called.
 */
void client_stop_and_wait(struct client *c);

/* Free a client that has ended. client_free(NULL) does nothing. */
void client_free(struct client *c);

#endif /* CONTROL_CLIENT_H */
