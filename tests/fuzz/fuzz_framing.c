/* SPDX-License-Identifier: ISC */
/*
 * fuzz_framing: no stream, in whatever cuts, makes framing_read() read or
 * write past an end, or hand out what is not a message; and what it hands out
 * comes back the same, framed anew.
 *
 * A byte that chooses the framing; then each cut: its length, its bytes.
 */
#include "datapath/carrier/framing.h"
#include "datapath/wireguard/message.h"
#include "tests/fuzz/exact.h"

static struct framing_in in, again;

static void
frame_anew(struct framing_out *o)
{
	uint8_t *msg = exact(in.msg, in.len);
	uint8_t *frame = malloc(FRAMING_HEADER + in.len);
	const uint8_t *p = frame;
	size_t len;

	if (frame == NULL || wg_type_of(msg, in.len) == WG_NO_TYPE)
		abort();
	len = framing_write(o, msg, in.len, frame);
	if (len == 0 || framing_read(&again, &p, &len) != FRAMING_MESSAGE ||
	    len != 0 || again.len != in.len ||
	    memcmp(again.msg, msg, in.len) != 0)
		abort();
	free(frame);
	free(msg);
}

static enum framing_result
read_cut(struct framing_out *o, const uint8_t *p, size_t n)
{
	enum framing_result r;

	while ((r = framing_read(&in, &p, &n)) == FRAMING_MESSAGE)
		frame_anew(o);
	if (r == FRAMING_MORE && n > 0)
		abort();
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct framing_out out;

	if (len == 0)
		return 0;
	framing_in_init(&in, data[0] % CARRIER_FRAMINGS);
	framing_in_init(&again, data[0] % CARRIER_FRAMINGS);
	framing_out_init(&out, data[0] % CARRIER_FRAMINGS);
	data++;
	len--;
	while (len > 0) {
		size_t n = data[0] < len - 1 ? data[0] : len - 1;
		uint8_t *cut = exact(data + 1, n);
		enum framing_result r = read_cut(&out, cut, n);

		free(cut);
		if (r != FRAMING_MORE)
			break;
		data += 1 + n;
		len -= 1 + n;
	}
	return 0;
}
