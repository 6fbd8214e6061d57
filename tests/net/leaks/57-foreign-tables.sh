# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 57
# Container software brings tables of its own, which accept, and translate the
# guest's addresses to the machine's.
leak_prepare() {
	guest_up
	lab_on laptop nft -f - <<-'END'
		table inet containers {
			chain forward { type filter hook forward priority -10; policy accept; accept; }
			chain output { type filter hook output priority -10; policy accept; accept; }
			chain late { type filter hook output priority 300; policy accept; accept; }
			chain translate {
				type nat hook postrouting priority 100;
				ip saddr 10.99.0.0/24 masquerade
				ip6 saddr fd00:99::/64 masquerade
			}
		}
	END
}

leak_attempt() {
	local site
	for site in "$LAB_SITE4" "$LAB_SITE6"; do
		on guest try plain udp "$site"
		on guest try plain tcp "$site"
		on guest try plain ping "$site"
	done
	on guest try plain udp "$LAB_SERVER4" port=51820
	everything
}

leak_restore() {
	lab_on laptop nft delete table inet containers
	guest_down
}
