# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 41
# Any user's datagrams to the server's port that look like WireGuard's first
# message, with what the eavesdropper is to read in it.
leak_attempt() {
	as_nobody try plain lookalike "$LAB_SERVER4" port=51820
	as_nobody_with_raw try raw lookalike "$LAB_SERVER4" port=51820
	as_nobody try bind-device lookalike "$LAB_SERVER4" port=51820
	as_nobody_with_raw try packet lookalike "$LAB_SERVER4" port=51820
	# On the gate's own device, where there is one.
	is_control || as_nobody_with_raw try packet-dgram lookalike \
		"$LAB_SERVER4" port=51820 device=tungate0
}
