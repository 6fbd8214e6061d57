#!/bin/bash
# SPDX-License-Identifier: ISC
#
# client-ikev2: Debian's strongSwan as a VPN client (or, with SIDE = server, as a
# server), in the foreground. ESP is its own, in UDP (kernel-libipsec): nothing
# is asked of the kernel but a tun device, ipsec0.
#
#	client-ikev2.sh DIR SIDE
#
# DIR/SIDE.conf is for `swanctl --load-all`. The process id is in DIR/ipsec0.pid
# (the client's). While DIR/ipsec0.hold exists the client does not start: so a
# test keeps a killed one dead.
set -euo pipefail

dir=$1 side=$2
vici=unix://$dir/$side.vici

while [ "$side" = client ] && [ -e "$dir/ipsec0.hold" ]; do
	sleep 0.05
done
# The routes are the gate's work.
cat >"$dir/$side.strongswan.conf" <<END
charon-systemd {
	load = random nonce aes sha1 sha2 hmac kdf gcm openssl socket-default kernel-libipsec kernel-netlink vici
	plugins {
		vici {
			socket = $vici
		}
	}
	install_routes = no
	install_virtual_ip_on = ipsec0
	retransmit_tries = 2
	filelog {
		stderr {
			default = 1
		}
	}
}
swanctl {
	load = random
}
END
export STRONGSWAN_CONF=$dir/$side.strongswan.conf
/usr/sbin/charon-systemd &
charon=$!
trap 'kill "$charon" 2>/dev/null || :; wait "$charon" || :' EXIT
trap 'exit 143' TERM INT HUP
[ "$side" = server ] || printf '%s\n' "$charon" >"$dir/ipsec0.pid"
load() {
	swanctl --load-all --noprompt --uri "$vici" --file "$dir/$side.conf"
}
until said=$(load 2>&1); do
	kill -0 "$charon" || { printf '%s\n' "$said"; exit 1; }
	sleep 0.1
done
printf '%s\n' "$said"
ip link set ipsec0 mtu 1400
wait "$charon"
