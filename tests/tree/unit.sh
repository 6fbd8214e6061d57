#!/bin/bash
# SPDX-License-Identifier: ISC
#
# unit: the systemd units are sound, and give away no more than they do today:
# what systemd-analyze counts against them is what a gate needs that starts VPN
# clients and a worker (the network, four families of sockets, other accounts,
# an empty root).
#
#	unit.sh BIN_DIR
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
for unit in tungated tungated-lockdown; do
	sed "s|@TUNGATE_SBIN@|$1|" "src/systemd/$unit.service.in" >"$dir/$unit.service"
	# It looks for the manual page where that is not installed.
	sed -i '/^Documentation=/d' "$dir/$unit.service"
done
# The highest score of each, in tenths.
while read -r unit most; do
	said=$(SYSTEMD_UNIT_PATH=$dir: systemd-analyze verify "$dir/$unit.service" 2>&1) || { echo "$said"; exit 1; }
	! grep -F "$dir" <<<"$said" || exit 1
	said=$(systemd-analyze security --offline=yes --no-pager --threshold="$most" "$dir/$unit.service") ||
		{ echo "$said"; exit 1; }
	tail -n 1 <<<"$said"
done <<'END'
tungated 27
tungated-lockdown 18
END
