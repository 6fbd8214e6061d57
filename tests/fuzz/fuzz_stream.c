/* SPDX-License-Identifier: ISC */
/*
 * fuzz_stream: no sequence of segments makes the follower of frames
 * read past a segment's end, and none passes data of an unknown connection.
 *
 * First which shape. Each segment: flags, an offset to the sequence number, a
 * length, its bytes.
 */
#include "datapath/parse.h"
#include "datapath/stream.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct streams streams = { 0 };
	static const enum shape shapes[] = { SHAPE_OPENVPN_TCP,
		SHAPE_WIREGUARD_TCP, SHAPE_TLS };
	enum shape shape = SHAPE_OPENVPN_TCP;
	bool known = false;
	uint32_t seq = 0;

	if (len > 0) {
		shape = shapes[data[0] % 3];
		data++;
		len--;
	}
	while (len >= 3) {
		struct pkt p = { .src = { ADDR_V4, { 1 } },
			.dst = { ADDR_V4, { 2 } },
			.protocol = 6,
			.ports = true,
			.sport = data[0] >> 6,
			.dport = 443 };
		size_t n = data[2] < len - 3 ? data[2] : len - 3;
		uint8_t *payload = exact(data + 3, n);

		p.tcp_flags = data[0] & 0x17;
		p.tcp_seq = seq + data[1] - 2;
		p.payload = payload;
		p.payload_len = (uint32_t)n;
		known |= (p.tcp_flags & TCP_SYN) != 0;
		if (stream_segment(&streams, &p, shape) && n > 0 && !known)
			abort();
		seq += (uint32_t)n;
		free(payload);
		data += 3 + n;
		len -= 3 + n;
	}
	return 0;
}
