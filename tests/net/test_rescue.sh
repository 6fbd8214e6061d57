#!/bin/bash
# SPDX-License-Identifier: ISC
#
# rescue: after a kill -9, whatever is left, tungated --release gives the
# network back, as often as one likes; and a new start takes over.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
lab_enter "$@"

page_comes() {
	[ "$(lab_on laptop curl -s -m 3 "-$1" "http://$2/")" != "" ]
}

network_is_back() {
	page_comes 4 "$LAB_SITE4" && page_comes 6 "[$LAB_SITE6]"
}

nothing_is_left() {
	local left
	left=$(
		ip -n laptop rule | grep 'proto 116'
		ip -n laptop -6 rule | grep 'proto 116'
		ip -n laptop route show table all | grep 'proto 116'
		ip -n laptop -6 route show table all | grep 'proto 116'
		ip -n laptop -o link | grep tungate0
		lab_on laptop nft list tables | grep tungate
		lab_on laptop sysctl net.ipv4.conf.eth0.src_valid_mark | grep 1
	) || :
	[ -z "$left" ] && return
	printf '        left: %s\n' "$left"
	return 1
}

kill_connected_gate() {
	gate_start && gate_ctl connect wireguard >/dev/null
	gate_end KILL || :
}

# break_it NAME COMMAND...: kill, break, and rescue twice.
break_it() {
	local name=$1
	shift
	kill_connected_gate
	check "$name: closed after kill -9" not page_comes 4 "$LAB_SITE4"
	"$@" || :
	check "$name: tungated --release succeeds" gate_release >/dev/null
	check "$name: the network is back" network_is_back
	check "$name: nothing is left" nothing_is_left
	check "$name: again, it has nothing to do" gate_release >/dev/null
	check "$name: the network is still there" network_is_back
}

remove_every_rule() {
	ip -n laptop rule flush
	ip -n laptop rule add priority 0 lookup local
	ip -n laptop rule add priority 32766 lookup main
	ip -n laptop -6 rule flush
	ip -n laptop -6 rule add priority 0 lookup local
	ip -n laptop -6 rule add priority 32766 lookup main
}

# As long as their holder is there, nobody else can flush our tables. With the
# table goes the note that it was us who set src_valid_mark: it stays set, as if
# the user had set it. It only makes the kernel heed marks.
flush_nftables() {
	# shellcheck disable=SC2046 # several, were there several
	kill -KILL $(pgrep -x tungated-holder)
	lab_wait_for 2 not pgrep -x tungated-holder
	lab_on laptop nft flush ruleset
	check "nftables flushed: our tables are gone" not has_tables
	lab_on laptop sysctl -qw net.ipv4.conf.eth0.src_valid_mark=0
}

has_tables() {
	timeout 5 ip netns exec laptop nft list tables | grep -q tungate
}

# Many more than there ever are, as after a hundred starts of another version.
add_many_rules() {
	local i
	for i in $(seq 300); do
		printf 'rule add priority 70 to 10.9.%d.%d lookup 7467 protocol 116\n' \
			$((i / 200)) $((i % 200))
	done | ip -n laptop -batch -
}

lab_up
gate_configure 4 wireguard
check "without a gate the network works" network_is_back

break_it "nothing broken" true
break_it "device gone" ip -n laptop link delete tungate0
break_it "rules gone" remove_every_rule
break_it "routes gone" ip -n laptop route flush table 7467
break_it "rules, but no routes or device" sh -c \
	'ip -n laptop route flush table 7467; ip -n laptop -6 route flush table 7467; ip -n laptop link delete tungate0'
break_it "nftables flushed" flush_nftables
break_it "many rules" add_many_rules
break_it "a broken configuration" sh -c "mv $LAB/tungate.conf $LAB/good; sed 's/on_stop.*/on_stop = perhaps/' $LAB/good >$LAB/tungate.conf"
mv "$LAB/good" "$LAB/tungate.conf"

for what in "ip -n laptop link delete tungate0" "ip -n laptop rule del priority 79" \
	"ip -n laptop route flush table 7467"; do
	kill_connected_gate
	$what
	check "a new start takes over after: $what" gate_start
	check "and blocks" not page_comes 4 "$LAB_SITE4"
	check "and connects" gate_ctl connect wireguard >/dev/null
	check "and a page comes through the tunnel" test \
		"$(lab_on laptop curl -s -m 5 "http://$LAB_SITE4/")" = "$LAB_EXIT4"
	check "--release refuses while it runs" not gate_release >/dev/null
	gate_end TERM || :
	check "stopped, it stays closed" not page_comes 4 "$LAB_SITE4"
done
gate_release >/dev/null
check "the network is back" network_is_back
check_end
