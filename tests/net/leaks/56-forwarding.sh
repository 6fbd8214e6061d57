# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 56
# What the machine forwards, for a container or a virtual machine, never meets
# the output hook.
leak_prepare() {
	guest_up
}

leak_attempt() {
	local site
	for site in "$LAB_SITE4" "$LAB_SITE6" "$LAB_SERVER4" "$LAB_SERVER6"; do
		on guest try plain udp "$site"
		on guest try plain tcp "$site"
		on guest try plain ping "$site"
	done
	on guest try plain udp "$LAB_SERVER4" port=51820
	on guest try plain udp "$LAB_NEAR4"
	on guest try plain udp "$LAB_DNS4" port=53
}

leak_restore() {
	guest_down
}
