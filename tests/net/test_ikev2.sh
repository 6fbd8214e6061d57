#!/bin/bash
# SPDX-License-Identifier: ISC
#
# ikev2: Debian's strongSwan as client and server: the tunnel works through the
# gate, what is not it does not pass, and a client that is killed comes back.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
. "$here/ikev2.sh"
lab_enter "$@"

# What may be seen: IKE at port 500; at 4500 a keepalive, IKE or ESP.
ikev2_legal() {
	lab_legal blocked
	printf '%s' " or (ip[0] = 0x45 and ip[6:2] & 0x3fff = 0 and udp" \
		" and src host $LAB_UPLINK4 and dst host $LAB_SERVER4" \
		" and ((dst port 500 and udp[25] = 0x20 and udp[4:2] >= 36)" \
		" or (dst port 4500 and ((udp[4:2] = 9 and udp[8] = 0xff)" \
		" or (udp[8:4] = 0 and udp[29] = 0x20 and udp[4:2] >= 40)" \
		" or (udp[8:4] >= 256 and udp[4:2] >= 28)))))"
}

page_comes_from() {
	[ "$(lab_on laptop curl -s -m 5 "-$1" "http://$LAB_SITE_NAME/")" = "$2" ]
}

epoch() {
	lab_judge epoch "$1" "$2"
	lab_attempts_begin "$1"
	lab_attempts_end "$1" >/dev/null
	lab_judge_counts
	check "$1: no leak" test "$LAB_LEAKED" = 0
}

lab_up
gate_configure 4
ikev2_up
lab_judge_start "$LAB/capture.pcap"
# To port 500, not 4500: there any text is ESP, as far as anyone can tell who has
# not the keys (STATES.md, 0.1 for what looks like the tunnel).
lab_attempts_start pace=1500 tunnel="$LAB_SERVER4" tunnel_port=500
gate_start
epoch blocked "$(lab_legal blocked)"

lab_judge epoch connecting "$(ikev2_legal)"
check "connect" gate_ctl connect ikev2
check "a page comes through the tunnel" page_comes_from 4 "$LAB_EXIT4"
check "by IPv6, too" page_comes_from 6 "$LAB_EXIT6"
check "a megabyte comes" says '^1000000$' \
	lab_on laptop curl -s -m 10 -o /dev/null -w '%{size_download}\n' "http://$LAB_SITE4/bulk?bytes=1000000"
epoch connected "$(ikev2_legal)"

gate_kill_client ikev2
epoch client-killed "$(ikev2_legal)"
check "no page comes" not page_comes_from 4 "$LAB_EXIT4"
gate_let_client_start ikev2
check "it connects again" lab_wait_for 20 gate_state_is connected
check "and a page comes" lab_wait_for 10 page_comes_from 4 "$LAB_EXIT4"

check "disconnect" says "^state     blocked" gate_ctl disconnect
epoch disconnected "$(lab_legal blocked)"
lab_judge_stop >/dev/null || :
check "IKE and ESP were seen" test "$(lab_verdict connecting legal)" -gt 100
check "the capture lost nothing" grep -q "lost 0 unseen 0" "$LAB/log/judge"
gate_end TERM || :
check_end
