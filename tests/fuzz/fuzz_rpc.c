/* SPDX-License-Identifier: ISC */
/*
 * fuzz_rpc: no line on the control socket, however broken, makes rpc_read()
 * read past its end, fail without a sentence, or leave something half read.
 */
#include "control/rpc.h"
#include "tests/fuzz/exact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *line = exact(data, len);
	struct rpc_request r;
	const char *why = NULL;

	if (rpc_read((const char *)line, len, &r, &why) == RPC_OK
		? r.method == RPC_NONE ||
		    (r.method == RPC_CONNECT && r.server[0] == '\0') ||
		    (r.method == RPC_EXPLAIN && r.packet_len == 0)
		: why == NULL || why[0] == '\0')
		abort();
	free(rpc_write_error(r.id, RPC_REFUSED, "no"));
	rpc_done(&r);
	free(line);
	return 0;
}
