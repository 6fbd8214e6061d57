#!/bin/bash
# SPDX-License-Identifier: ISC
#
# namespace_faults: the uplink in a namespace, and what can go wrong with it: its
# settings lost or broken, another configuration, the card pulled out. The card
# comes home, and until then nothing leaves.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/card.sh"
. "$here/check.sh"
lab_enter "$@"

inside() {
	nsenter "--net=$CARD_NETNS" "$@"
}

log_says() {
	lab_wait_for 5 grep -q "$1" "$GATE_LOG"
}

start_and_kill() {
	gate_start
	gate_end KILL || :
}

lab_up
# A card that is one of several, as a network manager sets it up.
ip -n laptop route replace default via "$LAB_GATEWAY4" metric 77
ip -n laptop route delete default metric 0
CARD_BEFORE=$(card)
card_configure 4 wireguard
check "before, the network works" network_is_back

#
# What becomes of the card's settings.
#

start_and_kill
check "--release" quiet gate_release
check "as it was" card_is_as_before
check "the network is back" network_is_back

start_and_kill
printf 'interface eth0\naddress 192.0.2' >"$CARD_SETTINGS"
check "settings broken: --release says what to do" says 'eth0.* by hand' gate_release
check "it is home" devices_are eth0
check "again, there is nothing to do" quiet gate_release
card_set_up 24 64 metric 77
check "by hand, it works again" card_is_as_before

start_and_kill
rm "$CARD_SETTINGS"
check "settings lost: --release says what to do" says 'eth0.* by hand' gate_release
check "it is home" devices_are eth0
card_set_up 24 64 metric 77
check "by hand, it works again" network_is_back

start_and_kill
inside ip link set eth0 netns laptop
check "killed on the way home: --release" quiet gate_release
check "as it was" card_is_as_before

start_and_kill
inside ip link set eth0 netns laptop
check "killed on the way home: a start" gate_start
gate_end TERM || :
check "and --release" quiet gate_release
check "as it was" card_is_as_before

gate_start
gate_ctl release >/dev/null
check "released: as it was" card_is_as_before
gate_end TERM || :
check "and nothing is left when it ends" not test -e "$CARD_NETNS"

ip -n laptop link set eth0 down
AS_USUAL=$CARD_BEFORE CARD_BEFORE=$(card)
start_and_kill
check "a card that was down: --release" quiet gate_release
check "is down" card_is_as_before
CARD_BEFORE=$AS_USUAL
card_set_up 24 64 metric 77

# A router that is in no network of the card's, as clouds have it.
card_set_up 32 128 onlink
AS_CLOUD=$(card)
gate_start
check "a router off the card's network: it connects" \
	says '^connected$' gate_ctl --timeout 20 connect wireguard
gate_end KILL || :
check "and --release" quiet gate_release
CARD_BEFORE=$AS_CLOUD
check "as it was" card_is_as_before
CARD_BEFORE=$AS_USUAL
card_set_up 24 64 metric 77

#
# The configuration changes while the card is away.
#

start_and_kill
sed -i 's/^uplink.*//' "$LAB/tungate.conf"
check "uplink = machine meanwhile: it starts" gate_start
check "and says where the card is" grep -q 'eth0.*--release' "$GATE_LOG"
gate_end TERM || :
check "--release" quiet gate_release
check "as it was" card_is_as_before

lab_link laptop card1 router card2
printf 'uplink = namespace\nuplink_interface = eth0\n' >>"$LAB/tungate.conf"
start_and_kill
sed -i 's/^uplink_interface.*/uplink_interface = card1/' "$LAB/tungate.conf"
check "another card meanwhile: it starts" gate_start
check "that one is away, the first is home" devices_are eth0 tungate0
check "and the log says what that means" log_says "eth0 is a way out, too"
check "and closed" not page_comes "$LAB_SITE4"
gate_end TERM || :
check "--release" quiet gate_release
check "as it was" card_is_as_before
ip -n laptop link delete card1
sed -i 's/^uplink_interface.*/uplink_interface = eth0/' "$LAB/tungate.conf"

#
# Pulled out, and back.
#

lab_judge_start "$LAB/capture.pcap"
lab_attempts_start each=20 pace=1000 tunnel="$LAB_SERVER4"
lab_judge epoch open "$(lab_legal blocked)"
lab_attempts_begin open
lab_attempts_end open >/dev/null
lab_judge epoch starting "$(card_legal wireguard 4)"
gate_start
check "connected" says '^connected$' gate_ctl --timeout 20 connect wireguard
lab_judge epoch pulled "$(card_legal wireguard 4)"
lab_attempts_begin pulled
ip netns add drawer
inside ip link set eth0 netns drawer
is_without_uplink() {
	gate_state_is reconnecting
}
check "pulled out: it is noticed" lab_wait_for 2 is_without_uplink
check "nothing comes" not page_comes "$LAB_SITE4"
ip -n drawer link set eth0 netns laptop
check "plugged in: it is taken away again" lab_wait_for 2 devices_are tungate0 wg0
check "and a page comes through the tunnel" lab_wait_for 20 page_comes_through_tunnel
lab_attempts_end pulled >/dev/null
gate_end KILL || :
lab_judge epoch released "$(lab_legal blocked)"
check "--release" quiet gate_release
check "as it was before it was pulled out" card_is_as_before

lab_judge_stop || :
grep '^leak pulled' "$LAB/log/judge" | head -n 5 || :
check "the judge sees what leaks: while it was open" test "$(lab_verdict open leaked)" -gt 80
check "pulled out: nothing leaked" test "$(lab_verdict pulled leaked)" = 0

#
# Others change what is ours in there, or take it away.
#

# A kernel without owners of tables: or it would refuse. (layers.c)
GATE_PROGRAM=$LAB_BIN/tungated-layers
TUNGATE_LACKS=owner gate_start
inside nft flush ruleset
check "its firewall flushed: it is repaired" log_says "uplink's namespace, repaired"
gate_end TERM || :
GATE_PROGRAM=$LAB_BIN/tungated

gate_start
umount -l "$CARD_NETNS"
# It may be there again already.
rm "$CARD_NETNS" || :
# Whatever happens, it looks.
lab_address laptop lo 127.0.0.9/8
check "its mount taken away: it is repaired" log_says "holds its namespace.* repaired"
gate_end KILL || :
check "killed: the machine has no other device" devices_are tungate0
check "--release" quiet gate_release
check "as it was" card_is_as_before

#
# Somebody takes the namespace itself away. (Here its card goes with it; a real
# one comes back to the machine, bare, and the firewall closes it.)
#

gate_start
gate_end KILL || :
umount -l "$CARD_NETNS"
check "killed, and the namespace is taken away: only its device is left" lab_wait_for 5 devices_are tungate0
check "a start waits for the card" gate_start
check "and says so" grep -q 'no interface eth0' "$GATE_LOG"
gate_end TERM || :
check "--release" quiet gate_release

check_end
