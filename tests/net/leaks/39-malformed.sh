# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 39
# Lies in the heads: lengths that are too long or too short, a version that is
# not the frame's. IP sockets send some of them, packet sockets all.
leak_attempt() {
	local kind
	tries 20
	for kind in short-udp short-total long-total bad-version short-head; do
		as_nobody_with_raw try packet "$kind" "$LAB_SERVER4" port=51820
	done
	for kind in short-udp short-total long-total bad-version; do
		as_nobody_with_raw try packet "$kind" "$LAB_SERVER6" port=51820
	done
	as_nobody_with_raw try raw short-udp "$LAB_SERVER4" port=51820
	as_nobody_with_raw try raw short-udp "$LAB_SERVER6" port=51820
	as_nobody_with_raw try raw-device short-udp "$LAB_SERVER4" port=51820
}
