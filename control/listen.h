/* SPDX-License-Identifier: ISC */
/*
 * listen: the control socket's address, and who may connect to it.
 */
#ifndef CONTROL_LISTEN_H
#define CONTROL_LISTEN_H

struct permit;

/*
 * Listen at path (made anew; mode 0660, the group's if there is one); its
 * folder is made if it is missing. 0 with the descriptor, or a negative errno:
 * -EADDRINUSE if another daemon answers there.
 */
int listen_open(const char *path, const struct permit *permit, int *ret_fd);

/* And take the address away. */
void listen_close(int fd, const char *path);

#endif /* CONTROL_LISTEN_H */
