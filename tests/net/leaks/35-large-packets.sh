# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 35 53
# What is too large for the link, and a path that takes only 800 bytes: the
# tunnel's own packets must not leave as fragments, and it must work again.
leak_prepare() {
	lab_on router nft 'table inet narrow {
		chain forward { type filter hook forward priority 0; meta length > 800 drop; }
	}'
}

leak_attempt() {
	local size
	for size in 1400 1500 3000 20000; do
		tried 3 large_pings "$size"
	done
}

large_pings() {
	lab_on laptop ping -q -n -c 3 -i 0.05 -W 0.2 -s "$1" "$LAB_SITE4" >/dev/null 2>&1 || :
	lab_on laptop ping -q -n -c 3 -i 0.05 -W 0.2 -s "$1" "$LAB_SITE6" >/dev/null 2>&1 || :
}

a_large_page_comes() {
	local got
	got=$(lab_on laptop curl -s -m 5 -o /dev/null -w '%{size_download}' \
		"http://$LAB_SITE4/bulk?bytes=300000") || :
	[ "$got" = 300000 ]
}

leak_check() {
	lab_on router nft delete table inet narrow
	[ "$STATE" != connected ] ||
		check "a large page comes when the path is wide again" lab_wait_for 10 a_large_page_comes
}

leak_restore() {
	lab_on router nft delete table inet narrow 2>/dev/null || :
}
