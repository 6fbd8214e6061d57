# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# card: the laptop's network card, at home or in the namespace that `uplink =
# namespace` puts it into. To be sourced after gate.sh.

# `ip netns exec` runs a program among mounts of its own, and the namespace's
# would go with it: back to the lab's.
CARD_MOUNTS="nsenter --mount=/proc/$$/ns/mnt"
# shellcheck disable=SC2034 # for gate.sh
GATE_UNDER=$CARD_MOUNTS
# shellcheck disable=SC2034 # for the caller
CARD_NETNS=$LAB/gate/uplink.netns CARD_SETTINGS=$LAB/gate/uplink.settings

gate_release() {
	# shellcheck disable=SC2086 # several words
	lab_on laptop $CARD_MOUNTS "$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release
}

# card_configure FAMILY PROTOCOLS [LINE]: as gate_configure, with the card away.
card_configure() {
	# shellcheck disable=SC2086 # several words
	gate_configure "$1" $2
	cat >>"$LAB/tungate.conf" <<-END
		uplink = namespace
		uplink_interface = eth0
		${3-}
	END
}

# What may be seen, as lab_legal: but a namespace's kernel asks whether its
# link-local address is another's (STATES.md 0.4; RFC 4862 section 5.4.2).
card_legal() {
	printf '%s or (ip6 and src host :: and ip6[6] = 58 and ip6[7] = 255 and ip6[40] = 135 and ip6[4:2] <= 32)' \
		"$(lab_legal "$@")"
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

page_comes_through_tunnel() {
	[ "$(lab_on laptop curl -s -m 2 "http://$LAB_SITE4/")" = "$LAB_EXIT4" ]
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

# What somebody would note of the card to set it up again.
card() {
	ip -n laptop -o link show eth0 | grep -o '[<,]UP[,>]' | tr -d '<,>'
	ip -n laptop -o address show dev eth0 scope global | awk '{ print $4 }' | sort
	{
		ip -n laptop route show default
		ip -n laptop -6 route show default
	} | sed 's/ proto [a-z]*//; s/ pref medium//; s/ *$//' | sort
}

card_is_as_before() {
	[ "$(card)" = "$CARD_BEFORE" ] && return
	printf '        it was:\n%s\n        it is:\n%s\n' "$CARD_BEFORE" "$(card)"
	return 1
}

# card_set_up PREFIX4 PREFIX6 ROUTE...: by hand, from nothing; ROUTE is more of
# the default route's words.
card_set_up() {
	ip -n laptop link set eth0 down
	ip -n laptop address flush dev eth0
	ip -n laptop link set eth0 up
	lab_address laptop eth0 "$LAB_UPLINK4/$1" "$LAB_UPLINK6/$2"
	ip -n laptop route add default via "$LAB_GATEWAY4" dev eth0 "${@:3}"
	ip -n laptop -6 route add default via "$LAB_GATEWAY_LINK" dev eth0
}
