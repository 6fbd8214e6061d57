#!/bin/bash
# SPDX-License-Identifier: ISC
#
# namespace_faults: the uplink in a namespace, and what can go wrong with it:
# killed at any moment, its settings lost or broken, the card pulled out. The
# card comes home, and until then nothing leaves.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

KILLS=${1:-12}

# As in test_namespace.sh: the namespace's mount is to be the lab's.
# shellcheck disable=SC2034 # for gate.sh
GATE_UNDER="nsenter --mount=/proc/$$/ns/mnt"
NETNS=$LAB/gate/uplink.netns
SETTINGS=$LAB/gate/uplink.settings

gate_release() {
	lab_on laptop nsenter "--mount=/proc/$$/ns/mnt" "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release
}

quiet() {
	"$@" >/dev/null 2>&1
}

page_comes() {
	lab_on laptop curl -s -m 3 -o /dev/null "http://$1/"
}

network_is_back() {
	page_comes "$LAB_SITE4" && page_comes "[$LAB_SITE6]"
}

# Prints the machine's devices, but for lo.
devices() {
	ip -n laptop -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | grep -vx lo | sort | tr '\n' ' '
}

devices_are() {
	[ "$(devices)" = "${*:+$* }" ] && return
	printf '        there are: %s\n' "$(devices)"
	return 1
}

# What somebody would note of eth0 to set it up again.
card() {
	ip -n laptop -o link show eth0 | grep -o '[<,]UP[,>]' | tr -d '<,>'
	ip -n laptop -o address show dev eth0 scope global | awk '{ print $4 }' | sort
	{
		ip -n laptop route show default
		ip -n laptop -6 route show default
	} | sed 's/ proto [a-z]*//; s/ pref medium//; s/ *$//' | sort
}

card_is_as_before() {
	[ "$(card)" = "$BEFORE" ] && return
	printf '        it was:\n%s\n        it is:\n%s\n' "$BEFORE" "$(card)"
	return 1
}

set_up_by_hand() {
	ip -n laptop link set eth0 down
	ip -n laptop address flush dev eth0
	ip -n laptop link set eth0 up
	lab_address laptop eth0 "$LAB_UPLINK4/24" "$LAB_UPLINK6/64"
	ip -n laptop route add default via "$LAB_GATEWAY4" metric 77
	ip -n laptop -6 route add default via "$LAB_GATEWAY_LINK" dev eth0
}

inside() {
	nsenter "--net=$NETNS" "$@"
}

page_comes_through_tunnel() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
}

start_and_kill() {
	gate_start
	gate_end KILL || :
}

lab_up
# A card that is one of several, as a network manager sets it up.
ip -n laptop route replace default via "$LAB_GATEWAY4" metric 77
ip -n laptop route delete default metric 0
BEFORE=$(card)
gate_configure 4 wireguard
cat >>"$LAB/tungate.conf" <<-END
	uplink = namespace
	uplink_interface = eth0
END
check "before, the network works" network_is_back

#
# What becomes of the card's settings.
#

start_and_kill
check "--release" quiet gate_release
check "as it was" card_is_as_before
check "the network is back" network_is_back

start_and_kill
printf 'interface eth0\naddress 192.0.2' >"$SETTINGS"
check "settings broken: --release says what to do" says 'eth0.* by hand' gate_release
check "it is home" devices_are eth0
check "again, there is nothing to do" quiet gate_release
set_up_by_hand
check "by hand, it works again" card_is_as_before

start_and_kill
rm "$SETTINGS"
check "settings lost: --release says what to do" says 'eth0.* by hand' gate_release
check "it is home" devices_are eth0
set_up_by_hand
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
check "and nothing is left when it ends" not test -e "$NETNS"

ip -n laptop link set eth0 down
BEFORE_UP=$BEFORE BEFORE=$(card)
start_and_kill
check "a card that was down: --release" quiet gate_release
check "is down" card_is_as_before
BEFORE=$BEFORE_UP
set_up_by_hand

# A router that is in no network of the card's, as clouds have it.
ip -n laptop link set eth0 down
ip -n laptop address flush dev eth0
ip -n laptop link set eth0 up
lab_address laptop eth0 "$LAB_UPLINK4/32" "$LAB_UPLINK6/64"
ip -n laptop route add default via "$LAB_GATEWAY4" dev eth0 onlink
ip -n laptop -6 route add default via "$LAB_GATEWAY_LINK" dev eth0
CLOUD=$(card)
gate_start
check "a router off the card's network: it connects" \
	says '^connected$' gate_ctl --timeout 20 connect wireguard
gate_end KILL || :
check "and --release" quiet gate_release
BEFORE=$CLOUD
check "as it was" card_is_as_before
BEFORE=$BEFORE_UP
set_up_by_hand

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
# A namespace's kernel asks whether its link-local address is another's.
DAD="(ip6 and src host :: and ip6[6] = 58 and ip6[7] = 255 and ip6[40] = 135 and ip6[4:2] <= 32)"
lab_judge epoch starting "$(lab_legal wireguard 4) or $DAD"
gate_start
check "connected" says '^connected$' gate_ctl --timeout 20 connect wireguard
lab_judge epoch pulled "$(lab_legal wireguard 4) or $DAD"
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

#
# Killed at any moment.
#

home=0 closed=0
for ((i = 0; i < KILLS; i++)); do
	lab_judge epoch "starting-$i" "$(lab_legal wireguard 4) or $DAD"
	lab_spawn laptop "tungated-kill-$i" nsenter "--mount=/proc/$$/ns/mnt" \
		"$GATE_PROGRAM" -c "$LAB/tungate.conf"
	GATE=$LAB_PID GATE_LOG=$LAB/log/tungated-kill-$i
	if [ $((i % 2)) = 0 ]; then
		# while it starts
		sleep "0.$(printf '%03d' $((5 + RANDOM % 60)))"
	else
		# while it lets go
		lab_wait_for 20 gate_state_is blocked || :
		gate_ctl release >/dev/null 2>&1 &
		sleep "0.$(printf '%03d' $((RANDOM % 60)))"
	fi
	gate_end KILL || :
	# Started again, it is closed, whatever was left.
	gate_start || :
	lab_judge epoch "killed-$i" "$(lab_legal blocked) or $DAD"
	lab_attempts_begin "killed-$i"
	lab_attempts_end "killed-$i" >/dev/null
	[ "$(devices)" = "tungate0 " ] && closed=$((closed + 1))
	lab_judge epoch "released-$i" "$(lab_legal wireguard 4) or $DAD"
	gate_end KILL || :
	quiet gate_release || :
	[ "$(card)" = "$BEFORE" ] && home=$((home + 1))
done
check "killed $KILLS times: each time the next start had only its device" test "$closed" = "$KILLS"
check "killed $KILLS times: each time the card came home as it was" test "$home" = "$KILLS"
check "the network is back" network_is_back

lab_judge_stop || :
leaks=0
for ((i = 0; i < KILLS; i++)); do
	leaks=$((leaks + $(lab_verdict "killed-$i" leaked)))
done
grep -E '^leak (pulled|killed)' "$LAB/log/judge" | head -n 5 || :
check "the judge sees what leaks: while it was open" test "$(lab_verdict open leaked)" -gt 80
check "pulled out: nothing leaked" test "$(lab_verdict pulled leaked)" = 0
check "killed: nothing leaked" test "$leaks" = 0

#
# Somebody takes the namespace itself away. (Here its card goes with it; a real
# one comes back to the machine, bare, and the firewall closes it.)
#

gate_start
umount -l "$NETNS"
check "its mount taken away: it connects" says '^connected$' gate_ctl --timeout 20 connect wireguard
gate_end KILL || :
check "and killed: only its device is left" lab_wait_for 5 devices_are tungate0
check "a start waits for the card" gate_start
check "and says so" grep -q 'no interface eth0' "$GATE_LOG"
gate_end TERM || :
check "--release" quiet gate_release

check_end
