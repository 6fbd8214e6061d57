#!/bin/bash
# SPDX-License-Identifier: ISC
#
# client-wireguard: Debian's wireguard-go as a VPN client, in the foreground.
#
#	client-wireguard.sh DIR INTERFACE FAMILY ADDRESS...
#
# DIR/INTERFACE-FAMILY.conf is for `wg setconf`. No routes: they are the gate's
# work. The client's process id is in DIR/INTERFACE.pid. While DIR/INTERFACE.hold
# exists the client does not start: so a test keeps a killed one dead.
set -euo pipefail

dir=$1 interface=$2 family=$3
shift 3

while [ -e "$dir/$interface.hold" ]; do
	sleep 0.05
done

WG_PROCESS_FOREGROUND=1 wireguard-go "$interface" &
client=$!
# Its device and its socket are the next one's: gone before this one is.
trap 'kill "$client" 2>/dev/null || :; wait "$client" || :' EXIT
trap 'exit 143' TERM INT HUP
printf '%s\n' "$client" >"$dir/$interface.pid"

# Not by asking it: see lab_wireguard_listens in lab.sh.
for _ in $(seq 200); do
	! grep -q " 00010000 .*/$interface\.sock\$" /proc/net/unix || break
	kill -0 "$client" || exit 1
	sleep 0.02
done
wg setconf "$interface" "$dir/$interface-$family.conf"
for address in "$@"; do
	ip address add "$address" dev "$interface"
done
ip link set "$interface" mtu 1420 up
wait "$client"
