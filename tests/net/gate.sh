# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# gate: tungated on the lab's laptop, for the demo and the tests. To be sourced
# after lab.sh.

GATE=    # its process
GATE_LOG=
GATE_STARTS=0

# What may stand before tungated and tungatectl, as `valgrind ...`.
GATE_UNDER=${GATE_UNDER:-}
CTL_UNDER=${CTL_UNDER:-}
GATE_PROGRAM=$LAB_BIN/tungated

gate_ctl() {
	# shellcheck disable=SC2086 # several words
	timeout 60 ip netns exec laptop $CTL_UNDER "$LAB_BIN/tungatectl" -s "$LAB/gate/control.sock" "$@"
}

gate_state_is() {
	gate_ctl --json status 2>/dev/null | grep -q "\"state\": *\"$1\""
}

# gate_configure FAMILY PROTOCOL...: one server of each protocol, of its name.
gate_configure() {
	local family=$1 protocol
	shift
	mkdir -p "$LAB/gate" "$LAB/servers"
	cat >"$LAB/tungate.conf" <<-END
		[tungate]
		tun = tungate0
		run_dir = $LAB/gate
		servers = $LAB/servers
		on_stop = closed
	END
	for protocol in "$@"; do
		(umask 077 && lab_server_file "$protocol" "$family" >"$LAB/servers/$protocol.conf")
	done
}

# Starts it, and waits until it blocks.
gate_start() {
	GATE_STARTS=$((GATE_STARTS + 1))
	local name=tungated-$GATE_STARTS
	# shellcheck disable=SC2086 # several words
	lab_spawn laptop "$name" $GATE_UNDER "$GATE_PROGRAM" -c "$LAB/tungate.conf"
	GATE=$LAB_PID GATE_LOG=$LAB/log/$name
	lab_wait_for 20 gate_state_is blocked
}

# Its worker's process; fails if there is none.
gate_worker() {
	local pid
	for pid in $(cat "/proc/$GATE/task/$GATE/children" 2>/dev/null); do
		if grep -qsx tungated-worker "/proc/$pid/comm"; then
			printf '%s\n' "$pid"
			return
		fi
	done
	return 1
}

# Of the lab, which has processes of its own; fails if there is none.
gate_holder() {
	local comm
	for comm in /proc/[0-9]*/comm; do
		if grep -qsx tungated-holder "$comm"; then
			comm=${comm#/proc/}
			printf '%s\n' "${comm%/comm}"
			return
		fi
	done
	return 1
}

# Whether both tables of the firewall are there, with rules.
gate_firewall_stands() {
	local chains
	chains=$(lab_on laptop /usr/bin/python3 "$LAB_HERE/marks.py" chains) &&
		grep -q "^inet tungate " <<<"$chains" && grep -q "^netdev tungate " <<<"$chains"
}

# gate_end SIGNAL: ends it, and returns its exit status.
gate_end() {
	local status=0
	kill "-$1" "$GATE" || :
	wait "$GATE" 2>/dev/null || status=$?
	return "$status"
}

# Without a daemon.
gate_release() {
	lab_on laptop "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release
}

# gate_kill_client PROTOCOL: the tunnel is dead until gate_let_client_start. The
# client of our own is the worker; it would be back at once.
gate_kill_client() {
	local interface=${LAB_INTERFACE[$1]}
	case $1-${LAB_TUNNEL-} in
	tungate-* | wireguard-own)
		lab_server_is_dumb
		kill -KILL "$(gate_worker)"
		;;
	*)
		touch "$LAB/client/$interface.hold"
		kill -KILL "$(cat "$LAB/client/$interface.pid")" || :
		;;
	esac
}

gate_let_client_start() {
	lab_server_answers
	rm -f "$LAB/client/${LAB_INTERFACE[$1]}.hold"
}
