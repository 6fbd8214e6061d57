/* SPDX-License-Identifier: ISC */
/*
 * fuzz_nftmsg: no word of the kernel's about nftables, however broken, makes
 * its readers read past its end, stand still, or hand out what is not whole.
 */
#include <linux/netlink.h>

#include "src/os/nftmsg_linux.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* malloc()'s memory is aligned as the kernel's messages are. */
	uint8_t *bytes = exact(data, len);
	const struct nlmsghdr *h;
	size_t at = 0, before = 0;

	while (nftmsg_next(bytes, len, &at, &h) > 0) {
		if (at <= before || at > len || h->nlmsg_len > len - before)
			abort();
		before = at;
		if (h->nlmsg_type == NLMSG_ERROR && nftmsg_error(h) > 0)
			abort();
		(void)nftmsg_is_about(h, "tungate");
	}
	free(bytes);
	return 0;
}
