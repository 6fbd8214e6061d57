# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 27 30
# Plain text to the server's own address and port, by any user and by root: an
# eavesdropper links it to the user (Mullvad's audit, MUL-02-002).
leak_attempt() {
	as_nobody try plain udp "$LAB_SERVER4" port=51820
	try plain udp "$LAB_SERVER4" port=51820
	try plain udp "$LAB_SERVER4" port=51820 from="$LAB_UPLINK4" sport=51820
	as_nobody_with_raw try raw text "$LAB_SERVER4" port=51820
	as_nobody try bind-device udp "$LAB_SERVER4" port=51820
	everything
}
