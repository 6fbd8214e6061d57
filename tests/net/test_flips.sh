#!/bin/bash
# SPDX-License-Identifier: ISC
#
# flips: the server is changed again and again under traffic to both: no frame
# to the one leaves after the other was announced.
#
#	test_flips.sh [CHANGES [SECONDS]]
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

CHANGES=${1:-100000}
SECONDS_MAX=${2:-40}
OTHER4=203.0.113.6

# flip NAME=VALUE...: its words go to the test's, and to a file.
flip() {
	local status=0
	lab_on laptop "$LAB_BIN/flip" a="wireguard@$LAB_SERVER4" b="other@$OTHER4" \
		there=/run/netns/router on=lan0 "$@" >"$LAB/flip" 2>&1 || status=$?
	sed 's/^/        /' "$LAB/flip"
	return "$status"
}

flipped() {
	awk -v what="$1" '{ for (i = 1; i < NF; i++) if ($i == what) print $(i + 1) }' "$LAB/flip"
}

lab_up
lab_address vpn eth0 "$OTHER4/24"
gate_configure 4 wireguard
# No client is needed: there is something that looks like one, to each.
sed -i '/^Command/d' "$LAB/servers/wireguard.conf"
sed "s/$LAB_SERVER4/$OTHER4/; s/wg0/wg1/" "$LAB/servers/wireguard.conf" >"$LAB/servers/other.conf"

# A judge that sees nothing on a plain machine proves nothing.
flip changes=20 >/dev/null || :
check "without a gate it sees leaks ($(flipped leaked) of $(flipped frames) frames)" \
	test "$(flipped leaked)" -gt 0

gate_start
check "no frame to the one server after the other was announced" flip \
	socket="$LAB/gate/control.sock" changes="$CHANGES" seconds="$SECONDS_MAX"
made=$(flipped changes)
check "enough changes were made ($made)" test "$made" -ge $((CHANGES < 500 ? CHANGES : 500))
check "at half of them and more frames to both were seen" test "$(flipped both)" -ge $((made / 2))
check_end
