#!/bin/bash
# SPDX-License-Identifier: ISC
#
# daemon: options, configuration errors, signals, a second instance, and that
# the counters add up to what the kernel counted.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

gated() {
	lab_on laptop "$LAB_BIN/tungated" -c "$LAB/tungate.conf" "$@"
}

site_answers() {
	lab_on laptop curl -s -m 2 "http://$LAB_SITE4/" >/dev/null
}

counters_add_up() {
	gate_ctl --json stats | /usr/bin/python3 -c '
import json, sys
s = json.load(sys.stdin)
total = s["passed"] + sum(s["dropped"].values())
print("       ", s)
sys.exit(not (total == s["total"] == s["kernel"]["packets"] and total > 1000
    and s["passed"] > 100 and s["dropped"]["blocked"] > 100
    and s["dropped"]["wrong-port"] > 10 and s["dropped"]["wrong-shape"] > 10
    and s["dropped"]["wrong-protocol"] > 10
    and s["dropped"]["not-encapsulated"] > 10))'
}

# One of each kind, for a thousand and more.
make_attempts() {
	lab_attempts_begin "$1"
	lab_attempts_end "$1" >/dev/null
}

lab_up
gate_configure 4 wireguard

check "--version" says '^tungated [0-9]' gated --version
check "--check finds nothing" says 'fine, 1 server$' gated --check
printf '[tungate]\nrun_dir = %s\nservers = %s\non_stop = maybe\ncolour = red\n' \
	"$LAB/gate" "$LAB/servers" >"$LAB/bad.conf"
check "--check names file, line and what is wrong" \
	says "bad.conf:4: on_stop = maybe: must be closed or open" \
	lab_on laptop "$LAB_BIN/tungated" -c "$LAB/bad.conf" --check
check "--check names every line" says "bad.conf:5: colour: must be" \
	lab_on laptop "$LAB_BIN/tungated" -c "$LAB/bad.conf" --check
check "--check fails then" not lab_on laptop "$LAB_BIN/tungated" -c "$LAB/bad.conf" --check 2>/dev/null
check "a daemon does not start with it" not lab_on laptop timeout 5 \
	"$LAB_BIN/tungated" -c "$LAB/bad.conf" 2>/dev/null
check "and the network was not touched" site_answers
printf '[Server]\nProtocol = wireguard\nEndpoint = vpn.example:51820\nInterface = wg0\n' \
	>"$LAB/servers/name.conf"
check "--check reads the servers, too" says "name.conf:3: Endpoint = vpn.example:51820: must be ADDRESS" gated --check
# A killed one's last child has the lock for a moment longer.
flock "$LAB/gate/lock" sleep 0.7 &
check "a server that cannot be used does not keep the gate from closing" gate_start
check "the others can be used" says '"name":"wireguard"' gate_ctl --json servers
rm "$LAB/servers/name.conf"

check "a second instance is refused" says "another tungated is running" timeout 5 \
	ip netns exec laptop "$LAB_BIN/tungated" -c "$LAB/tungate.conf"
check "blocked, no page comes" not site_answers

sed 's/on_stop = closed/on_stop = open/' "$LAB/tungate.conf" >"$LAB/open.conf"
cp "$LAB/tungate.conf" "$LAB/closed.conf"
cp "$LAB/bad.conf" "$LAB/tungate.conf"
kill -HUP "$GATE"
check "SIGHUP with errors keeps the old configuration" lab_wait_for 5 grep -q \
	"the old one stays" "$GATE_LOG"
check "and says so over the socket" says "the old one stays" gate_ctl reload
cp "$LAB/open.conf" "$LAB/tungate.conf"
kill -HUP "$GATE"
check "SIGHUP reads it anew" lab_wait_for 5 grep -q "conf: reloaded" "$GATE_LOG"
check "and it counts" says '"on_stop":"open"' gate_ctl --json status
check "on_stop = open: SIGINT ends it with status 0" gate_end INT
check "and the network is back" site_answers

cp "$LAB/closed.conf" "$LAB/tungate.conf"
gate_start
lab_attempts_start pace=1500 tunnel="$LAB_SERVER4"
make_attempts blocked
check "connect" gate_ctl connect wireguard
lab_on laptop curl -s -m 10 -o /dev/null "http://$LAB_SITE4/bulk?bytes=3000000"
make_attempts connected
check "the counters add up to what the kernel counted" lab_wait_for 2 counters_add_up
check "connect to a server that is not there" says 'there is no server "nowhere"' gate_ctl connect nowhere
check "disconnect" says "^state     blocked" gate_ctl disconnect
check "on_stop = closed: SIGTERM ends it with status 0" gate_end TERM
check "the last words say how to open it" grep -q "tungated --release" "$GATE_LOG"
check "and no page comes" not site_answers
gate_release >/dev/null
check "until it is released" site_answers
check_end
