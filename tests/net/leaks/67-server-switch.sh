# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 67 31 44
# From one server to another and back, while the tunnel carries traffic: once
# `connect` has answered, not one frame may go to the old server; and after
# `disconnect` to neither.
OTHER4=203.0.113.6

leak_states() { echo switches; }

leak_prepare() {
	is_control || return 0
	lab_address vpn eth0 "$OTHER4/24"
	sed "s/$LAB_SERVER4/$OTHER4/" "$LAB/client/wg0-4.conf" >"$LAB/client/wg1-4.conf"
	lab_server_file wireguard 4 | sed "s/$LAB_SERVER4/$OTHER4/; s/wg0/wg1/g" >"$LAB/servers/other.conf"
}

only_first() { lab_legal wireguard 4; }
only_other() { only_first | sed "s/$LAB_SERVER4/$OTHER4/g"; }
either() { only_first | sed "s/dst host $LAB_SERVER4/dst net 203.0.113.4\/30/g"; }

leak_legal() { either; }

enter_switches() {
	enter_connected
	gate_ctl reload >/dev/null
	lab_spawn laptop load ping -q -i 0.005 -w 40 "$LAB_SITE4"
	LOAD=$LAB_PID
}

# switch SERVER FILTER: epochs of one name are summed.
switch() {
	lab_judge epoch switches "$(either)"
	gate_ctl connect "$1" >/dev/null || die "it does not connect to $1"
	lab_judge epoch switches "$("$2")"
	SWITCHES=$((SWITCHES + 1))
	sleep 0.1
}

there_and_back() {
	is_control && sleep 0.1 && return
	switch other only_other
	switch wireguard only_first
}

leak_attempt() {
	SWITCHES=0
	for _ in 1 2 3 4; do
		everything there_and_back
	done
	is_control && as_nobody try plain lookalike "$LAB_SERVER4" port=51820 && return
	gate_ctl disconnect >/dev/null
	lab_judge epoch switches "$(lab_legal blocked)"
	everything
}

leak_check() {
	check "there were ten switches and more ($SWITCHES)" test "$SWITCHES" -ge 10
}

leak_restore() {
	is_control || kill "$LOAD" 2>/dev/null || :
}
