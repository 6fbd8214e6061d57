#!/bin/bash
# SPDX-License-Identifier: ISC
#
# client-openvpn: Debian's openvpn as a VPN client, in the foreground.
#
#	client-openvpn.sh DIR INTERFACE FAMILY
#
# DIR/INTERFACE-FAMILY.conf is the client's configuration. The client's process
# id is in DIR/INTERFACE.pid. While DIR/INTERFACE.hold exists the client does
# not start: so a test keeps a killed one dead.
set -euo pipefail

dir=$1 interface=$2 family=$3

while [ -e "$dir/$interface.hold" ]; do
	sleep 0.05
done
printf '%s\n' "$$" >"$dir/$interface.pid"
exec openvpn --config "$dir/$interface-$family.conf"
