#!/bin/bash
# SPDX-License-Identifier: ISC
#
# wireguard: datapath/wireguard and Debian's wireguard-go understand each other,
# whoever begins, with and without a preshared key. In a network namespace of
# its own. SECONDS_LONG=130 in the environment also waits for a new session.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/check.sh"
: "${LAB_BIN:=$here/../../build/bin}"

if [ "${1-}" != inside ]; then
	exec unshare --net --mount "$0" inside
fi
dir=$(mktemp -d)
children=() LAB=$dir
trap 'kill "${children[@]}" 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
mkdir -p /var/run/wireguard
mount -t tmpfs none /var/run/wireguard
ip link set lo up

hex() { base64 -d | od -An -v -tx1 | tr -d ' \n'; }

ours=$(wg genkey) theirs=$(wg genkey) psk=$(wg genpsk)
our_public=$(wg pubkey <<<"$ours") their_public=$(wg pubkey <<<"$theirs")
zeros=$(printf '%064d' 0)

WG_PROCESS_FOREGROUND=1 wireguard-go wg0 >"$dir/go.log" 2>&1 &
children+=($!)
for _ in $(seq 100); do
	# Not by asking it: see lab_wireguard_listens in lab.sh.
	! grep -q ' 00010000 .*/wg0\.sock$' /proc/net/unix || break
	sleep 0.05
done
ip address add 10.9.0.1/24 dev wg0
ip link set wg0 mtu 1420 up

# begin PSK: wireguard-go without any session, and knowing the psk or none.
begin() {
	{
		printf '[Interface]\nPrivateKey = %s\nListenPort = 51820\n' "$theirs"
		printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.0.2/32\n' "$our_public"
		[ -z "$1" ] || printf 'PresharedKey = %s\n' "$1"
		[ -z "${2-}" ] || printf 'Endpoint = %s\n' "$2"
	} >"$dir/conf"
	wg set wg0 peer "$our_public" remove 2>/dev/null || :
	wg setconf wg0 "$dir/conf"
}

# peer PSK ENDPOINT COUNT MS [HOW]: as a command, in $command.
peer() {
	local key=$zeros
	[ -z "$1" ] || key=$(hex <<<"$1")
	shift
	command=("$LAB_BIN/wgpeer" "$(hex <<<"$ours")" "$(hex <<<"$their_public")" "$key"
		51821 "$1" 10.9.0.2 10.9.0.1 "${@:2}")
}

asks() {
	peer "$@"
	timeout "${limit:-300}" "${command[@]}"
}

answers() {
	local us r=0
	peer "$1" - 0 0 "${2-}"
	"${command[@]}" &
	us=$!
	ping -q -n -c 20 -i 0.05 -W 10 10.9.0.2 >"$dir/ping.log" || r=1
	grep -q ' 0% packet loss' "$dir/ping.log" || r=1
	kill "$us"
	wait "$us" 2>/dev/null || :
	return $r
}

for key in "" "$psk"; do
	with=${key:+ with a preshared key}
	begin "$key"
	check "we begin$with" asks "$key" 127.0.0.1:51820 50 20
	begin "$key"
	check "we begin, and begin again$with" asks "$key" 127.0.0.1:51820 20 20 restart
	begin "$key" 127.0.0.1:51821
	check "wireguard-go begins$with" answers "$key"
	begin "$key" 127.0.0.1:51821
	check "wireguard-go begins, and gets a cookie$with" answers "$key" load
done
begin ""
limit=3 check "with a preshared key that it does not have nothing passes" \
	not asks "$psk" 127.0.0.1:51820 1 20
if [ -n "${SECONDS_LONG-}" ]; then
	begin "$psk"
	check "a session follows another" asks "$psk" 127.0.0.1:51820 "$SECONDS_LONG" 1000
fi
[ "$CHECK_FAILURES" = 0 ]
