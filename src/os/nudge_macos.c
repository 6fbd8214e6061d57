/* SPDX-License-Identifier: ISC */
#include "src/os/nudge.h"

#include <errno.h>

#include "src/os/datagram.h"
#include "src/os/frames_macos.h"

enum { PORT_DISCARD = 9 };

/*
 * Through BPF, for a socket would not do: its packet would follow the server's
 * host route, into the gate.
 */
int
nudge_send(unsigned ifindex, const struct addr *from, const struct addr *to)
{
	uint8_t packet[DATAGRAM_MAX];
	struct frames *f;
	size_t len;
	int r;

	if ((len = datagram_write(packet, from, to, PORT_DISCARD)) == 0)
		return -EINVAL;
	if ((r = frames_open(ifindex, NULL, &f)) < 0)
		return r;
	r = frames_send(f, NULL, 0, packet, len);
	frames_close(f);
	return r;
}
