#!/bin/bash
# SPDX-License-Identifier: ISC
#
# lockdown: closed before there is a network or a daemon; then the daemon takes
# over, and nothing passes in between.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

lockdown() {
	lab_on laptop "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --lockdown
}

page_comes() {
	lab_on laptop curl -s -m 2 -o /dev/null "http://$LAB_SITE4/"
}

uplink_down() {
	ip -n laptop link set eth0 down
}

# As at boot: the link comes up, and gets addresses and routes.
uplink_up() {
	ip -n laptop link set eth0 up
	ip -n laptop address replace "$LAB_UPLINK4/24" dev eth0
	ip -n laptop address replace "$LAB_UPLINK6/64" dev eth0
	ip -n laptop route replace default via "$LAB_GATEWAY4" dev eth0
	ip -n laptop -6 route replace default via "$LAB_GATEWAY_LINK" dev eth0 metric 1024
}

attempts() {
	lab_attempts_begin "$1"
	lab_attempts_end "$1" >/dev/null
}

leaked_in() {
	local state
	for state in "$@"; do
		[ "$(lab_verdict "$state" leaked)" = 0 ] || return 0
	done
	return 1
}

lab_up
gate_configure 4 wireguard
lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"

lab_judge epoch open "$(lab_legal blocked)"
attempts open

uplink_down
check "lockdown says what it did" says "nothing passes until tungated runs" lockdown
lab_judge epoch locked "$(lab_legal blocked)"
uplink_up
attempts locked
check "no page comes" not page_comes
check "again: it stays so" lockdown >/dev/null
attempts locked-again

lab_judge epoch started "$(lab_legal wireguard 4)"
check "the daemon takes over" gate_start
attempts started
check "lockdown leaves a daemon alone" says "tungated is running" lockdown
check "and fails" not lockdown >/dev/null 2>&1
check "and connects" gate_ctl connect wireguard >/dev/null
attempts connected
gate_end KILL || :

lab_judge epoch locked-after-kill "$(lab_legal blocked)"
check "lockdown of what a crash left" lockdown >/dev/null
attempts locked-after-kill
lab_judge epoch end "$(lab_legal blocked)"
sleep 0.1
lab_judge_stop || :
check "the judge sees what leaks: while it was open" leaked_in open
check "and nothing leaked from then on" not leaked_in locked started locked-after-kill
check "release opens" gate_release >/dev/null
check "a page comes again" page_comes

# Without what it has no need of, as systemd starts it.
unit_caps() {
	sed -n 's/^CapabilityBoundingSet=//p' "$here/../../src/systemd/$1.service.in" |
		tr '\n' ' ' | sed 's/ $//; s/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]'
}
LOCKDOWN_UNDER="setpriv --bounding-set -all,$(unit_caps tungated-lockdown)"
GATE_UNDER="setpriv --bounding-set -all,$(unit_caps tungated)"
holders() {
	pgrep -c -x tungated-holder || :
}
check "with few capabilities: locked" lab_on laptop $LOCKDOWN_UNDER "$LAB_BIN/tungated" \
	-c "$LAB/tungate.conf" --lockdown >/dev/null
check "with few capabilities: the daemon takes over" gate_start
check "one process holds the firewall" says 1 holders
gate_end KILL || :
check "with few capabilities: and after a crash" gate_start
check "one process holds the firewall" says 1 holders
check "with few capabilities: open" gate_ctl release >/dev/null
check "none holds it now" says 0 holders
check "with few capabilities: closed again" gate_ctl block >/dev/null
check "one process holds the firewall" says 1 holders
gate_end TERM || :
check "release opens, with few capabilities" lab_on laptop $GATE_UNDER \
	"$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release >/dev/null
check "a page comes once more" page_comes
check_end
