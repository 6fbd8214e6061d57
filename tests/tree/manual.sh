#!/bin/bash
# SPDX-License-Identifier: ISC
# manual: the pages are sound, and name what the programs know.
set -euo pipefail
mandoc -T lint -W warning man/*.[158]
status=0
has() {
	grep -q -- "$2" "$1" || { echo "$1 does not mention $2" >&2; status=1; }
}
for verb in $(sed -n '/^static const struct verb/,/^};/s/^.*{ *"\([a-z]*\)", *"[A-Z]*",.*/\1/p' tools/tungatectl.c); do
	has man/tungatectl.1 "It Cm $verb"
done
for reason in $(sed -n 's/^.*\[[A-Z_]*\] *= *{ *"\([a-z-]*\)",.*/\1/p' datapath/drop.c); do
	[ "$reason" = passed ] || has man/tungatectl.1 "$reason"
done
for key in tun run_dir servers group user lan uplink on_stop scripts log_level; do
	has man/tungate.conf.5 "It Ic $key"
done
exit "$status"
