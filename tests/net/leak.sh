#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leak: one entry of the leak suite, in a lab of its own: first on a plain
# machine, where the judge must see it leak, then in each state of the gate.
#
#	[LAB_TUNNEL=own] leak.sh leaks/NN-NAME.sh
#
# beneath a client, or with tungate's own tunnel.
#
# An entry is a file of functions; all but leak_attempt may be left out:
#
#	leak_family	prints that of the addresses between client and server
#	leak_states	prints the states (default: the four of STATES)
#	leak_prepare	brings the network, or the machine, into a bad way
#	leak_attempt	tries to leak: `try`, `everything` and their kin count
#	leak_check	what else must hold then (default: the tunnel works)
#	leak_restore	undoes leak_prepare; after it the tunnel must work again
#	leak_legal	prints a filter for the state, instead of the usual one
#	leak_also	prints a filter of what is legal, too
#	enter_STATE	how a state of the entry's own is entered
#
# LEAK_LAYER=routing|firewall|classifier leaves the other two out (layers.c). Of an
# entry is then tried what that layer promises to stop alone (STATES.md, "The
# three layers"), in states that a layer can be alone in, `killed` among them;
# that the tunnel works is not asked. Into a gate without the routing layer a
# rule of the test's leads.
#
# Each state is an epoch of the judge's: it begins before the state is entered
# if the tunnel's packets are legal in it, and else when it has been entered.
# Each try must be seen in the control, or the test is blind.
#
# Lines on standard output:
#
#	leak ..., kind ...	the judge's, of the states
#	row ENTRY STATE attempts N frames N leaked N
#	result ENTRY no-leak|known-leak|known-failure|LEAK|FAILED|MENDED|BLIND
#	result ENTRY not-claimed	of the layer alone; nothing was tried
#
# An entry that stands in leaks/expected must leak, or fail a check, as it says
# there; the test fails when it does not any more (MENDED), so that the list
# gets shorter. LEAK_CAPTURE=FILE keeps the capture. Exit status 0: no-leak or
# known.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/net/lab.sh
. "$here/lab.sh"
# shellcheck source=tests/net/gate.sh
. "$here/gate.sh"
# shellcheck source=tests/net/check.sh
. "$here/check.sh"
lab_enter "$@"

ENTRY_FILE=$(realpath "$1")
ENTRY=$(basename "$1" .sh)
EXPECTED=$here/leaks/expected
STATES=(blocked connected reconnecting connecting)

STATE=          # the one we are in, or "control"
FAMILY=4        # see leak_family
ATTEMPTS=0      # made in this state
RUNS=0          # of the leaker
BLIND=()        # tries that the control did not see
declare -A MADE # attempts made, by state
AS=()           # what stands before a program that tries
ON=laptop       # where it runs

die() {
	printf 'leak: %s: %s\n' "$ENTRY" "$*" >&2
	exit 1
}

LAYER=${LEAK_LAYER-} # that stands alone; empty: all three do
if [ -n "$LAYER" ]; then
	GATE_PROGRAM=$LAB_BIN/tungated-layers
	export TUNGATE_LAYERS=$LAYER
fi

# is_expected leaks|races|fails ENTRY
is_expected() {
	grep -q "^$2 $1 " "$EXPECTED"
}

is_control() {
	[ "$STATE" = control ]
}

is_closed_state() {
	[ "$1" = blocked ] || [ "$1" = killed ]
}

#
# A layer alone.
#

layer_states() {
	case $LAYER in
	# What it leads into a device that somebody reads, is the classifier's.
	routing) printf '%s\n' blocked killed ;;
	firewall) printf '%s\n' blocked connecting killed ;;
	classifier) printf '%s\n' blocked connecting ;;
	esac
}

# Of no route's choosing: to groups, to all, and to what names its link.
is_routed() {
	[[ ! $1 =~ ^(22[4-9]\.|23[0-9]\.|ff|fe80) ]] && [[ ! $1 =~ \.255$ ]]
}

# is_promised HOW WHAT TO: does the layer stop what is tried so?
is_promised() {
	case $LAYER/$1/$2 in
	/* | firewall/*) ;;
	# Whose socket it was, the firewall alone knows.
	classifier/*/lookalike) return 1 ;;
	routing/plain/* | routing/raw/* | classifier/plain/* | classifier/raw/*) is_routed "$3" ;;
	# What chooses its device comes to the gate if it chooses that.
	classifier/bind-device/* | classifier/unicast-if/* | classifier/pktinfo/* | \
		classifier/multicast-if/* | classifier/raw-device/* | classifier/packet-dgram/*) ;;
	*) return 1 ;;
	esac
}

lead_to_the_gate() {
	local family
	for family in -4 -6; do
		ip -n laptop $family route replace default dev tungate0 table 99
		ip -n laptop $family rule add priority 5 lookup 99
	done
}

lead_back() {
	local family
	for family in -4 -6; do
		ip -n laptop $family rule delete priority 5
	done
}

#
# What an entry says.
#

leak_family() { echo 4; }
leak_states() { printf '%s\n' "${STATES[@]}"; }
leak_prepare() { :; }
leak_restore() { :; }
leak_check() { check_tunnel; }
leak_also() { :; }

leak_legal() {
	is_closed_state "$1" && lab_legal blocked && return
	lab_legal wireguard "$FAMILY"
}

#
# What it uses.
#

as_nobody() {
	AS=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
	"$@"
	AS=()
}

# Any user, with the one privilege that ping was given for decades.
as_nobody_with_raw() {
	AS=(setpriv --reuid 65534 --regid 65534 --clear-groups
		--inh-caps +net_raw --ambient-caps +net_raw)
	"$@"
	AS=()
}

# on HOST: what is tried, is tried there.
on() {
	ON=$1
	"${@:2}"
	ON=laptop
}

has_leaked_since() {
	lab_judge_counts
	[ "$LAB_LEAKED" -gt "$1" ]
}

# What was tried leaks on a plain machine, or else it proves nothing.
must_be_seen() {
	local before=$1
	shift
	lab_wait_for 3 has_leaked_since "$before" || BLIND+=("$*")
}

# tried N COMMAND...: the command makes so many attempts.
tried() {
	local n=$1 before=0
	shift
	if is_control; then
		lab_judge_counts
		before=$LAB_LEAKED
	fi
	"$@"
	ATTEMPTS=$((ATTEMPTS + n))
	! is_control || must_be_seen "$before" "$*"
}

run_tricks() {
	lab_on "$ON" "${AS[@]}" "$LAB_BIN/tricks" "$@" canary="$LAB_CANARY_HEX" >/dev/null
}

TRY_N=40 # attempts of each try

tries() {
	TRY_N=$1
}

# try HOW WHAT TO NAME=VALUE...: so many attempts of tricks.c.
try() {
	local how=$1 what=$2 to=$3 from=$LAB_UPLINK4
	shift 3
	is_promised "$how" "$what" "$to" || return 0
	[ "$LAYER/$how" = classifier/plain ] || [ "$LAYER/$how" = classifier/raw ] ||
		[ "$LAYER" != classifier ] || is_control || set -- "$@" device=tungate0
	set -- "to=$to" "$@" "n=$TRY_N"
	case $how in
	raw | raw-device | packet* | xdp)
		[[ $to != *:* ]] || from=$LAB_UPLINK6
		set -- "from=$from" "router=$ROUTER_MAC" "$@"
		;;
	esac
	tried "$TRY_N" run_tricks "$how" "$what" "$@"
}

# probe WHAT TO NAME=VALUE...: the router sends it to the laptop; what is
# tried to get out is an answer.
probe() {
	local what=$1 to=$2 from=$LAB_GATEWAY4
	shift 2
	is_promised probe "$what" "$to" || return 0
	[[ $to != *:* ]] || from=$LAB_GATEWAY6
	set -- "from=$from" "to=$to" "$@" "n=$TRY_N"
	on router tried "$TRY_N" run_tricks packet "$what" device=lan0 router="$LAPTOP_MAC" "$@"
}

leaker_has_ended() {
	lab_log_says attempts "^total $1 "
}

# everything [COMMAND...]: all that an ordinary program would do, meanwhile
# COMMAND, again and again, at least once.
everything() {
	local name before=0 meanwhile=("$@")
	is_promised everything all "" || return 0
	[ $# != 0 ] || meanwhile=(sleep 0.05)
	RUNS=$((RUNS + 1))
	name=$STATE-$RUNS
	if is_control; then
		lab_judge_counts
		before=$LAB_LEAKED
	fi
	lab_attempts_begin "$name"
	while :; do
		"${meanwhile[@]}"
		! leaker_has_ended "$name" || break
	done
	ATTEMPTS=$((ATTEMPTS + $(lab_attempts_end "$name")))
	! is_control || must_be_seen "$before" "everything $*"
}

#
# A guest: a machine behind the laptop, which forwards for it.
#

GUEST4=10.99.0.2 GUEST6=fd00:99::2

guest_up() {
	ip netns add guest
	LAB_HOSTS+=(guest)
	lab_sysctl guest net.ipv6.conf.default.accept_dad=0
	ip -n guest link set lo up
	lab_link laptop guest0 guest eth0
	lab_address laptop guest0 10.99.0.1/24 fd00:99::1/64
	lab_address guest eth0 "$GUEST4/24" "$GUEST6/64"
	ip -n guest route add default via 10.99.0.1
	ip -n guest -6 route add default via fd00:99::1
	lab_sysctl laptop net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

guest_down() {
	lab_sysctl laptop net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	ip -n laptop link delete guest0
	ip netns delete guest
	LAB_HOSTS=("${LAB_HOSTS[@]:0:4}")
}

#
# The uplink, as it was.
#

# The router need not ask for the laptop: whether it is answered is the test of
# 72-neighbours alone.
know_the_laptop() {
	ip -n router neigh replace "$LAB_UPLINK4" lladdr "$LAPTOP_MAC" dev lan0 nud "$1"
	ip -n router neigh replace "$LAB_UPLINK6" lladdr "$LAPTOP_MAC" dev lan0 nud "$1"
}

uplink_up() {
	local name=${1:-eth0}
	ip -n laptop link set "$name" up
	ip -n laptop address replace "$LAB_UPLINK4/24" dev "$name"
	ip -n laptop address replace "$LAB_UPLINK6/64" dev "$name"
	ip -n laptop route replace default via "$LAB_GATEWAY4" dev "$name"
	ip -n laptop -6 route replace default via "$LAB_GATEWAY_LINK" dev "$name" metric 1024
}

#
# The gate's states.
#

page_comes_through_tunnel() {
	local site=$LAB_SITE4 exit=$LAB_EXIT4
	[ "$(lab_on laptop curl -s -m 2 "http://$site/")" = "$exit" ]
}

# By default in CONNECTED only.
check_tunnel() {
	[ "$STATE" != connected ] ||
		check "$STATE: a page comes through the tunnel" lab_wait_for "${1:-5}" page_comes_through_tunnel
}

server_address() {
	[ "$FAMILY" = 4 ] && printf '%s\n' "$LAB_SERVER4" && return
	printf '%s\n' "$LAB_SERVER6"
}

gate_is_there() {
	[ -n "$GATE" ] && kill -0 "$GATE" 2>/dev/null && gate_ctl status >/dev/null 2>&1
}

gate_needed() {
	gate_is_there || gate_start || die "tungated does not start: $(tail -n 5 "$GATE_LOG")"
	rm -f "$LAB/client/wg0.hold"
	lab_server_answers
}

enter_blocked() {
	gate_needed
	gate_ctl disconnect >/dev/null
}

enter_connected() {
	gate_needed
	gate_ctl connect wireguard >/dev/null || die "it does not connect: $(tail -n 5 "$GATE_LOG")"
}

enter_reconnecting() {
	enter_connected
	gate_kill_client wireguard
	lab_wait_for 5 gate_state_is reconnecting || die "it does not notice the client's death"
}

enter_killed() {
	enter_connecting
	gate_end KILL || :
	GATE=
}

client_is_up() {
	ip -n laptop link show wg0
}

enter_connecting() {
	enter_blocked
	lab_server_is_dumb
	gate_ctl --timeout 50 connect wireguard >/dev/null 2>&1 &
	lab_wait_for 5 gate_state_is connecting || die "it does not start to connect"
	lab_wait_for 15 client_is_up || die "the client does not start: $(tail -n 5 "$GATE_LOG")"
}

#
# The run.
#

in_state() {
	leak_prepare
	leak_attempt
	is_control || [ -n "$LAYER" ] || leak_check
	leak_restore
	is_control || [ "$STATE" != connected ] || check_tunnel 20
	# What is still on its way belongs to this state.
	sleep 0.05
	MADE[$STATE]=$ATTEMPTS
}

begin() {
	STATE=$1 ATTEMPTS=0 TRY_N=40
}

judged() {
	local also
	also=$(leak_also)
	# What the kernel says of its groups (MLD) asks no route.
	[ "$LAYER" != routing ] && [ "$LAYER" != classifier ] || also+="${also:+ or }(ip6 and dst host ff02::16)"
	printf '%s%s' "$(leak_legal "$STATE")" "${also:+ or $also}"
}

run_control() {
	begin control
	lab_judge control control "$(lab_legal blocked)"
	in_state
	# Whom nobody answered for, the kernel asks for again in a second, for the
	# control: that would be seen in another state.
	ip -n laptop -4 neigh flush dev eth0 nud incomplete
	ip -n laptop -6 neigh flush dev eth0 nud incomplete
}

run_state() {
	begin "$1"
	is_closed_state "$1" || lab_judge epoch "$1" "$(judged)"
	# By way of another state.
	[ "$1" != killed ] || lab_judge epoch entering "$(lab_legal wireguard "$FAMILY")"
	"enter_$1"
	! is_closed_state "$1" || lab_judge epoch "$1" "$(judged)"
	[ "$LAYER" != classifier ] || lead_to_the_gate
	in_state
	[ "$LAYER" != classifier ] || lead_back
}

row() {
	printf 'row %s %s attempts %s frames %s leaked %s\n' "$ENTRY" "$1" "${MADE[$1]}" \
		"$(lab_verdict "$1" frames)" "$(lab_verdict "$1" leaked)"
}

has_leaked() {
	local state
	for state in "$@"; do
		[ "$(lab_verdict "$state" leaked)" = 0 ] || return 0
	done
	return 1
}

# Prints the verdict on the states.
verdict() {
	local leaked=no failed=no
	! has_leaked "$@" || leaked=yes
	[ "$CHECK_FAILURES" = 0 ] || failed=yes
	if [ "${MADE[control]}" = 0 ] && [ -n "$LAYER" ]; then
		echo not-claimed
	elif [ "$(lab_verdict control leaked)" = 0 ] || [ ${#BLIND[@]} != 0 ]; then
		echo BLIND
	elif [ $leaked = yes ] && ! is_expected leaks "$ENTRY" && ! is_expected races "$ENTRY"; then
		echo LEAK
	elif [ $failed = yes ] && ! is_expected fails "$ENTRY"; then
		echo FAILED
	elif [ $leaked = no ] && is_expected leaks "$ENTRY"; then
		echo MENDED
	elif [ $failed = no ] && is_expected fails "$ENTRY"; then
		echo MENDED
	elif [ $leaked = yes ]; then
		echo known-leak
	elif [ $failed = yes ]; then
		echo known-failure
	else
		echo no-leak
	fi
}

conclude() {
	local verdict
	verdict=$(verdict "$@")
	[ ${#BLIND[@]} = 0 ] || printf 'not seen leaking on a plain machine: %s\n' "${BLIND[@]}"
	printf 'result %s %s\n' "$ENTRY" "$verdict"
	case $verdict in
	no-leak | known-* | not-claimed) ;;
	*) return 1 ;;
	esac
}

main() {
	local states state
	# shellcheck source=/dev/null # the entry
	. "$ENTRY_FILE"
	mapfile -t states < <(leak_states)
	if [ -n "$LAYER" ]; then
		# One with states of its own asks for more than a layer.
		[ "${states[*]}" = "${STATES[*]}" ] || { echo "result $ENTRY not-claimed"; return; }
		mapfile -t states < <(layer_states)
	fi
	FAMILY=$(leak_family)

	lab_up
	ROUTER_MAC=$(lab_on router cat /sys/class/net/lan0/address)
	LAPTOP_MAC=$(lab_on laptop cat /sys/class/net/eth0/address)
	know_the_laptop permanent
	gate_configure "$FAMILY" wireguard
	lab_judge_start "$LAB/capture.pcap"
	lab_attempts_start each=20 pace=1000 tunnel="$(server_address)"

	run_control
	# The first start, from an open machine, is no state of the gate's yet.
	lab_judge epoch starting "$(lab_legal blocked)"
	gate_needed
	for state in "${states[@]}"; do
		run_state "$state"
	done
	check "the capture lost nothing" capture_is_whole
	[ -z "${LEAK_CAPTURE-}" ] || cp "$LAB/capture.pcap" "$LEAK_CAPTURE"
	awk '$2 == "start" || $2 == "starting" || $2 == "control" { next }
		$1 == "kind" || ($1 == "leak" && shown[$2]++ < 4)' "$LAB/log/judge"
	for state in control "${states[@]}"; do
		row "$state"
	done
	conclude "${states[@]}"
}

# The judge's exit status says more: that nothing leaked.
capture_is_whole() {
	lab_judge_stop || :
	grep -q '^capture .* lost 0 unseen 0$' "$LAB/log/judge"
}

main
