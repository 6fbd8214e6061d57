# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# dying: what the tests of dying and of faults have in common: two servers to
# go between, and the judge's word on one moment. To be sourced after check.sh.

OTHER4=203.0.113.6

# Two servers, `wireguard` and `other`, each with its real client.
dying_configure() {
	lab_address vpn eth0 "$OTHER4/24"
	gate_configure 4 wireguard
	sed "s/$LAB_SERVER4/$OTHER4/" "$LAB/client/wg0-4.conf" >"$LAB/client/wg1-4.conf"
	sed "s/$LAB_SERVER4/$OTHER4/; s/wg0/wg1/g" "$LAB/servers/wireguard.conf" \
		>"$LAB/servers/other.conf"
}

# What may be seen: `dying_legal none|wireguard|other|either`.
dying_legal() {
	case $1 in
	none) lab_legal blocked ;;
	wireguard) lab_legal wireguard 4 ;;
	other) lab_legal wireguard 4 | sed "s/$LAB_SERVER4/$OTHER4/g" ;;
	either) lab_legal wireguard 4 | sed "s/dst host $LAB_SERVER4/dst net 203.0.113.4\/30/g" ;;
	esac
}

# The judge and the leaker; each of its runs makes so many attempts of a kind.
dying_watch() {
	lab_judge_start "$LAB/capture.pcap"
	# The leaker's old connections are made while the machine is open.
	lab_judge control open "$(dying_legal none)"
	lab_attempts_start tunnel="$LAB_SERVER4" "$@"
}

# One run of the leaker. Sets MADE, in all.
MADE=0 RUNS=0
try_all() {
	RUNS=$((RUNS + 1))
	lab_attempts_begin "run-$RUNS"
	MADE=$((MADE + $(lab_attempts_end "run-$RUNS")))
}

# Sets LEAKED: what was seen while every kind was tried, with that much legal.
# On a `control` leaks are no fault, and not shown.
tried_with() {
	lab_judge "${2:-epoch}" "${3:-dying}" "$(dying_legal "$1")"
	try_all
	lab_judge_counts
	LEAKED=$LAB_LEAKED
}

# A judge that sees nothing on a plain machine proves nothing: so first this.
check_the_judge() {
	tried_with none control plain
	printf '        plain machine: %d frames, %d of them leaked\n' "$LAB_FRAMES" "$LEAKED"
	check "without a gate the judge sees leaks" test "$LEAKED" -gt 0
	MADE=0
}

# Whether processes of the daemon's are there. In here there is no other's.
# But for who holds the firewall: it does nothing, and stays (STATES.md).
nobody_is_left() {
	! pgrep -x 'tungated|tungated-worker' >/dev/null
}

# Leaks that the judge has named. Its first epoch is before all that is tested:
# it has the lab's own last words.
leaks() {
	grep '^leak ' "$LAB/log/judge" | grep -v '^leak start ' | head -n 40
}

dying_end() {
	lab_judge_stop || :
	check "the capture lost nothing" grep -q "lost 0 unseen 0" "$LAB/log/judge"
	check "the judge saw no leak in any of it" not leaks
	check_end
}
