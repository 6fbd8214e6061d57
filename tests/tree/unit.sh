#!/bin/bash
# SPDX-License-Identifier: ISC
#
# unit: the systemd unit is sound, and gives away no more than it does today:
# what systemd-analyze counts against it is what a gate needs that starts VPN
# clients (the network, four families of sockets, other accounts).
#
#	unit.sh BIN_DIR
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
sed "s|@TUNGATE_SBIN@|$1|" src/systemd/tungated.service.in >"$dir/tungated.service"
# It looks for the manual page where that is not installed.
sed -i '/^Documentation=/d' "$dir/tungated.service"
said=$(systemd-analyze verify "$dir/tungated.service" 2>&1) || { echo "$said"; exit 1; }
! grep -F "$dir" <<<"$said" || exit 1
systemd-analyze security --offline=yes --no-pager --threshold=35 "$dir/tungated.service" | tail -n 1
