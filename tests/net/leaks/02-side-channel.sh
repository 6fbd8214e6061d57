# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 2
# TunnelVision's side channel: routes that a firewall only drops still tell
# who pushed them where the user goes, by the volume that is missing from the
# tunnel. So the volume must be the same with and without them.
DATAGRAMS=400

leak_states() { echo connected; }

leak_attempt() {
	tries $DATAGRAMS
	try plain udp "$LAB_SITE4"
}

# The frames of the datagrams that are sent meanwhile.
volume() {
	local before
	lab_judge_counts
	before=$LAB_FRAMES
	leak_attempt
	sleep 0.2
	lab_judge_counts
	VOLUME=$((LAB_FRAMES - before))
}

volumes_are_alike() {
	local without
	volume
	without=$VOLUME
	ip -n laptop route add 198.51.100.0/24 via "$LAB_GATEWAY4" dev eth0 proto dhcp
	volume
	ip -n laptop route flush proto dhcp
	printf '        %s datagrams: %s frames, with a pushed route %s\n' \
		"$DATAGRAMS" "$without" "$VOLUME"
	[ "$VOLUME" -ge "$DATAGRAMS" ] &&
		[ $((VOLUME * 100)) -ge $((without * 95)) ] &&
		[ $((VOLUME * 100)) -le $((without * 105)) ]
}

leak_check() {
	check "the tunnel's volume does not tell of the route" volumes_are_alike
}
