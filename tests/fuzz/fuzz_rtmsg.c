/* SPDX-License-Identifier: ISC */
/*
 * fuzz_rtmsg: no routing message of macOS, however broken, makes rtmsg read
 * past its end or say what cannot be.
 *
 * Needs: src/os/rtmsg.c src/base/addr.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/os/rtmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *m = malloc(len == 0 ? 1 : len);
	struct rtmsg_route r;
	size_t n;

	if (m == NULL)
		return 0;
	if (len > 0)
		memcpy(m, data, len);
	/* As a buffer of messages is walked. */
	for (size_t at = 0; (n = rtmsg_length(m + at, len - at)) != 0;
	     at += n) {
		(void)rtmsg_is_change(m + at, len - at);
		if (rtmsg_read(m + at, len - at, &r) == 0 &&
		    (addr_len(&r.dst) == 0 || r.dst_len > 8 * addr_len(&r.dst)))
			abort();
	}
	(void)rtmsg_is_change(m, len);
	(void)rtmsg_read(m, len, &r);
	free(m);
	return 0;
}
